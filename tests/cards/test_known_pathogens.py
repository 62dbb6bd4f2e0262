"""Facts of many are those of each; the pathogens that a record names are found; what is kept is kept."""

from __future__ import annotations

from cards.facts.pathogens import Pathogens
from cards.frozen import dataclass, replace
from cards.kept import kept
from cards.reading import read, read_all
from tests.cards.build import LIMITS, condition, count, drug, facts, measured, record, shipped_pathogens

ALL = Pathogens(shipped_pathogens())


def test_each_value_set_finds_those_that_it_names_in_their_order() -> None:
    every = {set_id for one in ALL for set_id in one.named_sets}
    for set_id in every:
        assert ALL.named_by({set_id}) == [one for one in ALL if set_id in one.named_sets]
    assert ALL.named_by(every) == list(ALL)


def test_of_several_sets_each_pathogen_is_found_once() -> None:
    dengue = ALL.by_id["INF-DEN"]
    assert ALL.named_by(dengue.named_sets | {"bleed-skin"}).count(dengue) == 1
    assert ALL.named_by({"bleed-skin"}) == []


def test_facts_know_the_pathogens_that_they_were_read_with() -> None:
    some = ALL[:3]
    assert list(facts(20, pathogens=some).pathogens.values()) == list(some)
    found = facts(20, pathogens=ALL, findings=[condition("inf-dengue")])
    assert [i.pathogen for i in found.infections.found] == ["INF-DEN"]
    assert facts(20, pathogens=some, findings=[condition("inf-dengue")]).infections.found == ()


def test_facts_of_many_are_those_of_each_in_their_order() -> None:
    records = [
        record(20, findings=[condition("inf-dengue"), condition("bleed-mucosal")]),
        record(),
        record([count(90, hours=30), count(40)], medications=[drug("med-tpo-ra")]),
        record(120, measurements=[measured("obs-temperature", "39.5")], hook="order-select"),
    ]
    assert read_all(records, LIMITS, ALL) == [read(one, LIMITS, ALL) for one in records]
    assert read_all((), LIMITS, ALL) == []


@dataclass(frozen=True)
class Counted:
    """Notes in a list how often it was asked."""

    asked: list[str]

    @kept
    def answer(self) -> int:
        """The number of questions."""
        self.asked.append("again")
        return len(self.asked)


def test_what_is_kept_is_worked_out_once_for_each_value() -> None:
    one = Counted([])
    other = replace(one, asked=["before"])
    assert (one.answer, one.answer, other.answer, one.answer) == (1, 1, 2, 1)
    assert Counted.answer.__doc__ == "The number of questions."

"""The mutators change what they say, one thing at a time, and put it back."""

from __future__ import annotations

import ast
from collections import Counter
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cards import code_systems as systems
from cards import precedence
from cards.transfusion import decision
from cards.valueset_files import Code, ValueSet
from cards.valuesets import Terminology
from tests.mutation import mutants, run
from tests.mutation.code_judges import judging_tests
from tests.mutation.covered import covered_by
from tests.mutation.derived import derived
from tests.mutation.stories import Judge, Killers, Traced, shipped


def changed(text: str, **names: Any) -> list[tuple[str, Any]]:
    module = ModuleType("made")
    vars(module).update(names)
    value = ast.parse(text, mode="eval").body
    return [(what, make()) for what, _, make in mutants._neighbours(value, module)]


def test_each_cell_is_replaced_by_the_next_of_its_kind() -> None:
    assert changed('("a-1", 3, "b-2", 4)') == [
        ("cell 1, 'a-1' becomes 'b-2'", ("b-2", 3, "b-2", 4)),
        ("cell 2, 3 becomes 4", ("a-1", 4, "b-2", 4)),
        ("cell 3, 'b-2' becomes 'a-1'", ("a-1", 3, "a-1", 4)),
        ("cell 4, 4 becomes 3", ("a-1", 3, "b-2", 3)),
    ]


def test_a_value_set_for_another_concerns_records_with_a_code_of_either() -> None:
    value = ast.parse('("med-nsaid", "med-aspirin", "other-text", 3, 4)', mode="eval").body
    concerned = [sets for _, sets, _ in mutants._neighbours(value, ModuleType("made"))]
    assert concerned == [{"med-nsaid", "med-aspirin"}, set(), set(), set(), set()]


def test_what_is_called_and_lambdas_are_no_cells() -> None:
    assert changed("dict(a=one, b=two)", one=1, two=2) == [
        ("cell 1, one becomes two", {"a": 2, "b": 2}),
        ("cell 2, two becomes one", {"a": 1, "b": 1}),
    ]
    assert changed("((lambda x: x), 1)") == []


def test_a_cell_without_a_different_neighbour_has_no_mutant() -> None:
    assert changed('("a", "a")') == []


def test_a_table_is_changed_wherever_it_is_known_and_put_back() -> None:
    original = decision.MATRIX
    applied = mutants._patched(decision, "MATRIX", lambda: {})
    with applied() as judge:
        assert decision.MATRIX == {}
        assert judge.content is shipped()
    assert decision.MATRIX is original


def test_a_table_that_cannot_be_made_is_killed() -> None:
    applied = mutants._patched(precedence, "ORDER", lambda: 1 / 0)
    with pytest.raises(mutants.Killed), applied():
        pass


def test_what_is_made_of_a_table_is_made_again() -> None:
    names = {one.name for one in derived(precedence.BLOOD_PRODUCTS)}
    assert "SAFETY_ASKED" in names
    asked = precedence.SAFETY_ASKED
    with mutants._patched(precedence, "BLOOD_PRODUCTS", lambda: frozenset({"made-up"}))():
        assert "made-up" in precedence.SAFETY_ASKED
        assert "product-platelets" not in precedence.SAFETY_ASKED
    assert precedence.SAFETY_ASKED is asked


def test_the_tables_of_the_rules_are_found() -> None:
    names = {module.__name__ for module in mutants._rule_modules()}
    assert {"cards.precedence", "cards.transfusion.decision", "cards.procedures.limits"} <= names
    assert names.isdisjoint({"cards.thresholds", "cards.citations", "cards.drafts"})
    tree = ast.parse("A = (1, 2)\nADVICE = (1, 2)\nb = (1, 2)\nONE = 1\n_C: tuple = (1, 2)\n")
    assert [name for name, _ in mutants._tables(tree)] == ["A", "_C"]


def test_every_member_of_a_file_is_dropped() -> None:
    table = {"id": "X", "tests": ["a", "b"], "rows": [{"key": "k"}]}
    assert list(mutants._members(table)) == [
        ("id",),
        ("tests",),
        ("tests", 0),
        ("tests", 1),
        ("rows",),
        ("rows", 0),
        ("rows", 0, "key"),
    ]


def test_a_file_that_the_loader_refuses_is_killed() -> None:
    path = sorted(mutants.pathogen_files.FOLDER.glob("*.toml"))[0]
    table = mutants.pathogen_files._read(path)
    with pytest.raises(mutants.Killed), mutants._dropped(path, table, ("id",))():
        pass
    assert mutants.pathogen_files._read(path) is table


def test_a_number_moves_beyond_its_bounds_too() -> None:
    assert mutants._moved("mild", Decimal(101)).mild == 101
    assert shipped().limits.mild == 100


def test_what_is_read_of_the_thresholds_is_noted() -> None:
    noted: set[str] = set()
    limits = Traced(shipped().limits, noted)
    assert limits.very_low == shipped().limits.very_low
    assert limits.span("stale_acute") == shipped().limits.span("stale_acute")
    assert noted == {"very_low", "stale_acute"}


def test_a_folder_is_judged_by_the_tests_that_import_from_it() -> None:
    tests = judging_tests(["cards/tpo_ra"])
    assert "tests/cards/test_candidate.py" in tests
    assert "tests/cards/test_vignettes.py" not in tests
    assert judging_tests(["cards/none"]) == []


def drug(code: str, system: str = systems.ATC, **members: Any) -> Code:
    return Code(system, code, "made up", verified=True, source="made up", **members)


CEFTRIAXONE = drug("J01DD04", level="ingredient")
CEPHALOSPORINS = drug("J01DD", match="prefix", level="class")


def a_set(*codes: Code, name: str = "med-made-up") -> ValueSet:
    return ValueSet(name, "Made up", "made up", ("meds",), None, codes)


def test_a_code_below_a_category_of_its_set_is_covered() -> None:
    assert covered_by(a_set(CEPHALOSPORINS, CEFTRIAXONE), CEFTRIAXONE) == "J01DD"
    wider = drug("J01D", match="prefix")
    assert covered_by(a_set(wider, CEPHALOSPORINS), CEPHALOSPORINS) == "J01D"


@pytest.mark.parametrize(
    "category",
    [
        drug("J01DE", match="prefix"),
        drug("J01DD"),
        drug("J01DD", systems.ICD_10, match="prefix"),
        drug("J01DD", match="prefix", excepts=("J01DD04",)),
        drug("J01DD", match="prefix", status="history"),
        drug("J01DD", match="prefix", word="petechiae"),
    ],
    ids=["beside", "alone", "system", "left out", "status", "word"],
)
def test_a_code_that_would_not_be_read_the_same_is_not_covered(category: Code) -> None:
    assert covered_by(a_set(category, CEFTRIAXONE), CEFTRIAXONE) is None


def test_a_category_that_leaves_out_other_codes_is_not_covered() -> None:
    wider = drug("J01D", match="prefix", excepts=("J01DD04", "J01DE"))
    assert covered_by(a_set(wider, CEPHALOSPORINS), CEPHALOSPORINS) is None
    narrower = drug("J01DD", match="prefix", excepts=("J01DD04",))
    assert covered_by(a_set(wider, narrower), narrower) == "J01D"


def test_a_category_of_another_set_covers_nothing() -> None:
    own, other = a_set(CEFTRIAXONE), a_set(CEPHALOSPORINS, name="med-other")
    assert {one.set_id for one in Terminology((own, other)).sets_of(systems.ATC, "J01DD04")} == {
        own.id,
        other.id,
    }
    assert covered_by(own, CEFTRIAXONE) is None


def test_survivors_are_listed_one_by_one_or_under_a_common_reason(tmp_path: Path) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text(
        """
        [tables]
        "a: b" = "alike"
        [[reason]]
        why = "the same code"
        mutants = ["pathogens: c: d", "pathogens: c: e"]
        [[untold]]
        why = "no code is known"
        mutants = ["pathogens: f: g"]
        """,
        encoding="utf-8",
    )
    assert run.listed(path) == {
        "tables: a: b": "alike",
        "pathogens: c: d": "the same code",
        "pathogens: c: e": "the same code",
        "pathogens: f: g": "no story tells: no code is known",
    }


def test_what_is_covered_is_neither_killed_nor_living() -> None:
    def verdict(**members: Any) -> str:
        judge = Judge(shipped())
        one = mutants.Mutant("codes", "made-up", "made up", (), lambda: nullcontext(judge), **members)
        return run.judged(one, Killers())

    assert verdict() == "untouched"
    assert verdict(covered_by=lambda: "J01DD") == "covered by J01DD"
    assert verdict(covered_by=lambda: "J01DD", is_missed=lambda: True) == "killed by the list of codes"
    found = Counter(killed=9, untouched=1, covered=10)
    assert run.share_of(found) == 90
    assert run.verdicts_told(found).startswith(
        "90.0 % killed of those that no other code of their set covers (10 are covered)"
    )
    assert run.verdicts_told(Counter(killed=3)).startswith("100.0 % killed;")

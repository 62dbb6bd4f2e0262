"""DATA-06 conflicting data, DATA-07 void records."""

from __future__ import annotations

from typing import Any

import pytest

from cards.data_quality.conflict import decide
from cards.facts import PatientFacts
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards import build
from tests.cards.build import LIMITS, ago, count, facts, lab, near, nosebleed, planned, platelets_given
from tests.cards.direct import drafts
from tests.cards.said import advice, read, title


def card(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS)["DATA-06"])


def two(lower: Any = 19, higher: Any = 88, **more: Any) -> PatientFacts:
    return facts([count(lower, hours=3), count(higher, hours=1)], **more)


def test_two_counts_of_one_day_are_named_and_repeated() -> None:
    found = card(two())
    assert found.indicator is Indicator.INFO
    assert title(found).startswith("Conflicting data: platelets 19 (")
    assert "vs 88 x10^9/L" in title(found)
    assert drafts(found) == ["cbc-film"]
    assert [row.value for row in found.inputs] == [19, 88]
    assert Fact.PLATELETS in found.unknown


def test_longest_counts_fit_the_summary() -> None:
    card(two("1000.5", "2500.5"))


@pytest.mark.parametrize(
    ("lower", "said"), list(zip(near(LIMITS.very_low), (True, False, False), strict=True))
)
def test_a_lower_value_below_ten_asks_for_review(lower: Any, said: bool) -> None:
    assert ("below-ten" in card(two(lower)).say) is said


def test_bleeding_does_not_wait() -> None:
    assert "bleeding" in card(two(findings=[nosebleed()])).say
    assert "bleeding" not in card(two()).say


def test_a_fall_is_no_conflict() -> None:
    p = facts([count(88, hours=3), count(19, hours=1)])
    assert decide(p, LIMITS)["DATA-06"] == NoAdvice(Why.NO_CONFLICT)


def test_platelets_between_explain_the_rise() -> None:
    given = platelets_given(at=ago(hours=2))
    assert decide(two(performed=[given]), LIMITS)["DATA-06"] == NoAdvice(Why.NO_CONFLICT)


def test_a_repeat_that_is_on_its_way_is_not_drafted_again() -> None:
    found = card(two(planned=[planned("order-cbc", minutes=30)]))
    assert drafts(found) == []
    assert "ordered" in found.say


def test_a_new_positive_test_against_a_resolved_record() -> None:
    resolved = build.h_pylori(past=True, at=build.on("2024-05-01"), recorded=build.on("2024-05-01"))
    test = lab("lab-h-pylori")
    found = card(facts(39, findings=[resolved], tests=[test]))
    assert (found.title, found.indicator, drafts(found)) == ("title.infection", Indicator.INFO, [])
    assert {test.reference, resolved.reference} <= {row.reference for row in found.inputs}
    assert found.unknown == ()


def test_a_result_of_the_future_is_named() -> None:
    future = count(22, hours=-2)
    found = card(facts([count(40), future]))
    assert found.title == "title.future"
    assert found.inputs[0].reference == future.reference
    assert "ignored" in read(found)


def test_one_card_names_every_conflict() -> None:
    p = facts([count(19, hours=3), count(88, hours=1), count(50, hours=-2)])
    found = card(p)
    assert found.title == "title.counts"
    assert {"counts", "future"} <= set(found.say)
    assert len(found.inputs) == 3


def test_no_conflict_and_unknown_are_told_apart() -> None:
    assert decide(facts(22), LIMITS)["DATA-06"] == NoAdvice(Why.NO_CONFLICT)
    unread = facts(unanswered={Kind.PLATELETS: Answer.FAILED})
    assert decide(unread, LIMITS)["DATA-06"] == CannotTell(Fact.PLATELETS)


def test_void_records_are_left_out_without_a_card() -> None:
    assert decide(facts(voided=["obs-platelet-count"]), LIMITS)["DATA-07"] == NoAdvice(Why.VOIDED)
    assert decide(facts(), LIMITS)["DATA-07"] == NoAdvice(Why.NOTHING_VOID)

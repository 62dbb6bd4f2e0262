"""PLT-06 and MON-04: recovery."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.monitoring.recovery import decide, is_recovering
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from tests.cards import build
from tests.cards.build import LIMITS, NOW, ago, condition, count, drug, facts, near, planned
from tests.cards.direct import drafts
from tests.cards.said import advice, read, title

RISING = [count(28, days=12), count(61, days=6)]
TWICE = [count(40, days=20), count(105, days=5)]


def only(p: PatientFacts) -> Advise:
    (found,) = (o for o in decide(p, LIMITS).values() if isinstance(o, Advise))
    assert is_recovering(p, LIMITS)
    return advice(found)


def why(p: PatientFacts) -> set[Any]:
    answers = set(decide(p, LIMITS).values())
    assert not any(isinstance(a, Advise) for a in answers)
    assert not is_recovering(p, LIMITS)
    return answers


def test_the_boy_after_varicella() -> None:
    p = facts([*RISING, count(112)], age=8, findings=[condition("inf-varicella", days=21)])
    card = only(p)
    assert (card.rule, card.also, card.indicator) == ("PLT-06", ("MON-04",), Indicator.INFO)
    assert title(card).startswith("Platelets recovering (28 to ")
    assert {"suggestion", "MON-04/plan.first", "MON-04/restrictions"} == set(card.say)
    (action,) = (a for s in card.suggestions for a in s.actions)
    assert (action.template, action.due) == ("cbc", NOW - timedelta(hours=3) + timedelta(weeks=4))
    assert decide(p, LIMITS)["MON-04"] == NoAdvice(Why.MERGED)
    assert "aspirin" not in read(card)


@pytest.mark.parametrize(
    ("value", "speaks"), list(zip(near(LIMITS.recovered_count), (False, True, True), strict=True))
)
def test_a_hundred_is_reached(value: Any, speaks: bool) -> None:
    p = facts([*RISING, count(value)])
    assert is_recovering(p, LIMITS) is speaks
    if not speaks:
        assert why(p) == {NoAdvice(Why.NO_RECOVERY)}


@pytest.mark.parametrize(
    "counts",
    [
        [count(61, days=6), count(112)],  # one rise
        [count(120, days=12), count(80, days=6), count(112)],  # a fall between
        [count(101, days=12), count(105, days=6), count(112)],  # never low
    ],
)
def test_no_recovery(counts: list[Any]) -> None:
    assert why(facts(counts)) == {NoAdvice(Why.NO_RECOVERY)}


@pytest.mark.parametrize("finding", [build.purpura(), build.nosebleed(), build.gum_bleeding(days=5)])
def test_not_while_bleeding_is_recorded(finding: Any) -> None:
    assert why(facts([*RISING, count(112)], findings=[finding])) == {NoAdvice(Why.BLEEDS)}


def test_a_hundred_twice_without_two_rises_is_the_last_check() -> None:
    p = facts([*TWICE, count(103)])
    card = only(p)
    assert (card.rule, card.also) == ("MON-04", ())
    assert card.say[0] == "MON-04/plan"
    assert card.suggestions[0].actions[0].due == NOW - timedelta(days=5) + timedelta(weeks=4)
    assert "recovered from 40" in title(card)
    assert decide(p, LIMITS)["PLT-06"] == NoAdvice(Why.NO_RECOVERY)


@pytest.mark.parametrize(
    ("counts", "speaks"),
    [
        ([count(99, days=20), count(100, days=5), count(100)], True),
        ([count(99, days=20), count("99.9", days=5), count(100)], False),
        ([count(99, days=20), count(100, hours=9), count(100)], True),  # six hours apart
        ([count(99, days=20), count(100, hours=8), count(100)], False),
        ([count(100, days=20), count(100, days=5), count(100)], False),  # never low
        ([count(99, days=183), count(100, days=5), count(100)], False),  # low long ago
    ],
)
def test_twice_at_a_hundred_after_a_low_count(counts: list[Any], speaks: bool) -> None:
    assert is_recovering(facts(counts), LIMITS) is speaks


@pytest.mark.parametrize(
    ("days", "value", "done"),
    [(28, 150, True), (27, 150, False), (28, "149.9", False)],
)
def test_the_last_check_ends_it(days: int, value: Any, done: bool) -> None:
    p = facts([count(40, days=60), count(105, days=days, hours=3), count(110, days=10), count(value)])
    assert is_recovering(p, LIMITS) is not done
    if done:
        assert why(p) == {NoAdvice(Why.ALREADY_DONE)}


def test_an_overdue_check_is_due_now() -> None:
    p = facts([count(40, days=60), count(105, days=40), count(103)])
    assert only(p).suggestions[0].actions[0].due == NOW


def test_both_rules_when_it_rises_and_was_there_twice() -> None:
    card = only(facts([count(60, days=10), count(105, days=5), count(130)]))
    assert (card.rule, "MON-04/plan" in card.say) == ("PLT-06", True)


def test_on_discharge_monitoring_leads() -> None:
    p = facts([*RISING, count(112)], hook="encounter-discharge")
    card = only(p)
    assert (card.rule, card.also) == ("MON-04", ("PLT-06",))
    assert decide(p, LIMITS)["PLT-06"] == NoAdvice(Why.MERGED)


@pytest.mark.parametrize(
    ("medication", "speaks"),
    [
        (drug("med-tpo-ra"), False),
        (drug("med-tpo-ra", days=60, end=ago(days=28)), False),
        (drug("med-tpo-ra", days=60, end=ago(days=28, minutes=1)), True),
    ],
)
def test_a_rise_on_a_tpo_ra_is_no_recovery(medication: Any, speaks: bool) -> None:
    assert LIMITS.mon_tpo_ra_weeks == 4
    p = facts([*RISING, count(112)], medications=[medication])
    assert is_recovering(p, LIMITS) is speaks
    if not speaks:
        assert why(p) == {NoAdvice(Why.THERAPY_ACTIVE)}


def test_a_check_that_is_ordered_is_not_drafted_again() -> None:
    ordered = planned("order-cbc", occurrence=ago(days=-27))
    card = only(facts([*RISING, count(112)], planned=[ordered]))
    assert drafts(card) == []
    assert "MON-04/ordered" in card.say
    assert ordered.reference in {row.reference for row in card.inputs}


def test_without_a_usable_count_it_cannot_tell() -> None:
    assert why(facts()) == {CannotTell(Fact.PLATELETS)}
    assert why(facts([count(22, days=20), count(112, days=9)])) == {CannotTell(Fact.PLATELETS)}


def test_newborns_have_their_own_rules() -> None:
    assert why(facts([*RISING, count(112)], birth=ago(days=20), age=None)) == {
        NoAdvice(Why.NOT_FOR_THIS_PERSON)
    }

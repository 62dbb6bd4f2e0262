"""DATA-03 missing unit, DATA-04 implausible or contradictory."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.data_quality.units import decide
from cards.facts import PatientFacts
from cards.outcome import Advise, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import PlateletResult, UnitProblem
from tests.cards import build
from tests.cards.build import LIMITS, count, facts, near, nosebleed, planned
from tests.cards.direct import drafts
from tests.cards.said import advice, read, title


def bad(
    problem: UnitProblem, shown: str | None = "28", unit: str | None = None, **more: Any
) -> PlateletResult:
    """A result without a usable number, an hour ago."""
    number = None if shown is None else Decimal(shown)
    times = {} if {"undated", "days", "hours"} & more.keys() else {"hours": 1}
    return count(None, problem=problem, shown=number, shown_unit=unit, **{**times, **more})


def only(p: PatientFacts) -> Advise:
    found = [advice(o) for o in decide(p, LIMITS).values() if isinstance(o, Advise)]
    assert len(found) == 1
    return found[0]


def test_no_unit() -> None:
    result = bad(UnitProblem.NO_UNIT)
    found = only(facts([result]))
    assert (found.rule, found.indicator) == ("DATA-03", Indicator.WARNING)
    assert title(found) == "Platelet result 28 (22 Nov 2025, 04:10) has no unit: not used; please verify"
    assert found.inputs[0].reference == result.reference
    assert Fact.PLATELETS in found.unknown
    assert drafts(found) == ["cbc-film"]


@pytest.mark.parametrize(
    ("problem", "shown", "unit", "words"),
    [
        (UnitProblem.IMPLAUSIBLE, "25000", "10*9/L", "25000 10*9/L"),
        (UnitProblem.UNKNOWN_UNIT, "28", None, "unit that is not known here"),
        (UnitProblem.CONTRADICTORY, "28", "/uL", "its code and its unit disagree"),
        (UnitProblem.ZERO, "0", "10*9/L", "count of 0 reported"),
        (UnitProblem.IMPLAUSIBLE, None, None, "no readable value"),
    ],
)
@pytest.mark.parametrize("undated", [False, True])
def test_a_title_for_every_problem(
    problem: UnitProblem, shown: str | None, unit: str | None, words: str, undated: bool
) -> None:
    more = {"undated": True} if undated else {}
    found = only(facts([bad(problem, shown, unit, **more)]))
    assert (found.rule, found.indicator) == ("DATA-04", Indicator.WARNING)
    assert words.replace("no readable value", "readable value") in title(found)
    assert ("22 Nov" in title(found)) is not undated


@pytest.mark.parametrize(
    ("shown", "unit", "low"),
    [
        *zip(map(str, near(LIMITS.plausible_low)), ["10*9/L"] * 3, (True, False, False), strict=True),
        ("45", "/uL", True),
        ("999", "/uL", True),
        ("1000", "/uL", False),
        ("25000", "10*9/L", False),
        ("0.5", "10*12/L", False),
        ("500", "/mL", True),
        ("0.5", "10*4/uL", False),
        ("0.5", None, True),
    ],
)
def test_a_value_that_may_be_very_low_asks_for_urgent_review(shown: str, unit: str | None, low: bool) -> None:
    found = only(facts([bad(UnitProblem.IMPLAUSIBLE, shown, unit)]))
    assert ("below-ten" in found.say) is low


def test_zero_repeats_and_says_what_it_would_mean() -> None:
    found = only(facts([count(96, days=1), bad(UnitProblem.ZERO, "0", "10*9/L")]))
    assert "urgent haematology review" in read(found)
    assert drafts(found) == ["cbc-film"]


def test_an_unknown_unit_is_not_taken_for_very_low() -> None:
    assert "below-ten" not in only(facts([bad(UnitProblem.UNKNOWN_UNIT, "0.5")])).say


@pytest.mark.parametrize("problem", [UnitProblem.NO_UNIT, UnitProblem.IMPLAUSIBLE])
def test_a_likely_reading_is_named_and_not_used(problem: UnitProblem) -> None:
    found = only(facts([bad(problem, "25000", None, likely=Decimal(25))]))
    assert "25 x10^9/L" in read(found)
    assert "nothing is decided by it" in read(found)


def test_bleeding_makes_the_repeat_stat() -> None:
    p = facts([bad(UnitProblem.NO_UNIT)], findings=[nosebleed()])
    assert only(p).suggestions[0].actions[0].priority == "stat"


def test_a_repeat_that_is_on_its_way_is_not_drafted_again() -> None:
    found = only(facts([bad(UnitProblem.NO_UNIT)], planned=[planned("order-cbc")]))
    assert drafts(found) == []
    assert "DATA-04/ordered" in found.say


def test_an_older_problem_says_nothing() -> None:
    answers = decide(facts([bad(UnitProblem.NO_UNIT, days=2), count(22)]), LIMITS)
    assert set(answers.values()) == {NoAdvice(Why.UNITS_FINE)}


def test_plausible_counts_give_no_card() -> None:
    assert set(decide(facts(22), LIMITS).values()) == {NoAdvice(Why.UNITS_FINE)}


@pytest.mark.parametrize(("order", "speaks"), [("med-anticoagulant", True), ("med-paracetamol", False)])
def test_on_orders_only_where_the_order_depends_on_the_count(order: str, speaks: bool) -> None:
    p = facts([bad(UnitProblem.NO_UNIT)], orders=[build.order(order)], hook="order-select")
    answers = decide(p, LIMITS)
    assert isinstance(answers["DATA-03"], Advise) is speaks
    assert answers["DATA-04"] == NoAdvice(Why.UNITS_FINE if speaks else Why.NOT_SELECTED)

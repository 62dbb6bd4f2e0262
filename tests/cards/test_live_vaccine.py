"""ORD-21: a live vaccine is selected."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.live_vaccine import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind, Performed
from tests.cards.build import LIMITS, ago, condition, done, drug, facts, given_drug, measured, on, order
from tests.cards.ordering import CRITICAL, WARNING, card, ordering, removed

MMR = order("vax-live", "vax-mmr-varicella")
YELLOW_FEVER = order("vax-live")
STEROID = {"route": "oral"}


def asked(vaccine: Any = MMR, **members: Any) -> Any:
    return decide(ordering(180, vaccine, **members), LIMITS)


@pytest.mark.parametrize(
    ("members", "indicator", "title"),
    [
        ({"findings": [condition("mimic-acute-leukaemia")]}, CRITICAL, "title.defence"),
        ({"findings": [condition("status-transplant", days=900)]}, CRITICAL, "title.defence"),
        ({"findings": [condition("inf-hiv")]}, CRITICAL, "title.defence"),
        (
            {"findings": [condition("inf-hiv")], "measurements": [measured("obs-cd4", 199, "/uL")]},
            CRITICAL,
            "title.defence",
        ),
        ({"sex": "female", "age": 30, "pregnant": True}, CRITICAL, "title.pregnancy"),
        ({"medications": [drug("med-corticosteroid", days=14, **STEROID)]}, WARNING, "title.steroid"),
    ],
)
def test_weak_defence_and_pregnancy(members: Any, indicator: Indicator, title: str) -> None:
    found = card(asked(YELLOW_FEVER, **members))
    assert (found.rule, found.indicator, found.title) == ("ORD-21", indicator, title)
    assert removed(found) == [YELLOW_FEVER.reference]


def ended(start_days: int, end: Any) -> Any:
    return drug("med-corticosteroid", days=start_days, status="completed", end=end, **STEROID)


@pytest.mark.parametrize(
    ("members", "speaks"),
    [
        ({"medications": [drug("med-corticosteroid", days=13, **STEROID)]}, False),
        ({"medications": [drug("med-corticosteroid", days=30, route="other")]}, False),
        ({"medications": [ended(60, on("2026-05-15"))]}, True),
        ({"medications": [ended(60, on("2026-05-13"))]}, False),
        ({"medications": [ended(15, ago(days=5))]}, False),
        (
            {"findings": [condition("inf-hiv")], "measurements": [measured("obs-cd4", 200, "/uL")]},
            False,
        ),
        ({"findings": [condition("cond-thrombocytopenia-immune", days=400)]}, False),
    ],
)
def test_what_counts(members: Any, speaks: bool) -> None:
    assert isinstance(asked(YELLOW_FEVER, **members), Advise) is speaks


@pytest.mark.parametrize(
    ("members", "title"),
    [
        ({"medications": [given_drug("med-ivig", at=on("2025-07-16"))]}, "title.ivig"),
        ({"medications": [given_drug("med-ivig", at=on("2025-07-14"))]}, None),
        ({"performed": [done("proc-platelet-transfusion", at=on("2025-11-16"))]}, "title.blood"),
        ({"performed": [done("proc-platelet-transfusion", at=on("2025-11-10"))]}, None),
    ],
)
def test_donor_antibodies(members: Any, title: str | None) -> None:
    outcome = asked(MMR, **members)
    assert isinstance(outcome, Advise) is (title is not None)
    if title is not None:
        assert (card(outcome).title, card(outcome).indicator) == (title, WARNING)
    assert asked(YELLOW_FEVER, **members) == NoAdvice(Why.ALLOWED)


@pytest.mark.parametrize(("after", "speaks"), [(42, True), (43, False), (-1, False)])
def test_thrombocytopenia_after_a_vaccine(after: int, speaks: bool) -> None:
    dose = Performed("Immunization/1", frozenset({"vax-mmr-varicella"}), "completed", ago(days=100))
    itp = condition("cond-thrombocytopenia-immune", days=100 - after, past=True)
    outcome = asked(MMR, findings=[itp], immunizations=[dose])
    assert isinstance(outcome, Advise) is speaks


def test_silence() -> None:
    assert asked(unanswered={Kind.CONDITIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)
    assert asked(unanswered={Kind.MEDICATIONS: Answer.FAILED}) == CannotTell(Fact.MEDICATIONS)
    assert asked(sex="female", age=30) == CannotTell(Fact.PREGNANCY)
    assert asked(order("vax-post-exposure")) == NoAdvice(Why.NOT_SELECTED)
    assert decide(facts(180), LIMITS) == NoAdvice(Why.NOT_SELECTED)

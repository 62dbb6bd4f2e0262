"""ORD-25: intravenous immunoglobulin is selected."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.ivig import decide
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, facts, lab, measured, near, order
from tests.cards.ordering import CRITICAL, INFO, WARNING, card, ordering

IVIG = order("med-ivig")
DRAWN = [lab(s, "negative") for s in ("lab-hiv", "lab-hcv", "lab-hbv-surface-antigen")]
below_60, at_60, _ = near(LIMITS.ivig_egfr)


def asked(**members: Any) -> Any:
    return decide(ordering(22, IVIG, **({"tests": DRAWN} | members)), LIMITS)


@pytest.mark.parametrize(
    ("members", "indicator", "title"),
    [
        ({"findings": [condition("risk-iga-deficiency")]}, CRITICAL, "title.iga"),
        ({"findings": [condition("risk-thrombosis", past=True)]}, WARNING, "title.clot"),
        ({"findings": [condition("risk-thrombosis-history")]}, WARNING, "title.clot"),
        ({"measurements": [measured("obs-egfr", below_60, "mL/min/{1.73_m2}")]}, WARNING, "title.kidney"),
        ({"age": 66}, WARNING, "title.age"),
        ({"tests": DRAWN[:2]}, INFO, "title.serology"),
    ],
)
def test_each_reason(members: Any, indicator: Indicator, title: str) -> None:
    found = card(asked(**members))
    assert (found.rule, found.indicator, found.title) == ("ORD-25", indicator, title)


@pytest.mark.parametrize(
    "members", [{}, {"age": 65}, {"measurements": [measured("obs-egfr", at_60, "mL/min/{1.73_m2}")]}]
)
def test_nothing_against_it(members: Any) -> None:
    assert asked(**members) == NoAdvice(Why.ALLOWED)


def test_all_reasons_in_one_card() -> None:
    members = {
        "findings": [condition("risk-iga-deficiency"), condition("risk-thrombosis")],
        "age": 70,
        "tests": [],
    }
    found = card(asked(**members))
    assert found.say == ("suggestion.iga", "suggestion.clot", "suggestion.age", "suggestion.serology")
    assert {Fact.EGFR, Fact.BLOOD_BORNE_VIRUSES} <= set(found.unknown)


def test_silence() -> None:
    assert asked(unanswered={Kind.CONDITIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)
    assert decide(facts(22), LIMITS) == NoAdvice(Why.NOT_SELECTED)

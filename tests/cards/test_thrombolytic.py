"""ORD-06: a thrombolytic is selected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.orders.thrombolytic import decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Amount
from tests.cards.build import LIMITS, facts, near, nosebleed, order, purpura
from tests.cards.ordering import CRITICAL, card, ordering, removed

ALTEPLASE = order("med-thrombolytic")
below_100, at_100, _ = near(LIMITS.thrombolysis)


def asked(platelets: Any, drug: Any, *findings: Any) -> Any:
    return decide(ordering(platelets, drug, findings=list(findings)), LIMITS)


def test_below_100() -> None:
    found = card(asked(below_100, ALTEPLASE))
    assert (found.rule, found.indicator, found.title) == ("ORD-06", CRITICAL, "title.count")
    assert removed(found) == [ALTEPLASE.reference]
    assert asked(at_100, ALTEPLASE) == NoAdvice(Why.COUNT_NOT_LOW)


def test_with_bleeding() -> None:
    assert card(asked(220, ALTEPLASE, nosebleed(hours=1))).title == "title.bleeding"
    assert card(asked(None, ALTEPLASE, nosebleed(hours=1))).title == "title.bleeding.no-count"
    assert asked(220, ALTEPLASE, purpura()) == NoAdvice(Why.COUNT_NOT_LOW)


@pytest.mark.parametrize(("dose", "lock"), [("2", True), ("2.1", False)])
def test_a_dose_for_a_catheter(dose: str, lock: bool) -> None:
    drug = order("med-thrombolytic", dose=Amount(Decimal(dose), "mg"))
    assert (asked(20, drug) == NoAdvice(Why.OTHER_ROW)) is lock


def test_unknown() -> None:
    assert asked(None, ALTEPLASE) == CannotTell(Fact.PLATELETS)
    assert decide(facts(20), LIMITS) == NoAdvice(Why.NOT_SELECTED)

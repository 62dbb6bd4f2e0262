"""ORD-27: a procedure is selected below its usual limit; the limits are tested with the PROC rules."""

from __future__ import annotations

from typing import Any

from cards.orders.procedure import decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from tests.cards.build import LIMITS, facts, near, service_order
from tests.cards.ordering import CRITICAL, WARNING, card, ordering, removed

PUNCTURE = service_order("proc-lumbar-puncture")
OPERATION = service_order("proc-major-surgery")
EPIDURAL = service_order("proc-neuraxial")
below_50, at_50, _ = near("50")


def asked(platelets: Any, *orders: Any, **members: Any) -> Any:
    return decide(ordering(platelets, *orders, **members), LIMITS)


def test_the_card_is_led_by_the_rule_of_the_procedure() -> None:
    found = card(asked(26, PUNCTURE))
    assert (found.rule, found.also[0], found.indicator) == ("PROC-01", "ORD-27", WARNING)
    assert removed(found) == [PUNCTURE.reference]


def test_above_its_limit() -> None:
    assert asked(at_50, OPERATION) == NoAdvice(Why.COUNT_NOT_LOW)
    assert card(asked(below_50, OPERATION)).rule == "PROC-05"


def test_a_neuraxial_block_below_50_is_critical() -> None:
    assert card(asked(below_50, EPIDURAL)).indicator is CRITICAL
    assert card(asked(at_50, EPIDURAL)).indicator is WARNING


def test_two_procedures_in_one_card() -> None:
    found = card(asked(26, PUNCTURE, EPIDURAL))
    assert found.rule == "PROC-07"
    assert {"ORD-27", "PROC-01"} <= set(found.also)
    assert any(key.startswith("PROC-01/") for key in found.say)
    assert removed(found) == [PUNCTURE.reference, EPIDURAL.reference]


def test_silence() -> None:
    assert asked(None, PUNCTURE) == CannotTell(Fact.PLATELETS)
    assert asked(26, service_order("order-cbc")) == NoAdvice(Why.NOT_SELECTED)
    assert asked(26, service_order()) == CannotTell(Fact.SELECTED_DRUG)
    assert decide(facts(26), LIMITS) == NoAdvice(Why.NOT_SELECTED)

"""What the tests of the order rules share: facts of an order-select call, and the card with its words checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cards.facts import PatientFacts
from cards.outcome import ActionType, Advise, Indicator, Outcome
from cards.record import Order
from tests.cards.build import facts
from tests.cards.direct import text_of

CRITICAL, WARNING, INFO = Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO


def ordering(count: Any, *orders: Order, **members: Any) -> PatientFacts:
    """Facts of an order-select call with these selected drafts."""
    return facts(count, **({"hook": "order-select", "orders": list(orders)} | members))


def card(outcome: Outcome | Mapping[str, Outcome]) -> Advise:
    """The one card of an answer; every word that it names exists, and its title fits."""
    outcomes = outcome.values() if isinstance(outcome, Mapping) else (outcome,)
    (found,) = (o for o in outcomes if isinstance(o, Advise))
    text_of(found)
    return found


def removed(found: Advise) -> list[str]:
    """References of the drafts that the card offers to delete."""
    actions = (a for s in found.suggestions for a in s.actions if a.type is ActionType.DELETE)
    return list(dict.fromkeys(a.order.reference for a in actions if a.order is not None))


def created(found: Advise) -> list[str]:
    """Templates of the drafts that the card offers to create."""
    actions = (a for s in found.suggestions for a in s.actions if a.template is not None)
    return list(dict.fromkeys(a.template for a in actions if a.template is not None))

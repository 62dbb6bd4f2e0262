"""ORD-32: a selected order whose code is in no value set. No card: a drug is never guessed from its name.

The answer says it, so that a log of "why no card" shows what a site has to map.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.orders.selection import NOT_SELECTED
from cards.outcome import Advice, CannotTell, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.thresholds import Thresholds
from cards.valuesets import is_mapped


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Silent always; what was selected but is not among the drafts cannot be told at all."""
    for order in p.orders:
        if not is_mapped(order.set_ids):
            return NoAdvice(Why.UNMAPPED)
    if p.record.unresolved_selections:
        return CannotTell(Fact.SELECTION)
    return NOT_SELECTED


ADVICE = Advice(stem="orders/unmapped", ids=("ORD-32",), topic=Topic.ORDER_SAFETY, decide=decide)

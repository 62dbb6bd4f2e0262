"""ORD-32: a selected order whose code is in no value set. No card: a drug is never guessed from its name.

The answer says it, so that a log of "why no card" shows what a site has to map.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.outcome import Advice, CannotTell, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.thresholds import Thresholds
from cards.valuesets import is_mapped


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Silent always; what was selected but is not among the drafts cannot be told at all."""
    if not all(is_mapped(o.set_ids) for o in p.orders):
        return NoAdvice(Why.UNMAPPED)
    if p.record.unresolved_selections:
        return CannotTell(Fact.SELECTION)
    return NoAdvice(Why.NOT_SELECTED)


ADVICE = Advice(stem="orders/unmapped", ids=("ORD-32",), topic=Topic.ORDER_SAFETY, decide=decide)

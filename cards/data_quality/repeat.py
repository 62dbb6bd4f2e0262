"""Repeat counts: whether one is on its way, the button that orders one, and whether a doubt concerns this call.

An order is on its way when it is active and falls into the time in which the count is due; one without a date counts
when it was written after the last sample, for an older one probably made that sample (rulebook A.3).
"""

from __future__ import annotations

from datetime import datetime

from cards.facts import PatientFacts
from cards.outcome import Action, ActionType, Suggestion
from cards.reading.situation import SELECTING, selects_where_count_matters
from cards.record import Planned
from cards.thresholds import Thresholds

ALSO_JUDGED_BY_COUNT = ("med-tpo-ra", "med-nsaid")
"""Beside blood, antithrombotic drugs and procedures: orders that are judged by the count."""


def is_asked(p: PatientFacts) -> bool:
    """A doubt about the count concerns this call: always, on orders where a selected one depends on the count."""
    if p.hook not in SELECTING:
        return True
    return selects_where_count_matters(p.record) or bool(p.selected(*ALSO_JUDGED_BY_COUNT))


def bleeds(p: PatientFacts) -> bool:
    """Bleeding that is active and not of the skin alone: what makes a doubt about the count a warning."""
    return bool(p.bleeding.deep or p.bleeding.patient_reported)


def find_ordered(p: PatientFacts, until: datetime) -> Planned | None:
    """The active order of a blood count that is due between the last sample and `until`."""
    return next((o for o in p.planned if _is_on_its_way(p, o, until)), None)


def find_repeat(p: PatientFacts, limits: Thresholds) -> Planned | None:
    """The active order that repeats the count within a day."""
    return find_ordered(p, p.as_of + limits.span("repeat_due"))


def _is_on_its_way(p: PatientFacts, order: Planned, until: datetime) -> bool:
    if order.status != "active" or "order-cbc" not in order.set_ids:
        return False
    last = None if p.platelets.current is None else p.platelets.current.time.earliest
    if order.occurrence is not None:
        return order.occurrence.earliest <= until and (last is None or order.occurrence.latest > last)
    return last is None or (order.authored is not None and order.authored.latest > last)


def order_count(
    label: str,
    template: str,
    priority: str,
    reasons: tuple[str, ...],
    due: datetime | None = None,
) -> tuple[Suggestion, ...]:
    """One button that drafts a blood count, dated where it is due later."""
    action = Action(ActionType.CREATE, template, priority, reasons=reasons, due=due)
    return (Suggestion(label, (action,), recommended=True),)

"""Platelets that were given or ordered just now (rulebook A.3): the same advice is not given again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cards.facts import PatientFacts
from cards.facts.once import once
from cards.frozen import dataclass
from cards.outcome import Input
from cards.record import MedicationSource, Moment
from cards.rows import event_row, medication_row
from cards.thresholds import Thresholds

PLATELETS = ("proc-platelet-transfusion", "product-platelets")


@dataclass(frozen=True, slots=True)
class Given:
    """The latest platelets: `time` of their start or of the order, `row` that shows them."""

    time: Moment
    row: Input
    only_ordered: bool = False


@once
def find_given(p: PatientFacts, limits: Thresholds) -> Given | None:
    """Platelets given in the last 6 hours, else an order of the last 2 hours that is not yet carried out."""
    record = p.record
    if not (record.performed_sets.isdisjoint(PLATELETS) and record.drug_sets.isdisjoint(PLATELETS)):
        given = max(_transfused(p, limits), key=_latest, default=None)
        if given is not None:
            return given
    return max(_ordered(p, limits), key=_latest, default=None) if record.planned else None


def _latest(given: Given) -> datetime:
    return given.time.latest


def is_count_ordered_after(p: PatientFacts, began: Moment, ended: Moment, limits: Thresholds) -> bool:
    """An active order of a blood count that surely shows what these platelets did, within the day after them.

    One without a date of its own was written since they began: an older one was for the sample before them.
    """
    until = ended.latest + limits.span("cci_late_to")
    return any(
        ended.latest <= plan.occurrence.earliest <= until
        if plan.occurrence is not None
        else plan.authored is not None and plan.authored.earliest >= began.latest
        for plan in p.planned
        if plan.status == "active" and "order-cbc" in plan.set_ids
    )


def _transfused(p: PatientFacts, limits: Thresholds) -> Iterator[Given]:
    within = limits.span("platelets_in_progress")
    for event in p.done_within(within, *PLATELETS):
        when = event.start or event.end or Moment.instant(p.as_of)
        yield Given(when, event_row("platelets given", event))
    for drug in p.used_within(within, *PLATELETS):
        if drug.source is MedicationSource.ADMINISTRATION and drug.start is not None:
            yield Given(drug.start, medication_row("platelets given", drug))


def _ordered(p: PatientFacts, limits: Thresholds) -> Iterator[Given]:
    """An order without a time of writing may be old: it does not count."""
    within = limits.span("order_in_progress")
    for plan in p.planned:
        is_open = plan.status == "active" and not plan.set_ids.isdisjoint(PLATELETS)
        if is_open and plan.authored is not None and plan.authored.since(p.as_of) <= within:
            yield Given(plan.authored, event_row("platelets ordered", plan), only_ordered=True)

"""When a drug is taken: the treatment period that a request or a statement names, and the route."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from cards.record import Moment, Route
from cards.valuesets import Terminology
from cds_service.facts.ages import later_by, read_span
from cds_service.facts.codes import Pairs, by_pairs, coding_pairs, members_of
from cds_service.facts.context import Reading
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import CodeableConcept, Dosage, Quantity, Shape

Span = tuple[Moment | None, Moment | None]

NO_SPAN: Final[Span] = (None, None)
_ROUTES: Final = (
    ("route-intramuscular", Route.INTRAMUSCULAR),
    ("route-intravenous", Route.INTRAVENOUS),
    ("route-subcutaneous", Route.SUBCUTANEOUS),
    ("route-oral", Route.ORAL),
)
"""Of several routes the first of this list is told: the muscle and the vein are what rules ask for."""


def dosage_span(
    dosages: Sequence[Dosage], start: Moment | None, entry: Entry[Shape], reading: Reading
) -> Span:
    """From the earliest start to the latest end of all dosages that have a timing.

    `start` is where a bare duration counts from. One dosage without an end leaves the whole without.
    """
    spans = [s for s in (_span(d, start, entry, reading) for d in dosages) if s != NO_SPAN]
    if not spans:
        return NO_SPAN
    ends = [end for _, end in spans]
    known = [end for end in ends if end is not None]
    starts = [begin for begin, _ in spans if begin is not None]
    return (
        min(starts, key=lambda m: m.earliest, default=None),
        max(known, key=lambda m: m.latest) if len(known) == len(ends) else None,
    )


def in_order(span: Span, entry: Entry[Shape], reading: Reading) -> Span:
    """A period that ends before it starts has no end that can be believed."""
    start, end = span
    if start is not None and end is not None and end.latest < start.earliest:
        reading.report(entry, "period ends before it starts")
        return start, None
    return span


def _span(dosage: Dosage, start: Moment | None, entry: Entry[Shape], reading: Reading) -> Span:
    timing = dosage.timing
    if timing is None:
        return NO_SPAN
    if timing.event:
        times = [m for m in (reading.moment(e, entry) for e in timing.event) if m is not None]
        first = min(times, key=lambda m: m.earliest, default=None)
        return first, max(times, key=lambda m: m.latest, default=None)
    if timing.repeat is None:
        return NO_SPAN
    if timing.repeat.bounds_period is not None:
        return reading.ends(timing.repeat.bounds_period, entry)
    return _after(start, timing.repeat.bounds_duration)


def _after(start: Moment | None, duration: Quantity | None) -> Span:
    """A bare duration, counted from `start`."""
    read = None if duration is None else read_span(duration)
    if start is None or read is None:
        return NO_SPAN
    first: datetime | None = later_by(start.earliest, *read)
    last = later_by(start.latest, *read)
    return (start, None) if first is None or last is None else (start, Moment(first, last, last.isoformat()))


def route_of(concepts: Iterable[CodeableConcept | None], terminology: Terminology) -> Route | None:
    """The route of the dosages; OTHER for a coded one that no set knows, None where none is coded."""
    pairs = tuple([pair for concept in concepts for pair in coding_pairs(concept)])
    return _route(pairs, terminology) if pairs else None


@by_pairs
def _route(pairs: Pairs, terminology: Terminology) -> Route:
    found = {member.set_id for pair in pairs for member in members_of(pair, terminology)}
    return next((route for set_id, route in _ROUTES if set_id in found), Route.OTHER)

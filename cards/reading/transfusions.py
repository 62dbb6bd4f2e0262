"""Platelet transfusions: they explain a rise, and for a day no trend is read from a count (B.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from cards.facts import PlateletCount
from cards.facts.patient import DONE
from cards.facts.presence import is_under_way
from cards.frozen import replace
from cards.record import Moment, Performed, Record
from cards.thresholds import Thresholds

PLATELETS_GIVEN = "proc-platelet-transfusion"


def transfusions(record: Record) -> tuple[tuple[Moment, Moment], ...]:
    """Start and end of each platelet transfusion that was done or is under way, where a time is known."""
    spans = (_span(p, record.as_of) for p in record.performed if PLATELETS_GIVEN in p.set_ids)
    return tuple(s for s in spans if s is not None)


def _span(given: Performed, as_of: datetime) -> tuple[Moment, Moment] | None:
    start = given.start or given.end
    if start is None or given.status not in DONE:
        return None
    if is_under_way(given):
        return start, Moment.instant(as_of)
    return start, given.end or start


def mark_transfused(
    counts: tuple[PlateletCount, ...], record: Record, limits: Thresholds
) -> tuple[PlateletCount, ...]:
    """Marks the counts drawn after the start of a platelet transfusion and up to 24 h after its end (B.2)."""
    given = transfusions(record)
    if not given or not counts:
        return counts
    within = limits.span("trend_after_platelets")
    return tuple(
        replace(c, transfused=True) if any(_follows(c.time, span, within) for span in given) else c
        for c in counts
    )


def _follows(time: Moment, span: tuple[Moment, Moment], within: timedelta) -> bool:
    start, end = span
    return time.latest > start.earliest and time.earliest - end.latest <= within

"""Platelet transfusions: they explain a rise, and for a day no trend is read from a count (B.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cards.facts.patient import DONE
from cards.facts.presence import is_under_way
from cards.record import Moment, Performed, Record
from cards.thresholds import Thresholds

PLATELETS_GIVEN = "proc-platelet-transfusion"


Given = tuple[Moment, Moment]
"""Start and end of a platelet transfusion."""


def transfusions(record: Record) -> tuple[Given, ...]:
    """Each platelet transfusion that was done or is under way, where a time is known."""
    spans = [_span(p, record.as_of) for p in record.performed if PLATELETS_GIVEN in p.set_ids]
    return tuple([s for s in spans if s is not None])


def _span(given: Performed, as_of: datetime) -> Given | None:
    start = given.start or given.end
    if start is None or given.status not in DONE:
        return None
    if is_under_way(given):
        return start, Moment.instant(as_of)
    return start, given.end or start


def follows_platelets(time: Moment, given: Sequence[Given], limits: Thresholds) -> bool:
    """Whether a sample was drawn after the start of a platelet transfusion and up to 24 h after its end (B.2)."""
    if not given:
        return False
    within = limits.span("trend_after_platelets")
    earliest, latest = time.earliest, time.latest
    return bool([1 for start, end in given if latest > start.earliest and earliest - end.latest <= within])

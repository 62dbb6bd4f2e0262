"""What the card of the next count says beside the interval when a stay ends: whether it can, and what to agree on.

Only counts and bleeding that would be told on the chart as transfusion cards are not heard on discharge (contract
section 2); so the card of the interval says when an interval can hardly be kept at home.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cards.facts import PatientFacts, PlateletCount
from cards.months import add_months
from cards.precedence import DISCHARGE
from cards.record import Moment
from cards.thresholds import Thresholds

CLOSE = ("hours",)
"""Intervals of hours: active bleeding, or a count below 10."""


def discharge_keys(
    p: PatientFacts, count: PlateletCount, interval: str, is_ordered: bool, limits: Thresholds
) -> tuple[str, ...]:
    """Keys of MON-01, on discharge only: a stay that should perhaps go on, a new very low count, the next count."""
    if p.hook != DISCHARGE:
        return ()
    if interval in CLOSE:
        return ("MON-01/discharge.close",)
    new = ("MON-01/discharge.new",) if _is_new_and_very_low(p, count, limits) else ()
    return (*new, "MON-01/discharge.ordered" if is_ordered else "MON-01/discharge")


def _is_new_and_very_low(p: PatientFacts, count: PlateletCount, limits: Thresholds) -> bool:
    """Below 20 in an adult, and the low counts began less than 3 months ago."""
    since = p.platelets.low_since
    lasting = since is not None and add_months(since.earliest, int(limits.tpo_months)) <= p.as_of
    return bool(p.person.is_adult) and count.value < limits.low_high_risk and not lasting


def day_of(due: datetime) -> Moment:
    """The day of the next count, as a text says it."""
    start = due.replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(start, start + timedelta(days=1, microseconds=-1), start.date().isoformat())

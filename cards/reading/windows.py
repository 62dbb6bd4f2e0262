"""Closed windows of time (rulebook A.9) on moments that may be whole days.

For freshness the least favourable end counts (`is_fresh`: longest possible age); for "is it still active" and
for danger the other one (`is_recent`: shortest possible age).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cards.months import add_months
from cards.record import Moment


def is_fresh(moment: Moment | None, as_of: datetime, window: timedelta) -> bool:
    """Surely not older than the window; an unknown time is not fresh."""
    return moment is not None and moment.age(as_of) <= window


def is_recent(moment: Moment | None, as_of: datetime, window: timedelta) -> bool:
    """Possibly not older than the window; an unknown time is not recent (the caller says what that means)."""
    return moment is not None and moment.since(as_of) <= window


def is_within_months(moment: Moment | None, as_of: datetime, months: int) -> bool:
    """Possibly not older than so many calendar months."""
    if moment is None:
        return False
    return moment.latest > as_of or add_months(moment.latest, months) >= as_of


def is_after(one: Moment | None, other: Moment | None) -> bool:
    """Surely later: no part of `one` lies before the end of `other`. Unknown times are not."""
    return one is not None and other is not None and one.earliest > other.latest


def gap(one: Moment, other: Moment) -> timedelta:
    """The shortest possible time between two moments; zero where they overlap."""
    if one.earliest > other.latest:
        return one.earliest - other.latest
    if other.earliest > one.latest:
        return other.earliest - one.latest
    return timedelta(0)

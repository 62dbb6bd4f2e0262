"""Times as cards show them: in the offset in which they were recorded, a date without a clock time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cards.record import Moment

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def short_time(moment: Moment, as_of: datetime) -> str:
    """ "22 Nov, 04:10", the year added where it is not that of `as_of`."""
    return _words(moment, with_year=moment.earliest.year != as_of.year, clock=", %H:%M")


def long_time(moment: Moment) -> str:
    """ "22 Nov 2026, 04:10", or what of it is known."""
    return _words(moment, with_year=True, clock=", %H:%M")


def _words(moment: Moment, with_year: bool, clock: str) -> str:
    at = _local(moment)
    known = 3 if at is not None else len(moment.text.split("T")[0].split("-"))
    day = at or moment.earliest
    parts = [str(day.day)] if known > 2 else []
    parts += [MONTHS[day.month - 1]] if known > 1 else []
    parts += [str(day.year)] if with_year or known < 3 else []
    return " ".join(parts) + (f"{at:{clock}}" if at is not None else "")


def _local(moment: Moment) -> datetime | None:
    """The moment in its recorded offset; None for a date."""
    if not moment.is_exact:
        return None
    try:
        return datetime.fromisoformat(moment.text)
    except ValueError:  # a leap second
        return moment.earliest

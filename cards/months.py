"""Calendar months and durations of the rulebook (A.9: months are calendar months)."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, datetime
from decimal import Decimal


def add_months(at: datetime, months: int) -> datetime:
    """`months` calendar months later (or earlier), clipped to the end of the month: 31 Jan + 1 = 28 or 29 Feb.

    After the end of the calendar there is only its last moment: records write "9999" for no end.
    """
    index = at.year * 12 + at.month - 1 + months
    year, month = divmod(index, 12)
    if year > MAXYEAR:
        return datetime.max.replace(tzinfo=at.tzinfo)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def whole_months(start: datetime, end: datetime) -> int:
    """Completed calendar months from `start` to `end` (15 Mar to 15 Jun = 3); 0 when `end` is before `start`."""
    if end <= start:
        return 0
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def days_in_words(days: int | Decimal) -> str:
    """ "1 day", "2 days", "2.5 days": without a decimal that says nothing."""
    number = f"{days:f}".removesuffix(".0") if isinstance(days, Decimal) else str(days)
    return "1 day" if number == "1" else f"{number} days"

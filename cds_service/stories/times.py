"""Times relative to now: "2 h ago" in stories, `{{now - 2h}}` in the made-up patients."""

from __future__ import annotations

import calendar
import re
from dataclasses import replace
from datetime import datetime, timedelta

from cards.frozen import dataclass

_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_MONTHS = {"mo": 1, "y": 12}
_WORDS = {
    "minute": "min",
    "minutes": "min",
    "min": "min",
    "hour": "h",
    "hours": "h",
    "h": "h",
    "day": "d",
    "days": "d",
    "week": "w",
    "weeks": "w",
    "month": "mo",
    "months": "mo",
    "year": "y",
    "years": "y",
}
_PART = r"(\d+) ({})".format("|".join(sorted(_WORDS, key=len, reverse=True)))
_AGO = re.compile(rf"(?:(?P<next>in) )?{_PART}(?: less {_PART})?(?P<ago> ago)?")
_PLACEHOLDER = re.compile(r"\{\{\s*(now|today)((?:\s*[+-]\s*\d+\s*(?:min|h|d|w|mo|y))*)\s*\}\}")
_STEP = re.compile(r"([+-])\s*(\d+)\s*(min|h|d|w|mo|y)")


@dataclass(frozen=True, slots=True)
class When:
    """A time before now (after it where negative). `whole_day`: FHIR shows a date without a time."""

    ago: timedelta = timedelta(0)
    months: int = 0
    whole_day: bool = False

    def at(self, now: datetime) -> datetime:
        """The moment, by the calendar where months are counted; the day stays within its month."""
        return move_months(now, -self.months) - self.ago

    def text(self, now: datetime) -> str:
        """As FHIR writes it: `2026-06-15`, or `2026-06-15T10:00:00+00:00`."""
        at = self.at(now)
        return f"{at:%Y-%m-%d}" if self.whole_day else at.isoformat(timespec="seconds")

    def later(self, by: timedelta) -> When:
        """The same, moved towards the future."""
        return replace(self, ago=self.ago - by)


TODAY = When(whole_day=True)


def move_months(at: datetime, months: int) -> datetime:
    """The same day `months` later, or the last day of a shorter month."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def read_when(text: str) -> When | None:
    """A clause that is a time: "now", "today", "yesterday", "3 h ago", "3 months less 1 day ago", "in 2 days".

    Hours, days and weeks give an exact time; months and years a date. None for a clause that is something else.
    """
    fixed = {"now": When(), "today": TODAY, "yesterday": When(timedelta(days=1), whole_day=True)}
    if text in fixed:
        return fixed[text]
    found = _AGO.fullmatch(text)
    if found is None or bool(found["next"]) == bool(found["ago"]):
        return None
    _, amount, unit, less, less_unit, _ = found.groups()
    span = _span(amount, unit)
    if less is not None:
        minus = _span(less, less_unit)
        span = When(span.ago - minus.ago, span.months - minus.months, span.whole_day)
    return When(-span.ago, -span.months, span.whole_day) if found["next"] else span


def _span(amount: str, word: str) -> When:
    unit = _WORDS[word]
    if unit in _MONTHS:
        return When(months=int(amount) * _MONTHS[unit], whole_day=True)
    return When(int(amount) * _UNITS[unit])


def fill_times(text: str, now: datetime) -> str:
    """`{{now - 3h}}` to a dateTime and `{{today - 34y}}` to a date, units min, h, d, w, mo, y."""

    def time_of(found: re.Match[str]) -> str:
        at = now
        for sign, amount, unit in _STEP.findall(found[2]):
            number = int(f"{sign}{amount}")
            at = move_months(at, number * _MONTHS[unit]) if unit in _MONTHS else at + number * _UNITS[unit]
        return f"{at:%Y-%m-%d}" if found[1] == "today" else at.isoformat(timespec="seconds")

    return _PLACEHOLDER.sub(time_of, text)

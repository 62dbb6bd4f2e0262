"""FHIR date, dateTime and instant as intervals in UTC. A date stands for its whole day, a month for the whole month.

Dates carry no offset; their day is the UTC day (the offset of the place is not known).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from cards.record import Moment

_FORM: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_LAST_BIT: Final = timedelta(microseconds=1)
_FURTHEST_OFFSET: Final = timedelta(hours=14)


# A day and an exact time as nearly every system writes them, but for 29 February: `read_moment` reads them for sure.
_PLAIN_MONTH_DAY: Final = (
    r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
PLAIN_DAY: Final = rf"[12]\d{{3}}-{_PLAIN_MONTH_DAY}"
PLAIN_SECOND: Final = rf"{PLAIN_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
PLAIN_OFFSET: Final = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)"
_PLAIN: Final = re.compile(rf"{PLAIN_SECOND}(?:\.\d{{1,9}})?{PLAIN_OFFSET}", re.ASCII)


def is_exact_time(text: str) -> bool:
    """Whether it is a date with a time that can be read, which of most is told without reading it."""
    if _PLAIN.fullmatch(text) is not None:
        return True
    try:
        return read_moment(text).is_exact
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def read_moment(text: str) -> Moment:
    """The interval that a FHIR date stands for. ValueError, in our words, for what is none."""
    if _PLAIN.fullmatch(text) is not None:
        at = datetime.fromisoformat(text).astimezone(UTC)
        return Moment(at, at, text)
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("unreadable date")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        if hour is None:
            return _whole(text, int(year), month, day)
        if offset is None:
            raise ValueError("time without offset")
        at = datetime(
            int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC
        )
        if int(second or 0) > 60:
            raise ValueError("impossible date")
        at = at.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0"))) - _offset(offset)
    except OverflowError:
        raise ValueError("impossible date") from None
    except ValueError as error:
        raise ValueError(str(error) if str(error) in _REASONS else "impossible date") from None
    return Moment(at, at, text)


_REASONS: Final = frozenset({"time without offset"})


def check_date(text: str) -> None:
    """ValueError where `read_moment` has one; most dates need not be read for that."""
    if _PLAIN.fullmatch(text) is None:
        read_moment(text)


def check_instant(text: str) -> None:
    """ValueError where `read_instant` has one."""
    if _PLAIN.fullmatch(text) is None:
        read_instant(text)


@lru_cache(maxsize=4096)
def read_instant(text: str) -> datetime:
    """An exact time, as `issued` has it. ValueError where it is only a date."""
    if _PLAIN.fullmatch(text) is not None:
        return datetime.fromisoformat(text).astimezone(UTC)
    moment = read_moment(text)
    if not moment.is_exact:
        raise ValueError("date without time")
    return moment.earliest


def _whole(text: str, year: int, month: str | None, day: str | None) -> Moment:
    """The year, month or day from its first to its last moment."""
    first = datetime(year, int(month or 1), int(day or 1), tzinfo=UTC)
    if day is not None:
        last = first + timedelta(days=1)
    elif month is not None:
        last = datetime(year + int(month) // 12, int(month) % 12 + 1, 1, tzinfo=UTC)
    else:
        last = datetime(year + 1, 1, 1, tzinfo=UTC)
    return Moment(first, last - _LAST_BIT, text)


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    size = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    if size > _FURTHEST_OFFSET or int(text[4:6]) > 59:
        raise ValueError("impossible date")
    return -size if text[0] == "-" else size

"""Spans of time as Quantities: ages counted from the date of birth, durations of therapy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from cards.months import add_months
from cards.record import Moment
from cds_service.fhir.datatypes import Quantity
from cds_service.fhir.numbers import read_decimal

SECONDS: Final[Mapping[str, int]] = MappingProxyType(
    {"s": 1, "min": 60, "h": 3600, "d": 86400, "wk": 7 * 86400}
)
"""Seconds of the UCUM units that have a fixed length."""

MONTHS: Final[Mapping[str, int]] = MappingProxyType({"mo": 1, "a": 12})
"""Calendar months of those that have not."""

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "minute": "min",
        "minutes": "min",
        "hour": "h",
        "hours": "h",
        "day": "d",
        "days": "d",
        "week": "wk",
        "weeks": "wk",
        "month": "mo",
        "months": "mo",
        "year": "a",
        "years": "a",
        "yr": "a",
        "y": "a",
    }
)
_LONGEST: Final = timedelta(days=130 * 366)
_DAY: Final = timedelta(days=1)


def unit_of_time(code: str | None, text: str | None = None) -> str | None:
    """The UCUM unit of a span by its code, else by its exact English name; None for any other."""
    for written in (code, text):
        if written is not None:
            unit = _WORDS.get(written.lower(), written)
            if unit in SECONDS or unit in MONTHS:
                return unit
    return None


def span_of(value: Decimal, unit: str) -> timedelta | None:
    """A span of fixed length, months as 30 days and years as 365; None below zero or beyond a human life."""
    seconds = value * (SECONDS[unit] if unit in SECONDS else {"mo": 30, "a": 365}[unit] * 86400)
    if not 0 <= seconds <= _LONGEST.total_seconds():
        return None
    return timedelta(microseconds=int(seconds * 1_000_000))


def later_by(start: datetime, value: Decimal, unit: str) -> datetime | None:
    """`value` units after `start`, whole months and years by the calendar; None where there is no such time."""
    try:
        if unit in MONTHS and value == int(value) and 0 <= value * MONTHS[unit] <= 130 * 12:
            return add_months(start, int(value) * MONTHS[unit])
        span = span_of(value, unit)
        return None if span is None else start + span
    except (ValueError, OverflowError):
        return None


def read_span(quantity: Quantity) -> tuple[Decimal, str] | None:
    """Value and UCUM unit of an Age or Duration; None where it is no exact one in a unit of time."""
    unit = unit_of_time(quantity.code, quantity.unit)
    if unit is None or quantity.value is UNSET or quantity.comparator is not None:
        return None
    try:
        return read_decimal(quantity.value), unit
    except ValueError:
        return None


def read_age(age: Quantity, birth: Moment | None) -> Moment | None:
    """The time at which the patient had that age, as the interval that it may have been; None if not known.

    "At 34 years" is some day from that birthday to the day before the next one.
    """
    read = read_span(age)
    if birth is None or read is None:
        return None
    value, unit = read
    first = later_by(birth.earliest, value, unit)
    last = later_by(birth.latest, value + 1, unit)
    if first is None or last is None:
        return None
    return Moment(first, last - _DAY, f"{first.year:04d}")

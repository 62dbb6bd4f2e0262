"""Where a count and a time stand in the drawing: a logarithmic axis of counts, and a linear one of time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from cards.frozen import dataclass
from cds_service.times import MONTHS

STEPS: Final = tuple(
    Decimal(one)
    for one in ("0.5", "1", "2", "5", "10", "20", "50", "100", "200", "500", "1000", "2000", "5000")
)
USUAL: Final = (Decimal(5), Decimal(200))
"""The axis always holds the counts between, so that two drawings look alike."""

MOST_TICKS: Final = 8
DAY: Final = timedelta(days=1)
TICK_HOURS: Final = (1, 3, 6, 12, 24, 48, 96, 168, 336)
TICK_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240)


@dataclass(frozen=True, slots=True)
class CountAxis:
    """Counts in 10*9/L, between `low` and `high`, from `bottom` up to `top` in units of the drawing."""

    low: Decimal
    high: Decimal
    top: int
    bottom: int

    @property
    def ticks(self) -> tuple[Decimal, ...]:
        """1, 2 and 5 of each decade."""
        return tuple(step for step in STEPS if self.low <= step <= self.high)

    def y(self, count: Decimal) -> int:
        """What lies outside is drawn at the edge."""
        held = min(max(count, self.low), self.high)
        share = math.log10(held / self.low) / math.log10(self.high / self.low)
        return round(self.bottom - share * (self.bottom - self.top))


def count_axis(numbers: Iterable[Decimal], top: int, bottom: int) -> CountAxis:
    """An axis that holds all of these numbers."""
    held = (*USUAL, *numbers)
    low = max((step for step in STEPS if step <= min(held)), default=STEPS[0])
    high = min((step for step in STEPS if step >= max(held)), default=STEPS[-1])
    return CountAxis(low, high, top, bottom)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From `start` to `end` (aware), between `left` and `right` in units of the drawing."""

    start: datetime
    end: datetime
    left: int
    right: int

    def x(self, at: datetime) -> int:
        """What lies outside is drawn at the edge."""
        held = min(max(at, self.start), self.end)
        return round(self.left + (held - self.start) / (self.end - self.start) * (self.right - self.left))

    def holds(self, earliest: datetime, latest: datetime) -> bool:
        """Whether any of the time between lies on the axis."""
        return earliest <= self.end and latest >= self.start

    @property
    def ticks(self) -> tuple[tuple[datetime, str], ...]:
        """At most eight, each with its words; in UTC."""
        hours = next((h for h in TICK_HOURS if self._count(timedelta(hours=h)) <= MOST_TICKS), None)
        times = list(self._by_hours(hours) if hours is not None else self._by_months())
        return tuple(zip(times, _tick_words(times), strict=True))

    def _count(self, step: timedelta) -> float:
        return (self.end - self.start) / step

    def _by_hours(self, hours: int) -> Iterator[datetime]:
        step = timedelta(hours=hours)
        at = self.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        while at <= self.end:
            if at >= self.start:
                yield at
            at += step

    def _by_months(self) -> Iterator[datetime]:
        months = next((m for m in TICK_MONTHS if self._count(m * 30 * DAY) <= MOST_TICKS), TICK_MONTHS[-1])
        first = self.start.astimezone(UTC)
        number = first.year * 12 // months * months if months >= 12 else first.year * 12
        while True:
            year, month = divmod(number, 12)
            at = datetime(year, month + 1, 1, tzinfo=UTC)
            if at > self.end:
                return
            if at >= self.start:
                yield at
            number += months


def _tick_words(times: Sequence[datetime]) -> Iterator[str]:
    """The day; a clock time where ticks are closer than a day; the year where it is another than before."""
    by_clock = any(at.hour for at in times)
    by_month = len(times) > 1 and all(at.day == 1 for at in times)
    year = None
    for at in times:
        month = MONTHS[at.month - 1]
        words = month if by_month else f"{at.day} {month}"
        if by_clock and at.hour:
            words = f"{at:%H:%M}" if year is not None else f"{words} {at:%H:%M}"
            year = at.year
        elif at.year != year:
            words, year = f"{words} {at.year}", at.year
        yield words

"""The course of the counts: trend (rulebook B.2), rapid fall (PLT-03), onset of the low series, PLT-07."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from cards.facts import Fall, PlateletCount, Trend
from cards.months import add_months
from cards.reading.series import OTHER_TUBES
from cards.reading.windows import is_recent
from cards.record import Moment, Stay
from cards.thresholds import Thresholds

DAY = timedelta(days=1)
TENTH = Decimal("0.1")
NO_TREND = Trend()


def read_trend(
    series: Sequence[PlateletCount],
    current: PlateletCount,
    stay: Stay | None,
    as_of: datetime,
    limits: Thresholds,
) -> Trend:
    """B.2 up to the count in use; without any trend when that count was drawn within 24 h after platelets."""
    if len(series) < 2 or current.transfused:
        return NO_TREND
    counts = [
        c
        for c in series
        if not c.transfused and _same_tube(c, current) and c.time.earliest <= current.time.earliest
    ]
    points = trend_points(counts, current, as_of, limits)
    values = [p.value for p in points]
    previous = values[-2] if len(values) > 1 else current.value
    return Trend(
        falling=is_falling(previous, current.value, limits),
        rapid_fall=find_rapid_fall(counts, current, stay, as_of, limits),
        recovering=is_recovering(values, limits),
    )


def _same_tube(one: PlateletCount, other: PlateletCount) -> bool:
    return (one.specimen in OTHER_TUBES) is (other.specimen in OTHER_TUBES)


def trend_points(
    counts: Iterable[PlateletCount], current: PlateletCount, as_of: datetime, limits: Thresholds
) -> list[PlateletCount]:
    """Counts of the last 14 days at least 6 h apart, walked back from the one in use; oldest first."""
    window, apart = limits.span("trend_window"), limits.span("trend_gap")
    points = [current]
    for count in sorted(counts, key=lambda c: c.time.earliest, reverse=True):
        if points[-1].time.earliest - count.time.earliest >= apart and is_recent(count.time, as_of, window):
            points.append(count)
    return points[::-1]


def count_rises(values: Sequence[Decimal]) -> int:
    """Successive rises up to the last value."""
    rises = 0
    for earlier, later in reversed(list(pairwise(values))):
        if later <= earlier:
            break
        rises += 1
    return rises


def is_recovering(values: Sequence[Decimal], limits: Thresholds) -> bool:
    """Two successive rises up to the last value, which lies at least 20 % above the lowest."""
    return count_rises(values) >= 2 and values[-1] * 100 >= min(values) * (100 + limits.recovering_percent)


def is_falling(previous: Decimal, value: Decimal, limits: Thresholds) -> bool:
    """A drop by at least 20 % and at least 10."""
    drop = previous - value
    return drop >= limits.falling_count and drop * 100 >= previous * limits.falling_percent


def percent_below(value: Decimal, reference: Decimal) -> int:
    """By how many per cent the value lies below the reference, cut to a whole number."""
    return 0 if reference <= 0 else int((reference - value) * 100 / reference)


# ------------------------------------------------------------------------------------------------- rapid fall


def find_rapid_fall(
    counts: Sequence[PlateletCount],
    current: PlateletCount,
    stay: Stay | None,
    as_of: datetime,
    limits: Thresholds,
) -> Fall | None:
    """PLT-03: the steepest of the three ways, or None. Every valid count takes part."""
    if current.value >= limits.normal:
        return None
    earlier = [c for c in counts if c is not current and c.time.earliest < current.time.earliest]
    ways = (
        (_highest(earlier, as_of, limits.span("trend_window")), limits.rapid_fall_14d),
        (_highest(earlier, as_of, limits.span("rapid_fall_short")), limits.rapid_fall_48h),
        (_first_of_stay(earlier, stay), limits.rapid_fall_48h),
    )
    falls = [
        make_fall(before, current)
        for before, percent in ways
        if before is not None and (before.value - current.value) * 100 >= before.value * percent
    ]
    return max(falls, key=lambda fall: fall.percent, default=None)


def _highest(counts: Iterable[PlateletCount], as_of: datetime, window: timedelta) -> PlateletCount | None:
    return max((c for c in counts if is_recent(c.time, as_of, window)), key=lambda c: c.value, default=None)


def _first_of_stay(counts: Iterable[PlateletCount], stay: Stay | None) -> PlateletCount | None:
    if stay is None or not stay.intensive or stay.start is None:
        return None
    since = stay.start.earliest
    return min((c for c in counts if c.time.latest >= since), key=lambda c: c.time.earliest, default=None)


def make_fall(before: PlateletCount, current: PlateletCount) -> Fall:
    """The fall from one count to the other; days between the samples with one decimal."""
    apart = current.time.earliest - before.time.earliest
    days = (Decimal(int(apart.total_seconds())) / Decimal(int(DAY.total_seconds()))).quantize(TENTH)
    return Fall(percent_below(current.value, before.value), days, before)


# ------------------------------------------------------------------------------------------------ long course


def find_low_since(
    series: Sequence[PlateletCount], current: PlateletCount, limits: Thresholds
) -> Moment | None:
    """Time of the first count < 100 with none >= 100 since; a count after platelets breaks no series."""
    if current.value >= limits.mild:
        return None
    first = current
    for count in reversed(series):
        if count.value < limits.mild:
            first = count if count.time.earliest <= first.time.earliest else first
        elif not count.transfused and count.time.earliest <= current.time.earliest:
            break
    return first.time


def median(values: Iterable[Decimal]) -> Decimal:
    """The middle value; the mean of the middle two."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def is_chronic_stable(series: Sequence[PlateletCount], current: PlateletCount, limits: Thresholds) -> bool:
    """PLT-07, the counts alone: 50 to 149 for over 6 months up to now, none outside 20 % of their median."""
    run: list[PlateletCount] = []
    for count in reversed(series):
        if count.transfused:
            continue
        if not limits.chronic_low <= count.value < limits.normal:
            break
        run.append(count)
    if len(run) < 2 or current not in run:
        return False
    first, last = run[-1].time.earliest, run[0].time.earliest
    middle = median(c.value for c in run)
    within = all(abs(c.value - middle) * 100 <= middle * limits.chronic_percent for c in run)
    return within and add_months(first, int(limits.chronic_months)) < last

"""The platelet series judged: which count is in use, and why it may not decide (A.1, B.1 to B.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cards.facts import Bleeding, Blocker, PlateletCount, Platelets
from cards.reading.doubts import Doubts, count_before, find_doubts
from cards.reading.series import Sorted, sort_results
from cards.reading.situation import Situation, staleness_limit
from cards.reading.trend import find_low_since, is_chronic_stable, read_trend
from cards.record import Answer, Kind, Record, UnitProblem
from cards.thresholds import Thresholds


def read_platelets(
    record: Record, situation: Situation, bleeding: Bleeding, *, neonate: bool, limits: Thresholds
) -> Platelets:
    """Everything that rules may ask of the platelets."""
    results = sort_results(record, neonate=neonate, limits=limits)
    series = results.counts
    current = count_in_use(series, record.as_of, limits)
    doubts = find_doubts(record, results, current, bleeding, limits)
    if current is None:
        return _without_count(record, results, doubts)
    low_since = find_low_since(series, current, limits)
    trend = read_trend(series, current, record.stay, record.as_of, limits)
    chronic = is_chronic_stable(series, current, limits)
    falling = trend.falling or trend.rapid_fall is not None
    age = current.time.age(record.as_of)
    limit = staleness_limit(current.value, situation, chronic_stable=chronic, falling=falling, limits=limits)
    blocker = find_blocker(record, doubts, stale=age > limit)
    return Platelets(
        current=current,
        decisive=current if blocker is None else None,
        blocker=blocker,
        previous=count_before(series, current),
        series=series,
        trend=trend,
        grade=grade_of(current, limits),
        age=age,
        limit=limit,
        problem=doubts.problem,
        unread=doubts.unread,
        undated=doubts.undated,
        clumping=doubts.clumping,
        conflict=doubts.conflict,
        future=results.future,
        low_since=low_since,
        chronic_stable=chronic,
    )


def _without_count(record: Record, results: Sorted, doubts: Doubts) -> Platelets:
    """No valid count in 30 days: the reason is a result that cannot be used, or that there is none."""
    none = Blocker.TOO_OLD if results.counts else Blocker.NONE_EVER
    return Platelets(
        current=None,
        decisive=None,
        blocker=find_blocker(record, doubts, stale=False) or none,
        series=results.counts,
        problem=doubts.problem,
        unread=doubts.unread,
        undated=doubts.undated,
        future=results.future,
    )


def count_in_use(
    series: Sequence[PlateletCount], as_of: datetime, limits: Thresholds
) -> PlateletCount | None:
    """The latest valid count of the last 30 days; the lower where the order of two samples cannot be told."""
    within = limits.span("history_only")
    recent = [c for c in series if c.time.age(as_of) <= within]
    if not recent:
        return None
    latest = recent[-1]
    unordered = [c for c in recent if c.time.latest >= latest.time.earliest]
    return min(unordered, key=lambda c: c.value) if len(unordered) > 1 else latest


def grade_of(count: PlateletCount, limits: Thresholds) -> int:
    """B.1: 0 normal to 6 very severe, half-open intervals, exact decimals."""
    steps = (
        limits.normal,
        limits.mild,
        limits.bleeding_transfuse,
        limits.skin_only_defer,
        limits.low_high_risk,
        limits.very_low,
    )
    return sum([count.value < step for step in steps])


def find_blocker(record: Record, doubts: Doubts, *, stale: bool) -> Blocker | None:
    """Why no rule may decide by number: the first that applies.

    A failed search comes first, for what came by another way may not be all; then what is newer than the
    count in use, then its age, then what casts doubt on the count itself.
    """
    if record.answers.get(Kind.PLATELETS) is not Answer.ANSWERED:
        return Blocker.FAILED
    if doubts.problem is not None:
        without_unit = doubts.problem.problem is UnitProblem.NO_UNIT
        return Blocker.NO_UNIT if without_unit else Blocker.IMPLAUSIBLE
    if doubts.unread is not None:
        return Blocker.UNREAD
    if doubts.undated is not None:
        return Blocker.UNDATED
    if stale:
        return Blocker.STALE
    if doubts.clumping is not None:
        return Blocker.CLUMPING
    return None if doubts.conflict is None else Blocker.CONFLICT

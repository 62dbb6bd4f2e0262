"""The platelet series judged: which count is in use, whether it may decide, and why not (rulebook A.1, B.1 to B.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cards.facts import Bleeding, Blocker, Clumping, Conflict, PlateletCount, Platelets, UndatedCount
from cards.reading.doubts import find_clumping, find_conflict, find_problem, find_undated, find_unread
from cards.reading.series import Sorted, sort_results
from cards.reading.situation import Situation, staleness_limit
from cards.reading.trend import find_baseline, find_low_since, is_chronic_stable, read_trend
from cards.record import Answer, Kind, PlateletResult, Record, UnitProblem, UnreadPlatelets
from cards.thresholds import Thresholds


def read_platelets(
    record: Record, situation: Situation, bleeding: Bleeding, *, neonate: bool, limits: Thresholds
) -> Platelets:
    """Everything that rules may ask of the platelets."""
    results = sort_results(record, neonate=neonate, limits=limits)
    current = count_in_use(results.counts, record.as_of, limits)
    if current is None:
        return _without_count(record, results, limits)
    series = results.counts
    low_since = find_low_since(series, current, limits)
    baseline = find_baseline(series, low_since.earliest if low_since else record.as_of, limits)
    trend = read_trend(series, current, baseline, record.stay, record.as_of, limits)
    chronic = is_chronic_stable(series, current, limits)
    age = current.time.age(record.as_of)
    limit = staleness_limit(
        current.value,
        situation,
        chronic_stable=chronic,
        falling=trend.falling or bool(trend.rapid_fall),
        limits=limits,
    )
    previous = _count_before(series, current)
    problem = find_problem(results.problems, current, record.as_of, limits)
    unread = find_unread(record.unread_platelets, current, record.as_of, limits)
    undated = find_undated(results.undated, current, record.as_of, limits)
    clumping = find_clumping(record, current, previous, results.compared, bleeding, limits)
    conflict = find_conflict(series, current, record, limits)
    blocker = (
        _unreadable(record)
        or _newer(problem, unread, undated)
        or (Blocker.STALE if age > limit else None)
        or _doubt(clumping, conflict)
    )
    return Platelets(
        current=current,
        decisive=current if blocker is None else None,
        blocker=blocker,
        previous=previous,
        series=series,
        trend=trend,
        grade=grade_of(current, limits),
        age=age,
        limit=limit,
        baseline=baseline,
        problem=problem,
        unread=unread,
        undated=undated,
        clumping=clumping,
        conflict=conflict,
        future=results.future,
        low_since=low_since,
        chronic_stable=chronic,
    )


def _without_count(record: Record, results: Sorted, limits: Thresholds) -> Platelets:
    """No valid count in 30 days: the reason is a result that cannot be used, or that there is none."""
    problem = find_problem(results.problems, None, record.as_of, limits)
    unread = find_unread(record.unread_platelets, None, record.as_of, limits)
    undated = find_undated(results.undated, None, record.as_of, limits)
    none = Blocker.TOO_OLD if results.counts else Blocker.NONE_EVER
    return Platelets(
        current=None,
        decisive=None,
        blocker=_unreadable(record) or _newer(problem, unread, undated) or none,
        series=results.counts,
        problem=problem,
        unread=unread,
        undated=undated,
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


def _count_before(series: Sequence[PlateletCount], current: PlateletCount) -> PlateletCount | None:
    """The valid count before the one in use."""
    earlier = (c for c in reversed(series) if c is not current and c.time.earliest <= current.time.earliest)
    return next(earlier, None)


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
    return sum(count.value < step for step in steps)


# ---------------------------------------------------------------------------------------------- why not


def _unreadable(record: Record) -> Blocker | None:
    """The search itself failed: what came by another way may not be all."""
    answer = record.answers.get(Kind.PLATELETS, Answer.ABSENT)
    return None if answer is Answer.ANSWERED else Blocker.FAILED


def _newer(
    problem: PlateletResult | None, unread: UnreadPlatelets | None, undated: UndatedCount | None
) -> Blocker | None:
    """A result that may be newer and cannot be used, most telling first."""
    if problem is not None:
        return Blocker.NO_UNIT if problem.problem is UnitProblem.NO_UNIT else Blocker.IMPLAUSIBLE
    if unread is not None:
        return Blocker.UNREAD
    return None if undated is None else Blocker.UNDATED


def _doubt(clumping: Clumping | None, conflict: Conflict | None) -> Blocker | None:
    if clumping is not None:
        return Blocker.CLUMPING
    return None if conflict is None else Blocker.CONFLICT

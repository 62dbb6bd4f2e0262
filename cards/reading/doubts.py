"""Why a count may not decide: clumping (DATA-05), conflict (DATA-06), newer results without a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cards.facts import Bleeding, Clumping, Conflict, PlateletCount, UndatedCount, is_present
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.reading.series import Sorted, deciding_value, is_half
from cards.reading.transfusions import transfusions
from cards.reading.windows import gap, is_fresh
from cards.record import Measurement, Moment, PlateletResult, Record, Result, UnreadPlatelets
from cards.thresholds import Thresholds

ARTEFACT = "obs-platelet-artefact"
PSEUDOTHROMBOCYTOPENIA = "cond-pseudothrombocytopenia"


@dataclass(frozen=True, slots=True)
class Doubts:
    """Everything that may keep the count in use from deciding, apart from its age."""

    problem: PlateletResult | None = None
    unread: UnreadPlatelets | None = None
    undated: UndatedCount | None = None
    clumping: Clumping | None = None
    conflict: Conflict | None = None


def find_doubts(
    record: Record, results: Sorted, current: PlateletCount | None, bleeding: Bleeding, limits: Thresholds
) -> Doubts:
    """Newer results that have no usable number; clumping and conflict of the count in use."""
    as_of = record.as_of
    return Doubts(
        problem=find_problem(results.problems, current, as_of, limits) if results.problems else None,
        unread=find_unread(record.unread_platelets, current, as_of, limits),
        undated=find_undated(results.undated, current, as_of, limits),
        clumping=None if current is None else find_clumping(record, current, results, bleeding, limits),
        conflict=None if current is None else find_conflict(results.counts, current, record, limits),
    )


def count_before(series: Sequence[PlateletCount], current: PlateletCount) -> PlateletCount | None:
    """The valid count before the one in use."""
    earlier = (c for c in reversed(series) if c is not current and c.time.earliest <= current.time.earliest)
    return next(earlier, None)


# ---------------------------------------------------------------------------------------------- newer results


def may_be_newer(time: Moment | None, issued: datetime | None, current: PlateletCount | None) -> bool:
    """Not surely older than the count in use; without a readable date newer unless issued before (A.9)."""
    if current is None:
        return True
    if time is None:
        return issued is None or issued >= current.time.earliest
    if time.latest == current.time.earliest:  # a version of the same sample
        return issued is None or current.issued is None or issued > current.issued
    return time.latest > current.time.earliest


def is_history(time: Moment | None, issued: datetime | None, as_of: datetime, limits: Thresholds) -> bool:
    """Surely more than 30 days old: it stands in the way of nothing."""
    latest = issued if time is None else time.latest
    return latest is not None and as_of - latest > limits.span("history_only")


def find_problem(
    problems: Iterable[PlateletResult], current: PlateletCount | None, as_of: datetime, limits: Thresholds
) -> PlateletResult | None:
    """The newest result without a usable number that may be newer than the count in use."""
    waiting = [
        r
        for r in problems
        if may_be_newer(r.time, r.issued, current) and not is_history(r.time, r.issued, as_of, limits)
    ]
    return max(
        waiting, key=lambda r: (r.time.latest if r.time else r.issued or as_of, kind_of(r)), default=None
    )


def kind_of(result: PlateletResult) -> str:
    """The name of its problem: settles which of two equal results is named, whatever their order."""
    return "" if result.problem is None else result.problem.value


def find_unread(
    unread: Iterable[UnreadPlatelets], current: PlateletCount | None, as_of: datetime, limits: Thresholds
) -> UnreadPlatelets | None:
    """A platelet resource that was set aside and may be newer: never passed over in silence (DATA-08)."""
    for one in unread:
        if may_be_newer(one.time, one.issued, current) and not is_history(
            one.time, one.issued, as_of, limits
        ):
            return one
    return None


def find_undated(
    undated: Iterable[PlateletResult], current: PlateletCount | None, as_of: datetime, limits: Thresholds
) -> UndatedCount | None:
    """A count without sample time that may be newer: shown, never used by number (DATA-02)."""
    for one in undated:
        newer = may_be_newer(None, one.issued, current) and not is_history(None, one.issued, as_of, limits)
        if one.value is not None and newer:
            return UndatedCount(deciding_value(one.value, one.comparator, limits)[1], one.reference)
    return None


# --------------------------------------------------------------------------------------------------- conflict


def find_conflict(
    series: Sequence[PlateletCount], current: PlateletCount, record: Record, limits: Thresholds
) -> Conflict | None:
    """DATA-06: a count up to 12 h before the one in use at most half of it, without platelets between.

    Where the order of two samples cannot be told, the lower is in use, and the pair is a conflict too.
    """
    if len(series) < 2:
        return None
    within = limits.span("conflict_hours")
    for other in reversed(series):
        if other is current or gap(other.time, current.time) > within:
            continue
        lower, higher = sorted((other, current), key=lambda c: c.value)
        if not is_half(lower.value, higher.value, limits) or higher.time.latest < lower.time.earliest:
            continue
        if not _given_between(record, lower.time, higher.time):
            return Conflict(lower, higher)
    return None


def _given_between(record: Record, earlier: Moment, later: Moment) -> bool:
    """A platelet transfusion that may explain the rise."""
    return any(
        end.latest >= earlier.earliest and start.earliest <= later.latest
        for start, end in transfusions(record)
    )


# --------------------------------------------------------------------------------------------------- clumping


def find_clumping(
    record: Record,
    current: PlateletCount,
    results: Sorted,
    bleeding: Bleeding,
    limits: Thresholds,
) -> Clumping | None:
    """DATA-05, below normal: a flag, a higher count in another tube, or an isolated fall with a flag."""
    if current.value >= limits.normal:
        return None
    return (
        _flagged(record, current, limits)
        or _higher_in_other_tube(current, results.compared, limits)
        or _isolated(record, current, results.counts, bleeding, limits)
    )


def _flagged(record: Record, current: PlateletCount, limits: Thresholds) -> Clumping | None:
    """A flag of the same specimen or drawn within 1 h; a diagnosis of it recorded since the sample."""
    within = limits.span("clump_flag_hours")
    for test in record.tests if ARTEFACT in record.test_sets else ():
        if ARTEFACT not in test.set_ids or test.result is not Result.POSITIVE:
            continue
        same = test.specimen_reference is not None and test.specimen_reference == current.specimen_reference
        if same or (test.time is not None and gap(test.time, current.time) <= within):
            return Clumping(test.reference, "flag", time=test.time)
    for finding in record.findings_of(PSEUDOTHROMBOCYTOPENIA):
        if is_present(finding, PSEUDOTHROMBOCYTOPENIA):
            when = reference_time(finding)
            if when is not None and when.latest >= current.time.earliest:
                return Clumping(finding.reference, "flag", time=when)
    return None


def _higher_in_other_tube(
    current: PlateletCount, compared: Sequence[PlateletCount], limits: Thresholds
) -> Clumping | None:
    """A citrate or heparin count, not older and within 24 h, higher by >= 50 % or >= 100."""
    within = limits.span("clump_hours")
    for other in compared:
        rise = other.value - current.value
        higher = rise >= limits.clump_count or (
            rise > 0 and rise * 100 >= current.value * limits.clump_percent
        )
        older = other.time.latest < current.time.earliest
        if higher and not older and gap(other.time, current.time) <= within:
            return Clumping(other.reference, "citrate", other.value, other.time)
    return None


def _isolated(
    record: Record,
    current: PlateletCount,
    series: Sequence[PlateletCount],
    bleeding: Bleeding,
    limits: Thresholds,
) -> Clumping | None:
    """No bleeding, normal in the 7 days before, other cells normal, and the analyser flagged the MPV."""
    indices = record.measured("obs-platelet-indices")
    previous = count_before(series, current) if indices else None
    if previous is None or previous.value < limits.normal or bleeding.active:
        return None
    if not gap(previous.time, current.time) < limits.span("clump_previous_days"):
        return None
    if not _other_cells_normal(record, limits):
        return None
    within = limits.span("clump_flag_hours")
    for index in indices:
        if index.flagged is not None and index.time is not None and gap(index.time, current.time) <= within:
            return Clumping(index.reference, "isolated", time=index.time)
    return None


def _other_cells_normal(record: Record, limits: Thresholds) -> bool:
    """Haemoglobin known and not low, neutrophils not low (PLT-05)."""
    days = limits.span("not_isolated_hb_fall_days")

    def lowest(set_id: str) -> Measurement | None:
        recent = [m for m in record.measured(set_id) if is_fresh(m.time, record.as_of, days)]
        return min(recent, key=lambda m: m.value, default=None)

    haemoglobin, neutrophils = lowest("obs-hemoglobin"), lowest("obs-neutrophils")
    if haemoglobin is None or haemoglobin.value < limits.not_isolated_hb:
        return False
    return neutrophils is None or neutrophils.value >= limits.not_isolated_neutrophils

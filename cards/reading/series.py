"""Platelet results of the record -> the series of valid counts (rulebook A.1, B.4).

One sample counts once, by its most authoritative version; a sample time in the future is ignored; citrate and
heparin samples are only compared with the EDTA count beside them (DATA-05).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache

from cards.facts import PlateletCount
from cards.frozen import dataclass, replace
from cards.reading.transfusions import Given, follows_platelets, transfusions
from cards.reading.windows import gap
from cards.record import (
    Comparator,
    PlateletResult,
    Record,
    ResultStatus,
    Specimen,
    UnitProblem,
)
from cards.thresholds import Thresholds

OTHER_TUBES = frozenset({Specimen.CITRATE, Specimen.HEPARIN})
AUTHORITY = {status: rank for rank, status in enumerate(ResultStatus)}
LONG_AGO = datetime.min.replace(tzinfo=UTC)
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Sorted:
    """The results of the record by what may be done with them."""

    counts: tuple[PlateletCount, ...] = ()  # valid and dated, oldest first
    compared: tuple[PlateletCount, ...] = ()  # citrate and heparin counts beside an EDTA count
    problems: tuple[PlateletResult, ...] = ()  # without a usable number, not superseded
    undated: tuple[PlateletResult, ...] = ()  # a number, but no sample time
    future: PlateletResult | None = None  # the latest of those dated ahead


EMPTY = Sorted()


def sort_results(record: Record, *, neonate: bool, limits: Thresholds) -> Sorted:
    """Versions settled, unusable and undated results apart."""
    if not record.platelets:
        return EMPTY
    tolerance = record.as_of + limits.span("future_tolerance")
    asked = [r for r in record.platelets if neonate or r.specimen is not Specimen.CORD]
    future = [r for r in asked if r.time is not None and r.time.earliest > tolerance]
    results = accept_repeated_zero([r for r in asked if r not in future] if future else asked, limits)
    settled = settle_versions(results, limits)
    others = [r for r in settled if r.value is None or r.time is None]
    given = transfusions(record)
    dated = [make_count(r, given, limits) for r in settled if r.value is not None and r.time is not None]
    dated.sort(key=_order)
    counts, compared = set_other_tubes_apart(drop_high_estimates(tuple(dated), limits), limits)
    return Sorted(
        counts,
        compared,
        tuple([r for r in others if r.value is None]),
        tuple([r for r in others if r.value is not None]),
        max(future, key=lambda r: r.time.earliest if r.time else LONG_AGO) if future else None,
    )


def _order(count: PlateletCount) -> tuple[datetime, datetime, Decimal]:
    """Oldest first; of two with the same time the lower last, so that it is the one in use."""
    return (count.time.earliest, count.time.latest, -count.value)


# ---------------------------------------------------------------------------------------------------- numbers


def make_count(result: PlateletResult, given: Sequence[Given], limits: Thresholds) -> PlateletCount:
    """A dated, usable result as a count: `<5` decides as 4.9 and is shown as "<5" (A.1).

    `given` are the platelet transfusions of the record.
    """
    if result.value is None or result.time is None:
        raise ValueError("only a dated number is a count")
    value, shown = deciding_value(result.value, result.comparator, limits)
    return PlateletCount(
        value=value,
        shown=shown,
        time=result.time,
        reference=result.reference,
        status=result.status,
        comparator=result.comparator,
        unit_inferred=result.unit_inferred,
        specimen=result.specimen,
        estimate=result.estimate,
        transfused=follows_platelets(result.time, given, limits),
        dated_by_report=result.dated_by_report,
        issued=result.issued,
        specimen_reference=result.specimen_reference,
    )


def deciding_value(value: Decimal, comparator: Comparator | None, limits: Thresholds) -> tuple[Decimal, str]:
    """What decides and what is shown: an upper bound decides just below itself, a lower one as it stands."""
    if value == 0 and comparator in (Comparator.LESS, Comparator.AT_MOST):
        value, comparator = limits.plausible_low, Comparator.LESS
    shown = show(value) if comparator is None else f"{comparator.value}{show(value)}"
    if comparator is Comparator.LESS:
        return max(value - limits.upper_bound_step, Decimal(0)), shown
    return value, shown


@lru_cache(maxsize=4096)
def show(value: Decimal) -> str:
    """One decimal if it has one, cut and never rounded up: 29.96 must not read as 30."""
    cut = value.quantize(TENTH, ROUND_DOWN)
    return f"{cut:f}".removesuffix(".0")


def accept_repeated_zero(results: Sequence[PlateletResult], limits: Thresholds) -> list[PlateletResult]:
    """B.4: a 0 without comparator is "<1" only where another sample near it says the same."""
    zeros = [r for r in results if r.problem is UnitProblem.ZERO and r.time is not None]
    if not zeros:
        return list(results)
    below_one = [r for r in results if r.value is not None and r.time and _is_below_one(r, limits)]
    near_zero = zeros + below_one
    within = limits.span("zero_repeat")
    confirmed = {id(z) for z in zeros if any(_repeats(other, z, within) for other in near_zero)}
    return [_below_one(r, limits) if id(r) in confirmed else r for r in results]


def _is_below_one(result: PlateletResult, limits: Thresholds) -> bool:
    value = result.value
    return value is not None and deciding_value(value, result.comparator, limits)[0] < limits.plausible_low


def _repeats(one: PlateletResult, other: PlateletResult, within: timedelta) -> bool:
    if one.time is None or other.time is None or one.time == other.time:
        return False
    return gap(one.time, other.time) <= within


def _below_one(result: PlateletResult, limits: Thresholds) -> PlateletResult:
    return replace(result, value=limits.plausible_low, comparator=Comparator.LESS, problem=None)


# --------------------------------------------------------------------------------------------------- versions


def settle_versions(results: Iterable[PlateletResult], limits: Thresholds) -> list[PlateletResult]:
    """One result for each sample: corrected > amended > final > preliminary, then the latest issued (A.1).

    The same fact under two ids falls together here. Two versions that nothing tells apart: the lower stays,
    and the higher too where the two conflict (DATA-06 then says so).
    """
    samples: dict[object, list[PlateletResult]] = {}
    undated: dict[object, PlateletResult] = {}
    for result in results:
        if result.time is None:
            undated.setdefault((result.value, result.comparator, result.issued, result.problem), result)
        else:
            key = (result.time.earliest, result.time.latest, result.specimen in OTHER_TUBES, result.estimate)
            samples.setdefault(key, []).append(result)
    settled = [r for versions in samples.values() for r in _best(versions, limits)]
    return settled + list(undated.values())


def _best(versions: list[PlateletResult], limits: Thresholds) -> list[PlateletResult]:
    if len(versions) == 1:
        return versions
    rank = max(_authority(r) for r in versions)
    best = [r for r in versions if _authority(r) == rank]
    readable = sorted((r for r in best if r.value is not None), key=lambda r: r.value or Decimal(0))
    if not readable:
        return [min(best, key=lambda r: "" if r.problem is None else r.problem.value)]
    lower, higher = readable[0], readable[-1]
    if lower.value is not None and higher.value is not None and is_half(lower.value, higher.value, limits):
        return [lower, higher]
    return [lower]


def _authority(result: PlateletResult) -> tuple[int, datetime]:
    return (AUTHORITY[result.status], result.issued or LONG_AGO)


def is_half(lower: Decimal, higher: Decimal, limits: Thresholds) -> bool:
    """DATA-06: the lower is at most half of the higher."""
    return lower < higher and lower * 100 <= higher * limits.conflict_percent


# ------------------------------------------------------------------------------------ specimens


def drop_high_estimates(counts: tuple[PlateletCount, ...], limits: Thresholds) -> tuple[PlateletCount, ...]:
    """An estimate is never the higher of two conflicting counts: the measured one stays in use."""
    if not [c for c in counts if c.estimate]:
        return counts
    within = limits.span("conflict_hours")
    return tuple(
        c
        for c in counts
        if not c.estimate
        or not any(
            not m.estimate
            and is_half(m.value, c.value, limits)
            and gap(m.time, c.time) <= within
            and m.time.earliest <= c.time.latest
            for m in counts
        )
    )


def set_other_tubes_apart(
    counts: tuple[PlateletCount, ...], limits: Thresholds
) -> tuple[tuple[PlateletCount, ...], tuple[PlateletCount, ...]]:
    """Citrate and heparin counts are compared, not used, beside an EDTA count; alone they stand."""
    other = [c for c in counts if c.specimen in OTHER_TUBES]
    if not other:
        return counts, ()
    usual = [c for c in counts if c.specimen not in OTHER_TUBES]
    within = limits.span("clump_hours")
    compared = tuple(c for c in other if any(gap(c.time, u.time) <= within for u in usual))
    return tuple(c for c in counts if c not in compared), compared

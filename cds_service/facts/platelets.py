"""Platelet counts (contract section 2; rulebook A.1, B.4): number concentrations, in 10*9/L or with why they are not.

A count that cannot be read is never dropped: it becomes `UnreadPlatelets`, or a result with its unit problem, for one
that may be newer than the count in use keeps every rule from deciding by number.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Final

from msgspec import UNSET, UnsetType

from cards.frozen import dataclass
from cards.record import (
    Comparator,
    PlateletResult,
    Specimen,
    UnitProblem,
    UnreadPlatelets,
)
from cards.thresholds import Thresholds
from cds_service.facts.context import Reading
from cds_service.facts.observed import Seen
from cds_service.facts.specimens import specimen_of
from cds_service.facts.units import CountUnit, UnitRead, read_count_unit
from cds_service.fhir.numbers import read_decimal
from cds_service.fhir.shapes import Quantity, ReferenceRange

COUNT: Final = "obs-platelet-count"
CITRATE: Final = "obs-platelet-count-citrate"
CORD: Final = "obs-platelet-count-cord"
COUNTS: Final = frozenset({COUNT, CITRATE, CORD})
NOT_COUNTS: Final = frozenset({"not-a-platelet-count", "obs-platelet-indices", "obs-platelet-morphology"})

NEW: Final = timedelta(hours=48)
"""A sample that tells how the laboratory codes its counts now. It watches the interface and decides nothing."""

_THOUSAND: Final = Decimal(1000)
_NO_VALUE: Final = "a platelet result without a value"
_NOT_A_NUMBER: Final = "a platelet result whose value is no number"


@dataclass(frozen=True, slots=True)
class _Number:
    """What a platelet result says: the number as written, what bounds it, its unit."""

    value: Decimal
    comparator: Comparator | None
    unit: UnitRead


def read_platelets(
    seen: Iterable[Seen], reading: Reading
) -> tuple[tuple[PlateletResult, ...], tuple[UnreadPlatelets, ...]]:
    """Every platelet count that was seen: usable, with a problem, or unread."""
    counts = [one for one in seen if not one.set_ids.isdisjoint(COUNTS)]
    read = list(reading.each(_count, counts))
    results = [one for one in read if isinstance(one, PlateletResult)]
    unread = [one for one in read if isinstance(one, UnreadPlatelets)]
    return tuple(results), tuple(unread)


def _count(one: Seen, reading: Reading) -> PlateletResult | UnreadPlatelets | None:
    """None where there is no result."""
    if _has_no_result(one):
        return None
    try:
        return _result(one, one.set_ids, reading)
    except ValueError as error:
        reading.report(one.entry, str(error))
        return UnreadPlatelets(one.reference, str(error), one.time, one.issued)


def codes_of_new_counts(seen: Iterable[Seen], reading: Reading) -> frozenset[tuple[str, str]]:
    """System and code, as the value sets have them, of the counts of the last hours; readable or not."""
    return frozenset(
        (member.code.system, member.code.code)
        for one in seen
        if not one.set_ids.isdisjoint(COUNTS)
        and one.time is not None
        and reading.as_of - one.time.latest <= NEW
        for member in one.members
        if member.set_id in COUNTS
    )


def _has_no_result(one: Seen) -> bool:
    """No value and a reason for it; or the code of the panel, whose counts are its components or members."""
    if one.has_value:
        return False
    observation = one.entry.resource
    holds_others = one.part is observation and bool(observation.component or observation.has_member)
    return one.part.data_absent_reason is not None or holds_others


def _result(one: Seen, sets: frozenset[str], reading: Reading) -> PlateletResult:
    """ValueError, in our words, where it cannot be read at all."""
    if not sets.isdisjoint(NOT_COUNTS):
        raise ValueError("a platelet result whose codes contradict each other")
    if one.status is None:
        raise ValueError("a platelet result without a status of FHIR R4")
    if one.time_unreadable:
        raise ValueError("a platelet result whose sample time cannot be read")
    _ = one.part.interpretation  # another release of FHIR is told by it
    number = _number(one, reading)
    specimen, specimen_reference = specimen_of(one.entry, reading)
    judged = judge(number.value, number.comparator, number.unit, one.part.reference_range, reading)
    return PlateletResult(
        reference=one.reference,
        value=judged.value,
        comparator=number.comparator,
        status=one.status,
        time=one.time,
        issued=one.issued,
        problem=judged.problem,
        shown=None if judged.problem is None else number.value,
        shown_unit=None if judged.problem is None or number.unit.unit is None else number.unit.unit.name,
        likely=judged.likely,
        unit_inferred=judged.inferred,
        specimen=_specimen(sets, specimen),
        estimate=_is_estimate(one),
        specimen_reference=specimen_reference,
        dated_by_report=one.dated_by_report,
    )


def _specimen(sets: frozenset[str], specimen: Specimen | None) -> Specimen | None:
    """The code may say it too (cord blood, a site's citrate count); cord blood is never the older patient's own."""
    if CORD in sets or specimen is Specimen.CORD:
        return Specimen.CORD
    return Specimen.CITRATE if CITRATE in sets else specimen


def _is_estimate(one: Seen) -> bool:
    """From the film: LOINC writes the method last in a code's name."""
    return any(m.set_id in COUNTS and m.code.display.endswith("by Estimate") for m in one.members)


def _number(one: Seen, reading: Reading) -> _Number:
    """The number, its comparator and unit. ValueError where there is none."""
    quantity = one.part.value_quantity
    if quantity is None:
        if one.part.value_integer is UNSET:
            raise ValueError(_NOT_A_NUMBER if one.has_value else _NO_VALUE)
        quantity = Quantity(value=one.part.value_integer)
    if isinstance(quantity.value, UnsetType):
        raise ValueError(_NO_VALUE)
    try:
        value = read_decimal(quantity.value)
    except ValueError as error:
        raise ValueError(f"a platelet result whose value is {error}") from None
    return _Number(value, _comparator(quantity), read_count_unit(quantity, reading.terminology))


def _comparator(quantity: Quantity) -> Comparator | None:
    if quantity.comparator is None:
        return None
    try:
        return Comparator(quantity.comparator)
    except ValueError:
        raise ValueError("a platelet result with a comparator that R4 does not have") from None


# ------------------------------------------------------------------------------------------- unit and plausibility


@dataclass(frozen=True, slots=True)
class Judged:
    """A count in 10*9/L, or why it is none."""

    value: Decimal | None = None
    problem: UnitProblem | None = None
    likely: Decimal | None = None
    inferred: bool = False


def judge(
    value: Decimal,
    comparator: Comparator | None,
    unit: UnitRead,
    ranges: tuple[ReferenceRange, ...],
    reading: Reading,
) -> Judged:
    """DATA-03 and DATA-04: a count is used only in a unit that is certain and with a value that is possible."""
    limits = reading.limits
    known, inferred = unit.unit, False
    if unit.disagrees:
        return Judged(problem=UnitProblem.CONTRADICTORY)
    if value == 0 and comparator is None:  # in every unit
        return Judged(problem=UnitProblem.ZERO)
    if known is None and unit.is_missing:
        known = infer_unit(ranges, reading)
        inferred = known is not None
    if known is None:
        return Judged(problem=UnitProblem.NO_UNIT if unit.is_missing else UnitProblem.UNKNOWN_UNIT)
    count = value * known.factor
    if known.factor == _THOUSAND or not _is_plausible(count, comparator, limits):
        return Judged(problem=UnitProblem.IMPLAUSIBLE, likely=likely_reading(value, known, limits))
    return Judged(value=count, inferred=inferred)


def _is_plausible(count: Decimal, comparator: Comparator | None, limits: Thresholds) -> bool:
    """1 to 2,500; an upper bound ("<1") may lie below."""
    if count > limits.plausible_high or count < 0:
        return False
    return comparator in (Comparator.LESS, Comparator.AT_MOST) or count >= limits.plausible_low


def likely_reading(value: Decimal, unit: CountUnit, limits: Thresholds) -> Decimal | None:
    """What was probably meant, to be named and never used: thousands for single cells, or a count in 10*12/L."""
    if unit.factor == _THOUSAND:
        likely = value * _THOUSAND
    elif unit.factor == 1:
        likely = value / _THOUSAND
    elif unit.factor * _THOUSAND == 1:
        likely = value
    else:
        return None
    return likely if limits.plausible_low <= likely <= limits.plausible_high else None


def infer_unit(ranges: tuple[ReferenceRange, ...], reading: Reading) -> CountUnit | None:
    """DATA-03: the unit that the result's own reference range tells, where every range of it tells the same."""
    told = [_unit_of_range(one, reading) for one in ranges if one.low is not None or one.high is not None]
    if not told or told[0] is None or any(one != told[0] for one in told):
        return None
    return told[0]


def _unit_of_range(one: ReferenceRange, reading: Reading) -> CountUnit | None:
    low, high = _bound(one.low), _bound(one.high)
    if low is None or high is None:
        return None
    limits = reading.limits
    for unit in (CountUnit("10*9/L", Decimal(1)), CountUnit("/uL", Decimal("0.001"))):
        fits_low = limits.range_low_from <= low * unit.factor <= limits.range_low_to
        fits_high = limits.range_high_from <= high * unit.factor <= limits.range_high_to
        if fits_low and fits_high:
            written = [read_count_unit(q, reading.terminology) for q in (one.low, one.high) if q is not None]
            agree = all(
                w.is_missing or (w.unit is not None and w.unit.factor == unit.factor) for w in written
            )
            return unit if agree else None
    return None


def _bound(quantity: Quantity | None) -> Decimal | None:
    """A limit of a range; None where it is missing or no number."""
    if quantity is None or isinstance(quantity.value, UnsetType):
        return None
    try:
        return read_decimal(quantity.value)
    except ValueError:
        return None

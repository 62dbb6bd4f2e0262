"""Numbers of the `obs-*` sets in the canonical unit of their set, with their own reference range and flag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType

from cards.record import Comparator, Measurement, Moment
from cards.thresholds import Thresholds
from cds_service.facts.context import Reading
from cds_service.facts.observed import Seen
from cds_service.facts.scales import SCALES, Scale, read_scale
from cds_service.fhir.numbers import read_decimal
from cds_service.fhir.shapes import CodeableConcept, Component, Observation, Quantity, ReferenceRange

HIGH: Final = frozenset({"H", "HH", "HU", ">"})
LOW: Final = frozenset({"L", "LL", "LU", "<"})
_LONGEST_WRITTEN: Final = 512  # bytes of JSON
_NORMAL_RANGE: Final = "normal"  # of the value set of range types that R4 prefers


def read_measurements(seen: Iterable[Seen], reading: Reading) -> Mapping[str, tuple[Measurement, ...]]:
    """By value set, in the order in which the record holds them. A value that cannot be used is reported."""
    found: dict[str, list[Measurement]] = {}
    for one in seen:
        if one.status is None:
            continue
        quantity, measured = _quantity(one.part), _measured(one.set_ids)
        if quantity is None:
            if measured and one.part.value_string is not None:
                reading.report(one.entry, "a measurement whose value is text")
            continue
        for set_id in measured:
            try:
                found.setdefault(set_id, []).append(_measurement(set_id, quantity, one, reading))
            except ValueError as error:
                reading.report(one.entry, str(error))
    return {set_id: tuple(values) for set_id, values in found.items() if values}


def _quantity(part: Observation | Component) -> Quantity | None:
    """The value; a whole number, as scores are written, is one without a unit."""
    if part.value_quantity is not None or isinstance(part.value_integer, UnsetType):
        return part.value_quantity
    return Quantity(value=part.value_integer)


@lru_cache(maxsize=1024)
def _measured(set_ids: frozenset[str]) -> tuple[str, ...]:
    """Those sets that hold measurements."""
    return tuple(sorted(set_ids & SCALES.keys()))


def _measurement(set_id: str, quantity: Quantity, one: Seen, reading: Reading) -> Measurement:
    """ValueError, in our words, where the value cannot be used."""
    if isinstance(quantity.value, UnsetType):
        raise ValueError("a measurement without a value")
    if one.time_unreadable:
        raise ValueError("a measurement whose time cannot be read")
    if is_ahead(one.time, reading.as_of, reading.limits):
        raise ValueError("a measurement dated in the future")
    value, scale = read_value(set_id, quantity, reading.limits)
    beside = _beside(one.part, quantity, set_id)
    assert one.status is not None
    return Measurement(
        set_id=set_id,
        reference=one.entry.reference,
        value=value,
        unit=scale.unit,
        comparator=beside.comparator,
        time=one.time,
        issued=one.issued,
        status=one.status,
        low=beside.low,
        high=beside.high,
        flagged=beside.flagged,
    )


def is_ahead(time: Moment | None, as_of: datetime, limits: Thresholds) -> bool:
    """Dated further ahead than clocks differ: such a weight or creatinine would stay the newest for years (B.3)."""
    return time is not None and time.earliest > as_of + limits.span("future_tolerance")


def read_value(set_id: str, quantity: Quantity, limits: Thresholds) -> tuple[Decimal, Scale]:
    """The value in the canonical unit, and what took it there. ValueError, in our words, where it cannot be used."""
    if isinstance(quantity.value, UnsetType):
        raise ValueError("a measurement without a value")
    scale, disagrees = read_scale(set_id, quantity)
    if disagrees:
        raise ValueError("a measurement whose unit code and unit text disagree")
    if scale is None:
        raise ValueError("a measurement without a unit, or in one that is not known for it")
    value = scale.convert(read_decimal(quantity.value))
    if value < 0 or not _is_possible(set_id, value, limits):
        raise ValueError("a measurement that is not possible in its unit")
    return value, scale


def _is_possible(set_id: str, value: Decimal, limits: Thresholds) -> bool:
    """Not a temperature of 98 degrees Celsius, nor a haemoglobin of 120 g/dL."""
    if set_id == "obs-temperature":
        return limits.possible_temperature_low <= value <= limits.possible_temperature_high
    return set_id != "obs-hemoglobin" or value <= limits.possible_hb_high


def read_comparator(quantity: Quantity) -> Comparator | None:
    """ValueError for one that R4 does not have."""
    if quantity.comparator is None:
        return None
    try:
        return Comparator(quantity.comparator)
    except ValueError:
        raise ValueError("a comparator that R4 does not have") from None


class _Beside(Struct, frozen=True):
    """What stands beside the value: its comparator, the normal range in the canonical unit, the flag."""

    comparator: Comparator | None
    low: Decimal | None
    high: Decimal | None
    flagged: str | None


def _beside(part: Observation | Component, quantity: Quantity, set_id: str) -> _Beside:
    """As laboratories write the same with every result, it is remembered."""
    if isinstance(part, Component):
        return _read_beside(part, quantity, set_id)
    written, flag = _text(part.written_range), _text(part.written_interpretation)
    if len(written) + len(flag) > _LONGEST_WRITTEN:
        return _read_beside(part, quantity, set_id)
    return _remembered_beside(written, flag, quantity.unit, quantity.code, quantity.comparator, set_id)


def _text(written: Raw | UnsetType) -> bytes:
    return b"" if isinstance(written, UnsetType) else bytes(written)


@lru_cache(maxsize=4096)
def _remembered_beside(
    written: bytes, flag: bytes, unit: str | None, code: str | None, comparator: str | None, set_id: str
) -> _Beside:
    part = Observation(
        written_range=Raw(written) if written else UNSET,
        written_interpretation=Raw(flag) if flag else UNSET,
    )
    return _read_beside(part, Quantity(unit=unit, code=code, comparator=comparator), set_id)


def _read_beside(part: Observation | Component, quantity: Quantity, set_id: str) -> _Beside:
    """ValueError where a part of it is not R4."""
    scale, _ = read_scale(set_id, quantity)
    assert scale is not None
    low, high = read_range(part.reference_range, quantity, set_id, scale)
    return _Beside(read_comparator(quantity), low, high, read_flag(part.interpretation))


def read_range(
    ranges: tuple[ReferenceRange, ...], quantity: Quantity, set_id: str, scale: Scale
) -> tuple[Decimal | None, Decimal | None]:
    """Low and high of the normal range, in the canonical unit; a bound without a unit has that of the value."""
    for one in ranges:
        if not _is_normal(one.type):
            continue
        low, high = _bound(one.low, set_id, scale), _bound(one.high, set_id, scale)
        if low is not None or high is not None:
            return low, high
    return None, None


def _is_normal(kind: CodeableConcept | None) -> bool:
    """A range without a type is the normal one."""
    return kind is None or not kind.coding or any(c.code == _NORMAL_RANGE for c in kind.coding)


def _bound(quantity: Quantity | None, set_id: str, scale: Scale) -> Decimal | None:
    if quantity is None or isinstance(quantity.value, UnsetType):
        return None
    if quantity.code or quantity.unit:
        own, disagrees = read_scale(set_id, quantity)
        if own is None or disagrees or own.unit != scale.unit:
            return None
        scale = own
    try:
        return scale.convert(read_decimal(quantity.value))
    except ValueError:
        return None


def read_flag(interpretations: tuple[CodeableConcept, ...]) -> str | None:
    """ "high" or "low" by the laboratory's own flag; None where it says neither, or both."""
    codes = {coding.code for concept in interpretations for coding in concept.coding}
    high, low = not codes.isdisjoint(HIGH), not codes.isdisjoint(LOW)
    if high == low:
        return None
    return "high" if high else "low"

"""What a draft prescription says of dose, times a day, length and route. Nothing is guessed: None is not stated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from cards.code_systems import HL7, normalise_system
from cards.frozen import dataclass
from cards.record import Amount, Moment, Route
from cards.valuesets import Terminology
from cds_service.facts.ages import SECONDS, span_of, unit_of_time
from cds_service.facts.courses import route_of
from cds_service.facts.lenient import Json, amount_of, concept_of, number_of, object_of, objects_of, text_of
from cds_service.fhir.dates import read_moment

_OF_MG: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"mg": Decimal(1), "g": Decimal(1000), "ug": Decimal("0.001")}
)
_DAY: Final = Decimal(SECONDS["d"])
_BIT: Final = timedelta(microseconds=1)
_ABBREVIATIONS: Final = HL7 + "v3-GTSAbbreviation"
_TIMES_A_DAY: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "QD": Decimal(1),
        "AM": Decimal(1),
        "PM": Decimal(1),
        "BED": Decimal(1),
        "BID": Decimal(2),
        "TID": Decimal(3),
        "QID": Decimal(4),
        "Q4H": Decimal(6),
        "Q6H": Decimal(4),
        "Q8H": Decimal(3),
        "QOD": Decimal("0.5"),
    }
)
"""Codes of HL7 v3-GTSAbbreviation."""


@dataclass(frozen=True, slots=True)
class DraftDosage:
    dose: Amount | None = None
    per_day: Decimal | None = None
    duration: timedelta | None = None
    route: Route | None = None


def read_dosage(draft: Json, terminology: Terminology, *, highest: bool = False) -> DraftDosage:
    """All instructions of a prescription as one: the first step of a sequence or the highest; the length of all."""
    steps = _steps(objects_of(draft.get("dosageInstruction")))
    dose, per_day = (_highest if highest else _first)(steps)
    routes = (concept_of(one.get("route")) for step in steps for one in step)
    length = _length(steps) if steps else None
    if length is None and not any(_bounds(one) for step in steps for one in step):
        length = _span(object_of(draft.get("dispenseRequest")).get("expectedSupplyDuration"))
    return DraftDosage(dose, per_day, length, route_of(routes, terminology))


def _steps(instructions: Sequence[Json]) -> tuple[tuple[Json, ...], ...]:
    """Instructions of one number of `sequence` hold together, those of the next one follow."""
    steps: dict[Decimal, list[Json]] = {}
    for instruction in instructions:
        steps.setdefault(number_of(instruction.get("sequence")) or Decimal(0), []).append(instruction)
    return tuple(tuple(steps[number]) for number in sorted(steps))


# ------------------------------------------------------------------------------------------------------ dose

Dose = tuple[Amount | None, Decimal | None]


def _first(steps: Sequence[Sequence[Json]]) -> Dose:
    return _together(steps[0]) if steps else (None, None)


def _highest(steps: Sequence[Sequence[Json]]) -> Dose:
    """The step with the most a day; none where the steps cannot be compared, or may follow each other unnumbered."""
    if any(len(step) > 1 and any(_bounds(one) for one in step) for step in steps):
        return None, None
    read = [_together(step) for step in steps]
    if len(read) < 2:
        return _first(steps)
    known = [(a.value * n, (a, n)) for a, n in read if a is not None and n is not None and a.unit is not None]
    if len(known) < len(read) or len({one.unit for _, (one, _) in known}) > 1:
        return None, None
    return max(known, key=lambda one: one[0])[1]


def in_mg(dose: Amount | None, strengths: Collection[tuple[Decimal, str]]) -> Amount | None:
    """Tablets and mL of a product whose strength is known as mg, g and ug too; all other doses as they are."""
    if dose is None or dose.unit is None:
        return dose
    if dose.unit in _OF_MG:
        return Amount(dose.value * _OF_MG[dose.unit], "mg")
    known = {value for value, per in strengths if per == dose.unit}
    return Amount(dose.value * known.pop(), "mg") if len(known) == 1 else dose


def _together(step: Sequence[Json]) -> Dose:
    """Dose and times a day; of several instructions at a time the total of a day, once, if it can be told."""
    read = [(_dose(one), _per_day(object_of(one.get("timing")))) for one in step]
    if len(read) == 1:
        return read[0]
    total, unit = Decimal(0), None
    for number, (dose, per_day) in enumerate(read):
        if dose is None or per_day is None or dose.unit is None or (number and dose.unit != unit):
            return None, None
        total, unit = total + dose.value * per_day, dose.unit
    return Amount(total, unit), Decimal(1)


def _dose(instruction: Json) -> Amount | None:
    """Of a range its upper end. R4 has it in `doseAndRate`, older releases beside it."""
    for holder in (*objects_of(instruction.get("doseAndRate")), instruction):
        for value in (holder.get("doseQuantity"), object_of(holder.get("doseRange")).get("high")):
            amount = amount_of(value)
            if amount is not None:
                return amount
    return None


def _per_day(timing: Json) -> Decimal | None:
    """By frequency and period, by the times of day, or by a code such as BID."""
    repeat = object_of(timing.get("repeat"))
    often = number_of(repeat.get("frequencyMax")) or number_of(repeat.get("frequency"))
    period, unit = number_of(repeat.get("period")), unit_of_time(text_of(repeat.get("periodUnit")))
    if period is not None and period > 0 and unit is not None:
        seconds = period * (SECONDS[unit] if unit in SECONDS else {"mo": 30, "a": 365}[unit] * _DAY)
        return (Decimal(1) if often is None else often) * _DAY / seconds
    for times in (repeat.get("timeOfDay"), repeat.get("when")):
        if often is None and isinstance(times, list) and times:
            return Decimal(len(times))
    codes = (c for c in concept_of(timing.get("code")).coding if c.code is not None)
    known = (
        _TIMES_A_DAY.get(c.code or "") for c in codes if normalise_system(c.system or "") == _ABBREVIATIONS
    )
    return next((times for times in known if times is not None), None)


# ---------------------------------------------------------------------------------------------------- length


def _length(steps: Sequence[Sequence[Json]]) -> timedelta | None:
    """The steps one after the other; within a step the longest. One without a length leaves the whole without."""
    whole = timedelta(0)
    for step in steps:
        lengths = [_bounded(one) for one in step]
        known = [length for length in lengths if length is not None]
        if len(known) < len(lengths):
            return None
        whole += max(known)
    return whole


def _bounds(instruction: Json) -> bool:
    return _bounded(instruction) is not None


def _bounded(instruction: Json) -> timedelta | None:
    """By the bounds of its timing: a period, a duration, or the upper end of a range."""
    repeat = object_of(object_of(instruction.get("timing")).get("repeat"))
    for value in (repeat.get("boundsDuration"), object_of(repeat.get("boundsRange")).get("high")):
        span = _span(value)
        if span is not None:
            return span
    return _between(object_of(repeat.get("boundsPeriod")))


def _between(period: Json) -> timedelta | None:
    """From the first to the last moment: 1 to 14 June are 14 days."""
    ends = list(_moments(period.get("start"), period.get("end")))
    if len(ends) < 2:
        return None
    length = ends[1].latest - ends[0].earliest + (timedelta(0) if ends[1].is_exact else _BIT)
    return length if length >= timedelta(0) else None


def _moments(*texts: Any) -> Iterator[Moment]:
    for text in texts:
        if text_of(text) is None:
            return
        try:
            yield read_moment(text)
        except ValueError:
            return


def _span(value: Any) -> timedelta | None:
    """A Duration."""
    quantity = object_of(value)
    number = number_of(quantity.get("value"))
    unit = unit_of_time(text_of(quantity.get("code")), text_of(quantity.get("unit")))
    return None if number is None or unit is None or quantity.get("comparator") else span_of(number, unit)

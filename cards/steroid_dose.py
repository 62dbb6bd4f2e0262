"""Whether a systemic steroid is, or was, given in the dose and for the time that weaken the defence (A.9, ORD-21).

From 20 mg of prednisone a day (a child: 2 mg/kg) for 14 days. Compared are prednisone and prednisolone; the dose of
another steroid is not converted. What is not known is never "less": such a course is UNKNOWN, and a rule decides what
that means for its card.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

from cards.facts import PatientFacts
from cards.facts.presence import NEVER_TAKEN
from cards.months import add_months
from cards.outcome import Input
from cards.record import Amount, Medication, MedicationSource, Moment, Route
from cards.rows import medication_row
from cards.thresholds import Thresholds

STEROID, COMPARED = "med-corticosteroid", "med-prednisone"
SYSTEMIC = (None, Route.ORAL, Route.INTRAVENOUS, Route.INTRAMUSCULAR)
"""Routes of a steroid that acts on the whole body; unknown counts, for creams and drops name theirs."""


class Dose(Enum):
    """What a record tells of a dose: above the limit, not enough to tell, below it."""

    HIGH = "high"
    UNKNOWN = "unknown"
    LOW = "low"


def courses_in_use(p: PatientFacts, limits: Thresholds) -> tuple[Medication, ...]:
    """Systemic steroids in use, for 14 days or more until now or the end that is ordered, or of unknown length."""
    return tuple(
        m for m in p.using(STEROID) if m.route in SYSTEMIC and length_of(p, m, limits) is not Dose.LOW
    )


def courses_ended(p: PatientFacts, limits: Thresholds, months: int) -> tuple[Medication, ...]:
    """Such courses that ended so many months ago at most."""
    return tuple(
        m
        for m in p.record.medications
        if STEROID in m.set_ids
        and m.route in SYSTEMIC
        and m.end is not None
        and m.status not in NEVER_TAKEN
        and m.end.latest <= p.as_of <= add_months(m.end.latest, months)
        and length_of(p, m, limits) is not Dose.LOW
    )


def courses_ordered(p: PatientFacts, limits: Thresholds) -> tuple[Medication, ...]:
    """Selected drafts of a systemic steroid, as courses that begin now: of the length that they state, if any."""
    begun = (
        Medication(
            reference=o.reference,
            set_ids=o.set_ids,
            source=MedicationSource.REQUEST,
            status="draft",
            start=None if o.duration is None else Moment.instant(p.as_of),
            end=None if o.duration is None else Moment.instant(p.as_of + o.duration),
            route=o.route,
            dose=o.dose,
            per_day=o.per_day,
        )
        for o in p.selected(STEROID)
        if o.route in SYSTEMIC
    )
    return tuple(m for m in begun if length_of(p, m, limits) is not Dose.LOW)


def length_of(p: PatientFacts, m: Medication, limits: Thresholds) -> Dose:
    """From the start to now or to the end that is recorded (A.9): 14 days or more, less, or without a start."""
    if m.start is None:
        return Dose.UNKNOWN
    until = p.as_of if m.end is None else m.end.latest
    earliest = until - m.start.earliest
    return Dose.HIGH if earliest >= limits.span("steroid_days") else Dose.LOW


def dose_of(p: PatientFacts, m: Medication, limits: Thresholds) -> Dose:
    """Of a day, against the limit; for a child by weight, where 20 mg without it leave a doubt."""
    a_day = _a_day(m)
    if COMPARED not in m.set_ids or a_day is None:
        return Dose.UNKNOWN
    whole = _against(_milligrams(p, a_day), limits.live_vaccine_steroid_mg)
    if p.person.is_adult:
        return whole
    by_weight = _against(_per_kg(p, a_day), limits.live_vaccine_steroid_mg_kg)
    return Dose.UNKNOWN if by_weight is Dose.LOW and whole is not Dose.LOW else by_weight


def dose_of_all(p: PatientFacts, courses: Sequence[Medication], limits: Thresholds) -> Dose:
    """The highest of them. Low ones in use together may be one dose in two lines, or one told twice: UNKNOWN."""
    doses = [dose_of(p, m, limits) for m in courses]
    for one in (Dose.HIGH, Dose.UNKNOWN):
        if one in doses:
            return one
    together = [m for m in courses if m.end is None or m.end.latest >= p.as_of]
    if len(together) < 2:
        return Dose.LOW
    milligrams = [_milligrams(p, a_day) for m in together if (a_day := _a_day(m)) is not None]
    known = [one for one in milligrams if one is not None]
    low = len(known) == len(together) and sum(known, Decimal(0)) < limits.live_vaccine_steroid_mg
    return Dose.LOW if low and p.person.is_adult else Dose.UNKNOWN


def rows_of(courses: Sequence[Medication]) -> tuple[Input, ...]:
    """The drugs, and the dose of a day where it is stated."""
    return tuple(row for m in courses for row in (medication_row("systemic steroid", m), *_dose_row(m)))


def _dose_row(m: Medication) -> tuple[Input, ...]:
    a_day = _a_day(m)
    if a_day is None or a_day.unit not in ("mg", "mg/kg"):
        return ()
    value = a_day.value.quantize(Decimal("0.1"))
    shown = value.quantize(Decimal(1)) if value == value.to_integral_value() else value
    return (Input("its dose of a day", shown, a_day.unit, m.start, m.reference),)


def _a_day(m: Medication) -> Amount | None:
    return None if m.dose is None or m.per_day is None else Amount(m.dose.value * m.per_day, m.dose.unit)


def _against(value: Decimal | None, limit: Decimal) -> Dose:
    if value is None:
        return Dose.UNKNOWN
    return Dose.HIGH if value >= limit else Dose.LOW


def _milligrams(p: PatientFacts, a_day: Amount) -> Decimal | None:
    if a_day.unit == "mg":
        return a_day.value
    weight = p.person.weight
    return None if a_day.unit != "mg/kg" or weight is None else a_day.value * weight.value


def _per_kg(p: PatientFacts, a_day: Amount) -> Decimal | None:
    if a_day.unit == "mg/kg":
        return a_day.value
    weight = p.person.weight
    return None if a_day.unit != "mg" or weight is None else a_day.value / weight.value

"""Rows of "Why this card": the inputs that a card rests on, in our words."""

from __future__ import annotations

from decimal import Decimal

from cards.facts import Bleed, Infection, PatientFacts, PlateletCount, Sign
from cards.facts.presence import lacks_status
from cards.finding_words import FINDING_WORDS
from cards.outcome import Input
from cards.record import (
    Allergy,
    Finding,
    Measurement,
    Medication,
    Moment,
    Order,
    Performed,
    Planned,
    Stay,
    TestResult,
)

UNIT = "10*9/L"
NO_STATUS = "status not recorded"


def count_row(count: PlateletCount, fact: str = "platelet count") -> Input:
    """A platelet count with what has to be known about it."""
    notes = [
        words
        for applies, words in (
            (count.is_preliminary, "preliminary"),
            (count.unit_inferred, "unit inferred from reference range"),
            (count.transfused, "within 24 h after platelets"),
            (count.dated_by_report, "dated by its report"),
            (count.estimate, "estimate from the film"),
        )
        if applies
    ]
    value: Decimal | str = count.value if count.comparator is None else count.shown
    return Input(fact, value, UNIT, count.time, count.reference, ", ".join(notes) or None)


def platelet_row(p: PatientFacts) -> tuple[Input, ...]:
    """The count in use (or last known); empty when there is none."""
    current = p.platelets.current
    return () if current is None else (count_row(current),)


def previous_row(p: PatientFacts) -> tuple[Input, ...]:
    """The count before the one in use."""
    previous = p.platelets.previous
    return () if previous is None else (count_row(previous, "platelet count before"),)


def platelet_rows(p: PatientFacts) -> tuple[Input, ...]:
    """The count in use and the one before it."""
    return platelet_row(p) + previous_row(p)


def bleeding_rows(bleeds: tuple[Bleed, ...]) -> tuple[Input, ...]:
    """One row for each bleeding finding."""
    return tuple(bleeding_row(b) for b in bleeds)


def bleeding_row(bleed: Bleed) -> Input:
    """A bleeding finding: activity and grade, and what was assumed."""
    if bleed.grade is not None:
        grade = f"WHO grade {bleed.weight}"
    elif bleed.graded_up_by or bleed.minor_by_kind:
        grade = f"taken as WHO grade {bleed.weight}"
    else:
        grade = f"severity not recorded, taken as WHO grade {bleed.weight}"
    words = FINDING_WORDS.get(bleed.name, bleed.name)
    notes = (("patient-reported", bleed.patient_reported), (NO_STATUS, bleed.lacks_status))
    note = ", ".join(told for told, applies in notes if applies) or None
    return Input(
        f"bleeding: {words}", f"{bleed.activity.value}; {grade}", None, bleed.since, bleed.reference, note
    )


def infection_row(p: PatientFacts, infection: Infection) -> Input:
    """An infection with its certainty."""
    pathogen = p.pathogens.get(infection.pathogen)
    name = infection.pathogen if pathogen is None else pathogen.name
    value = f"{name}, {infection.certainty.name.lower()}"
    note = None if infection.status_recorded else NO_STATUS
    reference = infection.references[0] if infection.references else None
    return Input("infection", value, None, infection.onset, reference, note)


def measurement_row(fact: str, measured: Measurement) -> Input:
    """A laboratory value or vital sign under our name for it."""
    value: Decimal | str = measured.value
    if measured.comparator is not None:
        value = f"{measured.comparator.value}{measured.value}"
    return Input(fact, value, measured.unit, measured.time, measured.reference)


def result_row(fact: str, result: TestResult) -> Input:
    """A qualitative test result."""
    return Input(fact, result.result.value, None, result.time, result.reference)


def pregnancy_row(p: PatientFacts) -> Input:
    """The record that tells of a pregnancy; ask whether there is one first."""
    return Input("pregnancy", "recorded", None, p.person.pregnancy_time, p.person.pregnancy_reference)


def gestation_row(p: PatientFacts, fact: str) -> Input:
    """The weeks of gestation as they are reckoned for today, with the measurement that they come from."""
    weeks, measured = p.person.gestation_weeks, p.newest("obs-gestational-age")
    if weeks is None or measured is None:
        return Input(fact, "not recorded")
    return Input(fact, weeks, None, measured.time, measured.reference)


def refusal_row(p: PatientFacts) -> Input:
    """The record that tells of a refusal of blood products; ask whether there is one first."""
    refused = (f for f in p.findings("refusal-of-blood") if f.reference == p.blood_refused)
    found = next(refused, None)
    when = None if found is None else found.onset or found.recorded
    return Input("refusal of blood products", "recorded", None, when, p.blood_refused)


def sign_row(fact: str, sign: Sign) -> Input:
    """A sign: the measured value, or "recorded" for a Condition."""
    value: Decimal | str = "recorded" if sign.value is None else sign.value
    return Input(fact, value, sign.unit, sign.time, sign.reference)


def finding_row(fact: str, finding: Finding) -> Input:
    """A Condition under our name for it, with its recorded certainty."""
    when: Moment | None = finding.onset or finding.recorded
    note = NO_STATUS if lacks_status(finding) else None
    return Input(fact, finding.verification.value, None, when, finding.reference, note)


def medication_row(fact: str, medication: Medication) -> Input:
    """A drug in use under our name for its class."""
    return Input(fact, f"recorded ({medication.source.value})", None, medication.start, medication.reference)


def allergy_row(fact: str, value: str, allergy: Allergy) -> Input:
    """A recorded allergy, with its last reaction, its onset or when it was recorded."""
    return Input(fact, value, None, allergy.time, allergy.reference)


def order_row(fact: str, order: Order) -> Input:
    """The selected order under our name for what it orders."""
    return Input(fact, "selected", None, None, order.reference)


def event_row(fact: str, event: Performed | Planned) -> Input:
    """A procedure, transfusion or plan."""
    when = event.start if isinstance(event, Performed) else event.occurrence or event.authored
    return Input(fact, event.status, None, when, event.reference)


def stay_row(stay: Stay) -> Input:
    """A stay in hospital; ask whether the patient is an inpatient first."""
    return Input("stay", "in hospital", None, stay.start, stay.reference)

"""A course of the made-up population as FHIR R4 resources of one patient. All persons and numbers are invented."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

from cards.code_systems import HL7, UCUM
from cards.frozen import dataclass
from cds_service.replay.demo_courses import Course, Event
from cds_service.stories.coding import STANDARD, concept, term

Resource = dict[str, Any]

FIRST_DAY: Final = datetime(2025, 1, 6, tzinfo=UTC)
DAYS: Final = 330
RACE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
ANCESTRIES: Final = (("2106-3", "White"), ("2054-5", "Black or African American"), ("2028-9", "Asian"), None)
LOCAL_SYSTEM: Final = "urn:oid:1.3.6.1.4.1.99999.7"
UNITS_OF_CARE: Final = ("Ward A", "Ward B", "Emergency", "Haematology")
COMMON: Final = (("I10", "Essential (primary) hypertension"), ("M19.9", "Arthrosis"), ("J30.1", "Hay fever"))


@dataclass(frozen=True, slots=True)
class Patient:
    """One made-up patient: id, course, when the stay begins."""

    id: str
    course: Course
    start: datetime
    random: random.Random


def write_patient(p: Patient, noise: int) -> Iterator[Resource]:
    """All resources, the Patient first; `noise` vital signs that change nothing come before the stay."""
    yield _person(p)
    yield _encounter(p)
    for number, (code, display) in enumerate(COMMON):
        if p.random.random() < 0.4:
            yield _common(p, number, code, display)
    for number in range(noise):
        at = p.start - timedelta(days=60, hours=number)
        heart_rate = Event(0, "vital", "obs-heart-rate", str(p.random.randrange(58, 96)), "/min")
        yield _observation(p, f"n{number}", heart_rate, at)
    for number, event in enumerate(p.course.events):
        yield _resource(p, number, event)


def _person(p: Patient) -> Resource:
    female = p.random.random() < 0.5
    # Women of an age at which pregnancy is a question are left out: it would make the planted cards uncertain.
    age = p.random.randrange(57, 90) if female else p.random.randrange(20, 90)
    born = date(p.start.year - age, 1, 1) + timedelta(days=p.random.randrange(300))
    person: Resource = {
        "resourceType": "Patient",
        "id": p.id,
        "name": [{"family": "Demo", "given": [p.id]}],
        "gender": "female" if female else "male",
        "birthDate": born.isoformat(),
    }
    ancestry = p.random.choice(ANCESTRIES)
    if ancestry is not None:
        coding = {"system": "urn:oid:2.16.840.1.113883.6.238", "code": ancestry[0], "display": ancestry[1]}
        parts = [
            {"url": "ombCategory", "valueCoding": coding},
            {"url": "text", "valueString": ancestry[1]},
        ]
        person["extension"] = [{"url": RACE, "extension": parts}]
    return person


def _encounter(p: Patient) -> Resource:
    code, display = ("IMP", "inpatient encounter") if p.course.inpatient else ("AMB", "ambulatory")
    unit = p.random.choice(UNITS_OF_CARE)
    return {
        "resourceType": "Encounter",
        "id": f"{p.id}-stay",
        "status": "finished",
        "class": {"system": HL7 + "v3-ActCode", "code": code, "display": display},
        "subject": _subject(p),
        "period": {"start": _text(p.start), "end": _text(p.start + timedelta(hours=p.course.hours))},
        "location": [{"location": {"display": unit}}],
    }


def _common(p: Patient, number: int, code: str, display: str) -> Resource:
    concept_ = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code, "display": display}]}
    return _condition(p, f"c{number}", concept_, p.start - timedelta(days=400 + number))


def _condition(p: Patient, name: str, code: Resource, at: datetime) -> Resource:
    return {
        "resourceType": "Condition",
        "id": f"{p.id}-{name}",
        "clinicalStatus": {"coding": [{"system": HL7 + "condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": HL7 + "condition-ver-status", "code": "confirmed"}]},
        "code": code,
        "subject": _subject(p),
        "onsetDateTime": _text(at),
        "recordedDate": _text(at),
    }


def _resource(p: Patient, number: int, event: Event) -> Resource:
    name, at = f"e{number}", p.start + timedelta(hours=event.hour)
    match event.kind:
        case "count" | "result" | "vital":
            return _observation(p, name, event, at)
        case "finding":
            return _condition(p, name, _concept(event), at)
        case "drug" | "order":
            drug = event.kind == "drug"
            return {
                "resourceType": "MedicationRequest" if drug else "ServiceRequest",
                "id": f"{p.id}-{name}",
                "status": "active",
                "intent": "order",
                "medicationCodeableConcept" if drug else "code": _concept(event),
                "subject": _subject(p),
                "authoredOn": _text(at),
            }
        case "done":
            return {
                "resourceType": "Procedure",
                "id": f"{p.id}-{name}",
                "status": "completed",
                "code": _concept(event),
                "subject": _subject(p),
                "performedDateTime": _text(at),
            }


def _observation(p: Patient, name: str, event: Event, at: datetime) -> Resource:
    category = "vital-signs" if event.kind == "vital" else "laboratory"
    found: Resource = {
        "resourceType": "Observation",
        "id": f"{p.id}-{name}",
        "status": "final",
        "category": [{"coding": [{"system": HL7 + "observation-category", "code": category}]}],
        "code": _local() if event.local else _concept(event),
        "subject": _subject(p),
    }
    if event.status != "undated":
        found |= {"effectiveDateTime": _text(at), "issued": _text(at + timedelta(hours=1))}
    if event.value is not None:
        value: Resource = {"value": Decimal(event.value)}
        if event.unit is not None:
            value |= {"unit": event.unit, "system": UCUM, "code": event.unit}
        found["valueQuantity"] = value
    return found


def _local() -> Resource:
    return {"coding": [{"system": LOCAL_SYSTEM, "code": "PLT-AUTO", "display": "Platelets (analyser)"}]}


def _concept(event: Event) -> Resource:
    return _concept_of(event.word)


@cache
def _concept_of(word: str) -> Resource:
    return concept(term(word), STANDARD)


def _subject(p: Patient) -> Resource:
    return {"reference": f"Patient/{p.id}"}


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")

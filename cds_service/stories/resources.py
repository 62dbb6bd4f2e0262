"""A story at a given now as FHIR R4 resources, each valid by itself, in a dialect of codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cards.code_systems import HL7, UCUM
from cds_service.stories.coding import STANDARD, Dialect, term
from cds_service.stories.observations import answer, category_of, observation, observation_of, quantity
from cds_service.stories.story import (
    AllergyTo,
    Amount,
    Done,
    Dose,
    Drug,
    Found,
    Observed,
    Ordered,
    Person,
    Planned,
    Story,
    Term,
    Vaccinated,
)
from cds_service.stories.times import TODAY, When
from cds_service.stories.writer import Resource, Writer, hl7, without_none

INPATIENT: Final = {"system": HL7 + "v3-ActCode", "code": "IMP", "display": "inpatient encounter"}
RACE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
CHILDBEARING: Final = range(12, 56)
STATED: Final = frozenset({"intended", "not-taken"})
"""Statuses of what a person says of a drug: no prescription has them."""


def write(story: Story, patient: str, now: datetime, dialect: Dialect = STANDARD) -> list[Resource]:
    """Everything that the story tells but its draft orders; the Patient comes first."""
    w = Writer(patient, now, dialect)
    resources = [
        _person(w, story.person),
        *_pregnancy(w, story.person),
        *(observation(w, "laboratory", o) for o in story.platelets),
        *(observation(w, category_of(o), o) for o in story.observed),
        *(_finding(w, f) for f in story.found),
        *(_drug(w, d) for d in story.drugs),
        *(_allergy(w, a) for a in story.allergies),
        *(_done(w, d) for d in story.done),
        *(_vaccinated(w, v) for v in story.vaccines),
        *(_planned(w, p) for p in story.planned),
    ]
    if story.person.weight is not None:
        weight = Amount(story.person.weight, unit="kg")
        at = When(timedelta(days=1))
        resources.append(observation(w, "vital-signs", Observed(Term("obs-body-weight"), weight, at=at)))
    if story.inpatient:
        resources.append(_stay(w))
    return resources


def write_orders(story: Story, patient: str, now: datetime, dialect: Dialect = STANDARD) -> list[Resource]:
    """The drafts of the story, as `context.draftOrders` holds them."""
    w = Writer(patient, now, dialect)
    return [_order(w, order) for order in story.orders]


def _person(w: Writer, person: Person) -> Resource:
    days = timedelta(days=person.days) if person.days is not None else None
    born = When(days, whole_day=True) if days is not None else None
    if person.age is not None:
        born = When(timedelta(days=100), months=12 * person.age, whole_day=True)
    race = None
    if person.ancestry is not None:
        coding = w.code(term(f"ancestry {person.ancestry}"))["coding"][0]
        parts = [
            {"url": "detailed", "valueCoding": coding},
            {"url": "text", "valueString": coding["display"]},
        ]
        race = [{"url": RACE, "extension": parts}]
    return without_none(
        {
            "resourceType": "Patient",
            "id": w.patient,
            "extension": race,
            "name": [{"family": "Vignette", "given": ["Case"]}],
            "gender": person.sex,
            "birthDate": w.text(born),
        }
    )


def _pregnancy(w: Writer, person: Person) -> list[Resource]:
    """Pregnant with its weeks; else, where the age makes it a question, recorded as not pregnant."""
    relevant = person.sex == "female" and (person.age or 0) in CHILDBEARING
    if person.pregnant is None and not (relevant and person.pregnancy_known):
        return []
    answer = Term("result-not-pregnant" if person.pregnant is None else "result-pregnant")
    status = observation_of(w, "social-history", Observed(Term("obs-pregnancy"), at=When(timedelta(days=1))))
    found = [status | {"valueCodeableConcept": w.code(answer)}]
    if person.pregnant is not None:
        weeks = Amount(Decimal(person.pregnant), unit="wk")
        at = When(timedelta(hours=3))
        found.append(observation(w, "exam", Observed(Term("obs-gestational-age"), weeks, at=at)))
    return found


def _finding(w: Writer, f: Found) -> Resource:
    if f.observed:
        seen = Observed(f.what, at=f.onset)
        return observation_of(w, "exam", seen) | answer(w, "present")
    recorded = f.recorded or f.onset
    return without_none(
        w.head("Condition", "condition")
        | {
            "clinicalStatus": hl7("condition-clinical", f.clinical),
            "verificationStatus": hl7("condition-ver-status", f.verification),
            "category": [hl7("condition-category", "encounter-diagnosis")],
            "severity": None if f.severity is None else w.code(Term("severity", f.severity)),
            "code": w.code(f.what),
            "subject": w.subject,
            "onsetDateTime": w.text(f.onset),
            "abatementDateTime": w.text(f.ended),
            "recordedDate": w.text(recorded),
            "asserter": w.subject if f.by_patient else None,
        }
    )


def _drug(w: Writer, drug: Drug) -> Resource:
    if drug.status in STATED:
        return _stated(w, drug)
    kind = "MedicationAdministration" if drug.given else "MedicationRequest"
    resource = w.head(kind, "drug") | {
        "status": drug.status,
        "medicationCodeableConcept": w.code(drug.what),
        "subject": w.subject,
    }
    if drug.given:
        resource["effectiveDateTime"] = w.text(drug.start)
        if drug.dose.route is not None:
            resource["dosage"] = {"route": w.code(Term(drug.dose.route)), "text": "as charted"}
        return without_none(resource)
    bounds = without_none({"start": w.text(drug.start), "end": w.text(drug.end)})
    dosage = _dosage(w, drug.dose, bounds)
    return without_none(
        resource
        | {
            "intent": "order",
            "authoredOn": w.text(drug.start),
            "dosageInstruction": [dosage] if dosage else None,
        }
    )


def _stated(w: Writer, drug: Drug) -> Resource:
    period = without_none({"start": w.text(drug.start), "end": w.text(drug.end)})
    return w.head("MedicationStatement", "drug") | {
        "status": drug.status,
        "medicationCodeableConcept": w.code(drug.what),
        "subject": w.subject,
        "effectivePeriod": period,
    }


def _dosage(w: Writer, dose: Dose, bounds: Resource) -> Resource:
    repeat: Resource = {"boundsPeriod": bounds} if bounds else {}
    if dose.days is not None:
        repeat["boundsDuration"] = {"value": dose.days, "unit": "d", "system": UCUM, "code": "d"}
    if dose.per_day is not None:
        repeat |= {"frequency": int(dose.per_day), "period": 1, "periodUnit": "d"}
    amount = None if dose.amount is None else quantity(Amount(dose.amount, unit=dose.unit))
    return without_none(
        {
            "timing": {"repeat": repeat} if repeat else None,
            "route": None if dose.route is None else w.code(Term(dose.route)),
            "doseAndRate": None if amount is None else [{"doseQuantity": amount}],
        }
    )


def _allergy(w: Writer, allergy: AllergyTo) -> Resource:
    code = w.code(allergy.what)
    anaphylaxis = {"manifestation": [w.code(term("anaphylaxis"))], "severity": "severe"}
    low_platelets = {"manifestation": [w.code(term("thrombocytopenia"))]}
    shown = ((anaphylaxis, allergy.anaphylaxis), (low_platelets, allergy.thrombocytopenia))
    reaction = [one for one, holds in shown if holds]
    return without_none(
        w.head("AllergyIntolerance", "allergy")
        | {
            "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
            "type": "intolerance" if allergy.intolerance else "allergy",
            "criticality": allergy.criticality,
            "code": code,
            "patient": w.subject,
            "recordedDate": w.text(allergy.at),
            "reaction": reaction or None,
        }
    )


def _done(w: Writer, done: Done) -> Resource:
    return without_none(
        w.head("Procedure", "procedure")
        | {
            "status": done.status,
            "code": w.code(done.what),
            "subject": w.subject,
            "performedDateTime": w.text(done.at),
        }
    )


def _vaccinated(w: Writer, given: Vaccinated) -> Resource:
    return without_none(
        w.head("Immunization", "vaccine")
        | {
            "status": "completed",
            "vaccineCode": w.code(given.what),
            "patient": w.subject,
            "occurrenceDateTime": w.text(given.at),
        }
    )


def _planned(w: Writer, plan: Planned) -> Resource:
    if plan.status == "booked":
        return _appointment(w, plan)
    return without_none(
        w.head("ServiceRequest", "request")
        | {
            "status": plan.status,
            "intent": "order",
            "code": w.code(plan.what),
            "subject": w.subject,
            "occurrenceDateTime": w.text(plan.at),
            "authoredOn": w.text(plan.ordered),
        }
    )


def _appointment(w: Writer, plan: Planned) -> Resource:
    """It lasts an hour."""
    end = None if plan.at is None else plan.at.later(timedelta(hours=1))
    return without_none(
        w.head("Appointment", "appointment")
        | {
            "status": plan.status,
            "serviceType": [w.code(plan.what)],
            "start": w.text(plan.at),
            "end": w.text(end),
            "created": w.text(plan.ordered),
            "participant": [{"actor": w.subject, "status": "accepted"}],
        }
    )


def _stay(w: Writer) -> Resource:
    return w.head("Encounter", "stay") | {
        "status": "in-progress",
        "class": INPATIENT,
        "subject": w.subject,
        "period": {"start": w.text(When(timedelta(days=2)))},
    }


def _order(w: Writer, order: Ordered) -> Resource:
    is_service = order.what is not None and order.what.set_id.startswith(("proc-", "order-", "product-"))
    if order.what is not None:
        code = w.code(order.what)
    else:
        code = {"coding": [dict(zip(("system", "code"), order.code or (), strict=False))]}
    reason = [] if order.reason is None else [w.code(order.reason)]
    reason += [{"text": "see the letter"}] if order.reason_in_words else []
    head = w.head("ServiceRequest" if is_service else "MedicationRequest", "draft") | {
        "status": "draft",
        "intent": "order",
        "subject": w.subject,
        "authoredOn": w.text(TODAY),
        "reasonCode": reason or None,
    }
    if is_service:
        amount = None if order.dose.amount is None else {"value": order.dose.amount, "unit": order.dose.unit}
        return without_none(head | {"code": code, "quantityQuantity": amount})
    dosage = _dosage(w, order.dose, {})
    return without_none(
        head | {"medicationCodeableConcept": code, "dosageInstruction": [dosage] if dosage else None}
    )

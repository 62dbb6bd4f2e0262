"""A story at a given now as FHIR R4 resources, each valid by itself, in a dialect of codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final

from cards.code_systems import HL7, SNOMED, UCUM
from cds_service.stories.coding import STANDARD, Dialect, concept, term, unit_codes
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
)
from cds_service.stories.times import TODAY, When

Resource = dict[str, Any]

WORDS: Final = {
    "positive": "result-positive/Positive",
    "detected": "result-positive/Detected",
    "present": "result-positive/Present",
    "reactive": "result-positive/Reactive",
    "negative": "result-negative/Negative",
    "not detected": "result-negative/Not detected",
    "absent": "result-negative/Absent",
    "indeterminate": "result-open/Indeterminate",
}
ANSWERS: Final = Dialect("answers", (SNOMED,))
CLASSES: Final = {True: ("IMP", "inpatient encounter"), False: ("AMB", "ambulatory")}
RACE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
CHILDBEARING: Final = range(12, 56)


@dataclass(frozen=True, slots=True)
class Writer:
    """Where and when a story is written: the patient's id, now, and how things are coded."""

    patient: str
    now: datetime
    dialect: Dialect = STANDARD
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def head(self, kind: str, name: str) -> Resource:
        """The members that every resource begins with."""
        return {"resourceType": kind, "id": f"{name}-{next(self.numbers)}"}

    def text(self, when: When | None) -> str | None:
        return None if when is None else when.text(self.now)

    def code(self, what: Term) -> Resource:
        return concept(what, self.dialect)

    @property
    def subject(self) -> Resource:
        return {"reference": f"Patient/{self.patient}"}


def write(story: Story, patient: str, now: datetime, dialect: Dialect = STANDARD) -> list[Resource]:
    """Everything that the story tells but its draft orders; the Patient comes first."""
    w = Writer(patient, now, dialect)
    resources = [
        _person(w, story.person),
        *_pregnancy(w, story.person),
        *(_observation(w, "laboratory", o) for o in story.platelets),
        *(_observation(w, _category(o), o) for o in story.observed),
        *(_finding(w, f) for f in story.found),
        *(_drug(w, d) for d in story.drugs),
        *(_allergy(w, a) for a in story.allergies),
        *(_done(w, d) for d in story.done),
        *(_planned(w, p) for p in story.planned),
    ]
    if story.person.weight is not None:
        weight = Amount(story.person.weight, unit="kg")
        at = When(timedelta(days=1))
        resources.append(_observation(w, "vital-signs", Observed(Term("obs-body-weight"), weight, at=at)))
    if story.inpatient:
        resources.append(_stay(w))
    return resources


def write_orders(story: Story, patient: str, now: datetime, dialect: Dialect = STANDARD) -> list[Resource]:
    """The drafts of the story, as `context.draftOrders` holds them."""
    w = Writer(patient, now, dialect)
    return [_order(w, order) for order in story.orders]


def _without_none(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if value is not None}


def _hl7(system: str, code: str) -> Resource:
    return {"coding": [{"system": HL7 + system, "code": code}]}


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
    return _without_none(
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
    status = _base(w, "social-history", Observed(Term("obs-pregnancy"), at=When(timedelta(days=1))))
    found = [status | {"valueCodeableConcept": w.code(answer)}]
    if person.pregnant is not None:
        weeks = Amount(Decimal(person.pregnant), unit="wk")
        at = When(timedelta(hours=3))
        found.append(_observation(w, "exam", Observed(Term("obs-gestational-age"), weeks, at=at)))
    return found


VITAL_SIGNS: Final = frozenset(
    {"obs-temperature", "obs-systolic", "obs-diastolic", "obs-map", "obs-heart-rate", "obs-body-weight"}
    | {"obs-spo2", "obs-vitals", "obs-gcs"}
)


def _category(o: Observed) -> str:
    return "vital-signs" if o.what.set_id in VITAL_SIGNS else "laboratory"


def _base(w: Writer, category: str, o: Observed) -> Resource:
    issued = o.issued or (None if o.at is None or o.at.whole_day else o.at)
    return _without_none(
        w.head("Observation", category.partition("-")[0][:3])
        | {
            "status": o.status,
            "category": [_hl7("observation-category", category)],
            "code": w.code(o.what),
            "subject": w.subject,
            "effectiveDateTime": w.text(o.at),
            "issued": w.text(issued),
        }
    )


def _observation(w: Writer, category: str, o: Observed) -> Resource:
    resource = _base(w, category, o)
    if o.broken:
        return resource | {"valueQuantity": "unreadable"}
    if o.diastolic is not None and o.amount is not None:
        pressures = (("obs-systolic", o.amount.value), ("obs-diastolic", o.diastolic))
        resource["component"] = [
            {"code": w.code(Term(set_id)), "valueQuantity": _quantity(Amount(value, unit="mm[Hg]"))}
            for set_id, value in pressures
        ]
    elif o.amount is not None:
        resource["valueQuantity"] = _quantity(o.amount)
        resource |= _reference_range(o.amount)
    elif o.word is not None:
        resource |= _word(w, o.word)
    if o.interpretation is not None:
        code = {"high": "H", "low": "L"}[o.interpretation]
        resource["interpretation"] = [_hl7("v3-ObservationInterpretation", code)]
    if o.sample is not None:
        resource["specimen"] = {"display": o.sample}
    return resource


def _word(w: Writer, word: str) -> Resource:
    if word in WORDS:
        set_id, _, which = WORDS[word].partition("/")
        return {"valueCodeableConcept": concept(Term(set_id, which), ANSWERS)}
    return {"valueCodeableConcept": w.code(term(word))}


def _quantity(amount: Amount) -> Resource:
    unit = amount.unit
    coded = unit is not None and (unit in unit_codes() or unit not in TEXT_UNITS)
    return _without_none(
        {
            "value": amount.value,
            "comparator": amount.comparator,
            "unit": unit,
            "system": UCUM if coded else None,
            "code": unit if coded else None,
        }
    )


TEXT_UNITS: Final = frozenset(
    {"K/uL", "/mm3", "x10*4/uL", "Thousands Per MicroLiter", "/cmm", "lakh/mm3", "G/L", "seconds over"}
)
"""Units that records hold as text without a UCUM code."""


def _reference_range(amount: Amount) -> Resource:
    if amount.low is None and amount.high is None:
        return {}
    ends = {"low": amount.low, "high": amount.high}
    return {
        "referenceRange": [
            {
                name: _quantity(Amount(value, unit=amount.unit))
                for name, value in ends.items()
                if value is not None
            }
        ]
    }


def _finding(w: Writer, f: Found) -> Resource:
    if f.observed:
        seen = Observed(f.what, at=f.onset)
        return _base(w, "exam", seen) | _word(w, "present")
    recorded = f.recorded or f.onset
    return _without_none(
        w.head("Condition", "condition")
        | {
            "clinicalStatus": _hl7("condition-clinical", f.clinical),
            "verificationStatus": _hl7("condition-ver-status", f.verification),
            "category": [_hl7("condition-category", "encounter-diagnosis")],
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
        return resource
    bounds = _without_none({"start": w.text(drug.start), "end": w.text(drug.end)})
    return resource | {
        "intent": "order",
        "authoredOn": w.text(drug.start),
        "dosageInstruction": [_dosage(w, drug.dose, bounds)],
    }


def _dosage(w: Writer, dose: Dose, bounds: Resource) -> Resource:
    repeat: Resource = {"boundsPeriod": bounds} if bounds else {}
    if dose.days is not None:
        repeat["boundsDuration"] = {"value": dose.days, "unit": "d", "system": UCUM, "code": "d"}
    if dose.per_day is not None:
        repeat |= {"frequency": int(dose.per_day), "period": 1, "periodUnit": "d"}
    amount = None if dose.amount is None else _quantity(Amount(dose.amount, unit=dose.unit))
    return _without_none(
        {
            "timing": {"repeat": repeat} if repeat else None,
            "route": None if dose.route is None else w.code(Term(dose.route)),
            "doseAndRate": None if amount is None else [{"doseQuantity": amount}],
        }
    )


def _allergy(w: Writer, allergy: AllergyTo) -> Resource:
    code = w.code(allergy.what)
    reaction = [{"manifestation": [w.code(term("anaphylaxis"))], "severity": "severe"}]
    return _without_none(
        w.head("AllergyIntolerance", "allergy")
        | {
            "clinicalStatus": _hl7("allergyintolerance-clinical", "active"),
            "verificationStatus": _hl7("allergyintolerance-verification", "confirmed"),
            "type": "intolerance" if allergy.intolerance else "allergy",
            "criticality": allergy.criticality,
            "code": code,
            "patient": w.subject,
            "reaction": reaction if allergy.anaphylaxis else None,
        }
    )


def _done(w: Writer, done: Done) -> Resource:
    return _without_none(
        w.head("Procedure", "procedure")
        | {
            "status": done.status,
            "code": w.code(done.what),
            "subject": w.subject,
            "performedDateTime": w.text(done.at),
        }
    )


def _planned(w: Writer, plan: Planned) -> Resource:
    return _without_none(
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


def _stay(w: Writer) -> Resource:
    code, display = CLASSES[True]
    return w.head("Encounter", "stay") | {
        "status": "in-progress",
        "class": {"system": HL7 + "v3-ActCode", "code": code, "display": display},
        "subject": w.subject,
        "period": {"start": w.text(When(timedelta(days=2)))},
    }


def _order(w: Writer, order: Ordered) -> Resource:
    is_service = order.what is not None and order.what.set_id.startswith(("proc-", "order-", "product-"))
    if order.what is None:
        code: Resource = {"coding": [{"system": "urn:oid:2.999.1", "code": "LOCAL-4711"}]}
    else:
        code = w.code(order.what)
    reason = None if order.reason is None else [w.code(order.reason)]
    head = w.head("ServiceRequest" if is_service else "MedicationRequest", "draft") | {
        "status": "draft",
        "intent": "order",
        "subject": w.subject,
        "authoredOn": w.text(TODAY),
        "reasonCode": reason,
    }
    if is_service:
        amount = None if order.dose.amount is None else {"value": order.dose.amount, "unit": order.dose.unit}
        return _without_none(head | {"code": code, "quantityQuantity": amount})
    dosage = _dosage(w, order.dose, {})
    return _without_none(
        head | {"medicationCodeableConcept": code, "dosageInstruction": [dosage] if dosage else None}
    )

"""All families at once: nothing that a resource may hold makes the reading fail, and real records come out as known."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cards.record import Kind
from cds_service.facts.allergies import read_allergies
from cds_service.facts.conditions import read_conditions
from cds_service.facts.context import Reading
from cds_service.facts.events import read_events
from cds_service.facts.medications import read_medications
from cds_service.facts.person import read_birth, read_person
from cds_service.facts.stay import read_stay
from cds_service.fhir.bundles import open_bundle
from cds_service.fhir.parse import Source, parse
from cds_service.fhir.shapes import Patient
from tests.service.build import CVX, HL7, NOW, RXNORM, TERMINOLOGY, coded, concept, reading, reasons, resource

PERIOD = {"start": "2026-06-01", "end": "2026-06-20"}
AGE = {"value": 30, "unit": "a", "code": "a"}
DOSAGE = [
    {"route": coded("route-oral"), "timing": {"event": ["2026-06-02"], "repeat": {"boundsDuration": AGE}}}
]
INSIDE = [
    {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [{"itemCodeableConcept": concept((RXNORM, "5640"))}],
    }
]
RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
RESOURCES = (
    resource(
        "Patient",
        "p1",
        birthDate="1990-03-01",
        gender="female",
        extension=[
            {
                "url": RACE,
                "extension": [
                    {
                        "url": "detailed",
                        "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2034-7"},
                    }
                ],
            }
        ],
    ),
    resource(
        "Condition",
        code=coded("bleed-mucosal"),
        clinicalStatus=concept((HL7 + "condition-clinical", "active")),
        verificationStatus=concept((HL7 + "condition-ver-status", "confirmed")),
        severity=coded("severity-severe"),
        onsetPeriod=PERIOD,
        abatementAge=AGE,
        recordedDate="2026-06-15",
        asserter={"reference": "Practitioner/d"},
    ),
    resource(
        "MedicationRequest",
        status="active",
        intent="order",
        authoredOn="2026-06-01",
        medicationReference={"reference": "#m"},
        contained=INSIDE,
        dosageInstruction=DOSAGE,
        dispenseRequest={"validityPeriod": PERIOD},
    ),
    resource(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept=coded("med-heparin"),
        effectivePeriod=PERIOD,
        dosage=DOSAGE,
    ),
    resource(
        "MedicationAdministration",
        status="completed",
        medicationCodeableConcept=coded("product-platelets"),
        effectiveDateTime="2026-06-15",
        dosage=DOSAGE[0],
    ),
    resource(
        "AllergyIntolerance",
        code=coded("allergy-penicillin"),
        type="allergy",
        criticality="high",
        reaction=[
            {
                "substance": coded("allergy-penicillin"),
                "manifestation": [coded("reaction-anaphylaxis")],
                "severity": "severe",
            }
        ],
    ),
    resource(
        "Procedure", status="completed", code=coded("proc-platelet-transfusion"), performedPeriod=PERIOD
    ),
    resource(
        "ServiceRequest",
        status="active",
        intent="order",
        code=coded("proc-lumbar-puncture"),
        occurrenceTiming={"event": ["2026-06-16"], "repeat": {"boundsPeriod": PERIOD}},
        authoredOn="2026-06-14",
    ),
    resource(
        "Appointment",
        status="booked",
        serviceType=[coded("proc-lumbar-puncture")],
        start="2026-06-17T09:00:00Z",
        end="2026-06-17T10:00:00Z",
        participant=[{"actor": {"reference": "Patient/p1"}}],
    ),
    resource(
        "Immunization", status="completed", vaccineCode=concept((CVX, "03")), occurrenceDateTime="2026-05-01"
    ),
    resource(
        "Encounter",
        status="in-progress",
        period={"start": "2026-06-12"},
        location=[
            {
                "location": {"reference": "Location/l"},
                "physicalType": concept((HL7 + "x", "y")),
                "period": {"start": "2026-06-12"},
            }
        ],
        **{"class": {"system": HL7 + "v3-ActCode", "code": "IMP"}},
    ),
    resource(
        "Consent",
        status="active",
        dateTime="2026-01-10",
        category=[coded("refusal-of-blood")],
        provision={
            "type": "deny",
            "period": PERIOD,
            "code": [coded("consent-blood-products")],
            "provision": [{"type": "permit"}],
        },
    ),
)


def everything(read: Reading) -> Counter[str]:
    """How much each family read."""
    performed, planned, vaccines = read_events(read)
    found = {
        "findings": read_conditions(read)[0],
        "drugs": read_medications(read),
        "allergies": read_allergies(read),
        "performed": performed,
        "planned": planned,
        "vaccines": vaccines,
        "people": [read_person(read, entry) for entry in read.parsed.of(Patient)],
        "stays": [one for one in [read_stay(read)] if one is not None],
    }
    return Counter({name: len(some) for name, some in found.items()})


def test_every_resource_of_these_tests_is_read() -> None:
    read = reading(*RESOURCES)
    whole = {
        "findings": 2,
        "drugs": 3,
        "allergies": 1,
        "performed": 2,
        "planned": 2,
        "vaccines": 1,
        "people": 1,
        "stays": 1,
    }
    assert everything(read) == Counter(whole)
    assert reasons(read) == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "x", "9999-12-31", "9999", "0001-01-01", "2026-06-15T25:00:00Z", "#m", "Patient/p1"]
    )
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the JSON below its top."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for name, member in inner for path in [(*here, name), *paths(member, (*here, name))]]


def with_member(value: Any, path: tuple[Any, ...], member: Any) -> Any:
    """The same JSON with another member at that place."""
    if not path:
        return member
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_member(value[path[0]], path[1:], member)
    return copy


PLACES = [(number, path) for number, one in enumerate(RESOURCES) for path in paths(one)]


@given(place=st.sampled_from(PLACES), member=JSON)
def test_no_member_of_a_resource_breaks_the_reading(place: tuple[int, tuple[Any, ...]], member: Any) -> None:
    number, path = place
    changed = list(RESOURCES)
    changed[number] = with_member(changed[number], path, member)
    read = reading(*changed)
    found = everything(read)
    assert found.total() >= 9  # the eleven others are read as before, whatever this one holds
    assert all(len(reason) < 80 for _, reason in reasons(read))


# -------------------------------------------------------------------------------------------------- real records


def patients_of(raw: bytes) -> str:
    """The id of the (first) patient that the file is about."""
    data = json.loads(raw)
    inner = [entry["resource"] for entry in data.get("entry", ())] or [data]
    for one in inner:
        if one.get("resourceType") == "Patient":
            return str(one["id"])
    subject: str = (inner[0].get("subject") or inner[0].get("patient"))["reference"]
    return subject.rpartition("/")[2]


def read_file(path: Path) -> Reading:
    raw = path.read_bytes()
    patient = patients_of(raw)
    parsed = parse([Source("file", frozenset(Kind), open_bundle(Raw(raw)).entries)], patient)
    people = parsed.of(Patient)
    birth = read_birth(people[0].resource) if people else None
    return Reading(parsed, TERMINOLOGY, NOW, "patient-view", patient, birth=birth)


@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("clinosim-us-sepsis-1", {"inf-sepsis": 2, "inf-septic-shock": 1, "risk-ckd": 1}),
        ("clinosim-jp-sepsis-3", {"inf-sepsis": 2, "risk-ckd": 1}),
        ("clinosim-us-gibleed-1", {"bleed-gi": 2, "risk-peptic-ulcer": 1, "risk-liver-unspecific": 1}),
        ("clinosim-us-influenza-1", {"inf-influenza": 1, "inf-bacterial-focus": 1}),
        ("clinosim-us-cirrhosis-1", {"risk-liver": 1}),
        ("synthea-r4-schinner-bleeding", {"bleed-gi": 1}),
        ("synthea-r4-botsford-pneumonia", {"inf-other-viral": 3, "inf-streptococcal-pharyngitis": 1}),
        ("hl7-r4-condition-f203-sepsis", {"inf-sepsis": 1}),
        ("uscore-condition-duodenal-ulcer", {"risk-peptic-ulcer": 1}),
        ("smart-stu3-patient-665677", {}),
        ("tw-nhi-demo-bundle", {}),
    ],
)
def test_findings_of_real_records(shared_data: Path, name: str, sets: dict[str, int]) -> None:
    findings, _ = read_conditions(read_file(shared_data / "data" / f"{name}.json"))
    found = Counter(set_id for f in findings for set_id in {m.set_id for m in f.memberships})
    assert {set_id: found[set_id] for set_id in sets} == sets
    assert bool(findings) is bool(sets)


@pytest.mark.parametrize(
    ("name", "all_drugs", "mapped"),
    [
        ("clinosim-us-sepsis-2", 10, 8),
        ("clinosim-us-pneumonia-1", 7, 6),
        ("clinosim-jp-sepsis-1", 9, 0),
        ("tw-nhi-demo-bundle", 130, 0),
        ("ms-medicationrequest0302-contained", 1, 0),
        ("uscore-medicationrequest-contained-oral-axid", 1, 0),
        ("uscore-medicationrequest-referenced-oral-axid", 1, 0),
        ("uscore-medicationrequest-self-tylenol", 1, 0),
    ],
)
def test_drugs_of_real_records(shared_data: Path, name: str, all_drugs: int, mapped: int) -> None:
    drugs = read_medications(read_file(shared_data / "data" / f"{name}.json"))
    assert (len(drugs), sum(bool(drug.set_ids) for drug in drugs)) == (all_drugs, mapped)


def test_what_is_not_understood_of_a_real_record_is_reported(shared_data: Path) -> None:
    read = read_file(shared_data / "data" / "uscore-medicationrequest-referenced-oral-axid.json")
    everything(read)
    told = {reason for _, reason in reasons(read)}
    assert told == {"drug referred to is not at hand", "unmapped drug"}

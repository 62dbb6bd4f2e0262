"""FHIR resources as JSON text, and the reading of them: what tests of the service build their records from.

Everybody here is made up. The patient is `Patient/p1`; "now" is noon of 15 June 2026 in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Raw

from cards.record import Kind
from cards.valuesets import Terminology, load
from cds_service.facts.context import Reading
from cds_service.facts.person import read_birth
from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.parse import Parsed, Source, parse
from cds_service.fhir.shapes import Patient

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
PATIENT = "p1"
SERVER = "https://ehr.example.org/fhir"
SUBJECT = {"reference": f"Patient/{PATIENT}"}
TERMINOLOGY = load()

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
HL7 = "http://terminology.hl7.org/CodeSystem/"
LOCAL = "urn:oid:2.999.7"

Json = dict[str, Any]


def concept(*codings: tuple[str, str], text: str | None = None) -> Json:
    """A CodeableConcept of (system, code) pairs."""
    members: Json = {"coding": [{"system": system, "code": code} for system, code in codings]}
    return members if text is None else members | {"text": text}


def coded(set_id: str, number: int = 0) -> Json:
    """A CodeableConcept with the n-th single code of a value set."""
    codes = [code for code in TERMINOLOGY[set_id].codes if code.match == "exact"]
    return concept((codes[number].system, codes[number].code))


def resource(kind: str, own_id: str = "x", **members: Any) -> Json:
    """A resource of the patient; a member given as None is left out."""
    person = {"patient": SUBJECT} if kind in PATIENT_MEMBER else {"subject": SUBJECT}
    whole = {"resourceType": kind, "id": own_id, **({} if kind in NOBODYS else person), **members}
    return {name: value for name, value in whole.items() if value is not None}


PATIENT_MEMBER = frozenset({"AllergyIntolerance", "Immunization", "Consent"})
NOBODYS = frozenset({"Patient", "Medication", "Location", "Appointment"})


def parsed(*resources: Json, urls: Mapping[str, str] | None = None) -> Parsed:
    """The resources as one prefetch key brings them; `urls` gives a fullUrl by id."""
    entries = [
        RawEntry(Raw(json.dumps(one).encode()), (urls or {}).get(str(one.get("id")))) for one in resources
    ]
    return parse([Source("bundle", frozenset(Kind), entries)], PATIENT, SERVER)


def reading(
    *resources: Json,
    hook: str = "patient-view",
    urls: Mapping[str, str] | None = None,
    terminology: Terminology = TERMINOLOGY,
    **members: Any,
) -> Reading:
    """What the families of facts read from."""
    found = parsed(*resources, urls=urls)
    people = found.of(Patient)
    birth = read_birth(people[0].resource) if people else None
    return Reading(found, terminology, NOW, hook, PATIENT, **({"birth": birth} | members))


def reasons(read: Reading) -> list[tuple[str, str]]:
    """(resource, reason) of everything that was reported, by the parser too."""
    return [(one.resource, one.reason) for one in (*read.parsed.rejected, *read.problems)]


# ------------------------------------------------------------------------------------------------ Observations


def quantity(value: object, unit: str | None = "10*9/L", code: str | None = None, **members: Any) -> Json:
    """A Quantity as written; with `code` it is a UCUM one."""
    ucum = {} if code is None else {"system": "http://unitsofmeasure.org", "code": code}
    whole: Json = {"value": value, "unit": unit, **ucum, **members}
    return {name: one for name, one in whole.items() if one is not None}


def observation(own_id: str = "o", code: Json | None = None, **members: Any) -> Json:
    """A final platelet count by LOINC 777-3 unless told otherwise, drawn at 09:00 UTC of the day."""
    usual = {
        "status": "final",
        "code": code if code is not None else concept((LOINC, "777-3")),
        "effectiveDateTime": "2026-06-15T09:00:00Z",
    }
    return resource("Observation", own_id, **(usual | members))

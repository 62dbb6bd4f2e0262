"""Hook calls as a client sends them, and the application that answers them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.config_file import Memory
from cds_service.discovery import SERVICES as OFFERED
from cds_service.discovery import keys_of, prefetch_keys
from cds_service.hooks.context import REQUIRED
from cds_service.hooks.request import HookRequest, read_request
from cds_service.settings import Settings
from tests.service.build import LOINC, NOW, PATIENT, SNOMED, TERMINOLOGY, Json, concept, resource

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
SERVICES = {row.hook: row.id for row in OFFERED}
KEYS = prefetch_keys(TERMINOLOGY)
KEY_OF = {
    "Patient": "patient",
    "Condition": "conditions",
    "AllergyIntolerance": "allergies",
    "MedicationRequest": "medicationRequests",
    "Encounter": "encounters",
    "Procedure": "procedures",
    "ServiceRequest": "serviceRequests",
}
EVALUATION = "org.platelet-hooks.evaluation"
CARD = "org.platelet-hooks.card"


def bundle(*resources: Json) -> Json:
    """A searchset; without resources it has no entry at all."""
    total = sum(one["resourceType"] != "OperationOutcome" for one in resources)
    whole: Json = {"resourceType": "Bundle", "type": "searchset", "total": total}
    return whole | ({"entry": [{"resource": one} for one in resources]} if resources else {})


def prefetch(*resources: Json, hook: str = "patient-view") -> Json:
    """Every key of a service answered: Observations under `platelets`, the others under their own."""
    keys = keys_of(hook, KEYS)
    found: Json = {key.name: bundle() if "?" in key.template else None for key in keys}
    found["patient"] = resource("Patient", PATIENT, birthDate="1991-04-02", gender="female")
    by_key: dict[str, list[Json]] = {}
    for one in resources:
        key = KEY_OF.get(one["resourceType"], "platelets")
        by_key.setdefault(key if key in found else "encounter", []).append(one)
    read = ("patient", "encounter")
    return found | {key: some[0] if key in read else bundle(*some) for key, some in by_key.items()}


def call(*resources: Json, hook: str = "patient-view", **members: Any) -> Json:
    """A whole call; `members` replace those of the body, None takes one out."""
    context: Json = {"userId": "Practitioner/1", "patientId": PATIENT}
    given: Json = {
        "encounterId": "e1",
        "selections": ["MedicationRequest/d1"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft()}]},
    }
    context |= {name: value for name, value in given.items() if name in REQUIRED[hook]}
    body = {
        "hook": hook,
        "hookInstance": INSTANCE,
        "context": context,
        "prefetch": prefetch(*resources, hook=hook),
    }
    return {name: value for name, value in (body | members).items() if value is not None}


def draft(**members: Any) -> Json:
    """A draft of ibuprofen."""
    drug = concept(("http://www.nlm.nih.gov/research/umls/rxnorm", "5640"))
    return resource(
        "MedicationRequest", "d1", status="draft", intent="order", medicationCodeableConcept=drug, **members
    )


def platelets(
    value: float | None, own_id: str = "plt", at: str = "2026-06-15T08:00:00Z", **members: Any
) -> Json:
    """A final count in 10*9/L."""
    quantity = {"value": value, "unit": "10*9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"}
    return resource(
        "Observation",
        own_id,
        **{
            "status": "final",
            "code": concept((LOINC, "777-3")),
            "effectiveDateTime": at,
            "valueQuantity": quantity,
        }
        | members,
    )


def nosebleed(**members: Any) -> Json:
    """An active nosebleed since this morning."""
    status = concept(("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"))
    return resource(
        "Condition",
        "nose",
        **{
            "clinicalStatus": status,
            "code": concept((SNOMED, "249366005")),
            "onsetDateTime": "2026-06-15T09:00:00Z",
        }
        | members,
    )


def hook_request(body: Mapping[str, Any]) -> HookRequest:
    """The call as the service reads it."""
    return read_request(json.dumps(body).encode(), body["hook"], depth=64)


def clock() -> datetime:
    """The clock of the tests."""
    return NOW


@cache
def app() -> Flask:
    """The application in sandbox mode, at the time of the tests."""
    return create_app(Settings(log_level="error", memory=Memory(wait_milliseconds=10_000)), clock)


def client() -> FlaskClient:
    """A client of it."""
    return app().test_client()


def post(body: Any, service: str = "itp-patient-view", **options: Any) -> Any:
    """The response to a call."""
    if isinstance(body, bytes):
        return client().post(
            f"/cds-services/{service}", data=body, **{"content_type": "application/json"} | options
        )
    return client().post(f"/cds-services/{service}", json=body, **options)


def cards(body: Json, service: str | None = None) -> list[Json]:
    """The cards of a call that has to succeed."""
    response = post(body, service or SERVICES[body["hook"]])
    assert response.status_code == 200, response.get_data(as_text=True)
    found: list[Json] = response.get_json()["cards"]
    return found


def rules(body: Json) -> list[list[str]]:
    """The rule ids of each card."""
    return [card["extension"][CARD]["rules"] for card in cards(body)]


def cause(response: Any) -> str:
    """The stable code of a refusal, whose body has to be an OperationOutcome."""
    body = response.get_json(force=True)
    assert body["resourceType"] == "OperationOutcome"
    codes = {issue["details"]["coding"][0]["code"] for issue in body["issue"]}
    assert len(codes) == 1
    return str(codes.pop())


def said(response: Any) -> list[str]:
    """The lines of a refusal."""
    return [issue["details"]["text"] for issue in response.get_json(force=True)["issue"]]

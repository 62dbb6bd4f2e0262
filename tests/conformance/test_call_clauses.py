"""C: the call; P9 to P16: prefetch as it is received; hook contexts; status codes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.clauses import SERVICES, Json, answer, good
from tests.service.build import LOINC, concept
from tests.service.hook_calls import EVALUATION, bundle, cause, client, platelets, post

FAILURE: Json = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception"}],
}
REQUIRED = {
    "itp-patient-view": {"userId": str, "patientId": str},
    "itp-order-select": {"userId": str, "patientId": str, "selections": list, "draftOrders": dict},
    "itp-order-sign": {"userId": str, "patientId": str, "draftOrders": dict},
    "itp-encounter-discharge": {"userId": str, "patientId": str, "encounterId": str},
}
WRONG: dict[type, list[Any]] = {
    str: [5, None, {}, ["x"], ""],
    list: ["x", {}, None, 5],
    dict: ["x", [], None, 5],
}
every_service = pytest.mark.parametrize("service", SERVICES)


def changed(service: str, change: Callable[[Json], object]) -> Json:
    body = copy.deepcopy(good(service))
    change(body)
    return body


def refused(service: str, body: Any) -> bool:
    response = post(body, service)
    cause(response)
    return bool(400 <= response.status_code < 500)


@every_service
def test_c1_a_good_call_is_answered(service: str) -> None:
    assert answer(service)["cards"]


@every_service
@pytest.mark.parametrize("member", ["hook", "hookInstance", "context"])
def test_c1_required_members(service: str, member: str) -> None:
    assert refused(service, changed(service, lambda body: body.pop(member)))
    for value in (5, "", None, [], 3.5):
        assert refused(service, changed(service, lambda body, value=value: body.update({member: value})))


@every_service
def test_c1_authorization_needs_a_server(service: str) -> None:
    authorization = {
        "access_token": "x",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "c",
    }
    assert refused(service, good(service) | {"fhirAuthorization": authorization})
    body = good(service) | {"fhirAuthorization": authorization, "fhirServer": "https://ehr.example.org/fhir"}
    assert post(body, service).status_code == 200


def test_c2_an_authorization_without_scope_is_tolerated() -> None:
    body = good("itp-patient-view") | {
        "fhirServer": "https://x/fhir",
        "fhirAuthorization": {"access_token": "x"},
    }
    assert post(body).status_code == 200


@every_service
def test_c4_cards_and_no_system_actions(service: str) -> None:
    assert answer(service).keys() == {"cards", "extension"}


def test_c5_nothing_to_say_is_an_empty_list() -> None:
    body = good("itp-patient-view")
    body["prefetch"] |= {"platelets": bundle(platelets(250)), "conditions": bundle()}
    assert answer("itp-patient-view", body)["cards"] == []


def test_c7_refusals_are_operation_outcomes() -> None:
    for response in (post(b"{"), post(b"[]"), client().get("/none"), post({}, "none")):
        body = response.get_json(force=True)
        assert body["resourceType"] == "OperationOutcome"
        assert {issue["severity"] for issue in body["issue"]} <= {"fatal", "error"}


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"hook=patient-view", b'{"hook": ', b"[]", b'"x"', b"null", b"5"]
)
def test_c8_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert post(body).status_code == 400


@pytest.mark.parametrize(
    "literal", ["NaN", "Infinity", "1e999", "+3.0", "1" + "0" * 400, "[" * 3000 + "]" * 3000]
)
def test_c8_odd_json_gives_no_fault(literal: str) -> None:
    text = json.dumps(good("itp-patient-view") | {"zzz": "ZZZ"}).replace('"ZZZ"', literal)
    assert post(text.encode()).status_code in (200, 400)


@every_service
def test_context_fields_of_the_hook(service: str) -> None:
    for field, kind in REQUIRED[service].items():
        assert refused(service, changed(service, lambda body, field=field: body["context"].pop(field)))
        for value in WRONG[kind]:
            body = changed(service, lambda body, f=field, v=value: body["context"].update({f: v}))
            assert refused(service, body)


@every_service
@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole"])
def test_context_users(service: str, kind: str) -> None:
    body = changed(service, lambda body: body["context"].update(userId=f"{kind}/abc-1.2"))
    assert answer(service, body)["cards"]
    assert refused(service, changed(service, lambda body: body["context"].update(userId="nobody")))


@pytest.mark.parametrize("service", ["itp-order-select", "itp-order-sign"])
def test_context_drafts_that_are_not_yet_complete(service: str) -> None:
    draft = {"resourceType": "MedicationRequest", "id": "d1", "status": "draft", "category": {"text": "x"}}
    for one in (
        draft,
        {"resourceType": "MedicationRequest", "id": "d1"},
        {"resourceType": "MedicationOrder", "id": "d1"},
    ):
        body = good(service)
        body["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": one}]}
        assert post(body, service).status_code == 200


@every_service
@pytest.mark.parametrize("value", [None, FAILURE, bundle(FAILURE), bundle(), 5, "x", [], {}, True])
def test_p9_p10_p16_each_key_in_each_shape(service: str, value: object) -> None:
    for key in good(service)["prefetch"]:
        body = changed(service, lambda body, key=key: body["prefetch"].update({key: value}))
        assert post(body, service).status_code in (200, 412)


def test_p9_a_next_page_is_told() -> None:
    body = good("itp-patient-view")
    body["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": "http://127.0.0.1:9/fhir?page=2"}]
    assert answer("itp-patient-view", body)["extension"][EVALUATION]["degraded"] == ["conditions"]


def test_p9_keys_that_were_not_asked_for_are_ignored() -> None:
    body = good("itp-patient-view")
    body["prefetch"] |= {"notMine": {"resourceType": "Basic"}, "nothing": None}
    assert answer("itp-patient-view", body)["cards"]


@every_service
@pytest.mark.parametrize("prefetch", [None, {}])
def test_p12_needed_data_that_is_not_there_is_412(service: str, prefetch: object) -> None:
    body = good(service) | {"prefetch": prefetch}
    response = post({name: value for name, value in body.items() if value is not None}, service)
    assert (response.status_code, cause(response)) == (412, "required-data-missing")


def test_p12_a_server_that_is_not_asked_yet_does_not_help() -> None:
    body = good("itp-patient-view") | {"prefetch": {}, "fhirServer": "http://127.0.0.1:9/fhir"}
    assert post(body).status_code == 412


def test_p14_resources_that_were_not_asked_for_do_no_harm() -> None:
    body = good("itp-patient-view")
    body["prefetch"]["conditions"]["entry"] += [
        {"resource": {"resourceType": "Practitioner", "id": "x"}},
        {
            "resource": FAILURE | {"issue": [{"severity": "warning", "code": "informational"}]},
            "search": {"mode": "outcome"},
        },
        {"fullUrl": "urn:uuid:1"},
    ]
    assert len(answer("itp-patient-view", body)["cards"]) == len(answer("itp-patient-view")["cards"])


@every_service
def test_p15_data_of_another_patient_gives_no_card(service: str) -> None:
    body = changed(service, lambda body: body["context"].update(patientId="someone-else-4711"))
    assert post(body, service).status_code == 412  # the Patient that was sent is not the one of the context
    body["prefetch"]["patient"] = {"resourceType": "Patient", "id": "someone-else-4711"}
    response = post(body, service)
    assert response.status_code == 200
    assert "nosebleed" not in json.dumps(response.get_json()["cards"])
    assert "22 x10^9/L" not in json.dumps(response.get_json()["cards"])


JUNK = [
    None,
    5,
    "x",
    [],
    {},
    {"resource": None},
    {"resource": 5},
    {"resource": {}},
    {"resource": {"resourceType": 5}},
    *(
        {"resource": {"resourceType": kind, **members}}
        for kind in ("Observation", "Condition", "MedicationRequest", "Procedure", "Patient")
        for members in (
            {},
            {"code": None},
            {"code": []},
            {"code": {"coding": [None, 5, {}]}},
            {"status": 5, "subject": "x"},
            {
                "code": concept((LOINC, "777-3")),
                "status": "final",
                "valueQuantity": {"value": "12", "unit": 5},
            },
            {"code": concept((LOINC, "777-3")), "status": "final", "component": [None, {"code": 5}]},
            {
                "effectiveDateTime": 20240101,
                "onsetDateTime": [],
                "authoredOn": {},
                "birthDate": 5,
                "name": "x",
            },
        )
    ),
]


@every_service
def test_p16_junk_inside_bundles_gives_no_fault(service: str) -> None:
    body = good(service)
    for key, value in body["prefetch"].items():
        if key != "patient":
            body["prefetch"][key] = (value or bundle()) | {"entry": JUNK}
    assert post(body, service).status_code == 200
    for junk in JUNK:
        body = good(service)
        body["prefetch"]["platelets"]["entry"].append(junk)
        assert post(body, service).status_code == 200


def test_status_codes() -> None:
    assert client().get("/cds-services/itp-patient-view").status_code == 405
    assert client().post("/cds-services", json={}).status_code == 405
    assert post({}, "none").status_code == 404
    assert post(b"{}", content_type="text/plain").status_code == 415
    assert post(b" " * 5_000_000).status_code == 413

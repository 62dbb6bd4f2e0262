"""The call's body: what is accepted, and what a refusal names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cds_service.errors import Refused
from cds_service.hooks.request import HookRequest, read_request

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
VIEW = {
    "hook": "patient-view",
    "hookInstance": INSTANCE,
    "context": {"userId": "Practitioner/1", "patientId": "p1"},
}
DRAFTS = {"resourceType": "Bundle", "entry": []}
SELECT = {
    "hook": "order-select",
    "hookInstance": INSTANCE,
    "context": VIEW["context"] | {"selections": ["MedicationRequest/1"], "draftOrders": DRAFTS},  # type: ignore[operator]
}


def read(body: Mapping[str, Any]) -> HookRequest:
    hook = body["hook"] if body.get("hook") in ("patient-view", "order-select") else "patient-view"
    return read_request(json.dumps(body).encode(), hook, depth=64)


def refusal(body: Mapping[str, Any]) -> tuple[str, str]:
    """Code and first line."""
    with pytest.raises(Refused) as refused:
        read(body)
    return refused.value.code, refused.value.details[0]


def with_context(body: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    return {**body, "context": {**body["context"], **members}}


def without(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def test_a_call_is_read() -> None:
    request = read(
        VIEW | {"prefetch": {"a": None, "b": {"x": 1}}, "fhirServer": "https://ehr.example.org/fhir/"}
    )
    assert (request.hook, request.hook_instance) == ("patient-view", INSTANCE)
    assert (request.context.user_id, request.context.patient_id) == ("Practitioner/1", "p1")
    assert request.fhir_server == "https://ehr.example.org/fhir"
    assert {key: bytes(raw) for key, raw in request.prefetch.items()} == {"a": b"null", "b": b'{"x": 1}'}


def test_an_order_call_is_read() -> None:
    request = read(SELECT)
    assert request.context.selections == ("MedicationRequest/1",)
    assert json.loads(bytes(request.context.draft_orders or b"")) == DRAFTS


@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_a_missing_member_is_named(name: str) -> None:
    assert refusal(without(VIEW, name))[0] == "missing-member"
    assert refusal(without(VIEW, name))[1].startswith(f"{name}: expected ")
    assert refusal({**VIEW, name: None})[0] == "missing-member"


@pytest.mark.parametrize("value", [5, "", "  ", [], {}, True])
@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_a_member_of_a_wrong_type_is_named(name: str, value: object) -> None:
    if name == "context" and value == {}:
        assert refusal({**VIEW, name: value}) == (
            "missing-member",
            "context.userId: expected Type/id of a Practitioner, PractitionerRole, Patient or RelatedPerson",
        )
        return
    code, line = refusal({**VIEW, name: value})
    assert (code, line.partition(":")[0]) == ("invalid-member", name)


def test_another_hook_is_not_this_services() -> None:
    assert refusal({**VIEW, "hook": "encounter-discharge"}) == ("wrong-hook", "hook: expected patient-view")


@pytest.mark.parametrize("name", ["userId", "patientId"])
@pytest.mark.parametrize("value", [5, None, {}, ["x"], "", "a b", "../etc/passwd", "x" * 200])
def test_ids_of_the_context_keep_their_grammar(name: str, value: object) -> None:
    code, line = refusal(with_context(VIEW, **{name: value}))
    assert code == ("missing-member" if value is None else "invalid-member")
    assert line.startswith(f"context.{name}: expected ")


@pytest.mark.parametrize("value", ["Patient/p1", "p_1", "p1/", "x" * 65])
def test_a_patient_id_is_a_bare_fhir_id(value: str) -> None:
    assert refusal(with_context(VIEW, patientId=value))[0] == "invalid-member"


@pytest.mark.parametrize(
    "value", ["nobody", "Device/1", "practitioner/1", "Practitioner/", "https://x/Practitioner/1"]
)
def test_a_user_is_a_person(value: str) -> None:
    assert refusal(with_context(VIEW, userId=value))[0] == "invalid-member"


@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole", "Patient", "RelatedPerson"])
def test_every_kind_of_user_is_accepted(kind: str) -> None:
    request = read(with_context(VIEW, userId=f"{kind}/abc-1.2"))
    assert request.context.user_is_patient == (kind in ("Patient", "RelatedPerson"))


def test_an_encounter_is_optional_and_checked() -> None:
    assert read(VIEW).context.encounter_id is None
    assert read(with_context(VIEW, encounterId=None)).context.encounter_id is None
    assert read(with_context(VIEW, encounterId="e1")).context.encounter_id == "e1"
    assert refusal(with_context(VIEW, encounterId="Encounter/1"))[1].startswith("context.encounterId:")


@pytest.mark.parametrize("value", ["x", {}, 5, [5], [""], [None], ["x" * 600]])
def test_selections_are_references(value: object) -> None:
    assert refusal(with_context(SELECT, selections=value))[1].startswith("context.selections:")


@pytest.mark.parametrize("value", ["x", [], 5, {"entry": "x"}, {"entry": {}}, {"resourceType": "Patient"}])
def test_draft_orders_are_a_bundle(value: object) -> None:
    assert refusal(with_context(SELECT, draftOrders=value)) == (
        "invalid-member",
        "context.draftOrders: expected a Bundle of draft orders",
    )


@pytest.mark.parametrize("name", ["selections", "draftOrders"])
def test_what_a_hook_requires_must_be_there(name: str) -> None:
    assert refusal(with_context(SELECT, **{name: None}))[0] == "missing-member"


def test_drafts_of_the_public_sandbox_are_accepted() -> None:
    drug = {"resourceType": "MedicationRequest", "id": "request-123", "category": {"text": "x"}}
    drafts = {"resourceType": "Bundle", "entry": [{"resource": drug}]}
    assert read(with_context(SELECT, draftOrders=drafts)).context.draft_orders is not None


@pytest.mark.parametrize("value", [[], "x", 5, True])
def test_prefetch_is_an_object(value: object) -> None:
    assert refusal({**VIEW, "prefetch": value}) == ("invalid-member", "prefetch: expected an object")


def test_no_prefetch_is_legal_here() -> None:
    assert read(VIEW).prefetch == {}
    assert read({**VIEW, "prefetch": None}).prefetch == {}


@pytest.mark.parametrize(
    "value",
    ["ftp://x", "x", "https://user:secret@x/fhir", "https://x/fhir?a=b", 5, {}, "javascript:alert(1)"],
)
def test_a_fhir_server_is_a_web_address(value: object) -> None:
    assert refusal({**VIEW, "fhirServer": value}) == (
        "invalid-member",
        "fhirServer: expected an http or https address without user, query or fragment",
    )


def test_authorization_needs_a_server() -> None:
    authorization = {"access_token": "secret-token", "token_type": "Bearer", "expires_in": 300, "scope": "x"}
    assert refusal({**VIEW, "fhirAuthorization": authorization})[1].startswith("fhirServer: required")
    request = read({**VIEW, "fhirAuthorization": authorization, "fhirServer": "https://x/fhir"})
    assert request.fhir_authorization is not None
    assert request.fhir_authorization.access_token == "secret-token"
    assert "secret-token" not in repr(request)


@pytest.mark.parametrize("value", ["x", [], {}, {"access_token": 5}])
def test_an_authorization_holds_a_token(value: object) -> None:
    body = {**VIEW, "fhirServer": "https://x/fhir", "fhirAuthorization": value}
    assert refusal(body)[1].startswith("fhirAuthorization: expected")


def test_extensions_and_unknown_members_do_no_harm() -> None:
    body = {
        **with_context(VIEW, extension={"a": [1]}, more=[None]),
        "extension": {"com.example.x": {"a": [1]}},
        "somethingNew": {"a": 1e30},
    }
    assert read(body).extensions == {"com.example.x"}
    assert replace(read(body), extensions=frozenset()) == read(VIEW)


@pytest.mark.parametrize("value", [None, [], ["com.epic.cdshooks.request.x"], "x", 1, {}])
def test_an_extension_of_a_wrong_type_does_no_harm(value: object) -> None:
    assert read({**VIEW, "extension": value}) == read(VIEW)


def test_an_instance_that_is_no_uuid_is_accepted_and_known_as_such() -> None:
    assert read(VIEW).instance_is_uuid
    assert not read({**VIEW, "hookInstance": "abc"}).instance_is_uuid


def test_a_refusal_repeats_nothing_of_the_request() -> None:
    body = with_context(VIEW, patientId="Jane Doe", userId="Practitioner/1")
    assert "Jane" not in " ".join(refusal(body))

"""What the token of a call lets be read, and what is spared because it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cards.record import Answer, Kind
from cds_service.fhir_client import FhirAccess, Problem
from cds_service.fhir_client.scopes import Coverage, read_grant
from cds_service.gather import gather
from tests.service.build import PATIENT
from tests.service.fetching import (
    BY_NAME,
    app_client,
    authorization,
    call_at,
    degraded,
    fetch,
    send,
    settings,
)
from tests.service.fhir_server import FhirServer, fhir_server
from tests.service.hook_calls import KEYS, call, hook_request, platelets, said

NONE, PART, WHOLE = Coverage.NONE, Coverage.PART, Coverage.WHOLE
LABORATORY = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with fhir_server() as running:
        yield running


def coverage(scope: str, key: str, **members: str) -> Coverage | None:
    granted = authorization(scope, **members)
    request = hook_request(call(fhirServer="https://ehr.example.org/fhir", fhirAuthorization=granted))
    grant = read_grant(request)
    return None if grant is None else grant.covers(BY_NAME[key])


@pytest.mark.parametrize(
    ("scope", "patient", "conditions"),
    [
        ("", WHOLE, WHOLE),
        ("launch openid profile", WHOLE, WHOLE),  # nothing is said of resources
        ("user/*.read", WHOLE, WHOLE),
        ("user/*.*", WHOLE, WHOLE),
        ("patient/*.read launch", WHOLE, WHOLE),
        ("system/*.rs", WHOLE, WHOLE),
        ("user/*.cruds", WHOLE, WHOLE),
        ("user/Condition.read", NONE, WHOLE),
        ("user/Condition.* patient/Patient.read", WHOLE, WHOLE),
        ("user/Patient.r user/Condition.s", WHOLE, WHOLE),
        ("user/Patient.s user/Condition.r", NONE, NONE),
        ("user/Condition.rs", NONE, WHOLE),
        ("user/*.write", NONE, NONE),
        ("user/*.cud", NONE, NONE),
        ("user/Observation.read", NONE, NONE),
        ("user/Conditions.read user/condition.read", NONE, NONE),
        ("patient/Condition.rs?category=problem-list-item", NONE, PART),
        ("patient/Condition.rs?category=problem-list-item user/Condition.rs", NONE, WHOLE),
        ("nonsense/*.read */*.read user/.read", WHOLE, WHOLE),
    ],
)
def test_what_scopes_cover(scope: str, patient: Coverage, conditions: Coverage) -> None:
    assert (coverage(scope, "patient"), coverage(scope, "conditions")) == (patient, conditions)


def test_a_scope_for_laboratory_results_leaves_no_count_out() -> None:
    assert coverage(f"user/Observation.rs?category={LABORATORY}", "platelets") is WHOLE
    assert coverage("user/Observation.rs?category=laboratory", "platelets") is WHOLE
    assert coverage(f"user/Observation.rs?category={LABORATORY}", "results1") is PART
    assert coverage("user/Observation.rs?category=vital-signs", "platelets") is PART
    assert coverage(f"user/Observation.rs?category={LABORATORY}&status=final", "platelets") is PART


def test_scopes_of_a_patient_count_for_that_patient_only() -> None:
    assert coverage("patient/*.read", "conditions", patient=PATIENT) is WHOLE
    assert coverage("patient/*.read", "conditions", patient="somebody-else") is None
    assert coverage("patient/*.read user/Condition.read", "conditions", patient="somebody-else") is WHOLE
    assert coverage("patient/*.read user/Condition.read", "patient", patient="somebody-else") is NONE


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "a\x00", "\u00e9", "x" * 20_000])
def test_a_token_that_cannot_be_a_header_is_not_sent(token: str, server: FhirServer) -> None:
    found = fetch(FhirAccess(settings()), server.base, fhirAuthorization=authorization(access_token=token))
    assert found["conditions"].problem is Problem.TOKEN_UNUSABLE
    assert server.asked == []


@pytest.mark.parametrize(("kind", "problem"), [("bearer", None), ("DPoP", Problem.TOKEN_UNUSABLE)])
def test_only_bearer_tokens_are_sent(kind: str, problem: Problem | None, server: FhirServer) -> None:
    found = fetch(FhirAccess(settings()), server.base, fhirAuthorization=authorization(token_type=kind))
    assert found["conditions"].problem is problem


def test_what_is_out_of_scope_is_not_asked_for(server: FhirServer) -> None:
    granted = authorization("user/Patient.read user/Observation.read user/Condition.read")
    body = call_at(server.base, "conditions", "allergies", "procedures", fhirAuthorization=granted)
    assert degraded(send(app_client(), body)) == ["allergies", "procedures"]
    assert server.kinds() == ["Condition"]


def test_counts_that_are_out_of_scope_are_not_obtainable(server: FhirServer) -> None:
    body = call_at(server.base, "platelets", fhirAuthorization=authorization("user/Patient.read"))
    response = send(app_client(), body)
    assert response.status_code == 412
    assert said(response)[0].endswith("; the scopes of the access token leave it out")
    assert server.asked == []


def test_a_part_in_scope_is_never_known_to_be_none(server: FhirServer) -> None:
    granted = authorization("user/Observation.rs?category=laboratory user/Condition.rs?category=x")
    body = call(platelets(22), fhirServer=server.base, fhirAuthorization=granted)
    for name in ("results1", "conditions"):
        del body["prefetch"][name]
    found = gather(hook_request(body), KEYS, 100, FhirAccess(settings()).for_call())
    assert found.degraded == ("results1", "conditions")
    assert found.answers[Kind.OBSERVATIONS] is Answer.FAILED
    assert found.answers[Kind.CONDITIONS] is Answer.FAILED
    assert len(server.asked) == 2

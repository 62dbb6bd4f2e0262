"""Calls that leave data out: what is fetched, what is not, and what the answer says of what could not be had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.service.build import PATIENT, Json, concept, resource
from tests.service.fetching import (
    BY_NAME,
    REQUIRED,
    TOKEN,
    app_client,
    authorization,
    call_at,
    degraded,
    send,
    timed,
)
from tests.service.fhir_server import Answer, Asked, FhirServer, answering, fhir_server, pages
from tests.service.hook_calls import CARD, bundle, cause, draft, nosebleed, platelets, said

OUTCOME: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with fhir_server() as running:
        yield running


@pytest.fixture
def client() -> FlaskClient:
    return app_client()


def rules(response: Any) -> list[str]:
    assert response.status_code == 200, response.get_data(as_text=True)
    return [card["extension"][CARD]["rules"][0] for card in response.get_json()["cards"]]


def test_everything_is_fetched_where_nothing_was_sent(server: FhirServer, client: FlaskClient) -> None:
    server.answers = answering(
        Observation=Answer(bundle(platelets(22))), Condition=Answer(bundle(nosebleed()))
    )
    body = call_at(server.base, *BY_NAME, fhirAuthorization=authorization())
    response = send(client, body)
    assert rules(response)[0] == "TRF-02"
    assert degraded(response) == []
    assert len(server.asked) == len(BY_NAME)
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert {one.headers["accept"] for one in server.asked} == {"application/fhir+json"}


def test_without_prefetch_at_all(server: FhirServer, client: FlaskClient) -> None:
    server.answers = answering(Observation=Answer(bundle(platelets(22))))
    body = call_at(server.base)
    del body["prefetch"]
    assert degraded(send(client, body)) == []
    assert "authorization" not in server.asked[0].headers


def test_a_fetched_record_gives_the_cards_of_a_sent_one(server: FhirServer, client: FlaskClient) -> None:
    server.answers = answering(
        Observation=Answer(bundle(platelets(22))), Condition=Answer(bundle(nosebleed()))
    )
    sent = send(client, call_at(None, resources=[platelets(22), nosebleed()])).get_json()
    fetched = send(client, call_at(server.base, *BY_NAME)).get_json()
    assert [card["summary"] for card in fetched["cards"]] == [card["summary"] for card in sent["cards"]]


def test_the_search_is_that_of_discovery(server: FhirServer, client: FlaskClient) -> None:
    send(client, call_at(server.base, "patient", "platelets", "serviceRequests"))
    asked = {one.kind: one for one in server.asked}
    assert asked["Patient"].path == f"Patient/{PATIENT}"
    assert asked["ServiceRequest"].parameters == {
        "patient": [PATIENT],
        "status": ["active,draft,on-hold"],
        "_count": ["200"],
    }
    found = asked["Observation"].parameters
    assert "777-3" in found["code"][0].split(",")
    assert found["_sort"] == ["-date"]


def test_null_and_failures_of_the_client_are_not_asked_again(server: FhirServer, client: FlaskClient) -> None:
    body = call_at(server.base, "allergies")
    body["prefetch"] |= {"conditions": None, "platelets": OUTCOME, "procedures": bundle(OUTCOME)}
    assert degraded(send(client, body)) == ["platelets", "procedures"]
    assert server.kinds() == ["AllergyIntolerance"]


def test_nothing_is_fetched_where_all_was_sent(server: FhirServer, client: FlaskClient) -> None:
    assert degraded(send(client, call_at(server.base))) == []
    assert server.asked == []


# ------------------------------------------------------------------------------------------------ 412 or degraded


def closed_port() -> str:
    with fhir_server() as gone:
        return gone.base


@pytest.mark.parametrize("without", [("platelets",), ("patient",), REQUIRED, tuple(BY_NAME)])
def test_required_data_of_a_server_that_cannot_be_reached(
    without: tuple[str, ...], client: FlaskClient
) -> None:
    response = send(client, call_at(closed_port(), *without))
    assert (response.status_code, cause(response)) == (412, "required-data-missing")
    assert [line.partition(":")[0] for line in said(response)] == [
        f"prefetch.{name}" for name in REQUIRED if name in without
    ]
    assert all(line.endswith("; the FHIR server cannot be reached") for line in said(response))


def test_other_data_of_a_server_that_cannot_be_reached_is_degraded(client: FlaskClient) -> None:
    body = call_at(closed_port(), "allergies", "conditions", resources=[platelets(22)])
    assert degraded(send(client, body)) == ["conditions", "allergies"]


@pytest.mark.parametrize("status", [400, 403, 404, 410, 500])
def test_a_search_for_counts_that_fails_while_others_succeed(
    status: int, server: FhirServer, client: FlaskClient
) -> None:
    server.answers = answering(Observation=Answer(OUTCOME, status))
    response = send(client, call_at(server.base, "platelets", "allergies", resources=[nosebleed()]))
    assert degraded(response) == ["platelets"]
    assert "DATA-08" in rules(response)


def test_a_search_for_counts_that_fails_alone(server: FhirServer, client: FlaskClient) -> None:
    server.answers = answering(Observation=Answer(OUTCOME, 500))
    response = send(client, call_at(server.base, "platelets", resources=[nosebleed()]))
    assert degraded(response) == ["platelets"]
    assert "DATA-08" in rules(response)


def test_a_search_that_says_it_failed_with_status_200(server: FhirServer, client: FlaskClient) -> None:
    server.answers = answering(Observation=Answer(OUTCOME))
    response = send(client, call_at(server.base, "platelets", resources=[nosebleed()]))
    assert degraded(response) == ["platelets"]
    assert "DATA-08" in rules(response)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "the FHIR server does not accept the access token"),
        (429, "the FHIR server has too much to do"),
        (302, "the FHIR server sends elsewhere, which is not followed"),
    ],
)
def test_a_server_that_answers_nobody_is_not_usable(
    status: int, why: str, server: FhirServer, client: FlaskClient
) -> None:
    server.answers = lambda _: Answer(OUTCOME, status, {"Retry-After": "60"})
    response = send(client, call_at(server.base, "platelets", "conditions"))
    assert response.status_code == 412
    assert said(response)[0].endswith(f"; {why}")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "the FHIR server does not accept the access token"),
        (403, "the FHIR server does not allow it"),
        (404, "the FHIR server does not have it"),
        (410, "it was deleted from the FHIR server"),
    ],
)
def test_a_patient_that_is_not_had_tells_why(
    status: int, why: str, server: FhirServer, client: FlaskClient
) -> None:
    server.answers = answering(Patient=Answer(OUTCOME, status))
    response = send(client, call_at(server.base, "patient", "conditions"))
    assert response.status_code == 412
    assert [line.partition("; ")[2] for line in said(response)] == [why]


def test_another_patient_than_that_of_the_context_is_not_the_patient(
    server: FhirServer, client: FlaskClient
) -> None:
    server.answers = answering(Patient=Answer(resource("Patient", "somebody-else")))
    assert send(client, call_at(server.base, "patient")).status_code == 412


def test_a_server_that_may_not_be_called_is_none(client: FlaskClient) -> None:
    response = send(client, call_at("https://ehr.example.org/fhir", "platelets"))
    assert response.status_code == 412
    assert said(response)[0].endswith("; this FHIR server is not one that may be called")
    assert degraded(send(client, call_at("https://ehr.example.org/fhir", "allergies"))) == ["allergies"]


def test_what_a_server_says_never_reaches_the_answer(server: FhirServer, client: FlaskClient) -> None:
    secret = "ZZZ-SECRET"
    told = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": secret}]}
    server.answers = lambda _: Answer(told, 500, {"X-Secret": secret})
    for without in (REQUIRED, ("allergies",)):
        answer = send(client, call_at(server.base, *without, fhirAuthorization=authorization()))
        for word in (secret, TOKEN, str(server.port)):
            assert word not in answer.get_data(as_text=True)


def test_a_slow_server_degrades_the_answer_and_never_hangs_it(server: FhirServer) -> None:
    server.answers = answering(AllergyIntolerance=Answer(delay=3))
    body = call_at(server.base, "allergies", "conditions", resources=[platelets(22)])
    seconds, response = timed(lambda: send(app_client("1"), body))
    assert degraded(response) == ["allergies"]
    assert seconds < 3  # before the server answers


# ------------------------------------------------------------------------------------------------ pages


def test_pages_are_followed_to_the_end(server: FhirServer, client: FlaskClient) -> None:
    server.answers = pages(server, "Condition", bundle(), bundle(), bundle(nosebleed()))
    response = send(client, call_at(server.base, "conditions", resources=[platelets(22)]))
    assert degraded(response) == []
    assert rules(response)[0] == "TRF-02"
    assert server.kinds() == ["Condition"] * 3


def test_further_pages_of_what_was_sent_are_fetched(server: FhirServer, client: FlaskClient) -> None:
    server.answers = pages(server, "Condition", bundle(), bundle(), bundle(nosebleed()))
    body = call_at(server.base, resources=[platelets(22)], fhirAuthorization=authorization())
    link = {"relation": "next", "url": f"{server.base}/Condition?page=1"}
    body["prefetch"]["conditions"] = bundle() | {"link": [link]}
    response = send(client, body)
    assert degraded(response) == []
    assert rules(response)[0] == "TRF-02"
    assert [one.parameters["page"] for one in server.asked] == [["1"], ["2"]]
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_next_page_that_is_missing_is_told_and_what_came_before_is_used(
    server: FhirServer, client: FlaskClient
) -> None:
    def answers(asked: Asked) -> Answer:
        if asked.parameters.get("page") == ["1"]:
            return Answer(OUTCOME, 500)
        return pages(server, "Condition", bundle(nosebleed()), bundle())(asked)

    server.answers = answers
    response = send(client, call_at(server.base, "conditions", resources=[platelets(22)]))
    assert degraded(response) == ["conditions"]
    assert rules(response)[0] == "TRF-02"


# ------------------------------------------------------------------------------------------------ drugs by reference


def prescription(own_id: str = "m1", drug: str = "Medication/drug-1", status: str = "active") -> Json:
    return resource(
        "MedicationRequest",
        own_id,
        status=status,
        intent="order",
        medicationReference={"reference": drug},
        authoredOn="2026-06-14",
    )


IBUPROFEN = concept(("http://www.nlm.nih.gov/research/umls/rxnorm", "5640"))


def test_a_drug_that_an_order_only_names_is_read(server: FhirServer, client: FlaskClient) -> None:
    server.answers = answering(Medication=Answer(resource("Medication", "drug-1", code=IBUPROFEN)))
    body = call_at(server.base, resources=[platelets(22)], hook="order-select")
    selected = draft() | {"medicationReference": {"reference": "Medication/drug-1"}}
    del selected["medicationCodeableConcept"]
    body["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": selected}]}
    named = rules(send(client, body, "order-select"))
    assert [one.path for one in server.asked] == ["Medication/drug-1"]
    coded = rules(send(client, call_at(None, resources=[platelets(22)], hook="order-select"), "order-select"))
    assert named == coded != []


def test_drugs_that_are_there_are_not_read_again(server: FhirServer, client: FlaskClient) -> None:
    body = call_at(server.base)
    drug = resource("Medication", "drug-1", code=IBUPROFEN)
    body["prefetch"]["medicationRequests"] = bundle(prescription(), drug)
    send(client, body)
    assert server.asked == []


def test_each_drug_is_read_once_and_not_without_end(server: FhirServer, client: FlaskClient) -> None:
    body = call_at(server.base)
    old = [prescription(f"m{n}", f"Medication/old-{n}", "stopped") for n in range(40)]
    body["prefetch"]["medicationRequests"] = bundle(*old, prescription(), prescription("m-2"))
    send(client, body)
    paths = [one.path for one in server.asked]
    assert len(paths) == len(set(paths)) == 32
    assert "Medication/drug-1" in paths


@pytest.mark.parametrize(
    "drug", ["Medication/../Patient", "https://elsewhere.example.org/Medication/1", "#m1"]
)
def test_a_reference_that_leads_elsewhere_is_not_followed(
    drug: str, server: FhirServer, client: FlaskClient
) -> None:
    body = call_at(server.base)
    body["prefetch"]["medicationRequests"] = bundle(prescription(drug=drug))
    assert send(client, body).status_code == 200
    assert server.asked == []

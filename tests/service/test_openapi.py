"""The API's description holds for what the service reads and writes, and nothing that it serves is left out."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from cds_service.discovery import SERVICES, prefetch_keys
from cds_service.errors import CAUSES
from cds_service.examples import example_request, list_examples
from cds_service.hooks.wire import encode
from cds_service.openapi_schemas import SCHEMAS_OFFERED
from tests.service.build import NOW, TERMINOLOGY
from tests.service.hook_calls import app, client

# Pages for people, and their parts.
NOT_DESCRIBED = ("", "/api", "/api/ui/<name>", "/history", "/insights", "/static/<path:filename>")
PAGES = ("/rules", "/pathogens", "/valuesets", "/playground", "/timeline", "/smart/")


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = client().get("/openapi.json").get_json()
    return found


@cache
def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = client().get(f"/schemas/{name}").get_json()
    return found


def faults(name: str, message: object) -> list[str]:
    return [one.message for one in Draft202012Validator(schema(name)).iter_errors(message)]


def example(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(encode(example_request(name, NOW, prefetch_keys(TERMINOLOGY))))
    return body


def test_the_description_is_valid_openapi_3_1() -> None:
    validate(description())
    assert description()["openapi"] == "3.1.0"


@pytest.mark.parametrize("name", SCHEMAS_OFFERED)
def test_a_schema_is_valid_and_complete_in_itself(name: str) -> None:
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["$id"] == f"http://127.0.0.1:8080/schemas/{name}"
    assert "#/components" not in json.dumps(found)
    assert faults(name, "no object") != []


def test_an_unknown_schema_is_an_outcome() -> None:
    assert client().get("/schemas/none").status_code == 404


@pytest.mark.parametrize("one", list_examples(), ids=lambda one: one.name)
def test_the_made_up_requests_and_their_answers_keep_the_schemas(one: Any) -> None:
    body = example(one.name)
    assert faults(f"request-{one.hook}", body) == []
    service = next(row.id for row in SERVICES if row.hook == one.hook)
    answer = client().post(f"/cds-services/{service}", json=body)
    assert answer.status_code == one.expects
    assert faults("response" if one.expects == 200 else "error", answer.get_json(force=True)) == []


def test_discovery_keeps_its_schema() -> None:
    assert faults("discovery", client().get("/cds-services").get_json()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"hook": "order-sign"},
        {"hookInstance": ""},
        {"context": {"userId": "Practitioner/1"}},
        {"context": {"userId": "me", "patientId": "1"}},
        {"context": {"userId": "Practitioner/1", "patientId": "a/b"}},
        {"prefetch": []},
    ],
)
def test_what_the_schema_refuses_the_service_refuses(wrong: dict[str, Any]) -> None:
    body = example("ebv-nosebleed") | wrong
    assert faults("request-patient-view", body) != []
    assert client().post("/cds-services/itp-patient-view", json=body).status_code == 400


CARD = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
AT = {"card": CARD, "outcomeTimestamp": "2026-06-15T10:00:00Z"}


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        (AT | {"outcome": "accepted", "acceptedSuggestions": [{"id": CARD}]}, True),
        (AT | {"outcome": "overridden"}, True),
        (AT | {"outcome": "overridden", "overrideReason": {"reason": {"code": "a", "system": "b"}}}, True),
        (AT | {"outcome": "overridden", "overrideReason": {"userComment": "text"}}, True),
        (AT | {"outcome": "overridden", "overrideReason": {}}, False),
        (AT | {"outcome": "accepted"}, False),
        (AT | {"outcome": "ignored"}, False),
        ({"card": CARD, "outcome": "overridden"}, False),
    ],
)
def test_feedback_fits_its_schema_where_the_service_takes_it(entry: dict[str, Any], fits: bool) -> None:
    body = {"feedback": [entry]}
    assert (faults("feedback", body) == []) is fits
    answer = client().post("/cds-services/itp-patient-view/feedback", json=body)
    assert (answer.status_code != 400) is fits


def test_every_address_that_is_served_is_described() -> None:
    described = {path.replace("{", "<").replace("}", ">") for path in description()["paths"]}
    # Doubled and trailing slashes are only other ways to write an address.
    every = {re.sub("/+", "/", rule.rule).rstrip("/") for rule in app().url_map.iter_rules()}
    served = {rule for rule in every if not rule.startswith(PAGES) and rule not in NOT_DESCRIBED}
    by_service = {rule.replace("<service_id>", row.id) for rule in served for row in SERVICES}
    names = {rule.partition("<")[0] for rule in described}
    assert {rule for rule in by_service if rule.partition("<")[0] not in names} == set()


def test_every_described_address_is_served() -> None:
    adapter = app().url_map.bind("localhost")
    for path, operations in description()["paths"].items():
        for method in operations:
            assert adapter.match(path.replace("{name}", "card-topic"), method=method.upper())


def test_every_cause_of_a_refusal_is_described() -> None:
    told = json.dumps(description()["components"]["responses"])
    assert [code for code in CAUSES if f"`{code}`" not in told] == []


@pytest.mark.parametrize("row", SERVICES, ids=lambda row: row.id)
def test_the_example_of_a_call_gives_a_card(row: Any) -> None:
    content = description()["paths"][f"/cds-services/{row.id}"]["post"]["requestBody"]["content"]
    answer = client().post(f"/cds-services/{row.id}", json=content["application/json"]["example"])
    assert answer.status_code == 200
    assert answer.get_json()["cards"]

"""What is published below `/fhir`: valid FHIR R4, the content in force, refusals as OperationOutcome."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import parse_qs

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.plandefinition import PlanDefinition
from fhir.resources.R4B.valueset import ValueSet

from cards.advice import ALL_ADVICE
from cards.thresholds import described
from cds_service.app import create_app
from cds_service.config_file import Content as Tables
from cds_service.content import load_content
from cds_service.published_codes import CODE_SYSTEMS
from cds_service.published_plans import hooks_of
from cds_service.settings import Settings
from tests.service.hook_calls import cause, client, clock
from tests.together import together

BASE = "http://127.0.0.1:8080"
CONTENT = load_content()
RULES = [rule for advice in ALL_ADVICE for rule in advice.ids]


def get(path: str) -> Any:
    response = client().get(path)
    assert (response.status_code, response.mimetype) == (200, "application/fhir+json")
    return response.get_json()


@cache
def plan(rule: str) -> Any:
    return get(f"/fhir/PlanDefinition/{rule}")


# ---------------------------------------------------------------------------------------------- CodeSystem


def test_the_grades_of_bleeding_are_published() -> None:
    found = CodeSystem.model_validate(get("/fhir/CodeSystem/who-bleeding-grade"))
    assert [concept.code for concept in found.concept] == ["1", "2", "3", "4"]
    assert {"card-topic", "override-reason", "who-bleeding-grade"} <= set(CODE_SYSTEMS)


# ---------------------------------------------------------------------------------------------- ValueSet


@together({set_id: set_id for set_id in CONTENT.terminology})
def test_every_value_set_is_published_whole(set_id: str) -> None:
    found = get(f"/fhir/ValueSet/{set_id}")
    published = ValueSet.model_validate(found)
    assert published.url == f"{BASE}/fhir/ValueSet/{set_id}"
    assert published.version == CONTENT.version
    codes = [
        (include["system"], concept["code"])
        for include in found.get("compose", {}).get("include", ())
        for concept in include["concept"]
    ]
    assert sorted(codes) == sorted((code.system, code.code) for code in CONTENT.terminology[set_id].codes)


def test_how_a_code_is_read_is_published() -> None:
    (include,) = get("/fhir/ValueSet/lab-ebv")["compose"]["include"]
    igm = next(concept for concept in include["concept"] if concept["code"] == "24115-8")
    said = {e["url"].rpartition(":")[2]: e.get("valueCode") or e.get("valueString") for e in igm["extension"]}
    assert (said["proves"], said["scale"]) == ("current", "ordinal")
    assert said["source"]


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/fhir/ValueSet/inf-ebv",
        f"{BASE}/fhir/ValueSet/inf-ebv|1.0",
        "urn:platelet-hooks:ValueSet:inf-ebv",
    ],
)
def test_a_value_set_is_found_by_its_url(url: str) -> None:
    response = client().get("/fhir/ValueSet", query_string={"url": url})
    found = Bundle.model_validate(response.get_json())
    assert (found.type, found.total) == ("searchset", 1)
    assert found.entry[0].resource.id == "inf-ebv"
    assert found.entry[0].fullUrl == f"{BASE}/fhir/ValueSet/inf-ebv"
    asked, _, query = found.link[0].url.partition("?")
    assert (found.link[0].relation, asked) == ("self", f"{BASE}/fhir/ValueSet")
    assert parse_qs(query) == {"url": [url]}  # what else was asked was not searched by


@pytest.mark.parametrize(
    "url", ["http://example.org/fhir/ValueSet/inf-ebv", f"{BASE}/fhir/ValueSet/none", "inf-ebv"]
)
def test_a_url_that_is_not_ours_finds_nothing(url: str) -> None:
    found = client().get("/fhir/ValueSet", query_string={"url": url}).get_json()
    assert (found["total"], "entry" in found) == (0, False)
    Bundle.model_validate(found)


def test_a_search_without_a_url_is_refused() -> None:
    response = client().get("/fhir/ValueSet")
    assert (response.status_code, cause(response)) == (400, "bad-request")


def test_the_codes_of_a_site_are_published() -> None:
    local = {"obs-platelet-count": [{"system": "urn:oid:1.2.3", "code": "PLT"}]}
    settings = Settings(log_level="error", content=Tables.model_validate({"local_codes": local}))
    found = create_app(settings, clock).test_client().get("/fhir/ValueSet/obs-platelet-count").get_json()
    ValueSet.model_validate(found)
    assert "urn:oid:1.2.3" in {include["system"] for include in found["compose"]["include"]}


# ---------------------------------------------------------------------------------------------- PlanDefinition


@together({rule: rule for rule in RULES})
def test_every_rule_is_published(rule: str) -> None:
    found = PlanDefinition.model_validate(plan(rule))
    assert found.id == rule
    assert found.title
    assert "is not contained in this resource" in found.description
    assert "{limit" not in str(plan(rule))
    action = found.action[0]
    assert action.condition[0].expression.expression
    assert {trigger.type for trigger in action.trigger or ()} <= {"named-event"}


def test_a_plan_says_when_what_and_why() -> None:
    found = plan("TRF-04")
    (action,) = found["action"]
    words = action["condition"][0]["expression"]["expression"]
    assert words.startswith(
        "Bleeding of the skin alone, without fever, shock or another sign of sepsis, from 30"
    )
    assert action["action"] == [{"title": "Order the next count"}]
    labels = [artifact["label"] for artifact in found["relatedArtifact"]]
    assert "ASH guideline on immune thrombocytopenia, 2019" in labels
    assert "(grade: strong, very low certainty)" in found["relatedArtifact"][1]["display"]
    assert found["topic"][0]["coding"][0]["code"] == "transfusion"


def test_a_plan_has_the_numbers_of_the_site() -> None:
    high = described()["skin_only_close"].high
    settings = Settings(
        log_level="error", content=Tables.model_validate({"thresholds": {"skin_only_close": high}})
    )
    found = create_app(settings, clock).test_client().get("/fhir/PlanDefinition/TRF-04").get_json()
    assert f"Below {high:f} the next count comes sooner" in found["description"]
    assert found["version"].startswith(CONTENT.version + ".")


ORDERS = {"order-select", "order-sign"}


@pytest.mark.parametrize(
    ("rule", "hooks"),
    [
        ("ORD-02", ORDERS),
        ("PROC-05", {"patient-view", *ORDERS}),
        ("SAFE-01", {"patient-view", *ORDERS, "encounter-discharge"}),
        ("TRF-01", {"patient-view", *ORDERS, "encounter-discharge"}),
        ("TRF-02", {"patient-view", *ORDERS}),
        ("MON-01", {"patient-view", "encounter-discharge"}),
        ("TPO-01", {"patient-view"}),
        ("TPO-14", {"patient-view", "encounter-discharge"}),
        ("INF-HIV", {"patient-view", *ORDERS, "encounter-discharge"}),
        ("INF-EBV", {"patient-view", *ORDERS}),
    ],
)
def test_the_trigger_of_a_plan_is_a_hook(rule: str, hooks: set[str]) -> None:
    assert set(hooks_of(rule, CONTENT)) == hooks
    assert {trigger["name"] for trigger in plan(rule)["action"][0]["trigger"]} == hooks


# ---------------------------------------------------------------------------------------------- metadata, refusals


def test_the_capability_statement_is_valid_and_names_what_there_is() -> None:
    found = CapabilityStatement.model_validate(get("/fhir/metadata"))
    offered = {one.type: [i.code for i in one.interaction] for one in found.rest[0].resource}
    assert offered == {
        "CodeSystem": ["read"],
        "ValueSet": ["read", "search-type"],
        "PlanDefinition": ["read"],
    }
    assert found.implementation.url == f"{BASE}/fhir"
    assert "No operations are offered" in found.rest[0].documentation
    assert found.rest[0].operation is None


@pytest.mark.parametrize(
    "path",
    [
        "CodeSystem/none",
        "ValueSet/none",
        "PlanDefinition/none",
        "PlanDefinition/POP-02",
        "ValueSet/$expand",
        "ValueSet/inf-ebv/$expand",
        "Patient/1",
        "Patient",
    ],
)
def test_what_is_not_there_is_an_operation_outcome(path: str) -> None:
    response = client().get(f"/fhir/{path}")
    assert (response.status_code, cause(response)) == (404, "not-found")


@pytest.mark.parametrize(
    "path", ["CodeSystem/card-topic", "ValueSet/inf-ebv", "PlanDefinition/TRF-01", "metadata"]
)
def test_nothing_can_be_written(path: str) -> None:
    for method in ("post", "put", "delete"):
        response = getattr(client(), method)(f"/fhir/{path}")
        assert (response.status_code, cause(response)) == (405, "method-not-allowed")

"""Whatever is not 2xx is an OperationOutcome with a stable code, on every path."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask

from cds_service.app import create_app
from cds_service.config_file import Limits
from cds_service.errors import CAUSES
from cds_service.settings import Settings
from tests.service.hook_calls import call, cause, client, clock, platelets, post, said


def check(response: Any, status: int, code: str) -> None:
    assert response.status_code == status
    assert response.mimetype == "application/fhir+json"
    assert cause(response) == code
    OperationOutcome.model_validate_json(response.get_data())


def small(**limits: int) -> Flask:
    return create_app(Settings(log_level="error", limits=Limits(**limits)), clock)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/cds-services/x/y", "/fhir/CodeSystem/none", "/rules/NONE-01", "/static/none", "/%00"],
)
def test_nothing_there(path: str) -> None:
    check(client().get(path), 404, "not-found")


@pytest.mark.parametrize("service", ["none", "..%2f..%2fetc%2fpasswd", "';--", "itp-patient-view%00"])
def test_unknown_service(service: str) -> None:
    response = client().post(f"/cds-services/{service}", json={})
    assert response.status_code == 404
    assert cause(response) in ("unknown-service", "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/cds-services/itp-patient-view", "POST"),
        ("POST", "/cds-services", "GET"),
        ("DELETE", "/", "GET"),
        ("PUT", "/health/live", "GET"),
    ],
)
def test_a_wrong_method_tells_the_right_one(method: str, path: str, allowed: str) -> None:
    response = client().open(path, method=method)
    check(response, 405, "method-not-allowed")
    assert allowed in response.headers["Allow"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", ""]
)
def test_another_media_type(kind: str) -> None:
    check(post(b"{}", content_type=kind), 415, "unsupported-media-type")


@pytest.mark.parametrize("kind", ["application/json; charset=iso-8859-1", "application/json; charset=utf-16"])
def test_another_charset(kind: str) -> None:
    check(post(b"{}", content_type=kind), 415, "unsupported-media-type")


def test_a_compressed_body() -> None:
    check(post(b"{}", headers={"Content-Encoding": "gzip"}), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/JSON; charset=UTF-8",
        "application/fhir+json",
        "application/cds-hooks+json",
    ],
)
def test_json_by_its_names(kind: str) -> None:
    check(post(b"{}", content_type=kind), 400, "missing-member")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_no_json(body: bytes) -> None:
    check(post(body), 400, "not-json")


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "status"), [(1024, 400), (1025, 413), (5000, 413)])
def test_a_body_is_bounded_however_it_is_sent(size: int, status: int, chunked: bool) -> None:
    options: dict[str, Any] = {"data": b" " * size, "content_type": "application/json"}
    if chunked:  # as servers hand over a body without Content-Length
        options |= {"environ_overrides": {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}}
    response = small(body_bytes=1024).test_client().post("/cds-services/itp-patient-view", **options)
    check(response, status, {400: "not-json", 413: "too-large"}[status])
    if status == 413:
        assert said(response) == ["The body may have 1024 bytes at most"]


def test_depth_and_entries_are_bounded() -> None:
    check(
        small(depth=8).test_client().post("/cds-services/itp-patient-view", json=call(platelets(22))),
        400,
        "too-deep",
    )
    body = call(platelets(22), platelets(23, "b"))
    check(
        small(entries=1).test_client().post("/cds-services/itp-patient-view", json=body),
        413,
        "too-many-entries",
    )


def test_another_hook() -> None:
    check(post(call(hook="order-select")), 400, "wrong-hook")


def test_required_data_missing() -> None:
    response = post(call(prefetch={}))
    check(response, 412, "required-data-missing")
    assert [line.partition(":")[0] for line in said(response)] == ["prefetch.patient", "prefetch.platelets"]


def test_a_fault_of_ours_is_a_500_that_tells_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def broken() -> datetime:
        raise RuntimeError("value of Patient Jane Doe")

    body = call(platelets(22))
    response = create_app(Settings(), broken).test_client().post("/cds-services/itp-patient-view", json=body)
    check(response, 500, "internal-error")
    told = response.get_data(as_text=True) + capfd.readouterr().err
    assert "RuntimeError" in told  # the log says what kind of fault, and where
    assert "test_errors" in told
    assert "Jane" not in told
    assert "Traceback" not in told


def test_every_cause_is_published() -> None:
    response = client().get("/fhir/CodeSystem/error")
    assert response.status_code == 200
    published = CodeSystem.model_validate_json(response.get_data())
    assert {concept.code for concept in published.concept} == set(CAUSES)


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_a_cause_has_a_code_that_fhir_knows(cause: Any) -> None:
    assert cause.status >= 400
    assert cause.issue in {
        "business-rule", "exception", "forbidden", "invalid", "login", "not-found", "not-supported", "required",
        "structure", "throttled", "too-costly", "too-long", "transient", "value",
    }  # fmt: skip

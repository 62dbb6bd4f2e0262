"""Browsers of other origins: preflights, marks on answers, never cookies."""

from __future__ import annotations

import pytest

from tests.service.hook_calls import call, client, platelets, post

ORIGIN = "https://sandbox.cds-hooks.org"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize(
    "path",
    [
        "/cds-services",
        "/cds-services/",
        "/cds-services/itp-patient-view",
        "/cds-services//itp-order-select",
        "/none",
    ],
)
def test_a_preflight_is_answered_without_credentials(path: str) -> None:
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "authorization,content-type"}
    response = client().options(path, headers=asked)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"GET", "POST"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
    allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "content-type"} <= set(allowed)


def test_a_public_page_may_call_a_service_on_this_machine() -> None:
    name = "Access-Control-Allow-Private-Network"
    asked = {**PREFLIGHT, "Access-Control-Request-Private-Network": "true"}
    assert client().options("/cds-services", headers=asked).headers[name] == "true"
    assert name not in client().options("/cds-services", headers=PREFLIGHT).headers


def test_every_answer_is_marked_errors_too() -> None:
    origin = {"Origin": ORIGIN}
    responses = [
        client().get("/cds-services", headers=origin),
        post(call(platelets(22)), headers=origin),
        post(b"{", headers=origin),
        post(call(prefetch={}), headers=origin),
        client().get("/none", headers=origin),
    ]
    assert [response.status_code for response in responses] == [200, 200, 400, 412, 404]
    for response in responses:
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_without_an_origin_nothing_is_allowed() -> None:
    response = client().get("/cds-services")
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Origin" in response.headers["Vary"]

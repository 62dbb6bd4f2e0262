"""T and CORS, as far as an open service goes; what needs authentication comes with it."""

from __future__ import annotations

import pytest

from tests.conformance.clauses import good
from tests.service.hook_calls import client, post

ORIGIN = "https://ehr.example.org"


@pytest.mark.parametrize(
    "token", ["Bearer abc.def.ghi", "Bearer ", "Basic eDp5", "garbage \x7f", "Bearer " + "x" * 5000]
)
def test_t13_an_open_service_ignores_tokens(token: str) -> None:
    response = post(good("itp-patient-view"), headers={"Authorization": token})
    assert response.status_code == 200
    assert response.get_json()["cards"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/cds-services", "GET"),
        ("/cds-services/itp-patient-view", "POST"),
        ("/cds-services/x/feedback", "POST"),
    ],
)
def test_cors_1_preflights(path: str, method: str) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    response = client().options(path, headers=asked)
    assert response.status_code in (200, 204)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in response.headers["Access-Control-Allow-Methods"]
    assert "authorization" in response.headers["Access-Control-Allow-Headers"].lower()


def test_cors_2_answers_and_refusals_are_marked() -> None:
    for response in (
        post(good("itp-patient-view"), headers={"Origin": ORIGIN}),
        post(b"{", headers={"Origin": ORIGIN}),
    ):
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_cors_3_never_with_credentials() -> None:
    response = client().get("/cds-services", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Origin" in response.headers["Vary"]

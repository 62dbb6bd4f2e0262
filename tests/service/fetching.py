"""Calls that leave keys out, and what comes of fetching them from a server of the tests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.config_file import Limits, Security
from cds_service.fhir_client import Fetched, FhirAccess, Wanted
from cds_service.settings import Settings
from tests.service.build import Json
from tests.service.hook_calls import EVALUATION, KEYS, call, clock, hook_request

TOKEN = "secret-token-of-the-tests"
BY_NAME = {key.name: key for key in KEYS}
REQUIRED = ("patient", "platelets")


def settings(seconds: str = "5", public: bool = False, **limits: int) -> Settings:
    """Sandbox settings with so much time for fetching."""
    return Settings(
        log_level="error",
        limits=Limits(fetch_seconds=Decimal(seconds), **limits),
        security=Security(allow_public_fhir=public),
    )


def app_client(seconds: str = "5", **options: Any) -> FlaskClient:
    """A client of a service of its own, so that no test finds the breakers and connections of another."""
    return create_app(settings(seconds, **options), clock).test_client()


def authorization(scope: str = "", **members: Any) -> Json:
    """fhirAuthorization as a client sends it."""
    return {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": scope,
        "subject": "cds-service",
        **members,
    }


def call_at(server: str | None, *without: str, resources: Iterable[Json] = (), **members: Any) -> Json:
    """A call whose FHIR server is `server`; `without` names the keys that it leaves out."""
    body = call(*resources, fhirServer=server, **members)
    for name in without:
        del body["prefetch"][name]
    return body


def send(client: FlaskClient, body: Json, hook: str = "patient-view") -> Any:
    """The response of the service of a hook."""
    return client.post(f"/cds-services/itp-{hook}", json=body)


def degraded(response: Any) -> list[str]:
    """The keys that the answer says are not whole."""
    assert response.status_code == 200, response.get_data(as_text=True)
    found: list[str] = response.get_json()["extension"][EVALUATION].get("degraded", [])
    return found


def fetch(
    access: FhirAccess,
    server: str,
    names: Sequence[str] = ("conditions",),
    after: str | None = None,
    allowed: Sequence[str] = (),
    **members: Any,
) -> Mapping[str, Fetched]:
    """What a fetch of these keys brings, without the service around it."""
    request = hook_request(call(fhirServer=server, **members))
    return access.for_call(allowed)([Wanted(BY_NAME[name], after) for name in names], request)


def timed(run: Any) -> tuple[float, Any]:
    """Seconds that it took, and what it gave."""
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result

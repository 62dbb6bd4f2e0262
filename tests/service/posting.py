"""Calls the service in this process, at a time that the test chooses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.calling import service_of
from cds_service.hooks.wire import encode
from cds_service.settings import Settings


@cache
def client_at(now: datetime) -> FlaskClient:
    """The service with a clock that stands still."""
    return create_app(Settings(log_level="error"), clock=lambda: now, remembers=False).test_client()


def answer_at(now: datetime, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to a hook request."""
    url = f"/cds-services/{service_of(request['hook'])}"
    answer = client_at(now).post(url, data=encode(request), content_type="application/json")
    body: dict[str, Any] = answer.get_json()
    return answer.status_code, body

"""The short way and Flask's whole way answer alike: status, headers, body, the log's line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from cds_service.app import create_app
from cds_service.config_file import Limits
from cds_service.settings import Settings
from cds_service.short_way import ShortWay
from tests.service.build import Json
from tests.service.hook_calls import INSTANCE, call, cause, clock, nosebleed, platelets
from tests.service.signing import ISS, PUBLIC, Signer, bearer, entry, production

PATH = "/cds-services/itp-patient-view"
OF_ITS_OWN = {"X-Request-Id", "Server-Timing", "Date"}
MARKS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOST = 20_000


def application(log_level: str) -> Flask:
    settings = Settings(log_level=log_level, log_format="json", limits=Limits(body_bytes=MOST, depth=12))
    return create_app(settings, clock, remembers=False)


@cache
def sandbox() -> Flask:
    return application("error")


def ways(app: Flask) -> tuple[Client, Client]:
    """A client of the application, and one that passes the short way by."""
    assert isinstance(app.wsgi_app, ShortWay)
    return Client(app.wsgi_app), Client(app.wsgi_app._whole)


def told(response: TestResponse) -> tuple[int, dict[str, str], str]:
    """What a client is told, but for ids and times."""
    headers = {name: value for name, value in response.headers.items() if name not in OF_ITS_OWN}
    return response.status_code, headers, MARKS.sub("id", response.get_data(as_text=True))


def line(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The request's line in the log, but for ids and times."""
    (found,) = [one for one in capfd.readouterr().err.splitlines() if '"event":"request"' in one]
    read: dict[str, Any] = json.loads(found)
    stages = read.pop("stages", {})
    own = ("request_id", "milliseconds", "timestamp")
    return {name: value for name, value in read.items() if name not in own} | {"stages": list(stages)}


def body(**members: Any) -> bytes:
    return json.dumps(call(platelets(210), **members)).encode()


CALLS: dict[str, tuple[bytes, Mapping[str, str]]] = {
    "nothing to say": (body(), {}),
    "cards": (json.dumps(call(platelets(22), nosebleed())).encode(), {}),
    "a token of nobody": (body(), {"Authorization": "Bearer x"}),
    "instance is no UUID": (body(hookInstance="mine"), {}),
    "not JSON": (b"{", {}),
    "empty": (b"", {}),
    "wrong hook": (body(hook="order-sign"), {}),
    "no hookInstance": (body(hookInstance=None), {}),
    "counts that cannot be had": (body(prefetch={}), {}),
    "too deep": (body(extension={"a": [[[[[[[[[[[[[1]]]]]]]]]]]]]}), {}),
    "too large": (body(extension={"a": "x" * MOST}), {}),
    "a browser": (body(), {"Origin": "https://sandbox.example.org"}),
    "encoded": (body(), {"Content-Encoding": "gzip"}),
    "query": (body(), {}),
}


def test_both_ways_tell_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    both = ways(application("info"))
    for name, (content, headers) in CALLS.items():
        path = f"{PATH}?a=b" if name == "query" else PATH
        answers, lines = [], []
        for client in both:
            sent = client.post(path, data=content, content_type="application/json", headers=headers)
            answers.append(told(sent))
            lines.append(line(capfd))
            assert sent.headers["X-Request-Id"], name
        assert answers[0] == answers[1], name
        assert lines[0] == lines[1], name


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/fhir+json", "application/json; charset=utf-8", "application/json; charset=x"],
)
def test_other_kinds_of_body_are_flasks(kind: str) -> None:
    short, whole = (client.post(PATH, data=body(), content_type=kind) for client in ways(sandbox()))
    assert told(short) == told(whole)


@pytest.mark.parametrize("path", ["/cds-services/none", f"{PATH}/", "/cds-services//itp-patient-view", "/"])
def test_other_paths_are_flasks(path: str) -> None:
    short, whole = (
        client.post(path, data=body(), content_type="application/json") for client in ways(sandbox())
    )
    assert told(short) == told(whole)


@pytest.mark.parametrize(
    "member",
    [
        *({"HTTP_HOST": host} for host in ("a b", "x/y", "evil.example", "")),
        *({"CONTENT_LENGTH": length} for length in ("0", "00000", "-1", "+5", "5_0", "٣")),
    ],
    ids=str,
)
def test_odd_headers_are_told_the_same(member: dict[str, str]) -> None:
    short, whole = (
        client.post(PATH, data=body(), content_type="application/json", environ_overrides=member)
        for client in ways(sandbox())
    )
    assert told(short) == told(whole)


def test_a_body_that_breaks_off_is_refused() -> None:
    environ: Json = {"CONTENT_LENGTH": "5000", "wsgi.input": BytesIO(body()[:100])}
    short, whole = (
        client.post(PATH, content_type="application/json", environ_overrides=dict(environ))
        for client in ways(sandbox())
    )
    assert short.status_code == 400
    assert told(short) == told(whole)


def test_an_error_of_ours_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a value of the record")

    monkeypatch.setattr("cds_service.hook_calls.evaluate", broken)
    short, whole = (
        client.post(PATH, data=body(), content_type="application/json") for client in ways(sandbox())
    )
    assert short.status_code == 500
    assert told(short) == told(whole)
    assert "a value of the record" not in short.get_data(as_text=True)


def test_an_ordinary_call_does_not_go_through_flask(monkeypatch: pytest.MonkeyPatch) -> None:
    app = sandbox()

    def refuse(*_: object) -> None:
        raise AssertionError("Flask was asked")

    monkeypatch.setattr(app, "request_context", refuse)
    answer = ways(app)[0].post(PATH, data=body(), content_type="application/json")
    assert answer.status_code == 200
    assert answer.get_json()["cards"] == []


# ------------------------------------------------------------------------------------------------- production


def asked(client: Client, token: str | None, path: str = PATH) -> TestResponse:
    headers = {} if token is None else bearer(token)
    return client.post(path, data=body(), content_type="application/json", headers=headers)


def test_production_asks_for_a_token_on_both_ways(tmp_path: Path) -> None:
    app = production(entry(tmp_path, services=["itp-patient-view"])).application
    for token in (
        None,
        "x",
        Signer().token(iss="https://unknown.example"),
        Signer().token("https://other.example"),
    ):
        short, whole = (asked(client, token) for client in ways(app))
        assert short.status_code == 401
        assert told(short) == told(whole)
    orders = "/cds-services/itp-order-select"
    short, whole = (asked(client, Signer().token(PUBLIC + orders), orders) for client in ways(app))
    assert (short.status_code, cause(short)) == (403, "forbidden")
    assert told(short) == told(whole)


@pytest.mark.parametrize("first", [0, 1])
def test_a_token_is_used_up_whichever_way_it_came(tmp_path: Path, first: int) -> None:
    both = ways(production(entry(tmp_path)).application)
    token = Signer().token(iss=ISS)
    assert [asked(client, token).status_code for client in (both[first], both[1 - first])] == [200, 401]


def test_calls_are_counted_together(tmp_path: Path) -> None:
    short, whole = ways(production(entry(tmp_path, requests_per_minute=3)).application)
    statuses = [asked(client, Signer().token()).status_code for client in (short, whole, short, short, whole)]
    assert statuses == [200, 200, 200, 429, 429]
    assert INSTANCE not in asked(short, Signer().token()).get_data(as_text=True)

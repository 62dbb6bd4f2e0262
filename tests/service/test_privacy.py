"""Nothing of a record leaves by a side door: log, metrics, errors and the store of a whole run over all fixtures.

Every fixture is sent with marked names, identifiers, ids, texts and measured values; then everything that the service
wrote besides its answers is searched for the marks.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cards.valuesets import load
from cds_service.app import create_app
from cds_service.discovery import SERVICES, prefetch_keys
from cds_service.examples import example_request, list_examples
from cds_service.fixture_files import fixtures_folder
from cds_service.hooks.wire import encode
from cds_service.settings import Settings
from cds_service.stories.request import story_request
from cds_service.stories.vignettes import read_vignettes
from tests.service.memory_calls import HL7

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
Json = dict[str, Any]
URLS = {service.hook: f"/cds-services/{service.id}" for service in SERVICES}

NAME = "Zqname Zqfamily"
DIGITS = "0731"
NEVER = re.compile(rf"zq|\d\.{DIGITS}", re.IGNORECASE)
"""A sign of the fixtures' people, ids, texts and tokens, or of a measured value."""

_TIMES = re.compile(r'"timestamp":"[^"]*"|\d+(?:\.\d+)?e\+\d+')


def marked_id(own: str) -> str:
    return f"zq-{own}"[:64]


def marked(value: Any) -> Any:
    """The same request with a mark on everything that tells of a person."""
    if isinstance(value, list):
        return [marked(one) for one in value]
    if isinstance(value, str):
        return re.sub(r"^((?:[A-Z][A-Za-z]+/)|#)(?=[A-Za-z0-9\-.]{1,61}$)", r"\1zq-", value)
    if not isinstance(value, dict):
        return value
    whole = {name: marked(one) for name, one in value.items()}
    kind = value.get("resourceType")
    if isinstance(value.get("id"), str):
        whole["id"] = marked_id(value["id"])
    if isinstance(value.get("value"), int | float | Decimal) and not isinstance(value["value"], bool):
        whole["value"] = Decimal(str(value["value"])) + Decimal(f"0.{DIGITS}")
    if isinstance(value.get("coding"), list):
        whole["text"] = "zqtext of the record"
    for name in ("patientId", "encounterId"):
        if isinstance(value.get(name), str):
            whole[name] = marked_id(value[name])
    if kind == "Patient":
        whole["name"] = [{"family": "Zqfamily", "given": ["Zqname"]}]
        whole["identifier"] = [{"system": "urn:oid:2.999.1", "value": "zq-mrn-4711"}]
    if kind not in (None, "Bundle", "OperationOutcome"):
        whole["text"] = {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">Zqname</div>',
        }
    return whole


def fixtures() -> Iterator[Json]:
    keys = prefetch_keys(load())
    for one in list_examples():
        yield example_request(one.name, NOW, keys)
    for vignette in read_vignettes(fixtures_folder() / "vignettes"):
        yield story_request(vignette.story, "case", NOW, keys)


def broken(body: Json) -> Iterator[bytes]:
    """What else clients send, the same people in it."""
    whole = encode(body)
    yield whole[: len(whole) // 2]
    yield whole + b"x"
    yield encode([body])
    for change in (
        {"hook": NAME},
        {"hookInstance": [NAME]},
        {"context": {**body["context"], "userId": NAME}},
        {"context": {**body["context"], "patientId": f"../{NAME}"}},
        {"context": NAME},
        {"prefetch": {**body["prefetch"], "patient": {"resourceType": "Patient", "id": NAME}}},
        {"prefetch": {**body["prefetch"], "platelets": NAME}},
        {"prefetch": {}, "fhirServer": "http://127.0.0.1:9/zq-fhir", "fhirAuthorization": TOKEN},
        {"prefetch": {}, "fhirServer": "https://zq-host.invalid/fhir", "fhirAuthorization": TOKEN},
        {"fhirServer": NAME},
        {"hookInstance": NAME},
    ):
        yield encode(body | change)


TOKEN = {
    "access_token": "zqtoken", "token_type": "Bearer", "expires_in": 300,
    "scope": "user/*.read", "subject": "zq-client", "patient": "zq-patient",
}  # fmt: skip


def feedback(card: str) -> list[Any]:
    """Entries that are kept, and entries that are refused, with names in all their texts."""
    entry = {"card": card, "outcome": "overridden", "outcomeTimestamp": NOW.isoformat()}
    return [
        entry | {"overrideReason": {"userComment": f"{NAME} declines"}},
        entry | {"overrideReason": {"reason": {"code": NAME, "system": "urn:zq", "display": NAME}}},
        entry
        | {"overrideReason": {"reason": {"code": "patient-refuses", "system": HL7}, "userComment": NAME}},
        entry | {"outcome": "accepted", "acceptedSuggestions": [{"id": NAME}]},
        entry | {"card": NAME},
        entry | {"outcome": NAME},
        entry | {"outcomeTimestamp": NAME},
        entry | {"overrideReason": NAME},
    ]


def rows(path: Path) -> str:
    """Everything that stands in a store."""
    with sqlite3.connect(path) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(str(row) for table in tables for row in store.execute(f"SELECT * FROM {table}"))


def test_a_whole_run_leaves_no_trace_of_anyone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(Settings(state_dir=tmp_path, log_format="json", log_level="debug"), lambda: NOW)
    client, memory = app.test_client(), app.extensions["memory"]
    headers = {"Authorization": "Bearer zqtoken", "User-Agent": NAME, "X-Request-Id": NAME}
    errors: list[str] = []
    answered = 0

    def send(url: str, data: bytes) -> Any:
        response = client.post(url, data=data, content_type="application/json", headers=headers)
        if response.status_code != 200:
            errors.append(f"{response.get_data(as_text=True)} {response.headers}")
        return response

    for number, request in enumerate(fixtures()):
        body = marked(json.loads(encode(request), parse_float=Decimal))
        url = URLS[body["hook"]]
        response = send(url, encode(body))
        answered += response.status_code == 200
        shown = response.get_json()["cards"] if response.status_code == 200 else []
        for card in shown[:1] if number % 10 == 0 else []:
            for entry in feedback(card["uuid"]):
                send(f"{url}/feedback", encode({"feedback": [entry]}))
        for data in broken(body) if number % 40 == 0 else ():
            send(url, data)
    for path in (f"/cds-services/{NAME}", f"/{NAME}", f"/fhir/CodeSystem/{NAME}", f"/rules/{NAME}"):
        errors.append(client.get(path, headers=headers).get_data(as_text=True))
    errors.append(client.get(f"/insights.json?since={NAME}").get_data(as_text=True))
    client.open(f"/{NAME}", method="ZQMETHOD")

    def failing() -> datetime:
        raise RuntimeError(f"{NAME} 22.{DIGITS}")

    fails = create_app(Settings(state_dir=tmp_path, log_format="json", log_level="debug"), failing)
    response = fails.test_client().post(URLS["patient-view"], data=encode(body | {"hook": "patient-view"}))
    errors.append(response.get_data(as_text=True))

    assert memory.writer.flush(60)
    metrics = client.get("/metrics").get_data(as_text=True)
    insights = client.get("/insights.json").get_data(as_text=True)
    stored = rows(tmp_path / "store.db")
    log = capfd.readouterr().err
    memory.close()

    assert answered > 100
    assert (len(errors) > 30, log.count("\n") > 200, stored.count("\n") > 200) == (True, True, True)
    assert "platelet_hooks_cards_total" in metrics
    assert "TRF-02" in insights
    for what, text in {"log": log, "metrics": metrics, "errors": "\n".join(errors), "store": stored}.items():
        found = [match.group() for match in NEVER.finditer(_TIMES.sub("", text))]
        assert found == [], what
    assert NEVER.search(insights) is None


def test_the_marks_are_on_everything(tmp_path: Path) -> None:
    """The search can find something: the requests are full of marks, and so are their answers."""
    app = create_app(Settings(state_dir=tmp_path, log_level="error"), lambda: NOW)
    request = example_request("ebv-nosebleed", NOW, prefetch_keys(load()))
    body = marked(json.loads(encode(request), parse_float=Decimal))
    answer = app.test_client().post(URLS["patient-view"], json=json.loads(encode(body)))
    assert answer.status_code == 200
    told = answer.get_data(as_text=True)
    assert "/zq-" in told  # references of inputs
    assert f".{DIGITS}" in told  # the count on which the card rests
    assert "Zqname" not in told
    sent = encode(body).decode()
    assert all(mark in sent for mark in ("Zqname", "zq-mrn", "zqtext", f".{DIGITS}", "/zq-"))


def test_a_line_of_the_log_tells_what_was_decided(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(Settings(state_dir=tmp_path, log_format="json", log_level="info"), lambda: NOW)
    request = example_request("ebv-nosebleed", NOW, prefetch_keys(load()))
    answer = app.test_client().post(
        URLS["patient-view"], data=encode(request), content_type="application/json"
    )
    (line,) = [json.loads(one) for one in capfd.readouterr().err.splitlines()]
    assert (line["event"], line["status"], line["service"]) == ("request", 200, "itp-patient-view")
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["cards"][0] == "TRF-02 critical"
    assert line["silent"] == []
    evaluation = answer.get_json()["extension"]["org.platelet-hooks.evaluation"]
    assert line["rejected"] == len(evaluation.get("rejected", ()))
    assert "fetched" in line
    assert line["outcomes"]["Advise"] >= 2
    assert set(line["cannot_tell"]) <= {
        one["rule"] for one in evaluation["evaluated"] if one["outcome"] == "cannot-tell"
    }
    stages = ["read", "gather", "parse", "facts", "decide", "recall", "render", "encode"]
    assert list(line["stages"]) == stages
    header = answer.headers["Server-Timing"]
    assert [part.split(";dur=")[0] for part in header.split(", ")] == stages

"""OpenTelemetry traces: spans of requests and stages, nothing of a record in them, and off unless asked for."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cds_service import __version__
from cds_service.app import create_app
from cds_service.content import load_content
from cds_service.settings import Settings, SettingsError
from cds_service.traces import check_traces
from tests.service.build import PATIENT
from tests.service.hook_calls import INSTANCE, call, client, clock, nosebleed, platelets

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PATH = "/cds-services/itp-patient-view"


class Receiver:
    """A collector of the tests: the bodies that arrive at its one address."""

    def __init__(self) -> None:
        bodies: list[bytes] = []
        paths: list[str] = []

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                paths.append(self.path)
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.bodies, self.paths = bodies, paths
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def spans(self) -> list[Any]:
        """Every span that arrived."""
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    running = Receiver()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield running
    running.server.shutdown()
    running.server.server_close()


def ask(receiver: Receiver, folder: Path, *bodies: Any, **headers: str) -> list[Any]:
    """The spans of these calls."""
    app = create_app(Settings(log_level="error", traces="otlp", state_dir=folder), clock)
    for body in bodies:
        app.test_client().post(f"{PATH}?_patient=Mustermann", json=body, headers=headers)
    app.extensions["traces"].shutdown()
    assert set(receiver.paths) == {"/v1/traces"}
    return receiver.spans()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_a_request_is_a_span_and_its_stages_are_inside(receiver: Receiver, tmp_path: Path) -> None:
    parent = f"00-{TRACE}-{SPAN}-01"
    spans = ask(receiver, tmp_path, call(platelets(22), nosebleed()), traceparent=parent)
    (whole,) = (one for one in spans if one.kind == one.SPAN_KIND_SERVER)
    assert whole.name == "POST /cds-services/<service_id>"
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, SPAN)
    stages = sorted((one for one in spans if one is not whole), key=lambda one: one.start_time_unix_nano)
    assert [one.name for one in stages] == [
        "read", "gather", "parse", "facts", "decide", "recall", "render", "encode",
    ]  # fmt: skip
    assert {one.parent_span_id for one in stages} == {whole.span_id}
    for one in stages:
        assert whole.start_time_unix_nano <= one.start_time_unix_nano <= one.end_time_unix_nano
        assert one.end_time_unix_nano <= whole.end_time_unix_nano
    told = attributes(whole)
    assert told["http.response.status_code"] == 200
    assert told["platelet_hooks.service"] == "itp-patient-view"
    assert "TRF-02" in [one.string_value for one in told["platelet_hooks.rules"].values]


def test_the_release_and_the_content_are_named(receiver: Receiver, tmp_path: Path) -> None:
    ask(receiver, tmp_path, call(platelets(22)))
    resource = ExportTraceServiceRequest.FromString(receiver.bodies[0]).resource_spans[0].resource
    told = attributes(resource)
    assert told["service.name"] == "platelet-hooks"
    assert told["service.version"] == __version__
    assert told["platelet_hooks.content_version"] == load_content().version


def test_a_refusal_is_a_span_and_a_failure_an_error(receiver: Receiver, tmp_path: Path) -> None:
    spans = ask(receiver, tmp_path, [])
    (whole,) = (one for one in spans if one.kind == one.SPAN_KIND_SERVER)
    assert attributes(whole)["http.response.status_code"] == 400
    assert whole.status.code == whole.status.STATUS_CODE_UNSET


def test_nothing_of_a_record_or_of_the_callers_text_is_in_a_span(receiver: Receiver, tmp_path: Path) -> None:
    body = call(platelets(22), nosebleed(note=[{"text": "Mustermann bleeds"}]))
    ask(
        receiver, tmp_path, body, [],
        traceparent=f"00-{TRACE}-{SPAN}-01", tracestate="vendor=Mustermann", baggage="patient=Mustermann",
        Authorization="Bearer Mustermann",
    )  # fmt: skip
    sent = b"".join(receiver.bodies)
    assert b"TRF-02" in sent
    for secret in ("Mustermann", PATIENT, INSTANCE, "Practitioner", "249366005"):
        assert secret.encode() not in sent


def test_traces_are_off_unless_asked_for() -> None:
    assert Settings().traces == "off"
    assert "traces" not in client().application.extensions


def test_without_the_packages_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    check_traces(Settings(traces="otlp"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(SettingsError, match=r"PLATELET_HOOKS_TRACES.*platelet-hooks\[otel\]"):
        check_traces(Settings(traces="otlp"))
    check_traces(Settings())


def test_a_collector_that_is_away_costs_a_line_and_no_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    app = create_app(
        Settings(log_level="warning", log_format="json", traces="otlp", state_dir=tmp_path), clock
    )
    answer = app.test_client().post(PATH, json=call(platelets(22), nosebleed()))
    assert answer.status_code == 200
    app.extensions["traces"].shutdown()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert lines
    assert {line["event"] for line in lines} == {"traces"}
    assert "127.0.0.1" not in json.dumps(lines)

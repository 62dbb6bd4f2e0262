"""A FHIR server on loopback that the tests start: it answers as told, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.service.build import PATIENT, Json, resource
from tests.service.hook_calls import bundle

FHIR_JSON = "application/fhir+json; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """A request that arrived: its path below the base, its parameters, its headers, and when."""

    path: str
    parameters: dict[str, list[str]]
    headers: dict[str, str]
    at: float

    @property
    def kind(self) -> str:
        """The resource type, or the page that was asked for."""
        return self.path.split("/")[0]


@dataclass
class Answer:
    """What is sent. `body` may be bytes; `act` writes to the connection itself, instead of all the rest."""

    body: Json | bytes = field(default_factory=bundle)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


Answers = Callable[[Asked], Answer]


class FhirServer:
    """`answers` says what each request gets; the default has the patient and nothing else."""

    def __init__(self, port: int, scheme: str = "http") -> None:
        self.host = "127.0.0.1"
        self.port, self.scheme = port, scheme
        self.answers: Answers = answer_nothing
        self.asked: list[Asked] = []
        self.connections = 0
        self.lock = Lock()

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def kinds(self) -> list[str]:
        """What was asked for, in the order of arrival."""
        return [one.kind for one in self.asked]


def answer_nothing(asked: Asked) -> Answer:
    """The patient, and empty searchsets."""
    if asked.path.startswith("Patient/"):
        return Answer(resource("Patient", PATIENT, birthDate="1991-04-02", gender="female"))
    return Answer()


def answering(**by_kind: Answer) -> Answers:
    """The given answers by resource type, the default ones for all others."""

    def answers(asked: Asked) -> Answer:
        return by_kind.get(asked.kind) or answer_nothing(asked)

    return answers


def pages(server: FhirServer, kind: str, *contents: Json) -> Answers:
    """A search in pages, each with the link to the next; all other searches are empty."""

    def answers(asked: Asked) -> Answer:
        if asked.kind != kind:
            return answer_nothing(asked)
        number = int(asked.parameters.get("page", ["0"])[0])
        page = dict(contents[number])
        if number + 1 < len(contents):
            page["link"] = [{"relation": "next", "url": f"{server.base}/{kind}?page={number + 1}"}]
        return Answer(page)

    return answers


def drip(chunk: bytes, seconds: float, times: int, head: bytes = b"") -> Answer:
    """Sends a little every so often: a server that never stops and never ends."""

    def act(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(head)
            for _ in range(times):
                handler.wfile.write(chunk)
                handler.wfile.flush()
                time.sleep(seconds)
        except OSError:
            pass
        handler.close_connection = True

    return Answer(act=act)


def raw(answer: bytes, then: Callable[[socket.socket], None] | None = None) -> Answer:
    """Sends these bytes as they are and closes the connection."""

    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.wfile.flush()
        if then is not None:
            then(handler.connection)
        handler.close_connection = True

    return Answer(act=act)


def _handler(fhir: FhirServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            with fhir.lock:
                fhir.connections += 1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(
                unquote(parts.path.removeprefix("/fhir").lstrip("/")),
                parse_qs(parts.query),
                {name.lower(): value for name, value in self.headers.items()},
                time.monotonic(),
            )
            with fhir.lock:
                fhir.asked.append(asked)
            answer = fhir.answers(asked)
            if answer.delay:
                time.sleep(answer.delay)
            if answer.act is not None:
                answer.act(self)
                return
            try:
                self._send(answer)
            except OSError:
                self.close_connection = True

        def _send(self, answer: Answer) -> None:
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            headers = {"Content-Type": FHIR_JSON, "Content-Length": str(len(body)), **answer.headers}
            self.send_response(answer.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are part of the tests."""


@contextmanager
def fhir_server(tls: ssl.SSLContext | None = None) -> Iterator[FhirServer]:
    """A running server; with `tls` it speaks https."""
    fhir = FhirServer(0, "http" if tls is None else "https")
    server = _Server((fhir.host, 0), _handler(fhir))
    fhir.port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield fhir
    finally:
        server.shutdown()
        server.server_close()

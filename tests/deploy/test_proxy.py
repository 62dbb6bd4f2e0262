"""The proxy's limits: those of the documents and of the service, and, where nginx is installed, those that it keeps."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cds_service.commands.serve import HEADER_MILLISECONDS, MOST_HEADER_BYTES
from cds_service.errors import CAUSES, CODE_SYSTEM, operation_outcome
from cds_service.settings import Settings
from tests.conftest import PROJECT
from tests.deploy.files import DEPLOY, compose, pod
from tests.deploy.proxy import CONF, NAME, Proxy, parsed, proxy_before, receive

UNITS = {"": 1, "k": 1024, "m": 1024**2}


def value(directive: str) -> str:
    """What a directive that stands once is set to."""
    to_clients = re.sub(r"upstream \w+ \{.*?\}", "", CONF, flags=re.DOTALL)
    (found,) = re.findall(rf"^\s*{directive} (.+);$", to_clients, re.MULTILINE)
    return str(found)


def size(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([km]?)", text).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def test_the_sizes_are_those_of_the_service() -> None:
    limits = Settings().limits
    assert size(value("client_max_body_size")) == limits.body_bytes
    assert f"body_bytes = {limits.body_bytes}" in (DEPLOY / "site.toml").read_text(encoding="utf-8")
    number, one = value("large_client_header_buffers").split()
    assert int(number) * size(one) == MOST_HEADER_BYTES


def test_the_time_is_enough_for_the_slowest_answer() -> None:
    longest = Settings.model_fields["limits"].annotation.model_fields["fetch_seconds"].metadata  # type: ignore[union-attr]
    most = next(one.le for one in longest if hasattr(one, "le"))
    assert int(value("proxy_read_timeout").removesuffix("s")) >= most


def test_an_idle_connection_to_the_service_is_ended_by_the_proxy_first() -> None:
    (seconds,) = re.findall(r"upstream \w+ \{[^}]*keepalive_timeout (\d+)s;", CONF)
    assert int(seconds) * 1000 < HEADER_MILLISECONDS


@pytest.mark.parametrize(
    "directive",
    [
        "client_header_timeout",
        "client_body_timeout",
        "send_timeout",
        "keepalive_timeout",
        "client_max_body_size",
        "large_client_header_buffers",
        "limit_conn connections",
        "limit_conn connections_in_all",
        "worker_connections",
        "proxy_connect_timeout",
        "proxy_read_timeout",
    ],
)
def test_a_limit_is_the_documented_one(directive: str) -> None:
    told = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    assert f"| `{directive} {value(directive)}` |" in told


def test_the_rate_is_the_documented_one_and_above_the_limit_of_a_client() -> None:
    told = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    (rate,) = re.findall(r"zone=requests:10m rate=(\d+)r/s;", CONF)
    (burst,) = re.findall(r"limit_req zone=requests burst=(\d+) nodelay;", CONF)
    assert f"| `limit_req` {rate} a second, bursts of {burst} |" in told
    limit = Settings(mode="sandbox").model_copy(update={"mode": "production"}).requests_per_minute
    assert int(rate) * 60 > limit


def test_a_refusal_is_told_as_the_service_tells_it() -> None:
    told = re.findall(r"return (\d+) '(\{.*\})';", CONF)
    assert len(told) == 5
    for status, body in told:
        outcome = json.loads(body.replace("$server_name", NAME))
        (code,) = [one["code"] for one in outcome["issue"][0]["details"]["coding"]]
        assert CAUSES[code].status == int(status)
        assert outcome == json.loads(operation_outcome(code, (), f"https://{NAME}"))
        assert CODE_SYSTEM in body


def test_compose_and_kubernetes_reach_the_service_by_the_name_in_the_file() -> None:
    (name, port) = re.findall(r"^\s*server (\w+):(\d+) max_fails=0;$", CONF, re.MULTILINE)[0]
    assert name in compose()["services"]
    assert pod()["hostAliases"] == [{"ip": "127.0.0.1", "hostnames": [name]}]
    assert port == "8080"


# ------------------------------------------------------------------------------------------ it runs


class Behind:
    """The service's place behind the proxy: what arrives there."""

    def __init__(self) -> None:
        arrived: list[tuple[str, int]] = []
        headers: list[dict[str, str]] = []

        behind = self
        self.is_away = False

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                arrived.append((self.path, len(body)))
                headers.append(dict(self.headers))
                if behind.is_away:
                    self.close_connection = True
                    return
                self.answer(422 if self.path == "/refused" else 200, b'{"cards":[]}')

            def do_GET(self) -> None:
                arrived.append((self.path, 0))
                self.answer(200, b"{}")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.arrived, self.headers = arrived, headers
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    running = Behind()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(scope="module")
def proxy(behind: Behind) -> Iterator[Proxy]:
    with proxy_before(behind.port) as running:
        yield running


def outcome(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    """The status, and the code of the OperationOutcome that has to be there."""
    status, headers, body = answer
    assert headers["content-type"] == "application/fhir+json"
    assert headers["strict-transport-security"] == "max-age=31536000"
    told: Any = json.loads(body)
    return status, told["issue"][0]["details"]["coding"][0]["code"]


def test_a_call_passes_with_its_path_and_headers(proxy: Proxy, behind: Behind) -> None:
    head = f"POST /cds-services//itp-patient-view HTTP/1.1\nHost: {NAME}\nAuthorization: Bearer x.y.z"
    status, headers, body = proxy.ask(f"{head}\nConnection: close\nContent-Length: 2", b"{}")
    assert (status, body) == (200, b'{"cards":[]}')
    assert behind.arrived[-1] == ("/cds-services//itp-patient-view", 2)
    assert behind.headers[-1]["Authorization"] == "Bearer x.y.z"
    assert behind.headers[-1]["Host"] == NAME
    assert headers["strict-transport-security"] == "max-age=31536000"


def test_the_largest_body_passes_and_one_byte_more_does_not(proxy: Proxy, behind: Behind) -> None:
    most = Settings().limits.body_bytes
    assert proxy.post("/large", most)[0] == 200
    assert behind.arrived[-1] == ("/large", most)
    assert outcome(proxy.post("/larger", most + 1)) == (413, "too-large")
    assert behind.arrived[-1] == ("/large", most)


def test_a_chunked_body_is_bounded_too(proxy: Proxy, behind: Behind) -> None:
    most = Settings().limits.body_bytes
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    assert most == 4 * 0x100000
    head = f"POST /chunked HTTP/1.1\nHost: {NAME}\nConnection: close\nTransfer-Encoding: chunked"
    assert proxy.ask(head, 4 * chunk + b"0\r\n\r\n")[0] == 200
    assert outcome(proxy.ask(head, 4 * chunk + b"1\r\n \r\n0\r\n\r\n")) == (413, "too-large")


def test_headers_are_bounded(proxy: Proxy, behind: Behind) -> None:
    head = f"GET /health/live HTTP/1.1\nHost: {NAME}\nConnection: close\n"
    assert proxy.ask(f"{head}X-Long: {'x' * 15_000}")[0] == 200
    assert outcome(proxy.ask(f"{head}X-Long: {'x' * 17_000}")) == (400, "bad-request")
    many = "\n".join(f"X-{n}: {'x' * 15_000}" for n in range(6))
    assert outcome(proxy.ask(head + many)) == (400, "bad-request")
    assert outcome(proxy.ask(f"GET /{'x' * 17_000} HTTP/1.1\nHost: {NAME}\nConnection: close")) == (
        400,
        "bad-request",
    )


@pytest.mark.parametrize(
    "sent",
    [b"POST /slow HTTP/1.1\r\nHost: ", b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"],
    ids=["in its headers", "in its body"],
)
def test_a_client_that_falls_silent_is_cut_off_and_never_reaches_the_service(
    proxy: Proxy, behind: Behind, sent: bytes
) -> None:
    with proxy.connect() as connection:
        connection.sendall(sent)
        began = time.monotonic()
        receive(connection)
        assert proxy.SLOW * 0.8 < time.monotonic() - began < 9
    assert all(path != "/slow" for path, _ in behind.arrived)


def test_the_numbers_are_not_served_outside(proxy: Proxy, behind: Behind) -> None:
    head = f"GET /metrics HTTP/1.1\nHost: {NAME}\nConnection: close"
    assert outcome(proxy.ask(head)) == (404, "not-found")
    assert all(path != "/metrics" for path, _ in behind.arrived)


def test_what_the_service_refuses_is_passed_on_as_it_is(proxy: Proxy, behind: Behind) -> None:
    status, headers, body = proxy.post("/refused", 2)
    assert (status, headers["content-type"], body) == (422, "application/json", b'{"cards":[]}')


def test_connections_of_one_address_are_bounded(proxy: Proxy, behind: Behind) -> None:
    head = f"GET /health/live HTTP/1.1\r\nHost: {NAME}\r\n".encode()
    for _ in range(4):  # on a busy machine the five may have been given up before the sixth comes
        opened = [proxy.connect() for _ in range(5)]
        for connection in opened:
            connection.sendall(f"POST /held HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 9\r\n\r\na".encode())
        time.sleep(0.2)  # until the five have been looked at
        with proxy.connect() as sixth:
            sixth.sendall(head + b"Connection: close\r\n\r\n")
            answer = parsed(receive(sixth))
        for connection in opened:
            connection.close()
        if answer[0] == 429:
            break
    assert outcome(answer) == (429, "too-many-requests")
    assert answer[1]["retry-after"] == "1"


def test_a_service_that_is_away_is_told_as_not_ready_and_not_asked_twice(
    proxy: Proxy, behind: Behind
) -> None:
    behind.is_away = True
    answer = proxy.post("/away", 2)
    behind.is_away = False
    assert outcome(answer) == (503, "not-ready")
    assert answer[1]["retry-after"] == "5"
    assert [path for path, _ in behind.arrived].count("/away") == 1


def test_too_many_requests_are_told_to_wait(proxy: Proxy, behind: Behind) -> None:
    """60 at once, and one more for each second that it takes."""
    head = f"GET /health/live HTTP/1.1\nHost: {NAME}"
    began = time.monotonic()
    with proxy.connect() as connection:
        line = (head.replace("\n", "\r\n") + "\r\n\r\n").encode()
        connection.sendall(line * 80 + line.replace(b"Host", b"Connection: close\r\nHost"))
        answers = receive(connection)
    passed, refused = answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 429")
    assert passed + refused == 81
    assert passed <= 62 + (time.monotonic() - began)

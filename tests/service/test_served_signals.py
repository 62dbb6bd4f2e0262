"""Signals and deaths: a stop loses no request, a reload changes nothing that is wrong, a dead worker is replaced."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.bodies import CHARTS, body
from tests.service.hook_calls import KEYS, bundle, call, platelets
from tests.service.serving import Served, served

PATH = "/cds-services/itp-patient-view"
JSON = {"Content-Type": "application/json"}
CALLERS = 6
SURELY_SENT = 0.05
"""Seconds after which a request has certainly reached the server."""


def post(service: Served, content: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    try:
        connection.request("POST", PATH, content, JSON)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def heavy() -> bytes:
    """A call that takes a while."""
    return body(CHARTS["four cards"], 24, datetime.now(UTC), KEYS)


def entries(number: int) -> bytes:
    """A call with so many Observations."""
    some = [platelets(200, f"p{one}") for one in range(number)]
    found = call()
    found["prefetch"]["platelets"] = bundle(*some)
    return json.dumps(found).encode()


def test_a_stop_answers_what_has_arrived(heavy: bytes) -> None:
    with served() as service:
        sent: list[tuple[float, int]] = []
        stopping = threading.Event()

        def ask() -> None:
            while not stopping.is_set():
                began = time.monotonic()
                try:
                    sent.append((began, post(service, heavy)))
                except (OSError, http.client.HTTPException):
                    sent.append((began, 0))

        callers = [threading.Thread(target=ask) for _ in range(CALLERS)]
        for one in callers:
            one.start()
        time.sleep(1.5)
        stopped = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        stopping.set()
        for one in callers:
            one.join(30)
        service.process.communicate(timeout=30)
        in_flight = [status for began, status in sent if began < stopped - SURELY_SENT]
        assert set(in_flight) == {200}
        assert len(in_flight) >= CALLERS
        assert service.process.returncode == 0


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[tuple[Served, Path]]:
    """A service that reads a file, and the file."""
    file = tmp_path / "site.toml"
    file.write_text("[limits]\nentries = 5\n", encoding="utf-8")
    with served(PLATELET_HOOKS_CONFIG=str(file)) as service:
        yield service, file


def wait_for(service: Served, content: bytes, status: int, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    found: set[int] = set()
    while time.monotonic() < until:
        found = {_try(service, content) for _ in range(4)}
        if found == {status}:
            return
        time.sleep(0.2)
    raise AssertionError(f"{found} instead of {status}")


def test_a_reload_reads_the_configuration_and_keeps_it_where_the_new_one_is_wrong(
    configured: tuple[Served, Path],
) -> None:
    service, file = configured
    assert post(service, entries(5)) == 200
    assert post(service, entries(6)) == 413

    file.write_text("[limits]\nentries = 6\n", encoding="utf-8")
    service.process.send_signal(signal.SIGHUP)
    wait_for(service, entries(6), 200)

    newest = max(service.workers())
    file.write_text("[limits]\nentries = 0\n", encoding="utf-8")
    service.process.send_signal(signal.SIGHUP)
    time.sleep(6)
    assert post(service, entries(6)) == 200
    assert post(service, entries(7)) == 413
    assert service.workers() == [newest]
    said = service.stop()
    assert "the configuration stays as it was: [limits] entries: expected" in said
    assert "Traceback" not in said


def test_a_worker_that_is_killed_is_replaced(heavy: bytes) -> None:
    with served() as service:
        [worker] = service.workers()
        time.sleep(6)  # a worker that dies at once is taken for one that cannot start
        asked = threading.Thread(target=lambda: _try(service, heavy))
        asked.start()
        time.sleep(0.05)
        os.kill(worker, signal.SIGKILL)
        asked.join(30)
        wait_for(service, entries(1), 200)
        assert service.workers() != [worker]


def _try(service: Served, content: bytes) -> int:
    """The status, 0 without an answer: a request dies with its worker."""
    try:
        return post(service, content)
    except (OSError, http.client.HTTPException):
        return 0


@pytest.mark.parametrize(("size", "is_answered"), [(8_000, True), (60_000, True), (80_000, False)])
def test_headers_are_bounded(base: Served, size: int, is_answered: bool) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", base.port, timeout=10)
    try:
        connection.request("GET", "/health/live", headers={"X-Long": "x" * size})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        status = 0
    finally:
        connection.close()
    assert status == 200 if is_answered else status in (0, 400, 431)


@pytest.fixture(scope="module")
def base() -> Iterator[Served]:
    with served() as service:
        yield service

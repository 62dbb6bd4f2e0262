"""The service as it is started: on a port, under its server, with bodies as sockets bring them."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cds_service.discovery import SERVICES
from tests.service.hook_calls import call, nosebleed, platelets
from tests.service.serving import START_SECONDS, free_port, served, start


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The address of a running service."""
    with served() as service:
        yield service.address
        service.stop()


def fresh_call() -> dict[str, Any]:
    """A call of today."""

    def at(hours: int) -> str:
        return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")

    return call(platelets(22, at=at(3)), nosebleed(onsetDateTime=at(2)))


def send(url: str, body: bytes | Iterator[bytes], **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(
        url, data=body, headers={"Content-Type": "application/json", **headers}, method="POST"
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_discovery_and_a_card(base: str) -> None:
    with urllib.request.urlopen(f"{base}/cds-services") as response:
        assert len(json.load(response)["services"]) == len(SERVICES)
    status, answer = send(f"{base}/cds-services/itp-patient-view", json.dumps(fresh_call()).encode())
    assert status == 200
    assert answer["cards"][0]["indicator"] == "critical"
    assert answer["cards"][0]["links"][0]["url"].startswith(f"{base}/rules/")


def test_a_doubled_slash_is_served_without_a_redirect(base: str) -> None:
    status, answer = send(f"{base}/cds-services//itp-patient-view", json.dumps(fresh_call()).encode())
    assert (status, bool(answer["cards"])) == (200, True)


def test_a_chunked_body_is_read_whole_or_refused(base: str) -> None:
    def chunks(body: bytes) -> Iterator[bytes]:
        yield from (body[n : n + 65536] for n in range(0, len(body), 65536))

    url = f"{base}/cds-services/itp-patient-view"
    assert send(url, chunks(json.dumps(fresh_call()).encode()))[0] == 200
    padded = json.dumps(fresh_call() | {"padding": "x" * 4_194_304}).encode()
    status, answer = send(url, chunks(padded))
    assert status == 413
    assert answer["issue"][0]["details"]["coding"][0]["code"] == "too-large"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PLATELET_HOOKS_MODE", "prod", "PLATELET_HOOKS_MODE: expected sandbox or production"),
        (
            "PLATELET_HOOKS_CONFIG",
            "/nowhere/at/all.toml",
            "PLATELET_HOOKS_CONFIG: expected a readable TOML file",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_in_one_line(variable: str, value: str, said: str) -> None:
    process = start(free_port(), **{variable: value})
    _, told = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 2
    assert told.startswith(f"platelet-hooks: {said}")
    assert told.count("\n") == 1


def test_a_taken_port_stops_the_start_in_one_line(base: str) -> None:
    process = start(int(base.rpartition(":")[2]))
    _, told = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 2
    assert told.count("\n") == 1


def test_what_lives_for_ever_is_kept_out_of_collections() -> None:
    program = (
        "import gc, sys; from cds_service.worker import start; start();"
        "print(gc.get_freeze_count() > 50_000, gc.get_threshold()[0] >= 50_000,"
        " 'fhir.resources.R4B.observation' in sys.modules, 'fhir.resources.R4B.claim' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["True", "True", "True", "False"]

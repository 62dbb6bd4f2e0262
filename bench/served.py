"""The service as it is served, with its log and its store, beside HealthChain with a handler that does nothing.

    python -m bench.served

Both on loopback, with the same number of workers and the same body, a cell of each in turn and round by round. The load
generator shares the machine with them. What is missing (the peer, wrk) is said in the table.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import requests

from bench.bodies import CHARTS, SERVICE, body
from bench.client import GENERATOR, Load, run_load
from bench.table import Row, print_table
from cards.valuesets import load
from cds_service.discovery import prefetch_keys

ROOT: Final = Path(__file__).resolve().parent.parent
PEER: Final = ROOT / ".cache/bench-peer"
PEER_PACKAGES: Final = ("healthchain==0.16.1", "uvicorn[standard]")
INSTALL_SECONDS: Final = 150
START_SECONDS: Final = 60
STOP_SECONDS: Final = 15
WORKERS: Final = 2
ROUNDS: Final = 3
CELL_SECONDS: Final = 2
CONCURRENCY: Final = (1, 8, 32)
FASTER: Final = {1: 1.5, 8: 3.0, 32: 3.0}
TAIL: Final = {1: 1 / 3, 32: 1 / 3}


@dataclass(frozen=True, slots=True)
class Target:
    """What is loaded: a name, where, and with what."""

    name: str
    url: str
    content: bytes


def install_peer() -> str:
    """Makes the peer's environment unless it is there; "" or why there is none."""
    python = PEER / "bin/python"
    if (PEER / "installed").exists():
        return ""
    try:
        venv.create(PEER, clear=True, with_pip=True)
        command = [str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install", *PEER_PACKAGES]
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        return f"the peer could not be installed ({type(error).__name__})"
    (PEER / "installed").touch()
    return ""


@contextmanager
def running(command: Sequence[str], url: str, content: bytes, environment: dict[str, str]) -> Iterator[bool]:
    """A server that answers the body, or False; it is ended with all of its workers."""
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield _answers(server, url, content)
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def _answers(server: subprocess.Popen[bytes], url: str, content: bytes) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(requests.RequestException):
            headers = {"Content-Type": "application/json"}
            if requests.post(url, data=content, headers=headers, timeout=5).status_code == 200:
                return True
        time.sleep(0.2)
    return False


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def measure(targets: Sequence[Target]) -> dict[tuple[str, int], list[Load]]:
    """A cell of each target in turn, for every concurrency, round by round."""
    found: dict[tuple[str, int], list[Load]] = {}
    for _ in range(ROUNDS):
        for concurrency in CONCURRENCY:
            for target in targets:
                cell = run_load(target.url, target.content, concurrency, CELL_SECONDS)
                found.setdefault((target.name, concurrency), []).append(cell)
    return found


def rows() -> list[Row]:
    """Throughput and tail against the peer; a row with cards beside it without a goal."""
    keys = prefetch_keys(load())
    now = datetime.now(UTC)
    nothing, card = (body(CHARTS[name], 1, now, keys) for name in ("nothing to say", "one card"))
    ours, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    targets = [
        Target("ours", f"{ours}/cds-services/{SERVICE}", nothing),
        Target("card", f"{ours}/cds-services/{SERVICE}", card),
        Target("peer", f"{peers}/cds/cds-services/{SERVICE}", nothing),
    ]
    missing = install_peer()
    service = [
        str(Path(sys.executable).parent / "platelet-hooks"),
        "serve",
        f"--port={ours.rpartition(':')[2]}",
        f"--workers={WORKERS}",
    ]
    peer = [
        str(PEER / "bin/python"),
        "-m",
        "uvicorn",
        "--app-dir=bench",
        "peer_app:app",
        f"--port={peers.rpartition(':')[2]}",
        f"--workers={WORKERS}",
        "--log-level=error",
        "--no-access-log",
    ]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"PLATELET_HOOKS_STATE_DIR": folder, "PLATELET_HOOKS_LOG_FORMAT": "json"}
        with running(service, targets[0].url, nothing, settings) as answers:
            if not answers:
                return [Row("served", None, note="the service did not start")]
            if missing:
                return _told(measure(targets[:2]), missing)
            with running(peer, targets[2].url, nothing, {}) as peer_answers:
                if not peer_answers:
                    return _told(measure(targets[:2]), "the peer did not start")
                return _told(measure(targets), "")


def _told(found: dict[tuple[str, int], list[Load]], missing: str) -> list[Row]:
    rows = []
    for concurrency in CONCURRENCY:
        ours = found["ours", concurrency]
        said = f"{_middle(ours)}; {GENERATOR}"
        if missing:
            rows.append(Row(f"served, {concurrency} at a time", None, note=f"{said}; {missing}"))
            continue
        peer = found["peer", concurrency]
        rate = median(one.rate / other.rate for one, other in zip(ours, peer, strict=True))
        tail = median(one.p99 / other.p99 for one, other in zip(ours, peer, strict=True))
        note = f"ours {said}; HealthChain {_middle(peer)}"
        rows.append(Row(f"requests a second, {concurrency} at a time", rate, FASTER[concurrency], True, note))
        rows.append(Row(f"99th percentile, {concurrency} at a time", tail, TAIL.get(concurrency)))
    for concurrency in CONCURRENCY:
        note = _middle(found["card", concurrency])
        rows.append(Row(f"served with a card, {concurrency} at a time", None, note=note))
    return rows


def _middle(cells: Sequence[Load]) -> str:
    rate, p50, p99 = (median(getattr(one, name) for one in cells) for name in ("rate", "p50", "p99"))
    errors = sum(one.errors for one in cells)
    return f"{rate:.0f}/s, {p50:.1f} ms, p99 {p99:.1f} ms" + (f", {errors} errors" if errors else "")


if __name__ == "__main__":
    print_table(rows())

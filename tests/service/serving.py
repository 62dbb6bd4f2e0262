"""The service as it is started: a process on a port of its own, ended by its id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 30


class Served:
    """A running service. `address` is its base URL."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.address = f"http://127.0.0.1:{port}"

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            if self.is_ready():
                return
            time.sleep(0.1)
        raise AssertionError(f"not ready; ended with {self.process.poll()}")

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health/ready", timeout=5):
                return True
        except OSError:
            return False

    def workers(self) -> list[int]:
        """The processes that answer."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [pid for pid in map(int, listed.split()) if b"resource_tracker" not in _command(pid)]

    def stop(self) -> str:
        """Ends it as an operator does; what it said on standard error."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=STOP_SECONDS)[1]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def workers_that_answered(state_dir: Path) -> int:
    """How many workers have answered a request, by the numbers that they keep. One that still starts ends late."""
    return len(list(state_dir.glob("metrics-*/histogram_*.db")))


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def start(port: int, *options: str, **variables: str) -> subprocess.Popen[str]:
    """`serve` with these options, in a session of its own; nobody waits for it here."""
    program = "from cds_service.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--port", str(port), *options],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def production_variables(config: Path, public_url: str, state_dir: Path) -> dict[str, str]:
    """The variables of a service in production mode that reads this file."""
    return {
        "PLATELET_HOOKS_CONFIG": str(config),
        "PLATELET_HOOKS_MODE": "production",
        "PLATELET_HOOKS_PUBLIC_URL": public_url,
        "PLATELET_HOOKS_SECRET": "a secret of the tests",
        "PLATELET_HOOKS_STATE_DIR": str(state_dir),
        "PLATELET_HOOKS_LOG_LEVEL": "error",
    }


@contextmanager
def served(*options: str, **variables: str) -> Iterator[Served]:
    """The service with these options of `serve`; killed at the end if it still runs."""
    port = free_port()
    process = start(port, *options, **variables)
    service = Served(process, port)
    try:
        service.wait_until_ready()
        yield service
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=STOP_SECONDS)

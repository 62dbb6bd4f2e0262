"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket in it, under its own user for root.

Without the programs its tests are skipped with the reason; where CI runs they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

USER = "postgres"
PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


def programs() -> Path | None:
    """The folder of initdb and pg_ctl."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    newest = sorted(path for place in PLACES for path in Path(place).glob("*/bin/initdb"))
    return newest[-1].parent if newest else None


class Server:
    """Stops as a power cut of the process would have it, and starts again on what it had written."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder = folder
        self._bin = bin_folder
        self._as: dict[str, Any] = (
            {"user": USER, "group": USER, "extra_groups": []} if os.getuid() == 0 else {}
        )
        if self._as:
            shutil.chown(folder, USER, USER)
        self._run(
            "initdb", "-D", str(folder / "data"), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale"
        )

    @property
    def url(self) -> str:
        """Its address, as a deployment would set it."""
        return f"postgresql://tests@/postgres?host={self.folder}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -c fsync=off -k {self.folder}"
        self._run(
            "pg_ctl", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", options, "-w", "start"
        )

    def kill(self) -> None:
        """Ends it at once: nothing is flushed, no client is told."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *args: str) -> None:
        subprocess.run(
            [str(self._bin / program), *args],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            **self._as,
        )


@contextmanager
def running() -> Iterator[Server]:
    """A server that runs, and ends with the tests."""
    bin_folder = programs()
    if bin_folder is None:
        reason = "no PostgreSQL on this machine (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="ph-pg-"))  # short: a socket's path has about 100 characters
    server = Server(folder, bin_folder)
    server.start()
    try:
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):  # a test left it stopped
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)

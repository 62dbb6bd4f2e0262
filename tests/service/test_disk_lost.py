"""The disk under the running service fails: the system makes it read-only at once, and another takes its place.

A small ext4 file system in a file, mounted for the test and aborted as a failing disk is. It needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.service.serving import served
from tests.service.test_faults_served import card, is_well, respond, wait_for

PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
MEGABYTES = 32


def told(*command: str | Path) -> str:
    """Runs it; "" or why it failed."""
    made = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, "PATH": PATH}
    )
    return "" if made.returncode == 0 else made.stderr


def new_disk(image: Path, place: Path) -> str:
    """Mounts an empty file system that is read-only from its first error on; "" or why there is none."""
    with image.open("wb") as file:
        file.truncate(MEGABYTES * 2**20)
    made = told("mkfs.ext4", "-q", image) or told("mount", "-o", "loop,errors=remount-ro", image, place)
    if not made:
        (place / "state").mkdir()
    return made


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder in which disks are mounted; afterwards none is."""
    found = tmp_path / "disk"
    found.mkdir()
    if os.getuid() != 0 or shutil.which("mkfs.ext4", path=PATH) is None:
        missing = "needs root and mkfs.ext4"
    else:
        missing = new_disk(tmp_path / "first", found)
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"no disk can be mounted: {missing}")
    if missing:
        pytest.skip(f"no disk can be mounted: {missing}")
    with ExitStack() as last:
        last.callback(told, "umount", "--lazy", found)
        yield found


def test_a_disk_that_becomes_read_only(place: Path, tmp_path: Path) -> None:
    """Cards come, feedback is refused and readiness says so; with a disk in its place all is taken again."""
    store = place / "state/store.db"
    with served(PLATELET_HOOKS_STATE_DIR=str(store.parent), PLATELET_HOOKS_LOG_LEVEL="error") as service:
        is_well(service, store, card(service, "before"))
        workers = service.workers()

        assert told("mount", "-o", "remount,abort", place) == ""
        with pytest.raises(OSError, match="Read-only"):
            (place / "touched").touch()
        for number in range(3):
            assert respond(service, card(service, f"lost-{number}")) == 503
        wait_for(lambda: not service.is_ready(), "ready without a store")

        assert told("umount", "--lazy", place) == ""
        assert new_disk(tmp_path / "second", place) == ""
        is_well(service, store, card(service, "after"))
        wait_for(service.is_ready, "not ready again")
        assert service.workers() == workers
        assert "Traceback" not in service.stop()

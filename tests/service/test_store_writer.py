"""The queue of cards: it never waits, loses only what does not fit and says so, and is emptied at the end."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cds_service.metrics_folder import FOLDER, forget_dead_workers, forget_metrics, share_metrics
from cds_service.store.database import Database
from cds_service.store.writer import Writer
from tests.service.serving import START_SECONDS, served, workers_that_answered
from tests.service.test_insights import card
from tests.service.test_serve import fresh_call, send

NOWHERE = "sqlite:////proc/nowhere/store.db"


def stored(path: Path) -> int:
    with sqlite3.connect(path) as store:
        return int(store.execute("SELECT count(*) FROM cards").fetchone()[0])


def test_what_is_put_is_stored(tmp_path: Path) -> None:
    tidied: list[int] = []
    lost: list[int] = []
    writer = Writer(Database(f"sqlite:///{tmp_path / 's.db'}"), 1000, lost.append, lambda: tidied.append(1))
    for number in range(500):
        writer.put(card(number))
    assert writer.flush(60)
    assert (stored(tmp_path / "s.db"), writer.waiting, lost, tidied) == (500, 0, [], [1])
    writer.close()
    writer.put(card(501))  # after its end it starts again
    assert writer.flush(60)
    assert stored(tmp_path / "s.db") == 501
    writer.close()


def test_a_full_queue_loses_and_counts_and_never_waits() -> None:
    lost: list[int] = []
    writer = Writer(Database(NOWHERE), 10, lost.append)
    began = time.monotonic()
    for number in range(1010):
        writer.put(card(number))
    assert time.monotonic() - began < 1
    assert (writer.waiting, sum(lost)) == (10, 1000)
    assert writer.flush(0.1) is False
    writer.close(0.1)
    assert (writer.waiting, sum(lost)) == (0, 1010)


def test_of_rows_that_are_put_together_only_those_without_room_are_lost() -> None:
    lost: list[int] = []
    writer = Writer(Database(NOWHERE), 10, lost.append)
    writer.put()
    assert writer.waiting == 0
    writer.put(*map(card, range(7)))
    writer.put(*map(card, range(7, 14)))
    assert (writer.waiting, lost) == (10, [4])
    writer.put(card(14))
    assert (writer.waiting, lost) == (10, [4, 1])
    writer.close(0.1)


def test_a_row_that_cannot_be_stored_is_lost_alone(tmp_path: Path) -> None:
    lost: list[int] = []
    writer = Writer(Database(f"sqlite:///{tmp_path / 's.db'}"), 100, lost.append)
    rows = [card(1), card(2, rule=None), card(3)]
    for row in rows:
        writer.put(row)
    assert writer.flush(60)
    assert (stored(tmp_path / "s.db"), lost) == (2, [1])
    writer.close()


def test_workers_share_their_metrics_and_leave_nothing_behind(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with served(
        "--workers", "2", PLATELET_HOOKS_STATE_DIR=str(state), PLATELET_HOOKS_LOG_FORMAT="json"
    ) as service:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and workers_that_answered(state) < 2:
            service.wait_until_ready()
            time.sleep(0.02)
        body = json.dumps(fresh_call()).encode()
        shown = sum(
            len(send(f"{service.address}/cds-services/itp-patient-view", body)[1]["cards"]) for _ in range(8)
        )
        told = set()
        for _ in range(3):
            with urllib.request.urlopen(f"{service.address}/metrics") as response:
                text = response.read().decode()
            told.add(
                sum(
                    float(line.split()[-1])
                    for line in text.splitlines()
                    if line.startswith("platelet_hooks_cards_total{")
                )
            )
        service.stop()
    assert told == {shown}
    assert stored(state / "store.db") == shown  # the queues were emptied
    assert list(state.glob("metrics-*")) == []


def test_metrics_of_dead_processes_go(tmp_path: Path) -> None:
    gone = tmp_path / "metrics-999999999"
    gone.mkdir()
    before = os.environ.pop(FOLDER, None)
    try:
        share_metrics(tmp_path)
        assert os.environ[FOLDER] == str(tmp_path / f"metrics-{os.getpid()}")
        assert not gone.exists()
        forget_metrics(tmp_path)
        assert list(tmp_path.iterdir()) == []
    finally:
        os.environ.pop(FOLDER, None)
        if before is not None:
            os.environ[FOLDER] = before


def test_the_state_directory_of_a_new_installation_is_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, "unset below, and as it was after the test")
    monkeypatch.delenv(FOLDER)
    share_metrics(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_what_waits_is_told_whenever_it_changes(tmp_path: Path) -> None:
    told: list[int] = []
    writer = Writer(Database(f"sqlite:///{tmp_path / 's.db'}"), 10, told=told.append)
    writer.put(card(1))
    assert writer.flush(60)
    writer.close()
    assert (told[0], told[-1]) == (1, 0)


def test_a_dead_worker_says_nothing_of_what_waits_and_keeps_what_it_counted(tmp_path: Path) -> None:
    for pid in (os.getpid(), 999_999_999):
        for kind in ("gauge_livesum", "counter"):
            (tmp_path / f"{kind}_{pid}.db").touch()
    forget_dead_workers(tmp_path)
    gone = {"counter_999999999.db"}
    assert {one.name for one in tmp_path.iterdir() if "999999999" in one.name} == gone
    assert (tmp_path / f"gauge_livesum_{os.getpid()}.db").exists()


def test_what_starts_the_workers_imports_no_counters() -> None:
    """Prometheus settles at its import whether numbers are shared; SQLAlchemy is slow, and not for every command."""
    program = (
        "import sys, cds_service.commands.serve; "
        "print([one for one in ('prometheus_client', 'sqlalchemy', 'alembic', 'pyarrow') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

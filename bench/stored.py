"""Whether a call costs the same however much is remembered: 1,000 stored rows against 1,000,000.

    python -m bench.stored

Two services of one process, each with a store of its own, are called in turn: a call that shows a card and asks what
was overridden before, and feedback for that card. Wall time, since both wait for the disk; the median of the ratios of
pairs. Each round is about another patient, since a card that was overridden is held back.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flask.testing import FlaskClient

from bench.bodies import CHARTS, SERVICE, body
from bench.resources import PATIENT
from bench.table import Row, median_ratio, print_table
from cards.valuesets import load
from cds_service.app import create_app
from cds_service.discovery import prefetch_keys
from cds_service.settings import Settings

SIZES: Final = (1_000, 1_000_000)
ROUNDS: Final = 150
FLAT: Final = 1.25
PATH: Final = f"/cds-services/{SERVICE}"

# Half of the rows are cards, half the feedback on them; 20 cards a patient.
CARDS: Final = """
with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
insert into cards (uuid, at, service, client, tenant, instance, rule, rules, indicator, content_version, shown,
    silenced_by, patient, clinician, facts, count, grade, suggestions)
select printf('%08x-0000-4000-8000-000000000000', i), ?, ?, '', '', printf('%036d', i), 'TRF-04', 'TRF-04', 'info',
    '1', 1, '', printf('%032x', i / 20), printf('%032x', i % 500), printf('%032x', i), '', '', '' from n
"""
FEEDBACK: Final = """
insert into feedback (entry, card, service, client, tenant, outcome, at, received, reason, accepted, comment, matched)
select printf('%064d', rowid), uuid, service, client, tenant, 'overridden', at, at, 'action-completed', '', null, 1
from cards
"""


def fill(store: Path, rows: int, now: datetime) -> None:
    """So many rows of the last hour, in a store that has its tables."""
    with sqlite3.connect(store) as connection:
        connection.execute(CARDS, (rows // 2, f"{now:%Y-%m-%d %H:%M:%S.%f}", SERVICE))
        connection.execute(FEEDBACK)
    connection.close()


@contextmanager
def service(folder: Path, rows: int, content: bytes, now: datetime) -> Iterator[FlaskClient]:
    """A service of this process whose store holds so many rows."""
    app = create_app(Settings(state_dir=folder, log_level="error"))
    client, memory = app.test_client(), app.extensions["memory"]
    call(client, content)
    if not memory.writer.flush(60):
        raise RuntimeError("the store took no card within a minute")
    fill(folder / "store.db", rows, now)
    try:
        yield client
    finally:
        memory.close()


def call(client: FlaskClient, content: bytes) -> str:
    """One call that shows a card; the card's uuid."""
    answer = client.post(PATH, data=content, content_type="application/json")
    uuid: str = answer.get_json()["cards"][0]["uuid"]
    return uuid


def respond(client: FlaskClient, uuid: str, now: datetime) -> None:
    """Feedback for a card, acknowledged once it is on the disk."""
    entry = {"card": uuid, "outcome": "overridden", "outcomeTimestamp": now.isoformat()}
    if client.post(f"{PATH}/feedback", json={"feedback": [entry]}).status_code != 200:
        raise RuntimeError("feedback was not taken")


def rows() -> list[Row]:
    """The call and its feedback, each as the ratio of the large store to the small one."""
    now = datetime.now(UTC)
    content = body(CHARTS["one card"], 1, now, prefetch_keys(load()))
    spent: dict[str, list[tuple[float, ...]]] = {"a call with a card": [], "feedback": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder, "few"), SIZES[0], content, now) as few,
        service(Path(folder, "many"), SIZES[1], content, now) as many,
    ):
        for number in range(ROUNDS):
            calls, answers = [], []
            about = content.replace(PATIENT.encode(), f"bench-{number}".encode())
            for client in (few, many):
                began = time.perf_counter()
                uuid = call(client, about)
                between = time.perf_counter()
                respond(client, uuid, now)
                calls.append(between - began)
                answers.append(time.perf_counter() - between)
            spent["a call with a card"].append(tuple(calls))
            spent["feedback"].append(tuple(answers))
    what = f"{SIZES[1]:,} stored rows against {SIZES[0]:,}"
    return [
        Row(f"{name}, {what}", median_ratio([m for _, m in pairs], [f for f, _ in pairs]), FLAT)
        for name, pairs in spent.items()
    ]


if __name__ == "__main__":
    print_table(rows())

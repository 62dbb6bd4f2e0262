"""The store on both databases: its tables, what it keeps, what happens when it goes away."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr

from cds_service.auth.jti import ProcessMemory
from cds_service.memory_secret import kept_secret
from cds_service.store.database import Database, StoreDown, ValueRefused
from cds_service.store.opening import HEAD, SCRIPTS, StoreError, bring_up_to_date, connect, revision
from cds_service.store.statements import cards_on_file, first_use, purge, put
from cds_service.store.tables import CARDS, FEEDBACK, METADATA, USED_TOKENS
from cds_service.store.tokens import StoredJtis
from tests.service.build import NOW
from tests.service.hook_calls import call, nosebleed, platelets
from tests.service.memory_calls import accepted, overridden, started
from tests.service.postgres import Server, running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as one:
        yield one


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'own' / 'store.db'}"
        return
    found: Server = request.getfixturevalue("server")
    engine = connect(found.url)
    METADATA.drop_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    engine.dispose()
    yield found.url


def row(uuid: str = "", at: datetime = NOW, **members: Any) -> dict[str, Any]:
    """A shown card."""
    usual = {
        "uuid": uuid or str(uuid4()), "at": at, "service": "itp-patient-view", "client": "", "tenant": "",
        "instance": "i", "rule": "TRF-02", "rules": "TRF-02 MON-01", "indicator": "critical",
        "content_version": "1", "shown": True, "silenced_by": "", "patient": "p", "clinician": "c", "facts": "f",
        "count": "n", "grade": "g", "suggestions": "",
    }  # fmt: skip
    return usual | members


def count(database: Database, table: str) -> int:
    from sqlalchemy import text

    return database.commit(lambda c: int(c.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()))


def test_the_steps_make_the_tables_that_the_code_knows(url: str) -> None:
    engine = connect(url)
    assert revision(engine) is None
    bring_up_to_date(engine)
    assert revision(engine) == HEAD
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    bring_up_to_date(engine)  # once more: nothing to do
    engine.dispose()


def test_the_newest_step_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_step_back_leaves_nothing(url: str) -> None:
    from alembic import command

    engine = connect(url)
    bring_up_to_date(engine)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    from sqlalchemy import inspect

    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()


def test_a_database_of_a_newer_release_is_left_alone(url: str) -> None:
    engine = connect(url)
    bring_up_to_date(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer release"):
        bring_up_to_date(engine)
    assert Database(url).open() is False
    engine.dispose()


def test_processes_that_start_together_make_the_tables_once(url: str) -> None:
    program = (
        "import sys; from cds_service.store.database import Database; "
        "sys.exit(0 if Database(sys.argv[1]).open() else 1)"
    )
    starting = [subprocess.Popen([sys.executable, "-c", program, url]) for _ in range(3)]
    assert [one.wait(60) for one in starting] == [0, 0, 0]
    assert revision(connect(url)) == HEAD


def test_times_come_back_in_utc(url: str) -> None:
    database = Database(url)
    tokyo = datetime.fromisoformat("2026-06-15T21:30:00.123456+09:00")
    database.commit(lambda c: put(c, USED_TOKENS, [{"jti": "t", "expires": tokyo}]))
    from sqlalchemy import select

    read = database.commit(lambda c: c.execute(select(USED_TOKENS.c.expires)).scalar_one())
    assert (read, read.tzinfo) == (tokyo, UTC)
    database.close()


def test_the_same_row_is_stored_once(url: str) -> None:
    database = Database(url)
    one = row()
    for _ in range(2):
        database.commit(lambda c: put(c, CARDS, [one, row(one["uuid"], rule="MON-01")]))
    assert count(database, "cards") == 1
    assert set(database.commit(lambda c: cards_on_file(c, [one["uuid"], "other"]))) == {one["uuid"]}
    database.close()


def test_a_token_is_used_once_in_all_processes(url: str) -> None:
    expires = NOW + timedelta(minutes=5)
    workers = [StoredJtis(Database(url), ProcessMemory(lambda: NOW)) for _ in range(2)]
    assert [workers[0].first_use("a", expires), workers[1].first_use("a", expires)] == [True, False]
    assert workers[1].first_use("b", expires) is True
    assert workers[1].first_use("b", expires) is False
    program = (
        "import sys; from datetime import *; from cds_service.store.database import Database; "
        "from cds_service.store.tokens import StoredJtis; from cds_service.auth.jti import ProcessMemory; "
        "now = datetime.now(UTC); memory = StoredJtis(Database(sys.argv[1]), ProcessMemory(lambda: now)); "
        "print(memory.first_use('a', now), memory.first_use('fresh', now))"
    )
    told = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True"]


def test_one_of_many_workers_gets_a_token(url: str) -> None:
    database = Database(url)
    assert database.open()
    won: list[bool] = []

    def use() -> None:
        won.append(database.commit(lambda c: first_use(c, "raced", NOW)))

    racing = [threading.Thread(target=use) for _ in range(8)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert sorted(won) == [False] * 7 + [True]
    database.close()


def test_what_is_old_goes_and_the_rest_stays(url: str) -> None:
    database = Database(url)
    limit = NOW - timedelta(days=30)
    database.commit(lambda c: put(c, CARDS, [row(at=limit - timedelta(seconds=1)), row(at=limit)]))
    entry = {
        "card": "x", "service": "s", "client": "", "tenant": "", "outcome": "accepted", "at": NOW, "reason": "",
        "accepted": "", "comment": None, "matched": False,
    }  # fmt: skip
    entries = [
        entry | {"entry": "old", "received": limit - timedelta(seconds=1)},
        entry | {"entry": "new", "received": limit},
    ]
    database.commit(lambda c: put(c, FEEDBACK, entries))
    tokens = [{"jti": "old", "expires": NOW - timedelta(seconds=1)}, {"jti": "new", "expires": NOW}]
    database.commit(lambda c: put(c, USED_TOKENS, tokens))
    assert database.commit(lambda c: purge(c, limit, NOW)) == (1, 1, 1)
    assert [count(database, table) for table in ("cards", "feedback", "used_tokens")] == [1, 1, 1]
    database.close()


def test_a_value_that_does_not_fit_is_no_failure_of_the_database(server: Server) -> None:
    database = Database(server.url)
    with pytest.raises(ValueRefused):
        database.commit(lambda c: put(c, CARDS, [row(rule="x" * 100)]))
    assert database.is_down is False
    database.close()


def test_an_address_that_leads_nowhere_is_down_at_once_and_names_nothing() -> None:
    told: list[str] = []
    database = Database("postgresql://user:geheim@127.0.0.1:1/nothing", told.append)
    assert database.open() is False
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(StoreDown):
            database.ask(lambda c: None, 1.0)
    assert time.monotonic() - began < 1
    assert told == ["OperationalError"]


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense://", "sqlite:////proc/nothing/store.db"])
def test_a_database_of_another_kind_is_down(url: str) -> None:
    assert Database(url).open() is False


def test_a_question_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    assert database.open()
    began = time.monotonic()
    with pytest.raises(StoreDown):
        database.ask(lambda c: time.sleep(1.5), 0.1)
    assert time.monotonic() - began < 1
    assert database.is_down


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from cds_service.memory_secret import kept_secret; "
        "sys.stdout.buffer.write(kept_secret(Path(sys.argv[1])))"
    )
    folder = tmp_path / "state"
    making = [
        subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    made = {one.communicate(timeout=60)[0] for one in making}
    assert made == {kept_secret(folder)}
    assert len(kept_secret(folder)) == 64
    assert stat.S_IMODE(os.stat(folder / "secret").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret"]


def test_killing_the_database_in_mid_run_loses_no_acknowledged_feedback_and_no_answer(
    server: Server, tmp_path: Path
) -> None:
    service = started(tmp_path, database_url=SecretStr(server.url))
    body = call(platelets(22), nosebleed())
    card = service.call(body)[0]["uuid"]
    acknowledged: list[str] = []
    statuses: list[int] = []
    killed = False
    until = time.monotonic() + 60
    for number in range(10_000):
        if number == 15:
            server.kill()
            killed = True
        answer = service.client.post("/cds-services/itp-patient-view", json=body)
        assert answer.status_code == 200
        assert answer.get_json()["cards"]
        at = NOW + timedelta(seconds=number)
        response = service.send(overridden(card, at) if number % 2 else accepted(card, at=at))
        statuses.append(response.status_code)
        if response.status_code == 200:
            acknowledged.append(at.isoformat())
        else:
            assert response.status_code == 503
            assert int(response.headers["Retry-After"]) > 0
        if number == 20:
            assert service.client.get("/health/ready").status_code == 503
            degraded = answer.get_json()["extension"]["org.platelet-hooks.evaluation"]["degraded"]
            assert degraded == ["store"]
            server.start()
        if killed and number > 25 and statuses[-5:] == [200] * 5:
            break
        assert time.monotonic() < until
        if number > 20 and response.status_code != 200:
            time.sleep(0.2)
    assert 503 in statuses
    kept = {entry["at"].astimezone(UTC).isoformat() for entry in service.rows("feedback")}
    assert set(acknowledged) <= kept
    assert service.memory.writer.flush(20)  # the cards of the outage too
    shown = len(service.rows("cards"))
    assert shown >= len(statuses)
    assert service.client.get("/health/ready").status_code == 200
    service.memory.close()

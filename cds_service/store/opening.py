"""Opening the database: its address, the connection's settings, and its tables brought to this release.

A connection never waits long: a hook's answer may depend on it only for fractions of a second.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

HEAD: Final = "0001"
"""The newest step of `migrations/`; a test compares it with the folder."""

SCRIPTS: Final = Path(__file__).parent / "migrations"
BUSY_MILLISECONDS: Final = 3_000
UPGRADE_MILLISECONDS: Final = 30_000
SWITCH_TURNS: Final = 100
SWITCH_SECONDS: Final = 0.05
CONNECT_SECONDS: Final = 2
POOL_SECONDS: Final = 2
LOCK: Final = 7_250_417
"""PostgreSQL's advisory lock while the tables are made: one process at a time."""


class StoreError(Exception):
    """One line: why the database cannot be used. It names no address, which may hold a password."""


def connect(url: str, durable: bool = True) -> Engine:
    """An engine. Not `durable`: a commit outlives the process, but maybe not a power cut (SQLite, used tokens)."""
    try:
        made = make_url(url)
        if made.drivername in ("postgresql", "postgres"):
            made = made.set(drivername="postgresql+psycopg")
        if made.get_backend_name() == "sqlite":
            return _sqlite(made, durable)
        if made.get_backend_name() == "postgresql":
            return create_engine(
                made,
                pool_pre_ping=True,
                pool_timeout=POOL_SECONDS,
                hide_parameters=True,
                connect_args={
                    "connect_timeout": CONNECT_SECONDS,
                    "options": f"-c statement_timeout={BUSY_MILLISECONDS} -c timezone=UTC",
                },
            )
    except (ArgumentError, SQLAlchemyError, ImportError) as error:
        raise StoreError(f"the database cannot be opened ({type(error).__name__})") from None
    raise StoreError(f"expected SQLite or PostgreSQL, not {made.get_backend_name()}")


def _sqlite(url: Any, durable: bool) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_timeout=POOL_SECONDS,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: object) -> None:
        _use_write_ahead_log(connection)
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        cursor.close()

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not wait for each other. The switch itself does not wait for its turn: it is tried."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    for turn in range(SWITCH_TURNS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if turn == SWITCH_TURNS - 1:
                raise
            time.sleep(SWITCH_SECONDS)


def bring_up_to_date(engine: Engine) -> None:
    """Makes or changes the tables where they are not this release's. Safe to run in several processes at once."""
    if revision(engine) == HEAD:
        return
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {UPGRADE_MILLISECONDS}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _upgrade(connection)
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        return
    with engine.connect() as lock:
        lock.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
        with engine.connect() as connection:
            _upgrade(connection)
            connection.commit()
        lock.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))


def revision(engine: Engine) -> str | None:
    """The step that the database stands at, None for an empty one."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # a start that finds the tables in order does without it
    from alembic.config import Config
    from alembic.util import CommandError

    if _revision(connection) == HEAD:
        return
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise StoreError("the database was made by a newer release") from None

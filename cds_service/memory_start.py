"""Makes the memory of a process of its settings: key, database, queue, and what is purged. Opens nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cds_service.logs import Log
from cds_service.memory import Memory
from cds_service.memory_marks import Marks
from cds_service.memory_secret import BYTES, hash_key
from cds_service.metrics import STORE_FAILURES, STORE_LOST, STORE_WAITING
from cds_service.settings import Settings
from cds_service.store.address import store_url
from cds_service.store.database import Database, StoreDown, ValueRefused
from cds_service.store.writer import Writer

if TYPE_CHECKING:
    from sqlalchemy import Connection


def remember(settings: Settings, clock: Callable[[], datetime], log: Log) -> Memory:
    """The memory. Where no key can be kept it has one of its own, and recognises nobody after a restart."""
    try:
        key = hash_key(settings)
    except OSError as error:
        log.warning("no-secret", kind=type(error).__name__)
        key = secrets.token_bytes(BYTES)

    def report(kind: str) -> None:
        STORE_FAILURES.labels(kind).inc()
        log.warning("store-down", kind=kind)

    def lost(number: int) -> None:
        STORE_LOST.inc(number)

    database = Database(store_url(settings), report)

    def tidy() -> None:
        purge_old(database, settings.memory.retention_days, clock())

    return Memory(
        settings, Marks(key), database, Writer(database, settings.memory.queue, lost, tidy, STORE_WAITING.set)
    )


def purge_old(database: Database, days: int, now: datetime) -> tuple[int, int, int] | None:
    """Takes out what is older than so many days. How many cards, feedback entries, token ids; None where it failed."""

    def work(connection: Connection) -> tuple[int, int, int]:
        from cds_service.store.statements import purge

        return purge(connection, now - timedelta(days=days), now)

    try:
        return database.commit(work)
    except (StoreDown, ValueRefused):
        return None

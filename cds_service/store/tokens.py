"""Which token ids were used: across workers and machines by the database, per process while it is down."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from cds_service.store.database import Database, StoreDown

if TYPE_CHECKING:
    from sqlalchemy import Connection

SECONDS: Final = 0.5


class UsedHere(Protocol):
    """What this process remembers."""

    def first_use(self, jti: str, expires: datetime) -> bool: ...


class StoredJtis:
    """Remembers token ids (hashes, at most 64 characters) in the database; `here` carries on while it is down."""

    def __init__(self, database: Database, here: UsedHere) -> None:
        self._database = database
        self._here = here

    def first_use(self, jti: str, expires: datetime) -> bool:
        """Whether no worker saw it before; while the database is down, whether this process did not."""
        if not self._here.first_use(jti, expires):
            return False

        def store(connection: Connection) -> bool:
            from cds_service.store.statements import first_use

            return first_use(connection, jti, expires)

        try:
            return self._database.ask(store, SECONDS)
        except StoreDown:
            return True

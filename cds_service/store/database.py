"""The database as the service uses it: opened when first needed, asked within a deadline, written until committed.

Where it cannot be reached every question is `StoreDown`, at once for a while: an answer never waits for it twice.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import TYPE_CHECKING, Final, TypeVar

from cards.frozen import dataclass

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")
Work = Callable[["Connection"], T]
Report = Callable[[str], None]

RETRY_SECONDS: Final = 2.0
ASKED_AT_ONCE: Final = 8


class StoreDown(Exception):
    """The database cannot be reached now. Nothing of what was asked for is stored."""


class ValueRefused(Exception):
    """The database can be reached and does not take a value."""


@dataclass(frozen=True, slots=True)
class _Engines:
    """`durable`: a commit outlives a power cut. `quick`: it outlives the process (the same one in PostgreSQL)."""

    durable: Engine
    quick: Engine


class Database:
    """One per process. `report` is told the kind of each failure, never its words, which may hold an address."""

    def __init__(self, url: str, report: Report = lambda kind: None) -> None:
        self._url = url
        self._report = report
        self._engines: _Engines | None = None
        self._opening = threading.Lock()
        self._tried = False
        self._down_until = 0.0
        self._asked: ThreadPoolExecutor | None = None

    @property
    def is_down(self) -> bool:
        """As far as is known: the last attempt failed, a moment ago."""
        return time.monotonic() < self._down_until

    def open(self) -> bool:
        """Opens it and brings its tables up to date, unless that failed a moment ago. Whether it is open."""
        with self._opening:
            if self._engines is None and not self.is_down:
                self._engines = self._try_to_open()
                self._tried = True
            return self._engines is not None

    def _is_open(self) -> bool:
        """The same, for an answer that cannot wait: after a failure another thread opens it."""
        if self._engines is None and self._tried:
            if not self.is_down and not self._opening.locked():
                threading.Thread(target=self.open, name="store-opening", daemon=True).start()
            return False
        return self.open()

    def _try_to_open(self) -> _Engines | None:
        from sqlalchemy.exc import SQLAlchemyError  # some tenths of a second: only where something is kept

        from cds_service.store.opening import StoreError, bring_up_to_date, connect

        try:
            durable = connect(self._url)
            bring_up_to_date(durable)
            quick = connect(self._url, durable=False) if durable.dialect.name == "sqlite" else durable
        except (SQLAlchemyError, StoreError, OSError) as error:
            self._failed(error)
            return None
        return _Engines(durable, quick)

    def ask(self, work: Work[T], seconds: float) -> T:
        """What `work` answers, committed, within `seconds`; StoreDown otherwise."""
        if not self._is_open() or self.is_down:
            raise StoreDown
        assert self._engines is not None
        if self._asked is None:
            self._asked = ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="store")
        waiting = self._asked.submit(self._run, self._engines.quick, work)
        try:
            return waiting.result(seconds)
        except (TooLate, ValueRefused) as error:
            waiting.cancel()
            self._failed(error)
            raise StoreDown from None

    def commit(self, work: Work[T]) -> T:
        """What `work` answers once it is on disk. StoreDown or ValueRefused: nothing is stored."""
        if not self.open():
            raise StoreDown
        assert self._engines is not None
        return self._run(self._engines.durable, work)

    def _run(self, engine: Engine, work: Work[T]) -> T:
        from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

        if self._is_gone(engine):
            raise StoreDown
        try:
            with engine.begin() as connection:
                answer = work(connection)
        except (DataError, IntegrityError):
            raise ValueRefused from None
        except SQLAlchemyError as error:
            self._failed(error)
            raise StoreDown from None
        self._down_until = 0.0
        return answer

    def _is_gone(self, engine: Engine) -> bool:
        """Whether the file of a SQLite database was taken away: rows would go into a file that nobody has any more."""
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        if file is None or os.path.exists(file):
            return False
        self._failed(FileNotFoundError())
        with self._opening:  # it is opened again, and made anew, once the failure is a moment old
            self._engines = None
        return True

    def _failed(self, error: BaseException) -> None:
        if not self.is_down:
            self._report(type(error).__name__)
        self._down_until = time.monotonic() + RETRY_SECONDS

    def check(self) -> bool:
        """Whether it answers now: what readiness asks."""
        from sqlalchemy import text

        try:
            self.open()
            return self.ask(lambda connection: bool(connection.execute(text("SELECT 1")).scalar()), 1.0)
        except StoreDown:
            return False

    def close(self) -> None:
        """Gives its connections back."""
        if self._asked is not None:
            self._asked.shutdown(wait=False)
        if self._engines is not None:
            self._engines.durable.dispose()
            self._engines.quick.dispose()
            self._engines = None

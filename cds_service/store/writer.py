"""Cards on their way into the database: a bounded queue and one thread, so that no answer waits for a disk.

While the database is down cards wait in the queue; what no longer fits is lost, and counted.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cds_service.store.database import RETRY_SECONDS, Database, StoreDown, ValueRefused

if TYPE_CHECKING:
    from cds_service.store.statements import Row

BATCH: Final = 200
TIDY_SECONDS: Final = 3_600.0
CLOSE_SECONDS: Final = 8.0
"""Within the ten seconds that a stopping worker has: time for the tables to be made and for a few further tries."""


class Writer:
    """`lost` is told how many rows were given up, `told` how many wait whenever that changes.

    `tidy` runs in the thread at its start and once an hour.
    """

    def __init__(
        self,
        database: Database,
        size: int,
        lost: Callable[[int], None] = lambda number: None,
        tidy: Callable[[], None] = lambda: None,
        told: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._database = database
        self._size = size
        self._lost = lost
        self._tidy = tidy
        self._told = told
        self._waiting: deque[Row] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    @property
    def waiting(self) -> int:
        """Rows that are not stored yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Starts the thread. `put` does it too; after a fork the child has its own."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._closing = False
                self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
                self._thread.start()

    def put(self, *rows: Row) -> None:
        """Takes the rows together; those for which the queue has no room are lost. Never waits for the database."""
        if not rows:
            return
        if self._thread is None:
            self.start()
        with self._changed:
            taken = rows[: max(self._size - len(self._waiting), 0)]
            if taken:
                self._waiting.extend(taken)
                self._told(len(self._waiting))
                self._changed.notify_all()
        if len(taken) < len(rows):
            self._lost(len(rows) - len(taken))

    def flush(self, seconds: float) -> bool:
        """Waits until all that was put is stored, or the time is over. Whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, seconds)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Stores what it can within the time and ends the thread; the rest is lost and counted."""
        if self._thread is None:
            return
        self.flush(seconds)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(1.0)
        self._thread = None
        if self._waiting:
            self._lost(len(self._waiting))
            self._waiting.clear()
            self._told(0)

    def _work(self) -> None:
        tidied = float("-inf")
        while True:
            if time.monotonic() - tidied > TIDY_SECONDS:
                self._tidy()
                tidied = time.monotonic()
            with self._changed:
                self._changed.wait_for(lambda: self._closing or bool(self._waiting), TIDY_SECONDS)
                if self._closing:
                    return
                batch = [self._waiting[i] for i in range(min(BATCH, len(self._waiting)))]
            if batch and self._store(batch):
                with self._changed:
                    for _ in batch:
                        self._waiting.popleft()
                    self._told(len(self._waiting))
                    self._changed.notify_all()

    def _store(self, batch: list[Row]) -> bool:
        """Whether the batch is dealt with. A row that the database refuses is lost alone."""
        from cds_service.store.statements import put
        from cds_service.store.tables import CARDS

        try:
            self._database.commit(lambda connection: put(connection, CARDS, batch))
        except StoreDown:
            with self._changed:
                self._changed.wait_for(lambda: self._closing, RETRY_SECONDS)
            return False
        except ValueRefused:
            if len(batch) == 1:
                self._lost(1)
                return True
            return all(self._store([row]) for row in batch)
        return True

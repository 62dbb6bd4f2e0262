"""Used token ids: each token is good for one call, whichever worker or machine gets it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Final, Protocol

PURGE_AT: Final = 10_000
"""Entries, beside those of the last purge, after which expired ones are dropped."""


class JtiMemory(Protocol):
    """Remembers token ids until they expire."""

    def first_use(self, jti: str, expires: datetime) -> bool:
        """Whether `jti` (opaque, at most 64 characters) was not used before; from now on it was. Atomic.

        `expires` (aware): when it may be forgotten. Any exception means that the memory cannot be reached.
        """
        ...


def opaque(iss: str, jti: str) -> str:
    """What is remembered of a token: a hash, since an id is unique per issuer only and may be any text."""
    return hashlib.sha256(f"{iss}\0{jti}".encode()).hexdigest()


class ProcessMemory:
    """Used ids of this process. Expired ones are dropped now and then, so it holds about two lifetimes of them."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._used: dict[str, datetime] = {}
        self._purge_at = PURGE_AT

    def first_use(self, jti: str, expires: datetime) -> bool:
        """See `JtiMemory`."""
        with self._lock:
            if jti in self._used:
                return False
            self._used[jti] = expires
            if len(self._used) > self._purge_at:
                now = self._clock()
                self._used = {one: until for one, until in self._used.items() if until > now}
                self._purge_at = len(self._used) + PURGE_AT
            return True

    def __len__(self) -> int:
        return len(self._used)

"""The rest that a server is given: after failures in a row, or because it asked for a pause."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

FAILURES: Final = 3
"""Calls in a row without any answer, after which a server is not asked for a while."""
REST_SECONDS: Final = 10
LONGEST_PAUSE: Final = 300
"""The longest pause that a server's Retry-After can ask for."""


class Breaker:
    """Open after some calls in a row without an answer; then one call at a time tries, until one is answered."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._rests_until = self._pauses_until = clock()

    def admits(self) -> bool:
        """Whether the server may be asked now. After a rest the first who asks tries for all."""
        with self._lock:
            now = self._clock()
            if now < self._pauses_until or now < self._rests_until:
                return False
            if self._failures >= FAILURES:
                self._rests_until = now + REST_SECONDS
            return True

    def answered(self) -> None:
        """It answered, whatever it said. A pause that it asked for stays."""
        with self._lock:
            self._failures = 0
            self._rests_until = self._clock()

    def failed(self) -> None:
        """A call brought no answer at all."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._rests_until = self._clock() + REST_SECONDS

    def pause(self, seconds: float) -> None:
        """It asked to be left alone."""
        with self._lock:
            self._pauses_until = max(self._pauses_until, self._clock() + min(seconds, LONGEST_PAUSE))

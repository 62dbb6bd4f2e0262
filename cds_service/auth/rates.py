"""How many calls a client may make in a minute, in this process: a bucket per client that fills up steadily."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

MOST_BUCKETS: Final = 4_096
"""Callers that are told apart at a time; the one that was not heard of for the longest gives way."""


class Rates:
    """Buckets by caller, each as large as its limit."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str, per_minute: int) -> int:
        """Seconds until `caller` may call, 0 for at once: then the call is counted. `per_minute` 0 = no limit."""
        if per_minute == 0:
            return 0
        with self._lock:
            now = self._monotonic()
            level, then = self._buckets.pop(caller, (per_minute, now))
            level = min(per_minute, level + (now - then) * per_minute / 60)
            if level >= 1:
                level -= 1
                seconds = 0
            else:
                seconds = max(1, math.ceil((1 - level) * 60 / per_minute))
            self._buckets[caller] = (level, now)
            while len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
            return seconds

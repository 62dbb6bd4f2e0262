"""When Python looks for cycles: seldom, for what a replay makes leaves hardly any."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_at_the_end() -> Iterator[None]:
    """Python's search for cycles costs a tenth of the time, and a part or a load leaves hardly any: one after each.

    What was there before (rules, value sets, words) is left out of it, for to look through that takes the longest.
    """
    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect()
        gc.unfreeze()

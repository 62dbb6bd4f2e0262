"""Shares and rates with 95 % intervals, and cells that are too small to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final

from cards.frozen import dataclass

Z: Final = 1.959964
"""The 97.5 % point of the normal distribution."""

SMALLEST_CELL: Final = 5
"""Patients: what rests on fewer is not shown, for they could be recognised."""

FEW: Final = f"fewer than {SMALLEST_CELL}"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Interval:
        """The same in another unit: per 100, per 1,000."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)


def share(part: int, whole: int) -> Interval | None:
    """A share by Wilson's score interval; None of nothing."""
    if whole <= 0:
        return None
    p = part / whole
    middle = (p + Z * Z / (2 * whole)) / (1 + Z * Z / whole)
    half = Z * sqrt(p * (1 - p) / whole + Z * Z / (4 * whole * whole)) / (1 + Z * Z / whole)
    low = 0.0 if part == 0 else max(0.0, middle - half)
    return Interval(p, low, 1.0 if part == whole else min(1.0, middle + half))


def rate(events: int, exposure: float) -> Interval | None:
    """Events per unit of exposure, by Byar's approximation of the exact Poisson interval; None without exposure."""
    if exposure <= 0:
        return None
    low = 0.0 if events == 0 else events * (1 - 1 / (9 * events) - Z / (3 * sqrt(events))) ** 3
    more = events + 1
    high = more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
    return Interval(events / exposure, low / exposure, high / exposure)


def number_needed(found: Interval) -> Interval | None:
    """How many alerts make one that was right: one by the predictive value. None where none was right."""
    if found.value == 0:
        return None
    return Interval(1 / found.value, 1 / found.high, float("inf") if found.low == 0 else 1 / found.low)


def hidden(patients: Sequence[int]) -> frozenset[int]:
    """Which rows of a table are not shown: the small ones, and where that is one only, the next larger one too.

    Else the one that is missing could be had by taking the others from the total.
    """
    small = {n for n, many in enumerate(patients) if 0 < many < SMALLEST_CELL}
    if len(small) == 1:
        others = [n for n, many in enumerate(patients) if many >= SMALLEST_CELL]
        small.update(sorted(others, key=lambda n: patients[n])[:1])
    return frozenset(small)


def shown(found: Interval | None, digits: int = 1) -> str:
    """ "12.3 (10.1 to 14.9)"."""
    if found is None:
        return "not known"
    return f"{found.value:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"

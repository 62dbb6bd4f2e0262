"""Rows of the bench: what was measured, what it should be, and whether it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """A ratio and its goal. `at_least` tells on which side of the goal it should lie; without goal it is only shown."""

    what: str
    ratio: float | None
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """None where there is no goal, or nothing was measured."""
        if self.goal is None or self.ratio is None:
            return None
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal


def median_ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """The median of the ratios of paired rounds."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def print_table(rows: Iterable[Row]) -> None:
    """As Markdown, so that it can be pasted."""
    print("| what | measured | goal | holds | |")
    print("|---|---|---|---|---|")
    for row in rows:
        measured = "not measured" if row.ratio is None else f"{row.ratio:.2f} x"
        goal = "" if row.goal is None else f"{'at least' if row.at_least else 'at most'} {row.goal:g} x"
        holds = {None: "", True: "yes", False: "**no**"}[row.holds]
        print(f"| {row.what} | {measured} | {goal} | {holds} | {row.note} |")

"""Small numbers suppressed: before insights leave the service, as a page, as JSON or as a file.

A count below the least one that may be told (5 unless the site says otherwise; 0 is told) becomes None. So does one
that would give it away: of numbers that belong to one sum, in a row or in a group of a table, at least two are
suppressed or none. What rests on a few cards (a median, a share) goes with their count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from cds_service.insights import Insight, Insights
from cds_service.insights_files import COUNTS, TABLES

ROW: Final = ("shown", "accepted", "overridden", "no_response")
"""The first is the sum of the others."""

SUMS: Final = ((), ("rule",), ("service",), ("week",), ("rule", "service"))
"""By what a table may be added up so that another table tells the sum."""

REASON: Final = "overridden:"
Cell = tuple[int, str]
"""A row's number in its table, and the name of a count."""


def suppress(found: Insights, least: int) -> Insights:
    """The same with numbers from 1 to below `least` suppressed in every table. With 1 nothing is."""
    tables = {name: _table(getattr(found, name), groups, least) for name, groups in TABLES.items()}
    unmatched = found.unmatched_feedback
    return replace(
        found,
        total=_table((found.total,), (), least)[0],
        unmatched_feedback=None if _is_small(unmatched, least) else unmatched,
        **tables,
    )


def _table(rows: Sequence[Insight], groups: Sequence[str], least: int) -> tuple[Insight, ...]:
    counts = {(number, name): count for number, row in enumerate(rows) for name, count in _numbers(row)}
    hidden = {cell for cell, count in counts.items() if _is_small(count, least)}
    sums = list(_sums(rows, groups, counts))
    while more := set(_giveaways(counts, hidden, sums)):
        hidden |= more
    return tuple(_suppressed(row, number, hidden, least) for number, row in enumerate(rows))


def _numbers(row: Insight) -> Iterator[tuple[str, int]]:
    """Every number of a row by its name; of reasons `overridden:palliative` and so on."""
    yield from ((name, getattr(row, name)) for name in COUNTS)
    yield from ((f"{REASON}{reason}", count or 0) for reason, count in row.reasons.items())


def _sums(
    rows: Sequence[Insight], groups: Sequence[str], counts: Mapping[Cell, int]
) -> Iterator[tuple[Cell, ...]]:
    """Cells of one sum: in a row parts with their sum; in a table those that add up to a number of another one."""
    for number, row in enumerate(rows):
        yield tuple((number, name) for name in ROW)
        yield ((number, "overridden"), *((number, f"{REASON}{reason}") for reason in row.reasons))
    names = dict.fromkeys(name for _, name in counts)
    for group in SUMS:
        if set(group) < set(groups):
            found: dict[tuple[str, ...], list[int]] = {}
            for number, row in enumerate(rows):
                found.setdefault(tuple(getattr(row, one) for one in group), []).append(number)
            for some in found.values():
                for name in names:
                    yield tuple((number, name) for number in some if (number, name) in counts)


def _giveaways(
    counts: Mapping[Cell, int], hidden: set[Cell], sums: Iterable[tuple[Cell, ...]]
) -> Iterator[Cell]:
    """Of each sum with one hidden cell the smallest other one that is not nought."""
    for cells in sums:
        if sum(cell in hidden for cell in cells) == 1:
            others = [cell for cell in cells if cell not in hidden and counts[cell]]
            if others:
                yield min(others, key=lambda cell: (counts[cell], cell))


def _suppressed(row: Insight, number: int, hidden: set[Cell], least: int) -> Insight:
    told = {name: None if (number, name) in hidden else getattr(row, name) for name in COUNTS}
    reasons = {
        reason: None if (number, f"{REASON}{reason}") in hidden else count
        for reason, count in row.reasons.items()
    }
    return replace(
        row,
        reasons=reasons,
        seconds_to_action=None if told["accepted"] is None else row.seconds_to_action,
        repeats=None if told["shown"] is None or _is_small(_repeated(row), least) else row.repeats,
        **told,
    )


def _repeated(row: Insight) -> int:
    """How many of the cards that were shown were repeats: a share of a known number tells the count."""
    return round((row.repeats or 0) * (row.shown or 0))


def _is_small(count: int | None, least: int) -> bool:
    return count is not None and 0 < count < least

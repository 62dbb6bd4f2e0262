"""What `/insights` shows: what became of the cards by rule, service and week, in bars that the server draws as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cards.frozen import dataclass
from cds_service.insights import Insight, Insights
from cds_service.insights_files import SUPPRESSED
from cds_service.published_codes import OVERRIDE_REASONS

WIDTH: Final = 240
HEIGHT: Final = 120
WEEKS_WIDTH: Final = 900
PARTS: Final = (("accepted", "Accepted"), ("overridden", "Overridden"), ("no_response", "No response"))
HEADINGS: Final = (
    ("rules", "By rule", "Rule"),
    ("services", "By service", "Service"),
    ("weeks", "By week", "Week of"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, in units of the drawing."""

    kind: str
    words: str
    count: int
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its counts as they are told, and its bar."""

    name: str
    shown: str
    silent: str
    accepted: str
    overridden: str
    reasons: tuple[tuple[str, str], ...]
    said: str
    bar: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, under the name that its CSV has."""

    id: str
    title: str
    first: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A week of the drawing over time."""

    x: int
    width: int
    said: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class InsightPage:
    """Everything that the template prints."""

    tables: tuple[Table, ...]
    columns: tuple[Column, ...]
    shown: str
    silent: str
    answered: str
    unmatched: str
    review: tuple[str, ...]


def insight_page(found: Insights) -> InsightPage:
    """Rules and services that were shown most, first; weeks in their order."""
    tables = tuple(_table(name, title, first, getattr(found, name)) for name, title, first in HEADINGS)
    return InsightPage(
        tables=tables,
        columns=tuple(_columns(found.weeks)),
        shown=told(found.total.shown),
        silent=told(found.total.silent),
        answered=told(_answered(found.total)),
        unmatched=told(found.unmatched_feedback),
        review=found.review,
    )


def told(count: int | None) -> str:
    """A count with its thousands apart; a sign where it is suppressed."""
    return SUPPRESSED if count is None else f"{count:,}"


def bar(line: Insight, most: int, width: int = WIDTH) -> tuple[Part, ...]:
    """The parts of a bar beside each other; `most` is the count of the longest one. What is suppressed is not drawn."""
    parts, start = [], 0
    for kind, words in PARTS:
        count: int | None = getattr(line, kind)
        if count:
            length = max(round(width * count / most), 1) if most else 0
            parts.append(Part(kind, words, count, start, length))
            start += length
    return tuple(parts)


def _answered(total: Insight) -> int | None:
    accepted, overridden = total.accepted, total.overridden
    return None if accepted is None or overridden is None else accepted + overridden


def _table(name: str, title: str, first: str, lines: Sequence[Insight]) -> Table:
    group = {"rules": "rule", "services": "service", "weeks": "week"}[name]
    ordered = (
        lines
        if name == "weeks"
        else sorted(lines, key=lambda line: (-(line.shown or 0), getattr(line, group)))
    )
    most = _most(lines)
    return Table(name, title, first, tuple(_row(getattr(line, group), line, most) for line in ordered))


def _most(lines: Iterable[Insight]) -> int:
    """The longest bar: a row whose sum is suppressed counts by what of it is told."""
    return max((sum(part.count for part in bar(line, 1)) for line in lines), default=0)


def _row(name: str, line: Insight, most: int) -> Row:
    return Row(
        name=name,
        shown=told(line.shown),
        silent=told(line.silent),
        accepted=told(line.accepted),
        overridden=told(line.overridden),
        reasons=tuple(_reasons(line.reasons)),
        said=_said(line),
        bar=bar(line, most),
    )


def _said(line: Insight) -> str:
    """The bar in words."""
    return ", ".join(f"{words.lower()} {_spoken(getattr(line, kind))}" for kind, words in PARTS)


def _spoken(count: int | None) -> str:
    return "not told" if count is None else f"{count:,}"


def _reasons(reasons: Mapping[str, int | None]) -> Iterable[tuple[str, str]]:
    """The reasons of overrides, the most frequent first, those that are not told last."""
    ordered = sorted(reasons.items(), key=lambda one: (-(one[1] or 0), one[0]))
    return ((_words(key), told(count)) for key, count in ordered)


def _columns(weeks: Sequence[Insight]) -> Iterable[Column]:
    """The weeks beside each other, each as high as its cards."""
    most = _most(weeks)
    step = WEEKS_WIDTH // max(len(weeks), 1)
    for number, line in enumerate(weeks):
        width = max(min(step - 2, 40), 1)
        yield Column(number * step, width, f"Week of {line.week}: {_said(line)}", bar(line, most, HEIGHT))


def _words(reason: str) -> str:
    known = OVERRIDE_REASONS.get(reason)
    return known[1] if known is not None else {"unstated": "No reason given"}.get(reason, "Another reason")

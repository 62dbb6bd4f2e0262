"""What `/insights` shows: what became of the cards of each rule, with bars that the server draws as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cds_service.insights import Insight, Insights
from cds_service.published_codes import OVERRIDE_REASONS

WIDTH: Final = 240
PARTS: Final = (("accepted", "Accepted"), ("overridden", "Overridden"), ("no_response", "No response"))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, in units of the drawing."""

    kind: str
    words: str
    count: int
    start: int
    width: int


@dataclass(slots=True)
class RuleLine:
    """One rule, all services, clients and contents together."""

    rule: str
    shown: int = 0
    silent: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def said(self) -> str:
        """The bar in words."""
        return ", ".join(f"{words.lower()} {self.outcomes[kind]}" for kind, words in PARTS)

    def told_reasons(self) -> tuple[tuple[str, int], ...]:
        """The reasons of overrides, the most frequent first."""
        return tuple((_words(key), count) for key, count in self.reasons.most_common())


@dataclass(frozen=True, slots=True)
class InsightPage:
    """Everything that the template prints."""

    lines: tuple[RuleLine, ...]
    shown: int
    silent: int
    answered: int
    unmatched: int
    review: tuple[str, ...]


def insight_page(found: Insights) -> InsightPage:
    """The rules that were shown most, first."""
    lines = sorted(_lines(found.cards), key=lambda line: (-line.shown, line.rule))
    return InsightPage(
        lines=tuple(lines),
        shown=sum(line.shown for line in lines),
        silent=sum(line.silent for line in lines),
        answered=sum(line.shown - line.outcomes["no_response"] for line in lines),
        unmatched=found.unmatched_feedback,
        review=found.review,
    )


def bar(line: RuleLine, most: int) -> tuple[Part, ...]:
    """The parts of a rule's bar beside each other; `most` is the count of the longest one."""
    parts, start = [], 0
    for kind, words in PARTS:
        count = line.outcomes[kind]
        width = round(WIDTH * count / most) if most else 0
        if count:
            parts.append(Part(kind, words, count, start, max(width, 1)))
            start += max(width, 1)
    return tuple(parts)


def _lines(cards: Sequence[Insight]) -> Iterable[RuleLine]:
    found: dict[str, RuleLine] = {}
    for one in cards:
        line = found.setdefault(one.rule, RuleLine(one.rule))
        line.shown += one.shown
        line.silent += one.silent
        line.outcomes.update({kind: getattr(one, kind) for kind, _ in PARTS})
        line.reasons.update(one.reasons)
    return found.values()


def _words(reason: str) -> str:
    known = OVERRIDE_REASONS.get(reason)
    return known[1] if known is not None else {"unstated": "No reason given"}.get(reason, "Another reason")

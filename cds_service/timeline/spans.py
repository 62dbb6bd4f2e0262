"""What lasts: a span of time in a lane of its kind, and what has no place in time."""

from __future__ import annotations

from cards.frozen import dataclass
from cards.record import Moment


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`; without an end it goes on until now, or its end is not recorded."""

    label: str
    start: Moment
    end: Moment | None
    references: tuple[str, ...]
    notes: tuple[str, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """All spans of one kind; those of one label share a row of the drawing."""

    kind: str
    title: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class NotDrawn:
    """Something of the record that has no place in the drawing, and why."""

    what: str
    time: Moment | None
    reference: str
    why: str

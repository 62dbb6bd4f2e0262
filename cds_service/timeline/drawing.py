"""A course as a drawing: shapes with their places, and for each value what hover and keyboard tell. Pure.

The visible shapes come first; over them lie the values, transparent until one of them has the pointer or the focus,
so that the words of one are never hidden under another. Lengths are units of the drawing (a pixel where it is not
scaled).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cards.frozen import dataclass
from cards.record import Moment
from cds_service.timeline.course import UNIT, Count, Course
from cds_service.timeline.limits import Limit
from cds_service.timeline.scale import CountAxis, TimeAxis, count_axis
from cds_service.timeline.spans import Lane, Span
from cds_service.times import long_time

WIDTH: Final = 960
LEFT: Final = 52
RIGHT: Final = WIDTH - 24
WORDS: Final = 46
"""Height of the band at the top in which the words of a value appear."""
TOP: Final = WORDS + 10
PLOT: Final = 300
BOTTOM: Final = TOP + PLOT
AXIS: Final = 26
HEADING: Final = 24
ROW: Final = 36
BAR: Final = 11
TARGET: Final = 24
"""WCAG 2.2, 2.5.8: the least size of what is pointed at."""
LETTER: Final = Decimal("7.2")
"""Upper bound of the mean width of a letter of the words, for their place near the edge."""
WINDOW: Final = "window"
"""The lane of what is expected: no card rests on it."""
APART: Final = 15
"""Least distance of the words of two limits."""


@dataclass(frozen=True, slots=True)
class Value:
    """Something that hover and keyboard reach: its target, what is said, and where the words are written."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    first: str
    second: str
    marked: bool = False

    @property
    def said(self) -> str:
        return f"{self.first}. {self.second}" if self.second else self.first

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def words_x(self) -> int:
        """The middle of the words: over the value, but never beyond an edge."""
        half = int(max(len(self.first), len(self.second)) * LETTER / 2)
        return max(min(self.middle, WIDTH - 4 - half), 4 + half) if 2 * half < WIDTH else WIDTH // 2


@dataclass(frozen=True, slots=True)
class Dot:
    x: int
    y: int
    marked: bool
    excluded: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A limit: its line, and its words at a height where no other's stand."""

    y: int
    words_y: int
    number: Decimal
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A span: `from_before` and `goes_on` say that it is longer than the drawing; a short one is a mark."""

    kind: str
    x: int
    y: int
    width: int
    from_before: bool
    goes_on: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class Words:
    x: int
    y: int
    text: str


@dataclasses.dataclass(slots=True)
class Drawing:
    """Everything that the template prints of one view."""

    id: str
    label: str
    height: int
    counts: CountAxis
    times: TimeAxis
    now: int | None
    lines: list[Line] = field(default_factory=list)
    path: str = ""
    dots: list[Dot] = field(default_factory=list)
    headings: list[Words] = field(default_factory=list)
    names: list[Words] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class View:
    """A part of the time that is drawn."""

    id: str
    label: str
    start: datetime
    end: datetime


def draw(course: Course, limits: Iterable[Limit], view: View, marked: frozenset[str]) -> Drawing:
    """One view of a course; `marked` are the references that the opened card rests on."""
    limits = tuple(limits)
    times = TimeAxis(view.start, view.end, LEFT, RIGHT)
    shown = [c for c in course.counts if times.holds(c.time.earliest, c.time.latest)]
    counts = count_axis([*(c.number for c in shown), *(one.number for one in limits)], TOP, BOTTOM)
    now = times.x(course.as_of) if view.end >= course.as_of else None
    drawing = Drawing(view.id, view.label, 0, counts, times, now)
    _draw_limits(drawing, limits)
    _draw_counts(drawing, shown, marked)
    bottom = BOTTOM + AXIS
    for lane in course.lanes:
        bottom = _draw_lane(drawing, lane, course.as_of, bottom, marked)
    drawing.height = bottom + 8
    return drawing


def _draw_limits(drawing: Drawing, limits: Iterable[Limit]) -> None:
    """From the lowest up; words that would stand over each other are moved up."""
    free = BOTTOM
    by_number: dict[Decimal, list[Limit]] = {}
    for one in limits:
        by_number.setdefault(one.number, []).append(one)
    for number in sorted(by_number):
        some = by_number[number]
        y = drawing.counts.y(number)
        words_y = min(y - 4, free)
        free = words_y - APART
        drawing.lines.append(Line(y, words_y, number, f"{number:f} " + ", ".join(one.short for one in some)))
        first = f"Limit {number:f} {UNIT}: " + "; ".join(one.words for one in some)
        second = "Source: " + "; ".join(dict.fromkeys(one.source for one in some))
        rules = [rule for one in some for rule in one.rules]
        second += f". Rules {', '.join(dict.fromkeys(rules))}" if rules else ""
        drawing.values.append(Value("limit", LEFT, y - TARGET // 2, RIGHT - LEFT, TARGET, first, second))


def _draw_counts(drawing: Drawing, counts: Iterable[Count], marked: frozenset[str]) -> None:
    places = []
    for count in counts:
        x, y = drawing.times.x(middle_of(count.time, drawing.times.end)), drawing.counts.y(count.number)
        is_marked = count.reference in marked
        places.append((x, y))
        drawing.dots.append(Dot(x, y, is_marked, any("not read as a trend" in note for note in count.notes)))
        first = f"Platelets {count.words}, {long_time(count.time)}"
        second = "; ".join((f"Source: {count.reference}", *count.notes, *_by_card(is_marked)))
        drawing.values.append(
            Value("count", x - TARGET // 2, y - TARGET // 2, TARGET, TARGET, first, second, is_marked)
        )
    drawing.path = " ".join(f"{'L' if number else 'M'}{x},{y}" for number, (x, y) in enumerate(places))


def _draw_lane(drawing: Drawing, lane: Lane, as_of: datetime, top: int, marked: frozenset[str]) -> int:
    """A heading and a row for each name; where the next lane begins. Nothing where no span is in the view."""
    seen = [s for s in lane.spans if drawing.times.holds(s.start.earliest, end_of(s, as_of))]
    if not seen:
        return top
    drawing.headings.append(Words(0, top + HEADING - 7, lane.title))
    y = top + HEADING
    for label in dict.fromkeys(span.label for span in seen):
        drawing.names.append(Words(LEFT, y + 12, label))
        for span in seen:
            if span.label == label:
                _draw_span(drawing, lane, span, as_of, y + 17, marked)
        y += ROW
    return y


def _draw_span(
    drawing: Drawing, lane: Lane, span: Span, as_of: datetime, y: int, marked: frozenset[str]
) -> None:
    start, end = span.start.earliest, end_of(span, as_of)
    times = drawing.times
    left, right = times.x(start), times.x(end)
    width = max(right - left, 6)
    left = min(left, RIGHT - width)
    is_marked = lane.kind != WINDOW and not marked.isdisjoint(span.references)
    drawing.bars.append(
        Bar(lane.kind, left, y, width, start < times.start, span.goes_on or end > times.end, is_marked)
    )
    target = max(width, TARGET)
    first = f"{lane.title}: {span.label}, {period(span)}"
    second = "; ".join((f"Source: {', '.join(span.references)}", *span.notes, *_by_card(is_marked)))
    x = max(min(left - (target - width) // 2, RIGHT - target), LEFT)
    middle = y + BAR // 2 - TARGET // 2
    drawing.values.append(Value(lane.kind, x, middle, target, TARGET, first, second, is_marked))


def _by_card(marked: bool) -> Iterator[str]:
    if marked:
        yield "the card rests on it"


def middle_of(moment: Moment, at_most: datetime) -> datetime:
    """An exact time, or the middle of what a date stands for, which is never later than the drawing."""
    return min(moment.earliest + (moment.latest - moment.earliest) / 2, at_most)


def end_of(span: Span, as_of: datetime) -> datetime:
    """Where a span ends in the drawing: one whose end is not recorded is a mark at its start."""
    if span.goes_on:
        return max(as_of, span.start.earliest)
    return max(span.end.latest if span.end is not None else span.start.latest, span.start.earliest)


def period(span: Span) -> str:
    """From when to when, in words."""
    start = long_time(span.start)
    if span.goes_on:
        return f"since {start}"
    if span.end is None or span.end.text == span.start.text:
        return start
    return f"{start} to {long_time(span.end)}"


# ---------------------------------------------------------------------------------------------------- views

WEEKS: Final = timedelta(weeks=1)
SPANS: Final = (("weeks", "Last 6 weeks", 6 * WEEKS), ("year", "Last year", 52 * WEEKS))
LONG_AGO: Final = 5 * WEEKS
"""A last count so old leaves the last six weeks empty."""
MARGIN: Final = Decimal("0.03")


def views(course: Course) -> tuple[View, ...]:
    """Shorter views first, each only where it leaves something out; the last one is the whole record."""
    begins = [c.time.earliest for c in course.counts]
    begins += [span.start.earliest for lane in course.lanes for span in lane.spans]
    ends = [s.end.latest for lane in course.lanes for s in lane.spans if s.end is not None]
    first, last = min(begins, default=course.as_of), max([course.as_of, *ends])
    found = [
        View(
            name,
            label,
            course.as_of - length,
            _with_margin(course.as_of - length, min(last, course.as_of + length / 2)),
        )
        for name, label, length in SPANS
        if first < course.as_of - length
    ]
    newest = max((c.time.latest for c in course.counts), default=course.as_of)
    if course.as_of - newest > LONG_AGO:
        begin = newest - SPANS[0][2]
        found.append(View("episode", "Six weeks to the last count", begin, _with_margin(begin, newest)))
    begin = min(first, course.as_of - timedelta(days=3))
    whole = View("all", "Whole record", begin - (last - begin) * float(MARGIN), _with_margin(begin, last))
    return (*found, whole)


def _with_margin(start: datetime, end: datetime) -> datetime:
    return end + (end - start) * float(MARGIN)

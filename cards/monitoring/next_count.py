"""What a card says of the next count: the interval as the course changes it, its words, rows and draft."""

from __future__ import annotations

from cards.data_quality.repeat import find_ordered, order_count
from cards.facts import PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.monitoring.discharge import day_of, discharge_keys
from cards.monitoring.interval import (
    STRICTER,
    Interval,
    going_on,
    has_dic,
    make_interval,
    row_of,
    usual,
)
from cards.outcome import Input, Suggestion
from cards.precedence import DISCHARGE
from cards.record import Moment, Planned
from cards.rows import bleeding_rows, event_row, infection_row, stay_row
from cards.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Course:
    """The rule that decides the interval, and the count that a fall is measured from."""

    rule: str
    before: PlateletCount | None = None
    percent: int = 0


@dataclass(frozen=True, slots=True)
class NextCount:
    """`key` is the interval's; `say` its paragraphs; the rest are parts of the card."""

    key: str
    say: tuple[str, ...]
    values: dict[str, str | int | Moment]
    rows: tuple[Input, ...]
    draft: tuple[Suggestion, ...]


def find_next_count(p: PatientFacts, count: PlateletCount, course: Course, limits: Thresholds) -> NextCount:
    """What a card says of it, and of a count that is ordered for the interval, or for today where that has passed."""
    interval = interval_of(p, count, course, limits)
    ordered = find_ordered(p, max(count.time.earliest + interval.high, p.as_of))
    return NextCount(
        interval.key,
        _words(p, count, course, interval, ordered, limits),
        _values(p, count, course, interval),
        (*shared_rows(p, ordered), *_watched_rows(p, count, interval, limits)),
        _draft(p, count, interval, ordered),
    )


def interval_of(p: PatientFacts, count: PlateletCount, course: Course, limits: Thresholds) -> Interval:
    """The usual interval below 150; after a fall a stricter one, in recovery twice as long a one."""
    key = usual(p, count, limits)
    assert key is not None, "a course is that of counts below 150"
    if course.before is not None and row_of(course.before.value, limits) == key:
        return make_interval(STRICTER.get(key, key), limits)
    interval = make_interval(key, limits)
    return Interval(key, interval.low * 2, interval.high * 2) if course.rule == "MON-02" else interval


def _words(
    p: PatientFacts,
    count: PlateletCount,
    course: Course,
    interval: Interval,
    ordered: Planned | None,
    limits: Thresholds,
) -> tuple[str, ...]:
    """The interval, then what the record says about the next count, and on discharge what follows it."""
    if course.rule == "MON-02":
        once = interval.low == interval.high
        words = "MON-02/interval.one" if once else "MON-02/interval"
    elif interval.key == "hours" and has_dic(p, limits):
        words = "MON-01/interval.dic"
    else:
        words = f"MON-01/interval.{interval.key}"
    due = "MON-01/due" if interval.is_due(p, count) and ordered is None else None
    return tuple(
        key
        for key in (
            words,
            due,
            "MON-01/ordered" if ordered is not None else None,
            "MON-01/unclear" if p.bleeding.unclear and interval.key != "hours" else None,
            *discharge_keys(p, count, interval.key, ordered is not None, limits),
        )
        if key is not None
    )


def _values(
    p: PatientFacts, count: PlateletCount, course: Course, interval: Interval
) -> dict[str, str | int | Moment]:
    values: dict[str, str | int | Moment] = {}
    if p.hook == DISCHARGE:
        values["next_count"] = day_of(interval.due(p, count))
    if course.rule == "MON-02":
        values |= {"every_low": interval.low.days, "every_high": interval.high.days}
    if course.before is not None:
        values |= {"fell_percent": course.percent, "fell_from": course.before.shown}
    return values


def _draft(
    p: PatientFacts, count: PlateletCount, interval: Interval, ordered: Planned | None
) -> tuple[Suggestion, ...]:
    """A dated count; with haematocrit in dengue; none when one is ordered for that time."""
    if ordered is not None:
        return ()
    template = "cbc-hematocrit" if p.dengue_current else "cbc"
    priority = "urgent" if interval.key == "hours" else "routine"
    due = interval.due(p, count)
    return order_count("MON-01/count", template, priority, (count.reference,), due)


def shared_rows(p: PatientFacts, ordered: Planned | None) -> tuple[Input, ...]:
    """What every card of monitoring rests on beside the count."""
    return (
        *bleeding_rows(p.bleeding.findings),
        *(infection_row(p, i) for i in p.infections.current("INF-DEN")),
        *(() if ordered is None else (event_row("blood count ordered", ordered),)),
    )


def _watched_rows(
    p: PatientFacts, count: PlateletCount, interval: Interval, limits: Thresholds
) -> tuple[Input, ...]:
    """What makes it daily where the count alone would not."""
    if interval.key != "daily" or row_of(count.value, limits) == "daily":
        return ()
    stay = going_on(p)
    sepsis = (infection_row(p, i) for i in p.infections.current("INF-SEP"))
    return (*sepsis, *(() if stay is None else (stay_row(stay),)))

"""What `/timeline` shows of a record: the card that it was opened at, the drawings, and the same facts as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cds_service.content import Content
from cds_service.hooks.card import EXTENSION, Card
from cds_service.timeline.course import UNIT, Course, read_course
from cds_service.timeline.drawing import WINDOW, Drawing, View, draw, period, views
from cds_service.timeline.limits import Limit, limits_of
from cds_service.timeline.reading import Seen
from cds_service.times import long_time
from cds_service.web.markdown import to_html

MOST_RULES: Final = 20


@dataclass(frozen=True, slots=True)
class AtCard:
    """The card at which the timeline is opened: its rules, the deciding one first; `uuid` is of the card shown then."""

    rules: tuple[str, ...] = ()
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card of now; `is_asked` marks the one that the timeline was opened at."""

    rule: str
    indicator: str
    summary: str
    detail: Markup
    is_asked: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table."""

    what: str
    value: str
    when: str
    source: str
    notes: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Everything that the template prints. `gone` is the rule of a card that is not shown now."""

    title: str
    as_of: str
    drawings: tuple[Drawing, ...]
    first: str
    limits: tuple[Limit, ...]
    lines: tuple[Line, ...]
    not_drawn: tuple[Line, ...]
    cards: tuple[ShownCard, ...]
    gone: str
    degraded: tuple[str, ...]
    rejected: int
    has_counts: bool


def timeline_page(seen: Seen, content: Content, at: AtCard, title: str) -> TimelinePage:
    """The page of a record, opened at a card that one of the rules leads. Without a title it names the patient."""
    course = read_course(seen.facts, content.terminology)
    limits = limits_of(seen.facts, content.limits)
    asked = find_asked(seen.cards, at)
    marked = frozenset() if asked is None else references_of(asked)
    found = views(course)
    return TimelinePage(
        title=title or _patient(seen.facts),
        as_of=f"{course.as_of:%-d %b %Y, %H:%M} UTC",
        drawings=tuple(draw(course, limits, view, marked) for view in found),
        first=first_view(found, course, seen.facts, marked).id,
        limits=limits,
        lines=tuple(_lines(course, marked)),
        not_drawn=tuple(_not_drawn(course)),
        cards=tuple(_shown(card, card is asked) for card in seen.cards),
        gone=at.rules[0] if at.rules and asked is None else "",
        degraded=seen.degraded,
        rejected=len(seen.rejected),
        has_counts=bool(course.counts),
    )


def _patient(p: PatientFacts) -> str:
    """Whose record it is, as far as it helps to notice that it is another's: no name is read."""
    age = "age not known" if p.person.age_years is None else f"{p.person.age_years} years"
    return f"{p.person.reference}, {p.person.sex or 'sex not known'}, {age}"


def find_asked(cards: tuple[Card, ...], at: AtCard) -> Card | None:
    """The card that the deciding rule leads; else the first that shares a rule, for merging may have changed."""
    if not at.rules:
        return None
    led = (card for card in cards if rules_of(card)[0] == at.rules[0])
    sharing = (card for card in cards if not set(at.rules).isdisjoint(rules_of(card)))
    return next(led, None) or next(sharing, None)


def rules_of(card: Card) -> tuple[str, ...]:
    return card.extension[EXTENSION].rules


def references_of(card: Card) -> frozenset[str]:
    """The resources that a card rests on."""
    inputs = card.extension[EXTENSION].inputs
    return frozenset(one.reference for one in inputs if one.reference is not None)


def first_view(found: tuple[View, ...], course: Course, p: PatientFacts, marked: frozenset[str]) -> View:
    """The shortest that holds what matters: the card's values, the low series, what is current; two counts at least."""
    begins = [c.time.earliest for c in course.counts if c.reference in marked]
    begins += [
        s.start.earliest for lane in course.lanes for s in lane.spans if marked.intersection(s.references)
    ]
    begins += [i.onset.earliest for i in p.infections.found if i.current and i.onset is not None]
    if p.platelets.low_since is not None:
        begins.append(p.platelets.low_since.earliest)
    if len(course.counts) > 1:
        begins.append(course.counts[-2].time.earliest)
    begin = min(begins, default=course.as_of)
    return next((view for view in found if view.start <= begin), found[-1])


def _shown(card: Card, is_asked: bool) -> ShownCard:
    return ShownCard(rules_of(card)[0], card.indicator, card.summary, to_html(card.detail), is_asked)


def _lines(course: Course, marked: frozenset[str]) -> Iterator[Line]:
    """Counts, the newest first, then the lanes in their order."""
    for count in reversed(course.counts):
        yield Line(
            "Platelet count",
            count.words,
            long_time(count.time),
            count.reference,
            "; ".join(count.notes),
            count.reference in marked,
        )
    for lane in course.lanes:
        for span in reversed(lane.spans):
            yield Line(
                lane.title,
                span.label,
                period(span),
                ", ".join(span.references),
                "; ".join(span.notes),
                lane.kind != WINDOW and not marked.isdisjoint(span.references),
            )


def _not_drawn(course: Course) -> Iterator[Line]:
    for one in course.not_drawn:
        when = "" if one.time is None else long_time(one.time)
        yield Line(one.what, "", when, one.reference, one.why)


__all__ = ["UNIT", "AtCard", "TimelinePage", "timeline_page"]

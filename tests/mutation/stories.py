"""The stories as the mutator tells them: read once, then decided again and again under changed content.

What of the content a story reads is traced (thresholds, value sets), so that a mutant is judged by the stories that it
can touch. A mutant is killed when a clinician's expectation no longer holds, or when a story ends in an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from typing import Any, Protocol

from cards.advice import ALL_ADVICE
from cards.decide import Decision, decide
from cards.facts import PatientFacts
from cards.outcome import Advice
from cards.reading import read
from cards.record import Record
from cards.valuesets import load
from cds_service.card_text import Setting
from cds_service.content import Content, load_content
from cds_service.discovery import PrefetchKey, prefetch_keys
from cds_service.explain import explain
from cds_service.facts import settle
from cds_service.fhir.parse import Parsed, parse
from cds_service.fixture_files import fixtures_folder
from cds_service.gather import gather
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.response import EXTENSION, HookResponse
from cds_service.hooks.wire import encode
from cds_service.render import render
from cds_service.stories.coding import DIALECTS, STANDARD, Dialect, site_codes
from cds_service.stories.request import story_request
from cds_service.stories.vignettes import Vignette, read_vignettes
from tests.cards.telling import NOW, VIGNETTES, judge
from tests.mutation.tracing import EVERYTHING, Notes, Touch, Traced, Trail, answering, asked

BOUNDARIES = read_vignettes(fixtures_folder() / "boundaries", fixtures_folder() / "vignettes")
"""The stories at the limits: told here alone, without HTTP and validation, for they are many."""

BASE_URL = "http://127.0.0.1:8080"
ENTRIES = 10_000
DEPTH = 64

Coding = tuple[str, str]


class Judged(Protocol):
    """A mutant as the order of its judges needs it."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Told:
    """A vignette told once: its call, the parsed resources, what they mean under the shipped content."""

    vignette: Vignette
    request: HookRequest
    parsed: Parsed
    answers: Any
    record: Record
    facts: PatientFacts
    codings: frozenset[Coding]

    def settled(self, content: Content) -> Record:
        """What the resources mean under other content."""
        limits, terms = content.limits, content.terminology
        return settle(self.parsed, self.request, self.answers, terms, NOW, limits).record

    @cached_property
    def kept(self) -> tuple[Advice, ...]:
        """Every advice with the answer that it gives under the shipped content."""
        return tuple(answering(one, asked(one, self.facts, shipped().limits)) for one in ALL_ADVICE)

    @cached_property
    def decision(self) -> Decision:
        """What is decided under the shipped content."""
        return decide(self.facts, shipped().limits, self.kept)


@dataclass(frozen=True)
class Judge:
    """The content in which stories are judged, what of each it can touch, and whether resources mean something else.

    What cannot be touched is as it was: rules that a mutant does not reach keep their answer, and where neither facts
    nor answers differ the story ends as before.
    """

    content: Content
    resettles: bool = False
    touch: Callable[[Told], Touch] = lambda told: EVERYTHING

    def wrong(self, told: Told) -> list[str]:
        """Everything that is not what the clinician expects; an error is the last thing that he does."""
        touch = self.touch(told)
        if not touch:
            return []
        try:
            facts, decision = self.decided(told, touch)
            if decision.faults:
                return [f"ends in {fault.kind}" for fault in decision.faults]
            if not touch.rest and _alike(decision, told.decision):
                return []
            return judge(told.vignette, self.answer(told, facts, decision))
        except Exception as error:
            return [f"ends in {type(error).__name__}"]
        finally:
            told.facts.once.clear()

    def decided(self, told: Told, touch: Touch) -> tuple[PatientFacts, Decision]:
        """The facts under this content, and what is decided on them."""
        if not (touch.facts or self.resettles):
            facts, again = told.facts, touch.advice
            facts.once.clear()
        else:
            record = told.settled(self.content) if self.resettles else told.record
            facts = read(record, self.content.limits, self.content.pathogens)
            again = touch.advice if _same(facts, told.facts) else EVERYTHING.advice
        advice = tuple(one if place in again else told.kept[place] for place, one in enumerate(ALL_ADVICE))
        return facts, decide(facts, self.content.limits, advice)

    def answer(self, told: Told, facts: PatientFacts, decision: Decision) -> Mapping[str, Any]:
        """The answer as JSON, made without HTTP and validation."""
        content = self.content
        cards = render(decision, facts, _setting(content), told.request.context.encounter_id)
        explained = explain(decision, (), (), content.version)
        body: Mapping[str, Any] = json.loads(
            encode(HookResponse(cards=cards, extension={EXTENSION: explained}))
        )
        return body


def _alike(one: Decision, other: Decision) -> bool:
    return one.cards == other.cards and one.outcomes == other.outcomes


def _same(one: PatientFacts, other: PatientFacts) -> bool:
    """All facts; what is remembered of them (`once` and the like) is none."""
    names = (field.name for field in fields(PatientFacts) if field.compare)
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _setting(content: Content) -> Setting:
    return Setting(
        words=content.words,
        templates=content.templates,
        terminology=content.terminology,
        limits=content.limits,
        base_url=BASE_URL,
        content_version=content.version,
    )


@cache
def shipped() -> Content:
    """The content that is mutated: as shipped, with the codes of the site whose stories are told."""
    return replace(load_content(), terminology=load(site_codes()))


@cache
def stories(dialect: str = "") -> tuple[Told, ...]:
    """Every vignette that holds under the shipped content; with a dialect, told in its codes.

    What is decided on each is worked out here: a mutant that were asked first would be compared with itself.
    """
    how = DIALECTS[dialect] if dialect else STANDARD
    told = (tell(vignette, how) for vignette in (*VIGNETTES, *BOUNDARIES))
    plain = Judge(shipped())
    decisions = {one: one.decision for one in told if not plain.wrong(one)}
    return tuple(decisions)


@cache
def _keys() -> tuple[PrefetchKey, ...]:
    return prefetch_keys(load())


def tell(vignette: Vignette, dialect: Dialect) -> Told:
    story = vignette.story
    call = story_request(story, "case", NOW, _keys(), dialect)
    request = read_request(encode(call), story.hook, DEPTH)
    gathered = gather(request, _keys(), ENTRIES, None)
    parsed = parse(gathered.sources, request.context.patient_id, request.fhir_server)
    record = settle(parsed, request, gathered.answers, shipped().terminology, NOW, shipped().limits).record
    facts = read(record, shipped().limits, shipped().pathogens)
    return Told(vignette, request, parsed, gathered.answers, record, facts, frozenset(_codings(call)))


def _codings(value: Any) -> Iterator[Coding]:
    if isinstance(value, dict):
        if isinstance(value.get("system"), str) and isinstance(value.get("code"), str):
            yield value["system"], value["code"]
        for inner in value.values():
            yield from _codings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _codings(inner)


# ---------------------------------------------------------------------------------------------- tracing


@cache
def trail_of(told: Told) -> Trail:
    """Told once more, each part noted."""
    notes = Notes(shipped().limits)
    limits = notes.limits
    with notes.part() as done:
        settle(told.parsed, told.request, told.answers, shipped().terminology, NOW, limits)
        facts = read(told.record, limits, shipped().pathogens)
        of_facts = done()
    parts = []
    for one in ALL_ADVICE:
        facts.once.clear()
        with notes.part() as done:
            asked(one, facts, limits)
            parts.append(done())
    with notes.part() as done:
        decision = decide(told.facts, limits, told.kept)
        of_precedence = done()
    with notes.part() as done:
        setting = _setting(shipped())
        object.__setattr__(setting, "limits", limits)
        render(decision, told.facts, setting, told.request.context.encounter_id)
        of_rest = done()
    return Trail(of_facts, tuple(parts), of_precedence, of_rest)


@cache
def settling() -> frozenset[str]:
    """The numbers that are read where resources become a record."""
    noted: set[str] = set()
    limits: Any = Traced(shipped().limits, noted)
    for told in stories():
        settle(told.parsed, told.request, told.answers, shipped().terminology, NOW, limits)
    return frozenset(noted)


def sets_of(told: Told) -> frozenset[str]:
    """Every value set that the record of a story belongs to."""
    return frozenset(_set_ids(told.record))


def _set_ids(value: Any) -> Iterator[str]:
    """Ids anywhere in the record: members are dataclasses, tuples, mappings."""
    if isinstance(value, str):
        if value in shipped().terminology:
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _set_ids(key)
            yield from _set_ids(inner)
    elif isinstance(value, tuple | list | frozenset | set):
        for inner in value:
            yield from _set_ids(inner)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            if name != "resource":
                yield from _set_ids(getattr(value, name))


class Killers:
    """Stories that kill first: the one that killed the mutant in an earlier run, then the last ones of its place."""

    def __init__(self, before: Mapping[str, str] | None = None) -> None:
        self._before = before or {}
        self._last: dict[str, list[Told]] = {}

    def ordered(self, mutant: Judged, told: Iterable[Told]) -> Iterator[Told]:
        """The candidates, those that are likely to kill first."""
        candidates = dict.fromkeys(told)
        before = self._before.get(mutant.name)
        first = [one for one in candidates if one.vignette.id == before] if before else []
        first += [one for one in self._last.get(mutant.place, ()) if one in candidates]
        yield from dict.fromkeys((*first, *candidates))

    def killed(self, place: str, by: Told) -> None:
        """This story killed a mutant of the place."""
        known = self._last.setdefault(place, [])
        if by in known:
            known.remove(by)
        known.insert(0, by)

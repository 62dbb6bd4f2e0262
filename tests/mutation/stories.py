"""The stories as the mutator tells them: read once, then decided again and again under changed content.

What of the content a story reads is traced (thresholds, value sets), so that a mutant is judged by the stories that it
can touch. A mutant is killed when a clinician's expectation no longer holds, or when a story ends in an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from cards.decide import decide
from cards.facts import PatientFacts
from cards.reading import read
from cards.record import Record
from cards.thresholds import Thresholds
from cds_service.card_text import Setting
from cds_service.content import Content, load_content
from cds_service.discovery import PrefetchKey, prefetch_keys
from cds_service.explain import explain
from cds_service.facts import settle
from cds_service.fhir.parse import Parsed, parse
from cds_service.gather import gather
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.response import EXTENSION, HookResponse
from cds_service.hooks.wire import encode
from cds_service.render import render
from cds_service.stories.coding import DIALECTS, STANDARD, Dialect
from cds_service.stories.request import story_request
from cds_service.stories.vignettes import Vignette
from tests.cards.telling import NOW, VIGNETTES, judge

BASE_URL = "http://127.0.0.1:8080"
ENTRIES = 10_000
DEPTH = 64

Coding = tuple[str, str]


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


@dataclass(frozen=True)
class Judge:
    """The content in which stories are judged, and whether it changes what their resources mean.

    In stories of `by_facts` the rules themselves do not read what was changed: where the facts are the same, so is all
    that follows.
    """

    content: Content
    resettles: bool = False
    by_facts: frozenset[Told] = frozenset()

    def wrong(self, told: Told) -> list[str]:
        """Everything that is not what the clinician expects; an error is the last thing that he does."""
        try:
            record = told.settled(self.content) if self.resettles else told.record
            facts = read(record, self.content.limits, self.content.pathogens)
            if told in self.by_facts and _same(facts, told.facts):
                return []
            return judge(told.vignette, self.answer(told, facts))
        except Exception as error:
            return [f"ends in {type(error).__name__}"]

    def answer(self, told: Told, facts: PatientFacts) -> Mapping[str, Any]:
        """The answer as JSON, made without HTTP and validation."""
        content = self.content
        decision = decide(facts, content.limits)
        cards = render(decision, facts, _setting(content), told.request.context.encounter_id)
        explained = explain(decision, (), (), content.version)
        body: Mapping[str, Any] = json.loads(
            encode(HookResponse(cards=cards, extension={EXTENSION: explained}))
        )
        return body


def _same(one: PatientFacts, other: PatientFacts) -> bool:
    """All facts; what is remembered of them (`once`) is none."""
    names = (field.name for field in fields(PatientFacts) if field.name != "once")
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
    """The content that is mutated."""
    return load_content()


@cache
def stories(dialect: str = "") -> tuple[Told, ...]:
    """Every vignette that holds under the shipped content; with a dialect, told in its codes."""
    how = DIALECTS[dialect] if dialect else STANDARD
    told = (_tell(vignette, how) for vignette in VIGNETTES)
    plain = Judge(shipped())
    return tuple(one for one in told if not plain.wrong(one))


@cache
def _keys() -> tuple[PrefetchKey, ...]:
    return prefetch_keys(shipped().terminology)


def _tell(vignette: Vignette, dialect: Dialect) -> Told:
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


class Traced:
    """Thresholds that note which of them are read."""

    def __init__(self, limits: Thresholds, noted: set[str]) -> None:
        self._limits = limits
        self._noted = noted

    def __getattr__(self, name: str) -> Any:
        self._noted.add(name)
        return getattr(self._limits, name)

    def span(self, name: str) -> Any:
        """The window of that name."""
        self._noted.add(name)
        return self._limits.span(name)


@dataclass(frozen=True)
class Readers:
    """The stories in which a threshold is read: by facts, by rules and words; and what settles records."""

    facts: Mapping[str, frozenset[Told]]
    rules: Mapping[str, frozenset[Told]]
    settling: frozenset[str]


@cache
def readers() -> Readers:
    """Every story traced once."""
    by_facts: dict[str, set[Told]] = {}
    by_rules: dict[str, set[Told]] = {}
    settling: set[str] = set()
    for told in stories():
        noted: set[str] = set()
        limits: Any = Traced(shipped().limits, noted)
        settle(told.parsed, told.request, told.answers, shipped().terminology, NOW, limits)
        settling |= noted
        read(told.record, limits, shipped().pathogens)
        for name in noted:
            by_facts.setdefault(name, set()).add(told)
        noted.clear()
        decision = decide(told.facts, limits)
        setting = _setting(shipped())
        object.__setattr__(setting, "limits", limits)
        render(decision, told.facts, setting, told.request.context.encounter_id)
        for name in noted:
            by_rules.setdefault(name, set()).add(told)
    return Readers(_frozen(by_facts), _frozen(by_rules), frozenset(settling))


def _frozen(found: Mapping[str, set[Told]]) -> Mapping[str, frozenset[Told]]:
    return {name: frozenset(some) for name, some in found.items()}


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
    """Stories in the order in which they killed last: the next mutant of the same place often falls to the same one."""

    def __init__(self) -> None:
        self._last: dict[str, list[Told]] = {}

    def ordered(self, place: str, told: Iterable[Told]) -> list[Told]:
        """The candidates, those that killed at this place first."""
        candidates = dict.fromkeys(told)
        first = [one for one in self._last.get(place, ()) if one in candidates]
        return list(dict.fromkeys((*first, *candidates)))

    def killed(self, place: str, by: Told) -> None:
        """This story killed a mutant of the place."""
        known = self._last.setdefault(place, [])
        if by in known:
            known.remove(by)
        known.insert(0, by)

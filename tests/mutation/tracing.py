"""What of the content each story reads: the numbers, and the tables that the code names which it runs through.

A story is decided rule by rule, each with nothing remembered, so that what two rules ask counts for both. A mutant is
then judged by the stories that it can touch, and only the rules that it can touch are asked again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import cards
from cards import precedence
from cards.advice import ALL_ADVICE
from cards.facts import PatientFacts
from cards.outcome import Advice, Advise, Answers, Outcome
from cards.thresholds import Thresholds

ROOT = str(Path(cards.__file__).parent.parent)
RULES = tuple(range(len(ALL_ADVICE)))


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


@dataclass(frozen=True, slots=True)
class Noted:
    """Names of thresholds, and code of the project, that one part of a story went through."""

    limits: frozenset[str]
    code: frozenset[CodeType]


@dataclass(frozen=True, slots=True)
class Trail:
    """A story's parts: what makes its facts, each advice (by its place), which cards win, and how they are told."""

    facts: Noted
    advice: tuple[Noted, ...]
    precedence: Noted
    rest: Noted

    def touched_by(self, holds: Callable[[Noted], bool]) -> Touch:
        """The parts of which this holds."""
        places = frozenset(place for place in RULES if holds(self.advice[place]))
        return Touch(holds(self.facts), places, holds(self.precedence), holds(self.rest))


@dataclass(frozen=True, slots=True)
class Touch:
    """Which parts of a story a mutant can change: `advice` are places in ALL_ADVICE."""

    facts: bool = True
    advice: frozenset[int] = frozenset(RULES)
    precedence: bool = True
    rest: bool = True

    def __bool__(self) -> bool:
        return bool(self.facts or self.advice or self.precedence or self.rest)


EVERYTHING = Touch()


class Notes:
    """Notes for one part after the other: `with notes.part() as done: ...`, then `done()`."""

    def __init__(self, limits: Thresholds) -> None:
        self._names: set[str] = set()
        self._code: set[CodeType] = set()
        self.limits: Any = Traced(limits, self._names)

    @contextmanager
    def part(self) -> Iterator[Callable[[], Noted]]:
        """What is done inside is noted."""
        self._names.clear()
        self._code.clear()
        forget()
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            yield lambda: Noted(frozenset(self._names), frozenset(self._code))
        finally:
            sys.setprofile(before)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self._code.add(frame.f_code)


def forget() -> None:
    """Answers about the tables of precedence that are kept from one story to the next are dropped."""
    for one in vars(precedence).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()


def touched_by_number(trail: Trail, name: str) -> Touch:
    """The parts that read the threshold."""
    return trail.touched_by(lambda noted: name in noted.limits)


def touched_by_code(trail: Trail, code: frozenset[CodeType]) -> Touch:
    """The parts that went through any of the code."""
    return trail.touched_by(lambda noted: not code.isdisjoint(noted.code))


def code_naming(tables: Iterable[object], code: frozenset[CodeType]) -> frozenset[CodeType]:
    """The code that names a table, by its own module's name for it or through the module that has it."""
    wanted = frozenset(map(id, tables))
    return frozenset(one for one in code if not wanted.isdisjoint(_named(one)))


@cache
def _named(code: CodeType) -> frozenset[int]:
    module = _modules().get(code.co_filename)
    if module is None:
        return frozenset()
    direct = [vars(module)[name] for name in code.co_names if name in vars(module)]
    through = [
        vars(one)[name]
        for one in direct
        if isinstance(one, ModuleType)
        for name in code.co_names
        if name in vars(one)
    ]
    return frozenset(map(id, (*direct, *through)))


@cache
def _modules() -> Mapping[str, ModuleType]:
    found = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file is not None and file.startswith(ROOT):
            found[file] = module
    return found


def asked(one: Advice, p: PatientFacts, limits: Thresholds) -> Outcome | Answers:
    """What an advice answers, its cards made whole here: what they read is its own, as in a live call."""
    outcome = one.decide(p, limits)
    for each in outcome.values() if isinstance(outcome, Mapping) else (outcome,):
        if isinstance(each, Advise):
            each.made()
    return outcome


def answering(one: Advice, outcome: Outcome | Mapping[str, Outcome]) -> Advice:
    """The advice with the answer that it gave before, for where a mutant cannot touch it."""
    return replace(one, decide=lambda p, limits: outcome)

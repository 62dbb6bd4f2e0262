"""Who judges a mutant of the code: stories against their approved answers, then unit tests, each where it comes near.

Both are traced once, so that a mutant meets only those that run through the lines it changes. They are told, or run, in
the process of the worker; a test that fails is run once more without the mutant, so that nothing is killed by what an
earlier mutant has left behind.
"""

from __future__ import annotations

import gc
import hashlib
import pickle
import re
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import _lru_cache_wrapper, cache, partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from cards.advice import ALL_ADVICE
from cards.decide import Decision, decide
from cards.facts import PatientFacts
from cards.outcome import NoAdvice, Outcome
from cards.reading import read
from cds_service.stories.coding import STANDARD
from cds_service.stories.vignettes import Vignette
from tests.cards.approved import line_of, unapproved
from tests.cards.telling import VIGNETTES
from tests.mutation.code_lines import Lines, Runners, followed
from tests.mutation.code_mutants import PROJECT, CodeMutant, Place
from tests.mutation.stories import BOUNDARIES, Judge, Told, shipped, tell
from tests.mutation.stories import _same as same_facts
from tests.mutation.tracing import EVERYTHING, Touch, asked

CARDS = str(PROJECT / "cards")
TRACES = PROJECT / ".cache/mutation/code-traces.pickle"
LINES, TESTED, CHANGED = "lines", "tested", "changed"
"""Of the traces: the lines that each story runs, and each test; files that have changed since."""
STORIES = re.compile(r"test_(?:vignettes.*|boundaries|codings|codes|.*_properties|limits_.*)\.py")
"""Tests that tell stories or draw at random: the stories are told here by themselves, and chance judges nobody."""

MORE_TESTS = (
    "tests/service/test_rulebook.py",
    "tests/service/test_content.py",
    "tests/service/test_render.py",
)
STORY_SECONDS = 0.4
TEST_SECONDS = 3.0
"""Of processor time, for one mutant."""
TESTS = 150
"""Most tests that judge one mutant, those first that run through little else."""

KILLERS = 60
"""Of a module, those that are asked before others."""

Name = str
"""A function by module and name."""


class Slow(BaseException):
    """A mutant that does not end."""


def judging_tests(folders: Iterable[str]) -> list[str]:
    """The test files that import from any of the folders."""
    packages = [
        rf"{folder.replace('/', '.')}\b" if "/" in folder else rf"{folder}(?:\.[a-z_]+)? import"
        for folder in folders
    ]
    imports = re.compile("|".join(packages))
    files = (*sorted((PROJECT / "tests/cards").glob("test_*.py")), *(PROJECT / name for name in MORE_TESTS))
    return [
        path.relative_to(PROJECT).as_posix()
        for path in files
        if not STORIES.fullmatch(path.name) and imports.search(path.read_text(encoding="utf-8"))
    ]


def name_of(place: Place) -> Name:
    return f"{place.module}.{place.name}"


@contextmanager
def traced() -> Iterator[Callable[[], frozenset[Name]]]:
    """The functions of the cards that were run inside, to be asked for afterwards."""
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        seen.add(frame.f_code)

    before = sys.gettrace()
    sys.settrace(note)
    try:
        yield lambda: frozenset(filter(None, map(_name, seen)))
    finally:
        sys.settrace(before)


@cache
def _name(code: CodeType) -> Name | None:
    if not code.co_filename.startswith(CARDS):
        return None
    module = Path(code.co_filename).relative_to(PROJECT).with_suffix("").as_posix().replace("/", ".")
    return sys.intern(f"{module.removesuffix('.__init__')}.{code.co_qualname}")


# ------------------------------------------------------------------------------------------------------- stories


class Killers:
    """Who killed in an earlier run: those of the same function are asked first, then those of its module."""

    def __init__(self, verdicts: Mapping[str, str]) -> None:
        self._of: dict[str, Counter[str]] = defaultdict(Counter)
        for mutant, verdict in verdicts.items():
            killed, _, killer = verdict.partition("killed by ")
            if not killed and killer:
                name = mutant.partition(" ")[0]
                self._of[name][killer] += 1
                self._of[_module(name)][killer] += 1

    def of(self, name: Name) -> Iterator[str]:
        """By their ids, those first that killed most."""
        for place, most in ((name, None), (_module(name), KILLERS)):
            yield from (killer for killer, _ in self._of[place].most_common(most))


def _module(name: Name) -> str:
    """Modules are written small, and so are functions: the class of a method, or the function, is left out."""
    head = name.rpartition(".")[0]
    return head.rpartition(".")[0] if head.rpartition(".")[2][:1].isupper() else head


class StoryBench:
    """All stories with what they run through, and which of them killed last in a function."""

    def __init__(self, traces: dict[str, Any], killers: Killers) -> None:
        self._killers = killers
        self._judge = Judge(shipped())
        self._number: dict[Told, int] = {}
        self._line: dict[Told, str] = {}
        self._touched: dict[Name, dict[Told, Touch]] = {}
        self._last: dict[Name, list[Told]] = {}
        lines = _lines(traces)
        of_stories = []
        for vignette in (*VIGNETTES, *BOUNDARIES):
            told = tell(vignette, STANDARD)
            answer = self._judge.answer(told, told.facts, told.decision)
            if not unapproved(told.vignette.id, answer):
                self._number[told] = len(of_stories)
                self._line[told] = line_of(answer)
                self._note(told, _trail(told, traces))
                of_stories.append(lines[_key(vignette)])
        self._changed: frozenset[str] = traces[CHANGED]
        self._runners = Runners(of_stories, self._changed)
        self._by_id = {told.vignette.id: told for told in self._line}
        speaking = {told: _speaking(told) for told in self._line}
        for touched in self._touched.values():
            for told in sorted(touched, key=lambda one: speaking[one].isdisjoint(touched[one].advice)):
                touched[told] = touched.pop(told)

    def _note(self, told: Told, trail: tuple[frozenset[Name], ...]) -> None:
        facts, rest, *advice = trail
        for name in facts.union(rest, *advice):
            places = frozenset(place for place, names in enumerate(advice) if name in names)
            self._touched.setdefault(name, {})[told] = Touch(name in facts, places, rest=name in rest)

    def killer(self, mutant: CodeMutant) -> str | None:
        """The story whose answer is another one, or None. `slow` where a mutant does not end."""
        name, told = name_of(mutant.place), None
        touched = self._running(mutant)
        last = self._last.setdefault(name, [])
        until = time.process_time() + STORY_SECONDS
        try:
            with applied(mutant), bounded(STORY_SECONDS * 20):
                known = (self._by_id[one] for one in self._killers.of(name) if one in self._by_id)
                first = (one for one in (*last, *known) if one in touched)
                for told in dict.fromkeys((*first, *touched)):
                    if self._differs(told, touched[told], mutant.place.module):
                        if told in last:
                            last.remove(told)
                        last.insert(0, told)
                        return told.vignette.id
                    if time.process_time() > until:
                        return None
        except Slow:
            return "slow"
        except Exception as error:
            return type(error).__name__
        return None

    def _running(self, mutant: CodeMutant) -> Mapping[Told, Touch]:
        """The stories that run through what the mutant changes."""
        touched = self._touched.get(name_of(mutant.place))
        if touched is None:  # run by none, or not there when all was traced
            return dict.fromkeys(self._line, EVERYTHING) if mutant.place.file in self._changed else {}
        runners = self._runners.of(mutant)
        if runners is None:
            return touched
        return {told: touch for told, touch in touched.items() if runners >> self._number[told] & 1}

    def _differs(self, told: Told, touch: Touch, module: str) -> bool:
        try:
            facts, decision = _decided(told, touch, module)
            alike = decision.cards == told.decision.cards and decision.outcomes == told.decision.outcomes
            if alike and not touch.rest:
                return False
            judge = self._judge
            return line_of(judge.answer(told, facts, decision)) != self._line[told]
        except Exception:
            return True


def _decided(told: Told, touch: Touch, module: str) -> tuple[PatientFacts, Decision]:
    """Decided on facts that nobody has asked yet, for facts remember; rules that are not touched answer as before."""
    limits = shipped().limits
    settles = touch.facts and not module.startswith(("cards.reading", "cards.facts"))
    facts = read(told.settled(shipped()) if settles else told.record, limits, shipped().pathogens)
    again = EVERYTHING if touch.facts and not same_facts(facts, told.facts) else touch
    advice = (one if place in again.advice else told.kept[place] for place, one in enumerate(ALL_ADVICE))
    return facts, decide(facts, limits, tuple(advice))


def _speaking(told: Told) -> frozenset[int]:
    """The rules that say anything in the story; where one of them is touched the story is asked first."""
    answers = (one.decide(told.facts, shipped().limits) for one in told.kept)
    return frozenset(
        place
        for place, answer in enumerate(answers)
        if any(not isinstance(one, NoAdvice) for one in _outcomes(answer))
    )


def _outcomes(answer: Outcome | Mapping[str, Outcome]) -> Iterable[Outcome]:
    return answer.values() if isinstance(answer, Mapping) else (answer,)


def _key(vignette: Vignette) -> str:
    return hashlib.sha256(repr(vignette.story).encode()).hexdigest()


def _lines(traces: dict[str, Any]) -> Mapping[str, Lines]:
    """The lines that each story runs; those that are not known from an earlier run are told once more."""
    kept: dict[str, Lines] = traces.setdefault(LINES, {})
    judge = Judge(shipped())

    def again(vignette: Vignette) -> None:
        told = tell(vignette, STANDARD)
        judge.answer(told, told.facts, told.decision)

    new = {key: vignette for vignette in (*VIGNETTES, *BOUNDARIES) if (key := _key(vignette)) not in kept}
    kept |= followed({key: partial(again, vignette) for key, vignette in new.items()})
    return kept


def _trail(told: Told, traces: dict[str, Any]) -> tuple[frozenset[Name], ...]:
    """What the story's facts, its end, and each advice run through; from an earlier run where nothing changed."""
    key = _key(told.vignette)
    if key not in traces:
        traces[key] = _told_once_more(told)
    found: tuple[frozenset[Name], ...] = traces[key]
    return found


def _told_once_more(told: Told) -> tuple[frozenset[Name], ...]:
    """Each advice is asked with nothing remembered, so that what two of them ask counts for both."""
    with traced() as names:
        told.settled(shipped())
        facts = read(told.record, shipped().limits, shipped().pathogens)
    of_facts = names()
    advice = []
    for one in ALL_ADVICE:
        facts.once.clear()
        with traced() as names:
            asked(one, facts, shipped().limits)
        advice.append(names())
    with traced() as names:
        Judge(shipped()).answer(told, told.facts, decide(told.facts, shipped().limits, told.kept))
    return (of_facts, names(), *advice)


@contextmanager
def applied(mutant: CodeMutant) -> Iterator[None]:
    """The mutant runs inside."""
    function = mutant.place.function
    was = function.__code__, function.__defaults__, function.__kwdefaults__
    try:
        mutant.apply()
        _forget("cards.precedence")
        yield
    finally:
        function.__code__, function.__defaults__, function.__kwdefaults__ = was
        _forget("cards.precedence")


def _forget(*modules: str) -> None:
    """Empties what functions of these modules remember."""
    for module in modules:
        for value in vars(sys.modules[module]).values():
            if isinstance(value, _lru_cache_wrapper):
                value.cache_clear()


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Slow, after that much processor time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Slow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# --------------------------------------------------------------------------------------------------------- tests


class TestBench:
    """The collected tests with what they run through."""

    __test__ = False

    def __init__(self, items: Sequence[pytest.Item], traces: dict[str, Any], killers: Killers) -> None:
        self._killers = killers
        self._last: dict[Name, pytest.Item] = {}
        self._spoilt: set[pytest.Item] = set()
        lines = _lines_of_tests(items, traces)
        found = [item for item in items if lines[_test_key(item)]]
        self._items = sorted(found, key=lambda one: sum(map(len, lines[_test_key(one)].values())))
        self._runners = Runners([lines[_test_key(item)] for item in self._items], traces[CHANGED])
        self._by_id = {item.nodeid: item for item in self._items}

    def killer(self, mutant: CodeMutant) -> str | None:
        """The test that fails, or None; one that then fails without the mutant too is spoilt, and not asked again."""
        items = self._running(mutant)
        try:
            with applied(mutant), bounded(TEST_SECONDS * 5):
                failing = _first_failing(items)
        except Slow:
            return "slow"
        except Exception as error:
            return type(error).__name__
        if failing is None:
            return None
        if _passes(failing):
            self._last[name_of(mutant.place)] = failing
            return failing.nodeid
        self._spoilt.add(failing)
        return self.killer(mutant)

    def _running(self, mutant: CodeMutant) -> list[pytest.Item]:
        """The tests that run through what the mutant changes: who killed here, its file, what runs little else."""
        runners = self._runners.of(mutant)
        if runners is None:
            runners = self._runners.of_file(mutant.place.file)
        found = [
            item
            for number, item in enumerate(self._items)
            if runners >> number & 1 and item not in self._spoilt
        ]
        name, topic = name_of(mutant.place), mutant.place.module.rpartition(".")[2]
        known = (self._by_id[one] for one in self._killers.of(name) if one in self._by_id)
        first = [one for one in (self._last.get(name), *known) if one in found]
        found.sort(key=lambda item: topic not in item.path.stem)
        return list(dict.fromkeys((*first, *found)))[:TESTS]


def _first_failing(items: Iterable[pytest.Item]) -> pytest.Item | None:
    """Within the time for one mutant."""
    until = time.process_time() + TEST_SECONDS
    for item in items:
        if not _passes(item):
            return item
        if time.process_time() > until:
            break
    return None


def _passes(item: pytest.Item) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _lines_of_tests(items: Iterable[pytest.Item], traces: dict[str, Any]) -> Mapping[str, Lines]:
    """The lines that each test runs, none of one that fails without any mutant."""
    kept: dict[str, Lines] = traces.setdefault(TESTED, {})
    failing = set()

    def again(item: pytest.Item) -> None:
        if not _passes(item):
            failing.add(_test_key(item))

    new = {key: item for item in items if (key := _test_key(item)) not in kept}
    kept |= followed({key: partial(again, item) for key, item in new.items()})
    for key in failing:
        kept[key] = {}
    return kept


def _test_key(item: pytest.Item) -> str:
    return f"{_digest(item.path)} {item.nodeid}"


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


# --------------------------------------------------------------------------------------------------------- court


class Court:
    """In the place of a run of tests: what stories and tests run through is traced, then `work` asks for verdicts."""

    def __init__(self, work: Callable[[Court], None], verdicts: Mapping[str, str]) -> None:
        """`verdicts` of earlier runs tell who has killed where."""
        self._work = work
        self._killers = Killers(verdicts)
        self._benches: list[StoryBench | TestBench] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judges instead of testing."""
        self.sit(session.items)
        return True

    def sit(self, items: Sequence[pytest.Item]) -> None:
        """Traces, where it is not known yet, and works. Without tests the stories alone judge."""
        files = _files()
        traces = _kept(files)
        gc.disable()  # all that is told stays
        self._benches = [StoryBench(traces, self._killers)]
        if items:
            self._benches.append(TestBench(items, traces, self._killers))
        TRACES.write_bytes(pickle.dumps((files, traces)))
        traces.clear()
        gc.freeze()
        gc.enable()
        self._work(self)

    def verdict(self, mutant: CodeMutant) -> str:
        """ "killed by V-01", "killed by tests/cards/test_ttp.py::test_x", or "survived"."""
        for bench in self._benches:
            if (killer := bench.killer(mutant)) is not None:
                return f"killed by {killer}"
        return "survived"


def _files() -> dict[str, str]:
    """Each file of the cards with its digest, of which traces tell."""
    return {
        path.relative_to(PROJECT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((PROJECT / "cards").rglob("*.py"))
    }


def _kept(files: Mapping[str, str]) -> dict[str, Any]:
    """Traces of an earlier run, and which files have changed since all was traced (delete the file to do so again).

    Of those no lines are known; functions are taken as they were run: at worst a mutant lives that a story would kill.
    """
    if not TRACES.exists():
        return {CHANGED: frozenset()}
    of, traces = pickle.loads(TRACES.read_bytes())
    changed = {name for name in files if of.get(name) != files[name]}
    return dict(traces) | {CHANGED: traces[CHANGED] | changed}

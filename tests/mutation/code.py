"""`python -m tests.mutation.code cards/tpo_ra`: mutates the code of folders of the cards, judged by stories and tests.

A mutant is first judged by the stories that run through its function: it is killed when an answer is not the one that
is approved (`tests/cards/approved.txt`). Those that live are judged by the unit tests that run through the function.
Verdicts are kept in `.cache/mutation/code.jsonl`: a killed mutant is not judged again while its function is the same.
Without a folder all are judged; `cards` alone means the modules that lie directly in it. Mutants that live for a reason
are listed in `code_survivors/`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

import pytest

from tests.mutation.code_judges import Court, judging_tests, name_of
from tests.mutation.code_mutants import PROJECT, CodeMutant, mutants_of
from tests.mutation.code_survivors import EQUIVALENT, UNTOLD, listed_for, named_by

STATE = PROJECT / ".cache/mutation"
VERDICTS = STATE / "code.jsonl"
MADE = STATE / "code-mutants.pickle"
WORKERS = 2
LEAST = 90
"""Per cent of each folder that have to be killed."""


def folders() -> list[str]:
    """All folders of the cards with code."""
    return sorted({path.parent.relative_to(PROJECT).as_posix() for path in (PROJECT / "cards").rglob("*.py")})


def mutants_in(some: Sequence[str]) -> list[CodeMutant]:
    """Every mutant of these folders; those of a file that is as it was are known from an earlier run."""
    kept: dict[str, list[CodeMutant]] = pickle.loads(MADE.read_bytes()) if MADE.exists() else {}
    found = []
    for path in (path for folder in some for path in sorted((PROJECT / folder).glob("*.py"))):
        name = f"{path.relative_to(PROJECT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        if name not in kept:
            kept[name] = list(mutants_of(path))
        found += kept[name]
    MADE.write_bytes(pickle.dumps(kept))
    return found


def mixed(mutants: Iterable[CodeMutant], each: int | None = None) -> list[CodeMutant]:
    """One of each folder in turn, in no order of their own: what a short run has judged stands for the rest.

    `each` is the most of one folder.
    """
    by_folder: dict[str, list[CodeMutant]] = defaultdict(list)
    for mutant in sorted(mutants, key=lambda one: hashlib.sha256(one.name.encode()).digest()):
        by_folder[mutant.place.folder].append(mutant)
    return [
        one
        for turn in zip_longest(*(some[:each] for some in by_folder.values()))
        for one in turn
        if one is not None
    ]


def known() -> Mapping[str, str]:
    """Verdicts by the name of the mutant and the version of its function."""
    if not VERDICTS.exists():
        return {}
    rows = map(json.loads, VERDICTS.read_text(encoding="utf-8").splitlines())
    return {row["mutant"]: row["verdict"] for row in rows}


def key(mutant: CodeMutant) -> str:
    """How a verdict is found again."""
    return f"{mutant.name} {mutant.place.version}"


def report(
    mutants: Sequence[CodeMutant],
    verdicts: Mapping[str, str],
    lists: Callable[[str], Mapping[str, str]] = listed_for,
) -> Iterator[str]:
    """Counts by folder, then every mutant that lives and is on no list."""
    by_folder: dict[str, list[CodeMutant]] = defaultdict(list)
    for mutant in mutants:
        by_folder[mutant.place.folder].append(mutant)
    unlisted = []
    for folder, some in by_folder.items():
        found = [verdicts.get(key(one), "waits").partition(" ")[0] for one in some]
        listed = lists(folder)
        named = {
            one: named_by(one, listed)
            for one, verdict in zip(some, found, strict=True)
            if verdict == "survived"
        }
        unlisted += [one for one, line in named.items() if line is None]
        kinds = Counter("" if line is None else listed[line] for line in named.values())
        yield from _folder_told(folder, Counter(found), kinds)
        if "waits" not in found:
            own = (line for line in listed if line.startswith(folder))
            yield from (
                f"FAILED: no mutant lives that is {line}" for line in own if line not in named.values()
            )
    yield from (f"survived  {one.told}" for one in unlisted)


def _folder_told(folder: str, found: Counter[str], kinds: Counter[str]) -> Iterator[str]:
    judged = found.total() - found["waits"]
    share = f"{100 * found['killed'] / judged:.1f} % killed" if judged else "none judged"
    lives = f"{kinds[EQUIVALENT]} live for a reason, {kinds[UNTOLD]} told by no story, {kinds['']} without"
    yield f"{folder}: {share}; {found['killed']} of {judged}; {lives}; {found['waits']} wait"
    if judged and 100 * found["killed"] < LEAST * judged:
        yield f"FAILED: {folder}: less than {LEAST} % killed"


def work(court: Court, mutants: Sequence[CodeMutant], until: float) -> None:
    """Each worker judges functions of its own until the time is over: who killed there last is asked first."""
    children = []
    for number in range(WORKERS):
        child = os.fork()
        if child == 0:
            try:
                _judge(court, [one for one in mutants if _share(one) == number], until)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def _share(mutant: CodeMutant) -> int:
    return hashlib.sha256(name_of(mutant.place).encode()).digest()[0] % WORKERS


def _judge(court: Court, mutants: Sequence[CodeMutant], until: float) -> None:
    with VERDICTS.open("a", encoding="utf-8", buffering=1) as file:
        for mutant in mutants:
            if time.monotonic() > until:
                return
            file.write(json.dumps({"mutant": key(mutant), "verdict": court.verdict(mutant)}) + "\n")


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Mutate the code of the cards; stories and tests judge it.")
    parser.add_argument("folders", nargs="*", help="such as cards/tpo_ra")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--each", type=int, help="at most so many of a folder, drawn as by lot")
    parser.add_argument("--stories", action="store_true", help="stories alone judge, without the unit tests")
    parser.add_argument("--report", action="store_true", help="only say what is known")
    chosen = parser.parse_args(arguments)
    some = [folder.strip("/") for folder in chosen.folders] or folders()
    if unknown := set(some) - set(folders()):
        parser.error(f"no folder {', '.join(sorted(unknown))}")
    STATE.mkdir(parents=True, exist_ok=True)
    mutants = mutants_in(some)
    if not chosen.report:
        verdicts = known()
        left = [
            one for one in mixed(mutants, chosen.each) if not verdicts.get(key(one), "").startswith("killed")
        ]
        if left:
            until = time.monotonic() + chosen.minutes * 60
            court = Court(lambda sitting: work(sitting, left, until), verdicts)
            if chosen.stories:
                import tests.conftest  # noqa: F401 - with it a rule that raises ends its story

                court.sit([])
            else:
                quiet = ["-p", "no:xdist", "-p", "no:cacheprovider", "-qq", "--no-header", "--no-summary"]
                pytest.main([*quiet, *judging_tests(some)], plugins=[court])
    lines = list(report(mutants, known()))
    print("\n".join(lines))  # noqa: T201
    return int(any(line.startswith("FAILED") for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

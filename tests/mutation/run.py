"""`python -m tests.mutation.run`: mutates the content and has the stories judge it. Bounded in time, and resumable.

What is decided is kept in `.cache/mutation/`, with the version of the content and the stories: the next run goes on.
Where either has changed all is judged anew, but each mutant first by the story that killed it last, so that this takes
little. Only one worker writes a file, so that nothing is lost when a run is ended.

`survivors.toml` lists the mutants that no story can kill, with the reason. The run fails where a kind is killed less
than it has to be, where a threshold survives that is not on the list, and where one on the list was killed or is gone.
A code that lives because a category of its own set means it too is "covered": neither killed nor living.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cds_service.fixture_files import fixtures_folder
from tests.mutation.mutants import KINDS, Killed, Mutant, all_mutants
from tests.mutation.stories import Killers, shipped, stories, trail_of

STATE = Path(".cache/mutation")
SURVIVORS = Path(__file__).with_name("survivors.toml")
WORKERS = 2
LEAST = 90
"""Per cent of each kind that have to be killed; of the thresholds all but those on the list."""
LIVING = ("survived", "untouched")
UNTOLD = "no story tells: "


def version() -> str:
    """The content and the stories that a verdict is about."""
    digest = hashlib.sha256(shipped().version.encode())
    for folder in ("vignettes", "boundaries"):
        for path in sorted((fixtures_folder() / folder).glob("*.toml")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def known(of: str) -> dict[str, str]:
    """Verdicts by the name of the mutant."""
    return _verdicts(sorted(STATE.glob(f"content-{of}-*.jsonl")))


def known_killers() -> dict[str, str]:
    """The story that killed a mutant last, whatever the version was."""
    files = sorted(STATE.glob("content-*.jsonl"), key=lambda path: path.stat().st_mtime)
    found = {name: verdict.partition("killed by ")[2] for name, verdict in _verdicts(files).items()}
    return {name: story for name, story in found.items() if story}


def _verdicts(paths: Sequence[Path]) -> dict[str, str]:
    found = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[row["mutant"]] = row["verdict"]
    return found


def listed(path: Path = SURVIVORS) -> Mapping[str, str]:
    """The mutants that may survive, by name, with the reason; of one that could be told, that no story tells it."""
    found = {}
    for kind, some in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if isinstance(some, dict):
            found |= {f"{kind}: {name}": reason for name, reason in some.items()}
        for row in some if isinstance(some, list) else ():
            why = f"{UNTOLD}{row['why']}" if kind == "untold" else row["why"]
            found |= dict.fromkeys(row["mutants"], why)
    return found


def judged(mutant: Mutant, killers: Killers) -> str:
    """ "killed by V-01", "refused" by the loader, "untouched" where no story comes near, "survived".

    "covered by J01DD" is a code that lives because a category of its own set means it too.
    """
    if mutant.is_missed():
        return "killed by the list of codes"
    verdict = _by_stories(mutant, killers)
    above = mutant.covered_by() if verdict in LIVING else None
    return verdict if above is None else f"covered by {above}"


def _by_stories(mutant: Mutant, killers: Killers) -> str:
    if not mutant.candidates:
        return "untouched"
    try:
        with mutant.applied() as judge:
            for told in killers.ordered(mutant, mutant.candidates):
                if judge.wrong(told):
                    killers.killed(mutant.place, told)
                    return f"killed by {told.vignette.id}"
    except Killed:
        return "refused"
    return "survived"


def work(kinds: Sequence[str], number: int, until: float, of: str, done: frozenset[str]) -> None:
    """Every second mutant of those that have no verdict yet, until the time is over."""
    killers = Killers(known_killers())
    with (STATE / f"content-{of}-{number}.jsonl").open("a", encoding="utf-8") as file:
        for turn, mutant in enumerate(_mixed(all_mutants(kinds))):
            if turn % WORKERS != number or mutant.name in done:
                continue
            if time.monotonic() > until:
                return
            verdict = judged(mutant, killers)
            file.write(json.dumps({"kind": mutant.kind, "mutant": mutant.name, "verdict": verdict}) + "\n")
            file.flush()


def _mixed(mutants: Iterable[Mutant]) -> list[Mutant]:
    """In an order that mixes all places, so that what a short run has judged stands for the rest."""
    return sorted(mutants, key=lambda mutant: hashlib.sha256(mutant.name.encode()).digest())


def report(kinds: Sequence[str], verdicts: dict[str, str]) -> Iterator[str]:
    """Counts by kind, every mutant that no story killed, and what is wrong with that (lines with "FAILED")."""
    allowed = listed()
    waiting: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    left: list[str] = []
    gone = {name for name in allowed if name.partition(":")[0] in kinds}
    for mutant in all_mutants(kinds):
        gone.discard(mutant.name)
        verdict = verdicts.get(mutant.name)
        if verdict is None:
            waiting[mutant.kind] += 1
            continue
        word = verdict.partition(" ")[0]
        counts[mutant.kind][word] += 1
        lives = word in LIVING
        if lives:
            left.append(f"{word:9}  {mutant.name}  ({allowed.get(mutant.name, 'no reason is known')})")
        if lives and mutant.kind == "thresholds" and mutant.name not in allowed:
            left.append(f"FAILED: no story kills {mutant.name}")
        if not lives and mutant.name in allowed:
            left.append(f"FAILED: {mutant.name} is listed as a survivor and was {verdict}")
    left += [f"FAILED: {name} is listed as a survivor and is no mutant" for name in sorted(gone)]
    for kind in kinds:
        yield f"{kind}: {verdicts_told(counts[kind])}; {waiting[kind]} wait"
        if kind != "thresholds" and share_of(counts[kind]) < LEAST:
            yield f"FAILED: {kind}: less than {LEAST} % killed"
    yield from left


def share_of(found: Counter[str]) -> float:
    """Per cent killed of those that can be: what is covered is neither killed nor living. 100 where none is judged."""
    dead, living = found["killed"] + found["refused"], sum(found[word] for word in LIVING)
    return 100 * dead / (dead + living) if dead + living else 100


def verdicts_told(found: Counter[str]) -> str:
    """The verdicts of a kind in one line."""
    if not found:
        return "none judged"
    covered = f" of those that no other code of their set covers ({found['covered']} are covered)"
    return f"{share_of(found):.1f} % killed{covered if found['covered'] else ''}; {dict(found)}"


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Mutate the content, and have the stories judge it.")
    parser.add_argument("kinds", nargs="*", default=list(KINDS), help=f"of {', '.join(KINDS)}")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--report", action="store_true", help="only say what is known")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.kinds) - set(KINDS):
        parser.error(f"no kind {', '.join(sorted(unknown))}")
    STATE.mkdir(parents=True, exist_ok=True)
    of, until = version(), time.monotonic() + chosen.minutes * 60
    if not chosen.report:
        done = frozenset(known(of))
        for told in stories():  # told and traced once, before the workers part
            trail_of(told)
        children = []
        for number in range(WORKERS):
            child = os.fork()
            if child == 0:
                work(chosen.kinds, number, until, of, done)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
    lines = list(report(chosen.kinds, known(of)))
    print("\n".join(lines))  # noqa: T201
    return int(any(line.startswith("FAILED") for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

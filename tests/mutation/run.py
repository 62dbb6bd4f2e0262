"""`python -m tests.mutation.run`: mutates the content and has the stories judge it. Bounded in time, and resumable.

What is decided is kept in `.cache/mutation/`, with the version of the content and the stories: the next run goes on,
and begins anew where either has changed. Only one worker writes a file, so that nothing is lost when a run is ended.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cds_service.fixture_files import fixtures_folder
from tests.mutation.mutants import KINDS, Killed, Mutant, all_mutants
from tests.mutation.stories import Killers, shipped, stories

STATE = Path(".cache/mutation")
WORKERS = 2


def version() -> str:
    """The content and the stories that a verdict is about."""
    digest = hashlib.sha256(shipped().version.encode())
    for path in sorted((fixtures_folder() / "vignettes").glob("*.toml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def known(of: str) -> dict[str, str]:
    """Verdicts by the name of the mutant."""
    found = {}
    for path in STATE.glob(f"content-{of}-*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[row["mutant"]] = row["verdict"]
    return found


def judged(mutant: Mutant, killers: Killers) -> str:
    """ "killed by V-01", "refused" by the loader, "untouched" where no story comes near, "survived"."""
    if not mutant.candidates:
        return "untouched"
    try:
        with mutant.applied() as judge:
            for told in killers.ordered(mutant.place, mutant.candidates):
                if judge.wrong(told):
                    killers.killed(mutant.place, told)
                    return f"killed by {told.vignette.id}"
    except Killed:
        return "refused"
    return "survived"


def work(kinds: Sequence[str], number: int, until: float, of: str, done: frozenset[str]) -> None:
    """Every second mutant of those that have no verdict yet, until the time is over."""
    killers = Killers()
    with (STATE / f"content-{of}-{number}.jsonl").open("a", encoding="utf-8") as file:
        for turn, mutant in enumerate(all_mutants(kinds)):
            if turn % WORKERS != number or mutant.name in done:
                continue
            if time.monotonic() > until:
                return
            verdict = judged(mutant, killers)
            file.write(json.dumps({"kind": mutant.kind, "mutant": mutant.name, "verdict": verdict}) + "\n")
            file.flush()


def report(kinds: Sequence[str], verdicts: dict[str, str]) -> Iterator[str]:
    """Counts by kind, then every mutant that no story killed."""
    waiting: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    left: list[str] = []
    for mutant in all_mutants(kinds):
        verdict = verdicts.get(mutant.name)
        if verdict is None:
            waiting[mutant.kind] += 1
            continue
        word = verdict.partition(" ")[0]
        counts[mutant.kind][word] += 1
        if word in ("survived", "untouched"):
            left.append(f"{word:9}  {mutant.name}")
    for kind in kinds:
        found = counts[kind]
        judged_ones, dead = found.total(), found["killed"] + found["refused"]
        share = f"{100 * dead / judged_ones:.1f} % killed" if judged_ones else "none judged"
        yield f"{kind}: {share}; {dict(found)}; {waiting[kind]} wait"
    yield from left


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
        stories()  # told once, before the workers part
        children = []
        for number in range(WORKERS):
            child = os.fork()
            if child == 0:
                work(chosen.kinds, number, until, of, done)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
    for line in report(chosen.kinds, known(of)):
        print(line)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.mutation.code cards/tpo_ra`: mutates the code of one folder with mutmut, judged by its own tests.

mutmut works in a copy of the project below `.cache/mutation/`, which stays: the next run of a folder goes on where the
last one ended. The tests are those that import from the folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
STATE = PROJECT / ".cache/mutation"
COPIED = ("cards", "cds_service", "fixtures", "tests", "pyproject.toml")
SLOW = re.compile(r"test_(?:vignettes|.*_properties|limits_.*)\.py")
"""Tests that tell stories or draw at random: the content is theirs, and they are too slow for each mutant."""

MUTMUT = Path(sys.executable).with_name("mutmut")


def judging(folder: str) -> list[str]:
    """The test files that import from the folder."""
    package = re.compile(rf"\b{re.escape(folder.strip('/').replace('/', '.'))}\b")
    found = sorted((PROJECT / "tests/cards").glob("test_*.py"))
    return [
        path.relative_to(PROJECT).as_posix()
        for path in found
        if not SLOW.fullmatch(path.name) and package.search(path.read_text(encoding="utf-8"))
    ]


def prepare(folder: str) -> Path:
    """The copy in which mutmut works, brought up to date, with what it is to mutate."""
    copy = STATE / f"code-{folder.strip('/').replace('/', '-')}"
    copy.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        _update(PROJECT / name, copy / name)
    tests = ", ".join(f'"{name}"' for name in judging(folder))
    told = f"""
[tool.mutmut]
source_paths = ["cards"]
only_mutate = ["{folder.strip("/")}/*"]
also_copy = ["cds_service", "fixtures", "cards"]
pytest_add_cli_args = ["-p", "no:xdist", "-p", "no:cacheprovider", "-q"]
pytest_add_cli_args_test_selection = [{tests}]
use_git_change_detection = false
track_dependencies = false
"""
    settings = (PROJECT / "pyproject.toml").read_text(encoding="utf-8") + told
    (copy / "pyproject.toml").write_text(settings, encoding="utf-8")
    return copy


def _update(source: Path, target: Path) -> None:
    """Only what differs is written: mutmut knows by the time of a file whether its mutants are still good."""
    for path in [source] if source.is_file() else sorted(source.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        copied = target if source.is_file() else target / path.relative_to(source)
        if copied.is_file() and copied.read_bytes() == path.read_bytes():
            continue
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)


def results(copy: Path) -> Iterator[str]:
    """What mutmut knows: counts, then the mutants that live."""
    done = subprocess.run(
        [str(MUTMUT), "results", "--all", "true"], cwd=copy, capture_output=True, text=True, check=False
    )
    rows = re.findall(r"^\s+(\S+): (.+)$", done.stdout, flags=re.MULTILINE)
    counts = Counter(verdict for _, verdict in rows)
    judged = counts.total() - counts["not checked"]
    if judged:
        dead = counts["killed"] + counts["timeout"] + counts["caught by type check"]
        yield f"{100 * dead / judged:.1f} % killed of {judged} judged; {dict(counts)}"
    else:
        yield f"none judged; {dict(counts)}"
    yield from (f"{verdict}  {name}" for name, verdict in rows if verdict in ("survived", "no tests"))


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Mutate the code of one folder of cards with mutmut.")
    parser.add_argument("folder", help="such as cards/tpo_ra")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--report", action="store_true", help="only say what is known")
    chosen = parser.parse_args(arguments)
    if not (PROJECT / chosen.folder).is_dir() or not judging(chosen.folder):
        parser.error(f"no folder {chosen.folder} with tests")
    copy = prepare(chosen.folder)
    if not chosen.report:
        with (copy / "mutmut.log").open("w", encoding="utf-8") as log:
            run = subprocess.Popen(
                [str(MUTMUT), "run", "--max-children", "2"],
                cwd=copy,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                run.wait(timeout=chosen.minutes * 60)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGINT)
                run.wait()
    for line in results(copy):
        print(line)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

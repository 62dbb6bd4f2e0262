"""The mutator of code: its mutants are the function with one change, they run where they are set, and are taken out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cards.safety import score
from tests.mutation import code
from tests.mutation.code_judges import applied
from tests.mutation.code_mutants import CodeMutant, mutants_of
from tests.mutation.code_survivors import EQUIVALENT, EVERYWHERE, LISTS, UNTOLD, line_of, named_by

SCORE = Path(score.__file__)
MUTANTS = tuple(mutants_of(SCORE))


def test_each_mutant_is_the_function_with_one_change() -> None:
    source = SCORE.read_text(encoding="utf-8")
    assert len(MUTANTS) > 10
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        assert mutant.place.text in source
        assert mutant.place.text[mutant.start : mutant.end] != mutant.put
        assert f".py:{mutant.place.line + mutant.place.text.count(chr(10), 0, mutant.start)} " in mutant.told


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_mutant_runs_inside_and_is_gone_afterwards(mutant: CodeMutant) -> None:
    function = mutant.place.function
    before = function.__code__, function.__defaults__, function.__kwdefaults__
    with applied(mutant):
        now = function.__code__, function.__defaults__, function.__kwdefaults__
        assert now != before
    assert (function.__code__, function.__defaults__, function.__kwdefaults__) == before


def test_a_short_run_stands_for_all_folders() -> None:
    few = [*MUTANTS, *mutants_of(SCORE.parents[1] / "rows.py")]
    first = code.mixed(few)[:10]
    assert {one.place.folder for one in first} == {"cards", "cards/safety"}


def test_a_folder_that_is_killed_too_little_fails() -> None:
    killed = {code.key(mutant): "killed by V-01" for mutant in MUTANTS}
    line, *rest = code.report(MUTANTS, killed)
    assert line.startswith("cards/safety: 100.0 % killed")
    assert all(one.startswith("FAILED: no mutant lives that is cards/safety/") for one in rest)
    lines = list(code.report(MUTANTS, killed | {code.key(one): "survived" for one in MUTANTS[:10]}))
    assert any(line.startswith("FAILED: cards/safety") for line in lines)
    assert sum(line.startswith("survived") for line in lines) == 10


def test_a_mutant_that_lives_for_a_reason_is_counted_apart() -> None:
    mutant = MUTANTS[0]
    line = line_of(mutant)
    assert named_by(mutant, [line]) == line
    assert named_by(mutant, [f"{line.partition(':')[0]}: *"])
    assert named_by(MUTANTS[1], [line]) is None


def test_what_no_story_tells_is_counted_apart() -> None:
    listed = {line_of(MUTANTS[0]): EQUIVALENT, line_of(MUTANTS[1]): UNTOLD}
    living = {code.key(mutant): "survived" for mutant in MUTANTS[:3]}
    line, *_ = code.report(MUTANTS, living, lambda folder: listed)
    assert "1 live for a reason, 1 told by no story, 1 without" in line


def test_every_list_names_a_folder_its_mutants_and_why() -> None:
    folders = {Path(name).name: name for name in code.folders()}
    for path in sorted(LISTS.glob("*.toml")):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        assert tables.keys() <= {EQUIVALENT, UNTOLD}
        for row in (row for rows in tables.values() for row in rows):
            assert row.keys() == {"why", "mutants"}
            own = "" if path.stem == EVERYWHERE else f"{folders[path.stem]}/"
            assert all(line.startswith(own) for line in row["mutants"])

"""Which mutants of the code live for a reason: `code_survivors/<folder>.toml`, the form in its README."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from tests.mutation.code_mutants import CodeMutant

LISTS = Path(__file__).with_name("code_survivors")
EVERYWHERE = "all"
EQUIVALENT, UNTOLD = "reason", "untold"
"""The tables of a list: nobody could see the mutant; it could be seen, and no story tells how."""


def named_by(mutant: CodeMutant, listed: Iterable[str]) -> str | None:
    """The first line that names the mutant."""
    return next((line for line in listed if _pattern(line).fullmatch(line_of(mutant))), None)


def line_of(mutant: CodeMutant) -> str:
    """As a list names it: `cards/tpo_ra/risks.py is_old: age > limit becomes age >= limit`."""
    return " ".join(re.sub(r"\.py:\d+ ", ".py ", mutant.told, count=1).split())


def listed_for(folder: str) -> Mapping[str, str]:
    """Lines with the table in which they stand: those of the folder, then those of all."""
    return _lines(Path(folder).name) | _lines(EVERYWHERE)


@cache
def _lines(name: str) -> dict[str, str]:
    path = LISTS / f"{name}.toml"
    if not path.exists():
        return {}
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {line: table for table, rows in tables.items() for row in rows for line in row["mutants"]}


@cache
def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, " ".join(line.split()).split("*"))))

"""The project's own files, and its modules as syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_MADE = {".git", ".venv", ".cache", "__pycache__", "build", "dist"}


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the project: what git tracks or, in an unpacked archive, whatever is not made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    names = [name for name in listed.stdout.split("\0") if name] if listed.returncode == 0 else []
    files = [PROJECT / name for name in names] or [
        path
        for path in PROJECT.rglob("*")
        if not any(part in _MADE or part.endswith("_cache") for part in path.relative_to(PROJECT).parts)
    ]
    return tuple(sorted(path for path in files if path.is_file()))


def name_of(path: Path) -> str:
    """The path as the project writes it: `cards/record.py`."""
    return path.relative_to(PROJECT).as_posix()


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of every file that is text."""
    for path in project_files():
        try:
            yield name_of(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Name and syntax tree of every module of the packages."""
    for path in project_files():
        name = name_of(path)
        if name.endswith(".py") and name.startswith(tuple(f"{package}/" for package in packages)):
            yield name, ast.parse(path.read_text(encoding="utf-8"), filename=name)

"""Where a member stands in a JSON text: line and column by path, so that a fault can be shown where it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from cards.frozen import dataclass

Path = tuple[str | int, ...]

_TOKEN: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Both count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text, and where; without a place it is the whole of it."""

    text: str
    place: Place | None = None


def syntax_fault(text: str) -> Fault | None:
    """The first place at which a text is no JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return Fault(error.msg, Place(error.lineno, error.colno))
    except RecursionError:
        return Fault("nested too deeply")
    except ValueError:  # a number with too many digits
        return Fault("a number has too many digits")
    return None


def places(text: str) -> Mapping[Path, Place]:
    """The place of every member and entry of a text that is JSON; of the whole under ()."""
    found: dict[Path, Place] = {}
    path: list[str | int] = []
    open_kinds: list[str] = []
    is_name = False
    starts = _line_starts(text)
    for token in _TOKEN.finditer(text):
        word, at = token[1], token.start(1)
        if word in "}]":
            open_kinds.pop()
            if path:
                path.pop()
            is_name = False
        elif word == ",":
            is_name = open_kinds[-1] == "{"
            if not is_name:
                path[-1] = int(path[-1]) + 1
        elif word == ":":
            is_name = False
        elif is_name:
            path[-1] = json.loads(word)
            found[tuple(path)] = _place(starts, at)
        else:
            found.setdefault(tuple(path), _place(starts, at))
            if word in "{[":
                open_kinds.append(word)
                path.append("" if word == "{" else 0)
                is_name = word == "{"
    return found


def nearest(found: Mapping[Path, Place], path: Path) -> Place | None:
    """The place of a path, or of the closest part around it that is there."""
    for length in range(len(path), -1, -1):
        if path[:length] in found:
            return found[path[:length]]
    return None


def _line_starts(text: str) -> list[int]:
    return [0, *(newline.end() for newline in re.finditer(r"\n", text))]


def _place(starts: list[int], at: int) -> Place:
    low, high = 0, len(starts)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if starts[middle] <= at else (low, middle)
    return Place(low + 1, at - starts[low] + 1)

"""Which stories run a line: a mutant is judged by those that run the lines it changes, and by no others.

`coverage` follows each story once, and what it saw is kept by story, so that a new story alone is followed again.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType

import coverage

from tests.mutation.code_mutants import PROJECT, CodeMutant

Lines = Mapping[str, Sequence[int]]
"""Lines of each file, named from the project's folder."""
SMALL = "H"
"""How a line is kept: two bytes."""


def followed(stories: Mapping[str, Callable[[], object]]) -> dict[str, Lines]:
    """The lines of the cards that each of these runs."""
    if not stories:
        return {}
    follower = coverage.Coverage(data_file=None, source=[str(PROJECT / "cards")], config_file=False)
    follower.start()
    for name, tell in stories.items():
        follower.switch_context(name)
        tell()
    follower.stop()
    data = follower.get_data()
    found: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in stories}
    for path in data.measured_files():
        file = Path(path).relative_to(PROJECT).as_posix()
        for line, names in data.contexts_by_lineno(path).items():
            for name in names:
                if name:
                    found[name][file].append(line)
    return {
        name: {file: array(SMALL, lines) for file, lines in files.items()} for name, files in found.items()
    }


class Runners:
    """Who runs a line, as bits: story number n is bit n."""

    def __init__(self, lines: Iterable[Lines], changed: Collection[str] = ()) -> None:
        """`changed` are files of which the lines are not those any more."""
        self._bits: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._of_file: dict[str, int] = defaultdict(int)
        for number, of_story in enumerate(lines):
            bit = 1 << number
            for file, some in of_story.items():
                self._of_file[file] |= bit
                if file not in changed:
                    bits = self._bits[file]
                    for line in some:
                        bits[line] |= bit

    def of(self, mutant: CodeMutant) -> int | None:
        """Those who run a line of the change, else of the statement it belongs to; None where that is not known."""
        place = mutant.place
        code = place.function.__code__
        known = frozenset(_lines_with_code(code))
        first, last = (place.line + place.text.count("\n", 0, at) for at in (mutant.start, mutant.end))
        changed = known.intersection(range(first, last + 1))
        if not changed:
            changed = frozenset([max((line for line in known if line < first), default=code.co_firstlineno)])
        if code.co_firstlineno in changed:
            return None
        bits = self._bits.get(place.file)
        if bits is None:
            return None
        found = 0
        for line in changed:
            found |= bits.get(line, 0)
        return found

    def of_file(self, file: str) -> int:
        """Those who run anything of it."""
        return self._of_file[file]


def _lines_with_code(code: CodeType) -> Iterator[int]:
    yield from (line for _, _, line in code.co_lines() if line is not None)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _lines_with_code(inner)

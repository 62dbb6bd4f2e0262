"""The mutants of the code: what mutmut's operators make of a function, as text, put in its place when it is judged.

Nothing is copied or imported anew: a mutant is compiled by itself, and its code is set into the function that everyone
has imported already. Functions with decorators are left alone, as mutmut does, but for methods of classes.
"""

from __future__ import annotations
import __future__

import hashlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor, OuterFunctionProvider
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

PROJECT = Path(__file__).resolve().parents[2]
SHOWN = 90
"""Characters of a change that its name tells."""


@dataclass(frozen=True)
class Place:
    """A function of the cards: its module, its name (`Count.is_low` of a method), its source text, where it begins."""

    module: str
    name: str
    text: str
    line: int
    column: int

    @property
    def folder(self) -> str:
        """`cards/tpo_ra`, or `cards` for what lies directly in it."""
        return self.module.rpartition(".")[0].replace(".", "/")

    @property
    def file(self) -> str:
        """Named from the project's folder."""
        return Path(self.function.__code__.co_filename).relative_to(PROJECT).as_posix()

    @property
    def version(self) -> str:
        """Tells whether the function is the one of which a verdict is known."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @cached_property
    def function(self) -> FunctionType:
        """The function that everybody calls."""
        found: Any = importlib.import_module(self.module)
        for part in self.name.split("."):
            found = vars(found)[part]
        function: FunctionType = getattr(found, "__func__", found)
        return function


@dataclass(frozen=True)
class CodeMutant:
    """A function with one change: characters `start` to `end` of its text become `put`."""

    place: Place
    number: int
    start: int
    end: int
    put: str

    @property
    def name(self) -> str:
        """Unique while the function's text is what it is."""
        return f"{self.place.module}.{self.place.name} {self.number}"

    @property
    def told(self) -> str:
        """The change for a reader: `cards/tpo_ra/risks.py:12: age > limit becomes age >= limit`."""
        text = self.place.text
        line = self.place.line + text.count("\n", 0, self.start)
        was, now = (" ".join(one.split())[:SHOWN] for one in (text[self.start : self.end], self.put))
        return f"{self.place.module.replace('.', '/')}.py:{line} {self.place.name}: {was}  becomes  {now}"

    def apply(self) -> None:
        """From now on this process runs the mutant. An error where the change is no Python."""
        place = self.place
        text = place.text[: self.start] + self.put + place.text[self.end :]
        if place.column:
            text = f"if True:\n{' ' * place.column}{text}"
        code = compile(
            text, f"<{self.name}>", "exec", __future__.annotations.compiler_flag, dont_inherit=True
        )
        made: dict[str, Any] = {}
        exec(code, place.function.__globals__, made)
        found = made[place.name.rpartition(".")[2]]
        place.function.__code__ = found.__code__
        place.function.__defaults__ = found.__defaults__
        place.function.__kwdefaults__ = found.__kwdefaults__


def mutants_of(path: Path) -> Iterator[CodeMutant]:
    """Every mutant of a module, in the order of its text."""
    source = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    where = wrapper.resolve(PositionProvider)
    outer = wrapper.resolve(OuterFunctionProvider)
    begins = _line_starts(source)
    module = path.relative_to(PROJECT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    places = {
        node: _place(node, module, name, where[node], source, begins) for node, name in _functions(wrapper)
    }
    counted: dict[Place, int] = {}
    for mutation in visitor.mutations:
        place, span = places.get(outer.get(mutation.original_node)), where.get(mutation.original_node)  # type: ignore[arg-type]
        if place is None or span is None:
            continue
        counted[place] = number = counted.get(place, 0) + 1
        first = begins[place.line - 1] + place.column
        yield CodeMutant(
            place,
            number,
            _offset(span.start, begins) - first,
            _offset(span.end, begins) - first,
            _written(wrapper, mutation.mutated_node, span.start.column),
        )


def _written(wrapper: MetadataWrapper, node: cst.CSTNode, column: int) -> str:
    """The node as text; what has lines of its own below it stands as far in as before."""
    text = wrapper.module.code_for_node(node)
    return text.replace("\n", f"\n{' ' * column}") if isinstance(node, cst.Match) else text


def _functions(wrapper: MetadataWrapper) -> Iterator[tuple[cst.FunctionDef, str]]:
    """Functions of the module and of its classes, with their names."""
    for node in wrapper.module.body:
        if isinstance(node, cst.FunctionDef):
            yield node, node.name.value
        elif isinstance(node, cst.ClassDef):
            for inner in node.body.body:
                if isinstance(inner, cst.FunctionDef):
                    yield inner, f"{node.name.value}.{inner.name.value}"


def _place(
    node: cst.FunctionDef, module: str, name: str, span: CodeRange, source: str, begins: list[int]
) -> Place:
    text = source[_offset(span.start, begins) : _offset(span.end, begins)]
    return Place(module, name, text, span.start.line, span.start.column)


def _line_starts(source: str) -> list[int]:
    found = [0]
    for line in source.splitlines(keepends=True):
        found.append(found[-1] + len(line))
    return found


def _offset(at: Any, begins: list[int]) -> int:
    return int(begins[at.line - 1] + at.column)

"""The mutants of the content: numbers, tables, codes, pathogen files; each changes one thing.

A mutant is applied inside a `with` block that gives the content to judge by; what it patched is put back at its end.
"""

from __future__ import annotations

import ast
import copy
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any

import cards
from cards.anti_infective import pathogen as pathogen_files
from cards.anti_infective.pathogen import Pathogen
from cards.anti_infective.pathogen_condition import with_conditions
from cards.anti_infective.pathogen_words import pathogen_sections
from cards.drafts import check
from cards.thresholds import Thresholds, described
from cards.valueset_files import Code
from cards.valuesets import Terminology, load, normalise_coding
from cards.wording import Section, Words
from tests.mutation.code_list import Meaning, meanings
from tests.mutation.covered import covered_by, less
from tests.mutation.derived import constants, derived, replaced, tree_of
from tests.mutation.stories import Coding, Judge, Told, sets_of, settling, shipped, stories, trail_of
from tests.mutation.tracing import EVERYTHING, Touch, code_naming, touched_by_code, touched_by_number

ROOT = Path(cards.__file__).parent.parent


class Killed(Exception):
    """The content does not load: the mutant could never be served."""


@dataclass(frozen=True)
class Mutant:
    """`place` groups mutants (a module, a file); `candidates` are the stories that it can touch.

    `is_missed` asks what is written beside the content (the list of codes); `covered_by` names what else of the content
    says the same, so that nothing is changed.
    """

    kind: str
    place: str
    what: str
    candidates: tuple[Told, ...]
    applied: Callable[[], AbstractContextManager[Judge]]
    is_missed: Callable[[], bool] = lambda: False
    covered_by: Callable[[], str | None] = lambda: None

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.place}: {self.what}"


def all_mutants(kinds: Iterable[str]) -> Iterator[Mutant]:
    """The mutants of the kinds, in a fixed order."""
    for kind in kinds:
        yield from KINDS[kind]()


# ---------------------------------------------------------------------------------------------- numbers


def threshold_mutants() -> Iterator[Mutant]:
    """Each number one step of its precision up, and one down."""
    for name in described():
        value: Decimal = getattr(shipped().limits, name)
        step = Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0))

        def touch(told: Told, name: str = name) -> Touch:
            return touched_by_number(trail_of(told), name)

        touched = tuple(told for told in stories() if touch(told))
        for moved in (value - step, value + step):
            content = replace(shipped(), limits=_moved(name, moved))
            judge = Judge(content, name in settling(), touch)
            yield Mutant("thresholds", name, f"{value} becomes {moved}", touched, _holding(judge))


def _moved(name: str, value: Decimal) -> Thresholds:
    """Also beyond the bounds of a site: what is asked is whether a story notices."""
    limits = Thresholds()
    object.__setattr__(limits, name, value)
    return limits


def _holding(judge: Judge) -> Callable[[], AbstractContextManager[Judge]]:
    @contextmanager
    def applied() -> Iterator[Judge]:
        yield judge

    return applied


# ---------------------------------------------------------------------------------------------- tables

NOT_RULES = frozenset(
    {
        "thresholds",
        "citations",
        "code_systems",
        "valueset_files",
        "finding_words",
        "drafts",
        "wording",
        "advice",
        "threshold_order",
        "pathogen_condition",
        "content",
    }
)
"""Modules of `cards` whose tables are words, numbers (their own kind), codes (theirs), or what a loader refuses."""


def table_mutants() -> Iterator[Mutant]:
    """Each cell of each literal table of the rules replaced by its neighbour: the next of its type that differs."""
    for module in _rule_modules():
        for name, value in _tables(tree_of(module)):
            made_of_it = derived(getattr(module, name))
            naming = code_naming((getattr(module, name), *(one.value for one in made_of_it)), _all_code())

            def touch(told: Told, naming: frozenset[CodeType] = naming) -> Touch:
                return touched_by_code(trail_of(told), naming)

            touched = tuple(told for told in stories() if touch(told))
            for what, sets, changed in _neighbours(value, module):
                concerned = tuple(told for told in touched if not sets.isdisjoint(_sets_of(told)))
                yield Mutant(
                    "tables",
                    module.__name__,
                    f"{name}: {what}",
                    concerned if sets else touched,
                    _patched(module, name, changed, touch),
                )


_sets_of = cache(sets_of)


@cache
def _all_code() -> frozenset[CodeType]:
    """Everything that any story goes through."""
    found: set[CodeType] = set()
    for told in stories():
        trail = trail_of(told)
        found.update(
            trail.facts.code, trail.precedence.code, trail.rest.code, *(one.code for one in trail.advice)
        )
    return frozenset(found)


def _rule_modules() -> list[ModuleType]:
    found = [
        importlib.import_module(one.name) for one in pkgutil.walk_packages(cards.__path__, prefix="cards.")
    ]
    return [module for module in found if module.__name__.rpartition(".")[2] not in NOT_RULES]


def _tables(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Module-level constants that hold more than one value."""
    for name, value in constants(tree):
        if name.strip("_").isupper() and name != "ADVICE" and len(list(_cells(value))) > 1:
            yield name, value


def _cells(node: ast.expr) -> Iterator[ast.expr]:
    """Leaves of a literal table: texts, numbers, members of enumerations, names; not what is called, nor lambdas."""
    match node:
        case ast.Constant(value=str() | int()) if not isinstance(node.value, bool):
            yield node
        case ast.Attribute() | ast.Name():
            yield node
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            for element in elements:
                yield from _cells(element)
        case ast.Dict(keys=keys, values=values):
            for element in (*filter(None, keys), *values):
                yield from _cells(element)
        case ast.Call(args=arguments, keywords=keywords):
            for element in (*arguments, *(keyword.value for keyword in keywords)):
                yield from _cells(element)
        case ast.BinOp(left=left, right=right):
            yield from _cells(left)
            yield from _cells(right)
        case ast.Starred(value=value):
            yield from _cells(value)


def _neighbours(
    value: ast.expr, module: ModuleType
) -> Iterator[tuple[str, frozenset[str], Callable[[], Any]]]:
    """What is changed, the two value sets where one takes the other's place (else none), and the changed table.

    Only a record with a code of either set can tell the one from the other.
    """
    cells = list(_cells(value))
    values = [eval(ast.unparse(cell), vars(module)) for cell in cells]
    kinds = [_kind(value) for value in values]
    for number, cell in enumerate(cells):
        following = [*range(number + 1, len(cells)), *range(number)]
        other = next(
            (cells[i] for i in following if kinds[i] == kinds[number] and values[i] != values[number]),
            None,
        )
        if other is not None:
            what = f"cell {number + 1}, {ast.unparse(cell)} becomes {ast.unparse(other)}"
            texts = {str(one.value) for one in (cell, other) if isinstance(one, ast.Constant)}
            are_sets = len(texts) == 2 and all(text in shipped().terminology for text in texts)
            yield what, frozenset(texts if are_sets else ()), _replacing(value, number, other, module)


def _kind(known: object) -> object:
    """Cells of one kind can stand in for each other: the type of what they are, for texts the family of a set."""
    if isinstance(known, str):
        return "text", "-" in known
    return type(known) if not isinstance(known, Enum) else type(known).__name__


def _replacing(value: ast.expr, number: int, other: ast.expr, module: ModuleType) -> Callable[[], Any]:
    def make() -> Any:
        changed = copy.deepcopy(value)
        cell = list(_cells(changed))[number]
        cell.__class__ = other.__class__  # the node in place: its parent keeps it
        cell.__dict__ = copy.deepcopy(other).__dict__
        return eval(ast.unparse(changed), vars(module))

    return make


def _patched(
    module: ModuleType,
    name: str,
    make: Callable[[], Any],
    touch: Callable[[Told], Touch] = lambda told: EVERYTHING,
) -> Callable[[], AbstractContextManager[Judge]]:
    """The table replaced in every module that has it, and all tables that are made of it made again."""

    @contextmanager
    def applied() -> Iterator[Judge]:
        original = getattr(module, name)
        with ExitStack() as until_judged:
            try:
                until_judged.enter_context(replaced(original, make()))
                for one in derived(original):
                    until_judged.enter_context(replaced(one.value, one.made()))
            except Exception as error:
                raise Killed from error
            yield Judge(shipped(), touch=touch)

    return applied


# ---------------------------------------------------------------------------------------------- codes


def code_mutants() -> Iterator[Mutant]:
    """Each code removed from its value set: judged by the list of codes beside the sets, then by stories with it."""
    using = _stories_by_coding()
    by_set: dict[str, list[Meaning]] = {}
    for one in meanings():
        by_set.setdefault(one.set_id, []).append(one)
    terms = load()  # without the codes of a site
    for set_id in terms:
        for code in terms[set_id].codes:
            yield Mutant(
                "codes",
                set_id,
                f"{code.system.rpartition('/')[2]} {code.code} {code.display}",
                tuple(using.get((code.system, code.code), ())),
                _without(set_id, code),
                partial(_is_missed, set_id, code, tuple(by_set.get(set_id, ()))),
                partial(covered_by, terms[set_id], code),
            )


def _is_missed(set_id: str, code: Code, written: tuple[Meaning, ...]) -> bool:
    """The list says something else of the set without the code."""
    alone = Terminology((less(shipped().terminology[set_id], code),))
    return any(one.wrong(alone) for one in written)


@cache
def _stories_by_coding() -> dict[Coding, list[Told]]:
    """By the code of a set that each coding of a story matches; a drug or draft that is emitted counts too."""
    found: dict[Coding, list[Told]] = {}
    for told in stories():
        matched = set()
        for system, code in told.codings:
            for member in shipped().terminology.sets_of(system, code):
                matched.add((member.code.system, member.code.code))
            matched.add(normalise_coding(system, code))
        for coding in matched:
            found.setdefault(coding, []).append(told)
    return found


def _without(set_id: str, code: Code) -> Callable[[], AbstractContextManager[Judge]]:
    @contextmanager
    def applied() -> Iterator[Judge]:
        terms = shipped().terminology
        changed = Terminology(less(terms[each], code) if each == set_id else terms[each] for each in terms)
        yield Judge(replace(shipped(), terminology=changed), resettles=True)

    return applied


# ---------------------------------------------------------------------------------------------- pathogens


def pathogen_mutants() -> Iterator[Mutant]:
    """Each member of each pathogen file dropped, each element of its lists, each row of its tables."""
    concerned = {told: sets_of(told) for told in stories()}
    for path in sorted(pathogen_files.FOLDER.glob("*.toml")):
        table = pathogen_files._read(path)
        named = set(_texts(table))
        rules = {rule for rule in named if rule.startswith("INF-")}
        touched = tuple(
            told
            for told, sets in concerned.items()
            if not sets.isdisjoint(named) or not rules.isdisjoint(_rules_told(told))
        )
        for steps in _members(table):
            yield Mutant(
                "pathogens", path.stem, ".".join(map(str, steps)), touched, _dropped(path, table, steps)
            )


def _rules_told(told: Told) -> set[str]:
    vignette = told.vignette
    expected = {rule for card in vignette.expect for rule in card.rules}
    return expected | set(vignette.not_rules) | {rule for rule, _ in vignette.outcomes}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


Steps = tuple[str | int, ...]


def _members(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*steps, name)
            yield from _members(inner, (*steps, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield (*steps, number)
            yield from _members(inner, (*steps, number))


def _dropped(path: Path, table: Any, steps: Steps) -> Callable[[], AbstractContextManager[Judge]]:
    @contextmanager
    def applied() -> Iterator[Judge]:
        changed = copy.deepcopy(table)
        holder = changed
        for step in steps[:-1]:
            holder = holder[step]
        del holder[steps[-1]]
        yield _judging(path, changed)

    return applied


def _judging(path: Path, table: Any) -> Judge:
    """The content with one file changed; what the strict loader refuses is killed.

    Only that file is read again: the other pathogens, and all other words, are as shipped.
    """
    try:
        before, after = _pathogen_of(path, None), _pathogen_of(path, table)
        plain = shipped()
        pathogens = tuple(after if one.id == before.id else one for one in plain.pathogens)
        names = [(one.id, one.order) for one in pathogens]
        if len(set(names)) != len(names) or after.id != before.id:
            raise ValueError("two pathogens are one")
        templates = {**plain.templates, **pathogen_files.therapy_templates((after,))}
        check(templates, plain.terminology)
        had, has = _words_of(before), _words_of(after)
        kept = {rule: one for rule, one in plain.words.sections.items() if rule not in had}
        words = Words(MappingProxyType({**kept, **has}))
    except Exception as error:
        raise Killed from error
    content = replace(plain, pathogens=pathogens, templates=templates, words=words)
    touch = Touch(rest=had != has or templates != plain.templates)
    return Judge(content, touch=lambda told: touch)


def _pathogen_of(path: Path, table: Any) -> Pathogen:
    """The pathogen of a file, or of a table in its place."""
    plain = pathogen_files._read
    if table is not None:
        pathogen_files._read = lambda asked: table  # type: ignore[assignment]
    try:
        return pathogen_files._pathogen(path, shipped().terminology)
    finally:
        pathogen_files._read = plain


def _words_of(one: Pathogen) -> Mapping[str, Section]:
    titles = shipped().terminology
    return with_conditions(pathogen_sections((one,)), (one,), lambda set_id: titles[set_id].title)


KINDS: dict[str, Callable[[], Iterator[Mutant]]] = {
    "thresholds": threshold_mutants,
    "tables": table_mutants,
    "pathogens": pathogen_mutants,
    "codes": code_mutants,
}

"""Tables that are made of other tables: where one is changed, they are made again, in every module that has them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.mutation.tracing import forget

OF_THE_PROJECT = ("cards.", "cds_service.")


@dataclass(frozen=True)
class Constant:
    """A module-level constant with the expression that makes it; `names` are the values that it is made of."""

    module: ModuleType
    name: str
    expression: ast.expr
    value: Any
    names: frozenset[int]

    def made(self) -> Any:
        """Made again, of what its module knows by now."""
        return eval(ast.unparse(self.expression), vars(self.module))


def derived(original: object) -> tuple[Constant, ...]:
    """The constants that are made of a table, directly or through others, in an order in which they can be made."""
    order: dict[int, Constant] = {}

    def follow(table: object) -> None:
        for one in _all_constants():
            if id(table) in one.names and id(one.value) not in order:
                follow(one.value)
                order[id(one.value)] = one

    follow(original)
    return tuple(reversed(order.values()))


@cache
def tree_of(module: ModuleType) -> ast.Module:
    """The module's text, read."""
    return ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))


def constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """What is assigned to one name at the level of the module."""
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.expr):
            yield target.id, value


@cache
def _all_constants() -> tuple[Constant, ...]:
    """Those that are built where the module is loaded: a plain value cannot be made of another table."""
    return tuple(
        Constant(module, name, expression, value, _named(module, expression))
        for module in _modules("cards.")
        for name, expression in constants(tree_of(module))
        if not isinstance(value := getattr(module, name, None), str | int | type(None))
    )


def _modules(start: str | tuple[str, ...]) -> list[ModuleType]:
    known = list(sys.modules.items())
    return [one for name, one in known if name.startswith(start) and getattr(one, "__file__", None)]


def _named(module: ModuleType, expression: ast.expr) -> frozenset[int]:
    """The values that an expression names, by themselves or through the module that has them; not inside lambdas."""
    found = []
    asked: list[ast.AST] = [expression]
    while asked:
        node = asked.pop()
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name):
            found.append(vars(module).get(node.id))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.append(getattr(vars(module).get(node.value.id), node.attr, None))
        asked.extend(ast.iter_child_nodes(node))
    return frozenset(map(id, found))


@contextmanager
def replaced(original: Any, changed: Any) -> Iterator[None]:
    """One value in the place of another wherever a module of the project has it; answers that are kept are dropped."""
    holders = [
        (one, attribute)
        for one in _modules(OF_THE_PROJECT)
        for attribute, value in list(vars(one).items())
        if value is original
    ]
    for one, attribute in holders:
        setattr(one, attribute, changed)
    forget()
    try:
        yield
    finally:
        for one, attribute in holders:
            setattr(one, attribute, original)
        forget()

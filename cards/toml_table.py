"""Strict reading of TOML tables: members are asked for by type, and one that nobody asked for is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar, overload

T = TypeVar("T")
_MISSING: Any = object()


class Table:
    """A table of a file. ValueError naming file and member for a missing, unknown or mistyped one."""

    def __init__(self, members: Mapping[str, Any], where: str) -> None:
        self.where = where
        self._left = dict(members)
        self._children: list[Table] = []

    @overload
    def text(self, name: str) -> str: ...
    @overload
    def text(self, name: str, default: T) -> str | T: ...
    def text(self, name: str, default: Any = _MISSING) -> Any:
        """A string."""
        return self._take(name, str, default)

    @overload
    def whole(self, name: str) -> int: ...
    @overload
    def whole(self, name: str, default: T) -> int | T: ...
    def whole(self, name: str, default: Any = _MISSING) -> Any:
        """A whole number."""
        return self._take(name, int, default)

    def flag(self, name: str, default: Any = _MISSING) -> bool:
        """true or false."""
        value: bool = self._take(name, bool, default)
        return value

    def number(self, name: str, default: Decimal | None) -> Decimal | None:
        """An exact number (the file must be parsed with `parse_float=Decimal`)."""
        value = self._take(name, (int, Decimal), default)
        return None if value is None else Decimal(value)

    def list(self, name: str, default: Any = _MISSING) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(name, list, default)
        if not all(isinstance(item, str) for item in value):
            raise ValueError(f"{self.where}: {name} is a list of strings")
        return tuple(value)

    def table(self, name: str) -> Table:
        """A table below this one; an absent one is empty."""
        child = Table(self._take(name, dict, {}), f"{self.where}, {name}")
        self._children.append(child)
        return child

    def tables(self) -> Iterator[tuple[str, Table]]:
        """All members, each a table."""
        for name in list(self._left):
            yield name, self.table(name)

    def rows(self, name: str) -> Iterator[Table]:
        """An array of tables; an absent one is empty."""
        for number, row in enumerate(self._take(name, list, []), start=1):
            yield Table(row, f"{self.where}, {name} {number}")

    def texts(self) -> Mapping[str, str]:
        """All members, each a string."""
        return {name: self.text(name) for name in list(self._left)}

    def finish(self, *later: str) -> None:
        """Refuses members that nobody asked for (`later`: asked for after this)."""
        for child in self._children:
            child.finish()
        unknown = sorted(self._left.keys() - set(later))
        if unknown:
            raise ValueError(f"{self.where}: unknown {unknown}")

    def _take(self, name: str, kind: Any, default: Any) -> Any:
        if name not in self._left:
            if default is _MISSING:
                raise ValueError(f"{self.where}: {name} is missing")
            return default
        value = self._left.pop(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{self.where}: {name} has the wrong type")
        return value

"""Whether a value set means a code without naming it: by a category above it in the same set, read alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

from cards.valueset_files import Code, ValueSet
from cards.valuesets import Terminology

TOLD: Final = frozenset(
    {"system", "code", "display", "verified", "source", "note", "level", "match", "excepts"}
)
"""Members of a code that name and describe it: reading asks the others, also those that are yet to come."""


def less(one: ValueSet, code: Code) -> ValueSet:
    """The set without the code."""
    return replace(one, codes=tuple(other for other in one.codes if other is not code))


def covered_by(one: ValueSet, code: Code) -> str | None:
    """The code of the same set by which the product takes this one as meant and reads it the same; else None.

    A category is covered only where both leave out the same codes below it.
    """
    found = Terminology((less(one, code),)).sets_of(code.system, code.code)
    for member in found:
        other = member.code
        if _read_of(other) == _read_of(code) and (
            code.match == "exact" or _left_out(other, code) == _left_out(code, code)
        ):
            return other.code
    return None


def _read_of(code: Code) -> Mapping[str, Any]:
    return {field.name: getattr(code, field.name) for field in fields(code) if field.name not in TOLD}


def _left_out(category: Code, below: Code) -> frozenset[str]:
    return frozenset(one for one in category.excepts if one.startswith(below.code))

"""What all objects on the wire share: camelCase names, members without value left out, exact numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from msgspec import Struct
from msgspec.json import Encoder


class Wire(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An object that is sent. CDS Hooks allows no null and no empty member, so every default is left out."""


_ENCODER: Final = Encoder(decimal_format="number")


def encode(message: Any) -> bytes:
    """JSON in UTF-8; a Decimal is written as the number that it is."""
    return _ENCODER.encode(message)


def without_empties(value: Any) -> Any:
    """The same JSON without null, "", [] and {} at any depth: a client's own draft may hold some."""
    match value:
        case dict():
            kept = {name: without_empties(member) for name, member in value.items()}
            return {name: member for name, member in kept.items() if not _is_empty(member)}
        case list() | tuple():
            return [member for member in map(without_empties, value) if not _is_empty(member)]
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | dict | list) and not value)


Number = Decimal | int

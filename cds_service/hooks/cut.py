"""The ordinary body, whose last member is the prefetch: the prefetch decoded in one pass, the rest member by member.

Prefetch is nearly all of a body. Whatever is out of the ordinary (another order of members, a resource in which a
member has a wrong type, a type that is not read) leaves the body to be read key by key and entry by entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

from cards.frozen import dataclass

_PREFETCH: Final = re.compile(rb'"prefetch"\s*:\s*(?=\{)')
_OBJECT: Final = Decoder(dict[str, Raw])


class PrefetchText(Mapping[str, Raw]):
    """The members of a prefetch object by key, as they were sent: found when the first one is asked for."""

    __slots__ = ("_members", "_text")

    def __init__(self, text: memoryview) -> None:
        self._text = text
        self._members: dict[str, Raw] | None = None

    def _found(self) -> dict[str, Raw]:
        if self._members is None:
            self._members = _OBJECT.decode(self._text)
        return self._members

    def __getitem__(self, key: str) -> Raw:
        return self._found()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())


@dataclass(frozen=True, slots=True)
class Cut:
    """`rest` is the body with {} for its prefetch; `held` is what the given decoder made of the prefetch."""

    rest: bytes
    prefetch: PrefetchText
    held: Struct


def cut(body: bytes, decoder: Decoder[Struct]) -> Cut | None:
    """The body in its two parts, each complete JSON by itself, so that the whole is; None where it is not ordinary."""
    start = _PREFETCH.search(body)
    if start is None or not body.endswith(b"}"):
        return None
    text = memoryview(body)[start.end() : -1]
    rest = body[: start.end()] + b"{}}"
    try:
        if bytes(_OBJECT.decode(rest).get("prefetch", b"")) != b"{}":
            return None
        return Cut(rest, PrefetchText(text), decoder.decode(text))
    except (DecodeError, RecursionError):
        return None

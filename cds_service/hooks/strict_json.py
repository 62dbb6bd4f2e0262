"""JSON as RFC 8259 has it: UTF-8 without byte order mark, bounded depth, no member twice where it matters."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Raw

from cds_service.errors import Refused

_NO_BRACKETS: Final = bytes(code for code in range(256) if code not in b"[]{}")
_AS_BRACES: Final = bytes.maketrans(b"[]", b"{}")
# A text, also one that the body ends in: every quote is looked at once, whatever follows.
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_FEW: Final = 1_024  # brackets that are worth a count at each level
_DOUBLED: Final = "\0"
_NAME: Final = re.compile(r"[A-Za-z]{1,40}")


def check_text(body: bytes) -> None:
    """Refuses a body that is empty, not UTF-8, or begins with a byte order mark."""
    if not body.strip():
        raise Refused("not-json", "The body is empty")
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Refused("not-json", "The body begins with a byte order mark")
    try:
        str(body, "utf-8")
    except UnicodeDecodeError:
        raise Refused("not-json", "The body is not UTF-8") from None


def check_depth(body: bytes, limit: int) -> None:
    """Refuses a body that is nested more than `limit` levels.

    The first look counts brackets inside texts too, which is cheap; only where it finds too many are the texts
    cut out. Texts full of closing brackets can hide levels from it: those are bounded by the decoders.
    """
    if _is_deeper(body, limit) and _is_deeper(_TEXT.sub(b"", body), limit):
        raise Refused("too-deep", f"The body may be nested {limit} levels at most")


def _is_deeper(body: bytes, limit: int) -> bool:
    """Whether brackets are nested more than `limit` deep: innermost pairs are taken away level by level."""
    left = body.translate(_AS_BRACES, _NO_BRACKETS)
    for level in range(limit + 1):
        room = limit - level  # each level takes a bracket
        if len(left) <= _FEW and left.count(b"{") <= room:
            return False
        fewer = left.replace(b"{}", b"")
        if len(fewer) == len(left):  # a bracket in a text has no partner
            return left.count(b"{") > room
        left = fewer
    return True


def check_doubled(text: bytes, members: Mapping[str, Raw], prefix: str = "") -> None:
    """Refuses an object, written as `text` and decoded to `members`, in which a member stands twice.

    A decoder keeps the last one of two. So the lengths are added up: if they make the whole text, with one space or
    none after each colon and comma, every member was kept. Only a text that is laid out otherwise is read again.
    """
    written = sum(len(name.encode()) + len(bytes(raw)) + len('"":,') for name, raw in members.items()) + len(
        "{}"
    )
    left = len(text) - written + (1 if members else 0)  # no comma after the last
    if left in (0, 2 * len(members) - 1):
        return
    try:
        found = json.loads(text, object_pairs_hook=_members, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise Refused("not-json", "The body cannot be read as JSON") from None
    doubled = found.get(_DOUBLED, ())
    if doubled:
        raise Refused("doubled-member", *(f"{prefix}{name}: stands twice" for name in doubled[:20]))


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        found[_DOUBLED] = [
            _printable(name) for name, times in Counter(name for name, _ in pairs).items() if times > 1
        ]
    return found


def _printable(name: str) -> str:
    """A member's name, unless it could be text of a record."""
    return name if _NAME.fullmatch(name) else "a member"

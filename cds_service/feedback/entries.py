"""The body of feedback (CDS Hooks 3.0): every entry is checked, and the first wrong one is named with its number.

Texts of the client are not repeated in refusals. Members that CDS Hooks does not have are passed over.
"""

from __future__ import annotations

import re
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import DecodeError
from msgspec.json import decode

from cards.frozen import dataclass
from cds_service.dialects.epic_feedback import override_of
from cds_service.errors import Refused
from cds_service.hooks.strict_json import check_depth, check_text

MOST_ENTRIES: Final = 1_000
LONGEST_COMMENT: Final = 4_000
LONGEST_TEXT: Final = 512
ACCEPTED: Final = "accepted"
OVERRIDDEN: Final = "overridden"
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})?")


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one card. `reason` is (system, code) as sent; `comment` is free text: protected."""

    card: str
    outcome: str
    at: datetime
    accepted: tuple[str, ...] = ()
    reason: tuple[str, str] | None = None
    comment: str | None = field(default=None, repr=False)


def read_feedback(body: bytes, depth: int) -> tuple[Entry, ...]:
    """The entries in their order. Refused (400) with the number of the first that is wrong, counted from 1."""
    check_text(body)
    check_depth(body, depth)
    try:
        whole = decode(body)
    except (DecodeError, RecursionError):
        raise Refused("not-json", "The body cannot be read as JSON") from None
    if not isinstance(whole, dict):
        raise Refused("not-json", "The body has to be a JSON object")
    found = whole.get("feedback")
    if found is None:
        raise Refused("missing-member", "feedback: expected an array of entries")
    if not isinstance(found, list) or not 0 < len(found) <= MOST_ENTRIES:
        raise Refused("invalid-member", f"feedback: expected an array of 1 to {MOST_ENTRIES} entries")
    return tuple(_entry(one, number) for number, one in enumerate(found, 1))


def wrong(number: int, expected: str, code: str = "invalid-member") -> Refused:
    """The refusal of an entry; nothing of the request is stored."""
    return Refused(code, f"Entry {number} (feedback[{number - 1}]): {expected}")


def _entry(raw: Any, number: int) -> Entry:
    if not isinstance(raw, dict):
        raise wrong(number, "expected an object")
    for name in ("card", "outcome", "outcomeTimestamp"):
        if raw.get(name) is None:
            raise wrong(number, f"{name} is required", "missing-member")
    card = raw["card"]
    if not isinstance(card, str) or not _UUID.fullmatch(card.lower()):
        raise wrong(number, "card: expected the uuid of a card")
    at = _time(raw["outcomeTimestamp"], number)
    match raw["outcome"]:
        case "accepted":
            return Entry(card.lower(), ACCEPTED, at, accepted=_accepted(raw, number))
        case "overridden":
            reason, comment = _reason(override_of(raw), number)
            return Entry(card.lower(), OVERRIDDEN, at, reason=reason, comment=comment)
    raise wrong(number, "outcome: expected accepted or overridden")


def _time(raw: Any, number: int) -> datetime:
    """An RFC 3339 time; one without an offset is in UTC, as the specification has it."""
    if isinstance(raw, str) and _TIME.fullmatch(raw):
        try:
            read = datetime.fromisoformat(raw.upper().replace(",", "."))
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise wrong(number, "outcomeTimestamp: expected a time such as 2026-06-15T10:00:00Z")


def _accepted(raw: dict[str, Any], number: int) -> tuple[str, ...]:
    found = raw.get("acceptedSuggestions")
    some = found if isinstance(found, list) else []
    ids = [_text(one.get("id")) if isinstance(one, dict) else "" for one in some]
    if not ids or not all(ids):
        raise wrong(number, "acceptedSuggestions: expected the id of each suggestion that was accepted")
    return tuple(one.lower() for one in ids)


def _reason(raw: Any, number: int) -> tuple[tuple[str, str] | None, str | None]:
    """Code and comment of an override; either may be missing, but an overrideReason is not empty."""
    if raw is None:
        return None, None
    reason, comment = (raw.get("reason"), raw.get("userComment")) if isinstance(raw, dict) else (None, None)
    if reason is None and comment is None:
        raise wrong(number, "overrideReason: expected reason, userComment or both")
    if comment is not None and not (isinstance(comment, str) and 0 < len(comment) <= LONGEST_COMMENT):
        raise wrong(number, f"overrideReason.userComment: expected a text of at most {LONGEST_COMMENT} signs")
    return None if reason is None else _coding(reason, number), comment


def _coding(raw: Any, number: int) -> tuple[str, str]:
    found = raw if isinstance(raw, dict) else {}
    code, system = _text(found.get("code")), found.get("system", "")
    if not code or not isinstance(system, str) or len(system) > LONGEST_TEXT:
        raise wrong(number, "overrideReason.reason: expected a coding with code and system")
    return system, code


def _text(raw: Any) -> str:
    """A short text, "" for anything else."""
    return raw if isinstance(raw, str) and len(raw) <= LONGEST_TEXT else ""

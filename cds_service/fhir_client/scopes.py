"""What the access token of a call lets be read: SMART scopes of version 1 (`user/Condition.read`) and 2 (`.rs`).

A search that the scopes leave out is not sent. A scope with conditions (`Observation.rs?category=laboratory`) lets the
server leave out the rest without a word, so that nothing is known to be none by it.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from cards.frozen import dataclass
from cards.record import Kind
from cds_service.discovery import PrefetchKey
from cds_service.hooks.request import HookRequest

_SCOPE: Final = re.compile(
    r"(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]*)\.(?P<rights>[a-z*]+)(?P<condition>\?\S+)?",
    re.ASCII,
)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)
_VERSION_1: Final = {"read": "rs", "write": "", "*": "rs"}
_LABORATORY: Final = re.compile(r"\?category=(?:[^&|]*\|)?laboratory", re.IGNORECASE)
"""What limits a scope to laboratory results leaves no platelet count out."""


class Coverage(IntEnum):
    """How much of what a key asks for the scopes let be read."""

    NONE = 0
    PART = 1
    WHOLE = 2


@dataclass(frozen=True, slots=True)
class Grant:
    """The header to send, None without a token, and the scopes; without resource scopes nothing is known of them."""

    header: str | None
    scopes: tuple[re.Match[str], ...]

    def __repr__(self) -> str:
        return "Grant(...)"

    def covers(self, key: PrefetchKey) -> Coverage:
        """Whether the key's read or search is within the scopes."""
        if not self.scopes:
            return Coverage.WHOLE
        kind, right = re.split("[/?]", key.template)[0], "s" if "?" in key.template else "r"
        found = [
            Coverage.PART
            if scope["condition"] and not _is_harmless(scope["condition"], key)
            else Coverage.WHOLE
            for scope in self.scopes
            if scope["type"] in ("*", kind) and right in _VERSION_1.get(scope["rights"], scope["rights"])
        ]
        return max(found, default=Coverage.NONE)


def _is_harmless(condition: str, key: PrefetchKey) -> bool:
    return Kind.PLATELETS in key.kinds and _LABORATORY.fullmatch(condition) is not None


def read_grant(request: HookRequest) -> Grant | None:
    """What the call grants; None where its token cannot be used for this patient. Without a token all may be asked."""
    authorization = request.fhir_authorization
    if authorization is None:
        return Grant(None, ())
    if authorization.token_type.lower() != "bearer" or not _TOKEN.fullmatch(authorization.access_token):
        return None
    given = [found for one in authorization.scope.split() if (found := _SCOPE.fullmatch(one)) is not None]
    is_of_another = authorization.patient not in (None, "", request.context.patient_id)
    scopes = tuple(one for one in given if not (is_of_another and one["level"] == "patient"))
    if is_of_another and not scopes:  # such a token would find nothing, or somebody else
        return None
    return Grant(f"Bearer {authorization.access_token}", scopes)

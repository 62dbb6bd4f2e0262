"""References and ids: relative, absolute below the client's server, `urn:uuid:` by fullUrl, contained."""

from __future__ import annotations

import re
from typing import Final

LONGEST_ID: Final = 255
"""FHIR allows 64 characters; Epic's unsigned orders have some 200, and their answers have to name them."""

ID_GRAMMAR: Final = rf"[A-Za-z0-9\-.]{{1,{LONGEST_ID}}}"

_ID: Final = re.compile(ID_GRAMMAR, re.ASCII)
_RELATIVE: Final = re.compile(
    rf"([A-Z][A-Za-z]{{1,63}})/({ID_GRAMMAR})(?:/_history/[A-Za-z0-9\-.]{{1,64}})?", re.ASCII
)


def is_id(text: str | None) -> bool:
    """Whether it keeps FHIR's grammar of ids (letters, digits, - and .), though it may be longer than 64."""
    return text is not None and _ID.fullmatch(text) is not None


def normal_reference(text: str | None, fhir_server: str | None = None) -> str | None:
    """`Type/id` of a relative reference or one below `fhir_server`, without `/_history/`; None for any other."""
    if text is None:
        return None
    if fhir_server is not None:
        base = fhir_server.rstrip("/") + "/"
        if text.startswith(base):
            text = text[len(base) :]
    found = _RELATIVE.fullmatch(text)
    return f"{found[1]}/{found[2]}" if found else None


def contained_id(text: str | None) -> str | None:
    """The id that a reference such as `#m1` names inside its own resource."""
    return text[1:] if text is not None and text.startswith("#") and is_id(text[1:]) else None

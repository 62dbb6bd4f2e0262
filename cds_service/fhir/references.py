"""References and ids: relative, absolute below the client's server, `urn:uuid:` by fullUrl, contained."""

from __future__ import annotations

import re
from typing import Final

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_RELATIVE: Final = re.compile(
    r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII
)


def is_id(text: str | None) -> bool:
    """Whether it keeps FHIR's grammar of ids (letters, digits, - and ., at most 64)."""
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

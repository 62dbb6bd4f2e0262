"""What waits between the two halves of a launch: in a cookie that only this service can read or write.

Encrypted and authenticated (Fernet: AES-128-CBC, HMAC-SHA256) under a key that all workers derive from the service's
secret. It holds no token and nothing of a patient.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from msgspec import MsgspecError, Struct
from msgspec.json import decode, encode

LASTS_SECONDS: Final = 600
PURPOSE: Final = b"platelet-hooks smart launch 1\0"


class Pending(Struct, frozen=True):
    """`verifier` is PKCE's; `rules` and `card` those of the link that led here, where a standalone launch has one."""

    iss: str
    state: str
    nonce: str
    verifier: str
    rules: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Pending(...)"


class Seal:
    """Seals and opens. `secret` is the same in all workers."""

    def __init__(self, secret: bytes) -> None:
        key = hashlib.sha256(PURPOSE + secret).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, pending: Pending, now: datetime) -> str:
        """The cookie's text."""
        return self._fernet.encrypt_at_time(encode(pending), int(now.timestamp())).decode()

    def open(self, text: str, now: datetime) -> Pending | None:
        """None for what was not sealed here, was changed, or is older than ten minutes."""
        try:
            held = self._fernet.decrypt_at_time(text.encode(), LASTS_SECONDS, int(now.timestamp()))
            return decode(held, type=Pending)
        except (InvalidToken, MsgspecError, ValueError):
            return None


def cookie_name(state: str) -> str:
    """One cookie a launch, so that two of them in one browser do not disturb each other."""
    return f"launch-{hashlib.sha256(state.encode()).hexdigest()[:16]}"

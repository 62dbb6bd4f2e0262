"""What is for those who run the service: open in sandbox mode, else by the admin token, else not there."""

from __future__ import annotations

import base64
import hmac
from typing import Final

from flask import request

from cds_service.errors import Refused
from cds_service.settings import Settings

CHALLENGE: Final = 'Bearer realm="admin", Basic realm="admin", charset="UTF-8"'
"""A program sends the token; a browser asks for a password, which is the token, whatever the name. Pages that are
opened this way only read, so that a request forged by another site changes nothing."""


def require_admin(settings: Settings) -> None:
    """Refused: 404 where no token is set outside sandbox mode, 401 for a missing or wrong one."""
    if settings.sandbox:
        return
    if settings.admin_token is None:
        raise Refused("not-found")
    wanted = settings.admin_token.get_secret_value()
    if not hmac.compare_digest(_given(request.headers.get("Authorization", "")).encode(), wanted.encode()):
        raise Refused("not-authenticated", headers={"WWW-Authenticate": CHALLENGE})


def _given(header: str) -> str:
    """The token of the header, as a bearer token or as a password; empty where there is none."""
    scheme, _, text = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return text.strip()
        case "basic":
            try:
                pair = base64.b64decode(text.strip(), validate=True).decode()
            except ValueError:
                return ""
            return pair.partition(":")[2]
    return ""

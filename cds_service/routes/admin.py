"""What is for those who run the service: open in sandbox mode, else by the admin token, else not there."""

from __future__ import annotations

import hmac
from typing import Final

from flask import request

from cds_service.errors import Refused
from cds_service.settings import Settings

CHALLENGE: Final = 'Bearer realm="admin"'


def require_admin(settings: Settings) -> None:
    """Refused: 404 where no token is set outside sandbox mode, 401 for a missing or wrong one."""
    if settings.sandbox:
        return
    if settings.admin_token is None:
        raise Refused("not-found")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.admin_token.get_secret_value()
    is_right = hmac.compare_digest(given.strip().encode(), wanted.encode())
    if scheme.lower() != "bearer" or not is_right:
        raise Refused("not-authenticated", headers={"WWW-Authenticate": CHALLENGE})

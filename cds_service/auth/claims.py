"""What a believed signature says: for whom the token is, and for how long (RFC 7519, CDS Hooks "Trusting CDS Clients").

PyJWT's own check of the claims takes the machine's clock; this one takes the service's, as everything else does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from cds_service.auth.doubts import Doubt
from cds_service.auth.tokens import Claims

LEEWAY_SECONDS: Final = 30
"""By which the clocks of client and service may differ."""


def doubt_of(claims: Claims, audiences: Collection[str], longest_seconds: int, now: datetime) -> Doubt | None:
    """What speaks against the claims at `now` (aware), None when nothing does.

    `audiences`: any of them has to stand in `aud`. `longest_seconds`: from `iat` to `exp`.
    """
    if not set(claims.audiences) & set(audiences):
        return Doubt.AUDIENCE
    seconds = now.timestamp()
    if claims.exp <= seconds - LEEWAY_SECONDS:
        return Doubt.EXPIRED
    if claims.iat > seconds + LEEWAY_SECONDS:
        return Doubt.NOT_YET_VALID
    if claims.nbf is not None and claims.nbf > seconds + LEEWAY_SECONDS:
        return Doubt.NOT_YET_VALID
    if not 0 < claims.exp - claims.iat <= longest_seconds:
        return Doubt.LIFETIME
    return None

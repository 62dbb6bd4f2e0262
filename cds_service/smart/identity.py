"""Who signed in: the id_token of OpenID Connect, believed where signature, issuer, audience, time and nonce hold."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cds_service.hooks.context import CLINICIANS, PATIENT_SIDE
from cds_service.smart.asking import get_json
from cds_service.smart.configuration import Configuration, Endpoint
from cds_service.smart.faults import Fault, LaunchFailed

ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Public keys only; SMART requires RS256 of servers."""
LEEWAY_SECONDS: Final = 30
LONGEST: Final = 16_384
UNKNOWN_USER: Final = "Practitioner/unknown"
_USER: Final = re.compile(rf"(?:.*/)?((?:{'|'.join((*CLINICIANS, *PATIENT_SIDE))})/[A-Za-z0-9\-.]{{1,64}})")


def user_of(id_token: object, nonce: str, client_id: str, configuration: Configuration, now: datetime) -> str:
    """`Type/id` of who signed in, `Practitioner/unknown` where that is not told. LaunchFailed for a token that is not
    to be believed.
    """
    keys, issuer = configuration.keys, configuration.issuer
    if not isinstance(id_token, str) or len(id_token) > LONGEST or keys is None or issuer is None:
        raise LaunchFailed(Fault.IDENTITY)
    claims = _verified(id_token, keys)
    told_nonce = claims.get("nonce")
    if not isinstance(told_nonce, str) or not hmac.compare_digest(told_nonce.encode(), nonce.encode()):
        raise LaunchFailed(Fault.IDENTITY)
    _check(claims, issuer, client_id, now)
    told = claims.get("fhirUser", claims.get("profile", ""))
    found = _USER.fullmatch(told) if isinstance(told, str) and len(told) < 1_024 else None
    return UNKNOWN_USER if found is None else found[1]


def _verified(id_token: str, keys: Endpoint) -> dict[str, Any]:
    """The claims of a token whose signature one of the issuer's keys made."""
    try:
        known = KeySet.import_key_set(get_json(keys.server, keys.address))
        return dict(jwt.decode(id_token, known, algorithms=ALGORITHMS).claims)
    except (OSError, ValueError, TypeError, KeyError, JoseError, RecursionError):
        raise LaunchFailed(Fault.IDENTITY) from None


def _check(claims: dict[str, Any], issuer: str, client_id: str, now: datetime) -> None:
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError):
        raise LaunchFailed(Fault.IDENTITY) from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if several and claims.get("azp") != client_id:
        raise LaunchFailed(Fault.IDENTITY)

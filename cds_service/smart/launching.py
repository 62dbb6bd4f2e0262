"""The two halves of a launch: to the authorization server, and back with a code that becomes a call's token.

What OAuth asks is done by Authlib (authorization request, PKCE, state, token request); where it may go and what of its
answer is believed is settled here.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from msgspec import DecodeError, Struct
from msgspec.json import decode

from cards.frozen import dataclass
from cds_service.discovery import PrefetchKey
from cds_service.hooks.context import Context
from cds_service.hooks.fhir_authorization import FhirAuthorization
from cds_service.hooks.request import ID, HookRequest
from cds_service.smart.asking import SECONDS, bound
from cds_service.smart.configuration import Configuration
from cds_service.smart.faults import Fault, LaunchFailed
from cds_service.smart.identity import UNKNOWN_USER, user_of
from cds_service.smart.pending import Pending
from cds_service.smart.registration import Registration

logging.getLogger("authlib").setLevel(logging.CRITICAL + 1)  # it may log what it is given

HOOK: Final = "patient-view"
SECRET_LETTERS: Final = 48
VERIFIER_LETTERS: Final = 64
LONGEST_LAUNCH: Final = 4_096
LONGEST_CONTEXT: Final = 2_048
MOST_RULES: Final = 20
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]{1,4096}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Opened:
    """A launch that succeeded: the call to make, and the card at which it was launched."""

    request: HookRequest
    rules: tuple[str, ...] = ()
    card: str = ""


class AppContext(Struct, frozen=True):
    """What a card's smart link says: the card shown then, and its rules, the deciding one first."""

    card: str = ""
    rules: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------- to there


def begin(
    registration: Registration,
    configuration: Configuration,
    redirect_uri: str,
    keys: Iterable[PrefetchKey],
    launch: str | None = None,
    rules: tuple[str, ...] = (),
) -> tuple[str, Pending]:
    """Where the browser goes, and what has to be known when it comes back. `launch` is the EHR's, None standalone."""
    if launch is not None and not _PRINTABLE.fullmatch(launch):
        raise LaunchFailed(Fault.NO_SERVER)
    pending = Pending(
        registration.iss,
        generate_token(SECRET_LETTERS),
        generate_token(SECRET_LETTERS),
        generate_token(VERIFIER_LETTERS),
        rules,
    )
    extra = {"aud": registration.iss}
    if launch is not None:
        extra["launch"] = launch
    if configuration.tells_who:
        extra["nonce"] = pending.nonce
    with OAuth2Session(
        registration.client_id,
        scope=" ".join(scopes(configuration, keys, launched=launch is not None)),
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    ) as session:
        address, _ = session.create_authorization_url(
            configuration.authorization.address,
            state=pending.state,
            code_verifier=pending.verifier,
            **extra,
        )
    return address, pending


def scopes(configuration: Configuration, keys: Iterable[PrefetchKey], *, launched: bool) -> tuple[str, ...]:
    """Reading and searching what a call asks for, of one patient; who signs in, where the server tells it."""
    right = "rs" if configuration.has_scopes_of_version_2 else "read"
    kinds = dict.fromkeys(re.split("[/?]", key.template)[0] for key in keys)
    who = ("openid", "fhirUser") if configuration.tells_who else ()
    return ("launch" if launched else "launch/patient", *who, *(f"patient/{kind}.{right}" for kind in kinds))


# ------------------------------------------------------------------------------------------------- and back


def finish(
    pending: Pending,
    registration: Registration,
    configuration: Configuration,
    redirect_uri: str,
    answer: Mapping[str, str],
    now: datetime,
) -> Opened:
    """The call that the code of the answer allows. LaunchFailed for anything that does not fit."""
    if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
        raise LaunchFailed(Fault.NO_STATE)
    if "error" in answer or "code" not in answer:
        raise LaunchFailed(Fault.REFUSED)
    if "iss" in answer and configuration.issuer is not None and answer["iss"] != configuration.issuer:
        raise LaunchFailed(Fault.NO_ACCESS)  # RFC 9207: the code is another server's
    token = _token(pending, registration, configuration, redirect_uri, answer["code"])
    scope = str(token.get("scope", ""))
    user = UNKNOWN_USER
    if configuration.tells_who and ("id_token" in token or "openid" in scope.split()):
        user = user_of(token.get("id_token"), pending.nonce, registration.client_id, configuration, now)
    told = read_app_context(token.get("appContext"))
    return Opened(_request(token, scope, user, registration), told.rules or pending.rules, told.card)


def _token(
    pending: Pending,
    registration: Registration,
    configuration: Configuration,
    redirect_uri: str,
    code: str,
) -> Mapping[str, Any]:
    session = bound(
        OAuth2Session(registration.client_id, registration.secret, redirect_uri=redirect_uri),
        configuration.token.server,
    )
    try:
        token: Mapping[str, Any] = session.fetch_token(
            configuration.token.address,
            grant_type="authorization_code",
            code=code,
            code_verifier=pending.verifier,
            timeout=SECONDS,
            allow_redirects=False,
            stream=True,
        )
        return dict(token)
    except (AuthlibBaseError, requests.RequestException, OSError, ValueError, KeyError, TypeError):
        raise LaunchFailed(Fault.NO_ACCESS) from None
    finally:
        session.close()


def _request(token: Mapping[str, Any], scope: str, user: str, registration: Registration) -> HookRequest:
    """The token's patient as a call of the hook on opening a chart, with leave to read from the server."""
    access, kind = token.get("access_token"), token.get("token_type")
    if not isinstance(access, str) or not _TOKEN.fullmatch(access) or str(kind).lower() != "bearer":
        raise LaunchFailed(Fault.NO_ACCESS)
    patient, encounter = token.get("patient"), token.get("encounter")
    if not isinstance(patient, str) or not ID.fullmatch(patient):
        raise LaunchFailed(Fault.NO_PATIENT)
    known = isinstance(encounter, str) and ID.fullmatch(encounter)
    return HookRequest(
        hook=HOOK,
        hook_instance="timeline",
        context=Context(user_id=user, patient_id=patient, encounter_id=str(encounter) if known else None),
        fhir_server=registration.server.base,
        fhir_authorization=FhirAuthorization(access, "Bearer", None, scope, registration.client_id, patient),
    )


def read_app_context(told: object) -> AppContext:
    """What a card's link said, as the server hands it on: a text that anyone may have written. Empty if unusable."""
    if not isinstance(told, str) or len(told) > LONGEST_CONTEXT:
        return AppContext()
    try:
        read = decode(told, type=AppContext)
    except (DecodeError, RecursionError):
        return AppContext()
    return AppContext(read.card, read.rules[:MOST_RULES])


__all__ = ["AppContext", "Opened", "begin", "finish", "scopes"]

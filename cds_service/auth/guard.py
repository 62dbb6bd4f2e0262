"""Who may pass, as Flask sees it: everything below `/cds-services` needs a token in production mode.

By path and not by route, so that a route added later is guarded too. Preflights were answered before.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, g, request

from cds_service.auth.caller import NOBODY, Caller
from cds_service.auth.doubts import Distrusted
from cds_service.auth.gate import Gate
from cds_service.auth.jti import JtiMemory
from cds_service.auth.rates import Rates
from cds_service.errors import Refused
from cds_service.logs import Log
from cds_service.settings import Settings

GUARDED: Final = "/cds-services"
CHALLENGE: Final = 'Bearer realm="cds-services"'
FEEDBACK: Final = "feedback"


def guard_calls(app: Flask, settings: Settings, gate: Gate, memory: JtiMemory, log: Log) -> None:
    """Sets `g.caller`. Refused: 401 without a reason, 403 for a service that is not the client's, 429 for too many."""
    rates = Rates()

    @app.before_request
    def admit() -> None:
        if request.path != GUARDED and not request.path.startswith(f"{GUARDED}/"):
            return
        g.caller = _recognise(gate, settings) if settings.sandbox else _prove(gate, settings, memory, log)
        g.noted = {**g.get("noted", {}), "client": g.caller.name}
        _count(g.caller, settings, rates)
        service_id = (request.view_args or {}).get("service_id")
        if service_id is not None and not g.caller.may_call(service_id):
            raise Refused("forbidden")


def _prove(gate: Gate, settings: Settings, memory: JtiMemory, log: Log) -> Caller:
    try:
        return gate.prove(request.headers.get("Authorization"), _audiences(settings.public_url), memory)
    except Distrusted as error:
        log.warning(
            "distrusted", doubt=error.doubt.value, client=error.client, request_id=g.get("request_id")
        )
        raise Refused("not-authenticated", headers={"WWW-Authenticate": CHALLENGE}) from None


def _recognise(gate: Gate, settings: Settings) -> Caller:
    """Sandbox mode: a token of a configured client is honoured, every other one ignored."""
    if not gate.clients or "Authorization" not in request.headers:
        return NOBODY
    try:
        return gate.prove(request.headers["Authorization"], _audiences(settings.public_url), None)
    except Distrusted:
        return NOBODY


def _audiences(public_url: str) -> tuple[str, ...]:
    """The address that was called, as it was called and as it is announced; of the public URL, not of `Host`."""
    service_id = (request.view_args or {}).get("service_id")
    steps = [GUARDED] if service_id is None else [GUARDED, service_id]
    if service_id is not None and request.path.rstrip("/").endswith(f"/{FEEDBACK}"):
        steps.append(FEEDBACK)
    return public_url + request.path, public_url + "/".join(steps)


def _count(caller: Caller, settings: Settings, rates: Rates) -> None:
    own = None if caller.client is None else caller.client.requests_per_minute
    limit = settings.requests_per_minute if own is None else own
    name = f"client {caller.name}" if caller.client is not None else f"address {request.remote_addr}"
    if seconds := rates.wait(name, limit):
        raise Refused("too-many-requests", headers={"Retry-After": str(seconds)})

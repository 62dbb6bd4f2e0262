"""Who may pass, as Flask sees it: everything below `/cds-services` needs a token in production mode.

By path and not by route, so that a route added later is guarded too. Preflights were answered before.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from flask import Flask, g, request

from cards.frozen import dataclass
from cds_service.auth.caller import NOBODY, Caller
from cds_service.auth.doubts import Distrusted
from cds_service.auth.jti import JtiMemory
from cds_service.auth.rates import Rates
from cds_service.errors import Refused
from cds_service.logs import Log
from cds_service.settings import Settings

if TYPE_CHECKING:
    from cds_service.auth.gate import Gate

GUARDED: Final = "/cds-services"
CHALLENGE: Final = 'Bearer realm="cds-services"'
FEEDBACK: Final = "feedback"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the guard looks at of a request."""

    path: str
    service_id: str | None
    authorization: str | None
    address: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may call. `gate` is None in a sandbox without clients; `memory` keeps which tokens were used."""

    settings: Settings
    gate: Gate | None
    memory: JtiMemory
    log: Log
    rates: Rates = field(default_factory=Rates)

    def recognise(self, asked: Asked) -> Caller:
        """Who calls, proven by the token. Refused with 401 without a reason."""
        if self.settings.sandbox:
            return self._believed(asked)
        assert self.gate is not None, "production has a gate"
        try:
            return self.gate.prove(asked.authorization, self._audiences(asked), self.memory)
        except Distrusted as error:
            self.log.warning(
                "distrusted", doubt=error.doubt.value, client=error.client, request_id=asked.request_id
            )
            raise Refused("not-authenticated", headers={"WWW-Authenticate": CHALLENGE}) from None

    def let_in(self, caller: Caller, asked: Asked) -> None:
        """Refused with 429 for too many calls, 403 for a service that is not the client's."""
        own = None if caller.client is None else caller.client.requests_per_minute
        limit = self.settings.requests_per_minute if own is None else own
        name = f"client {caller.name}" if caller.client is not None else f"address {asked.address}"
        if seconds := self.rates.wait(name, limit):
            raise Refused("too-many-requests", headers={"Retry-After": str(seconds)})
        if asked.service_id is not None and not caller.may_call(asked.service_id):
            raise Refused("forbidden")

    def _believed(self, asked: Asked) -> Caller:
        """Sandbox mode: a token of a configured client is honoured, every other one ignored."""
        if self.gate is None or asked.authorization is None:
            return NOBODY
        try:
            return self.gate.prove(asked.authorization, self._audiences(asked), None)
        except Distrusted:
            return NOBODY

    def _audiences(self, asked: Asked) -> tuple[str, ...]:
        """The address that was called, as it was called and as it is announced; of the public URL, not of `Host`."""
        steps = [GUARDED] if asked.service_id is None else [GUARDED, asked.service_id]
        if asked.service_id is not None and asked.path.rstrip("/").endswith(f"/{FEEDBACK}"):
            steps.append(FEEDBACK)
        public_url = self.settings.public_url
        return public_url + asked.path, public_url + "/".join(steps)


def guard_calls(app: Flask, guard: Guard) -> None:
    """Sets `g.caller`. Refused: 401 without a reason, 403 for a service that is not the client's, 429 for too many."""

    @app.before_request
    def admit() -> None:
        path = request.path
        if path != GUARDED and not path.startswith(f"{GUARDED}/"):
            return
        asked = Asked(
            path,
            (request.view_args or {}).get("service_id"),
            request.headers.get("Authorization"),
            request.remote_addr,
            g.request_id,
        )
        g.caller = guard.recognise(asked)
        g.noted = {**g.get("noted", {}), "client": g.caller.name}
        guard.let_in(g.caller, asked)

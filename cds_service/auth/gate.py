"""The gate: a request's `Authorization` header in, the caller out.

Order matters: nothing is fetched for an issuer that is not configured, nothing is remembered of a token that is not
proven, and of two failures the log names the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from cards.frozen import dataclass
from cds_service.auth.caller import ANY, Caller
from cds_service.auth.claims import LEEWAY_SECONDS, doubt_of
from cds_service.auth.doubts import Distrusted, Doubt
from cds_service.auth.jti import JtiMemory, opaque
from cds_service.auth.key_sets import KeySource, KeysUnavailable, keys_of_address, keys_of_file
from cds_service.auth.tokens import Token, read_token
from cds_service.config_file import Client
from cds_service.settings import Settings, SettingsError

Clock = Callable[[], datetime]
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Gate:
    """The clients that are trusted, and where their keys are, by client name."""

    clients: Sequence[Client]
    sources: Mapping[str, KeySource]
    clock: Clock

    def prove(
        self, authorization: str | None, audiences: Collection[str], memory: JtiMemory | None
    ) -> Caller:
        """Who sent this header. Distrusted when it proves nobody. The token is used up in `memory`, if there is one.

        `audiences`: the addresses of the call; a client entry may accept further ones.
        """
        token = read_token(authorization)
        client = _by_tenant(self._proven(token), token.claims.tenant)
        accepted = {*audiences, *client.aud}
        if doubt := doubt_of(token.claims, accepted, client.token_seconds, self.clock()):
            raise Distrusted(doubt, client.name)
        if memory is not None:
            expires = datetime.fromtimestamp(int(token.claims.exp) + LEEWAY_SECONDS + 1, UTC)
            if not memory.first_use(opaque(token.claims.iss, token.claims.jti), expires):
                raise Distrusted(Doubt.REPLAYED, client.name)
        return Caller(client, token.claims.tenant)

    def can_prove(self) -> bool:
        """Whether at least one client's keys are at hand: else no call can be answered. Asks for keys if need be."""
        sources = self.sources.values()
        return any(one.has_keys for one in sources) or any(one.check() for one in sources)

    def _proven(self, token: Token) -> list[Client]:
        """The entries whose keys made the signature. Distrusted when there is none."""
        named = [client for client in self.clients if client.iss == token.claims.iss]
        if not named:
            raise Distrusted(Doubt.UNKNOWN_ISSUER)
        jku = token.header.jku
        known = [client for client in named if None in (jku, client.jku) or jku == client.jku]
        if not known:
            raise Distrusted(Doubt.FOREIGN_KEY_SET)
        doubts: list[Doubt] = []
        proven = [client for client in known if self._signed(token, client, doubts)]
        if not proven:
            raise Distrusted(doubts[-1])
        return proven

    def _signed(self, token: Token, client: Client, doubts: list[Doubt]) -> bool:
        try:
            keys = self.sources[client.name].find(token.header.kid)
        except KeysUnavailable:
            doubts.append(Doubt.KEYS_UNAVAILABLE)
            return False
        doubts.append(Doubt.SIGNATURE if keys else Doubt.UNKNOWN_KEY)
        return any(key.verifies(token.text, token.header.alg) for key in keys)


def _by_tenant(clients: Sequence[Client], tenant: str | None) -> Client:
    """The entry of the tenant; one that takes any only where none names it."""
    for wanted in (tenant, ANY):
        for client in clients:
            if wanted is not None and wanted in client.tenants:
                return client
    raise Distrusted(Doubt.TENANT)


def open_gate(settings: Settings, clock: Clock, report: Report = lambda client: None) -> Gate:
    """The gate of these settings. SettingsError, one line, when a file of keys is useless.

    `report` is told the client's name when its keys cannot be read (of several that share an address, the first).
    """
    sources: dict[str, KeySource] = {}
    by_address: dict[str, KeySource] = {}
    for number, client in enumerate(settings.clients, 1):
        if client.jku is not None:
            source = keys_of_address(client.jku, report=partial(report, client.name))
            sources[client.name] = by_address.setdefault(client.jku, source)
        else:
            sources[client.name] = _file_source(settings, client, number, partial(report, client.name))
    return Gate(settings.clients, sources, clock)


def _file_source(settings: Settings, client: Client, number: int, report: Callable[[], None]) -> KeySource:
    assert client.jwks_file is not None
    try:
        return keys_of_file(settings.beside_config(client.jwks_file), report=report)
    except ValueError as error:
        raise SettingsError(
            f"[[clients]] {number}, jwks_file: expected a JSON Web Key Set: {error}"
        ) from None

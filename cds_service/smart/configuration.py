"""How to sign in with a FHIR server: its `.well-known/smart-configuration`, read with care and kept for minutes."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import Final

from msgspec import Struct, ValidationError, convert

from cards.frozen import dataclass
from cds_service.fhir_guard import Doors, Server, admit
from cds_service.smart.asking import get_json
from cds_service.smart.faults import Fault, LaunchFailed
from cds_service.smart.registration import Registration

WELL_KNOWN: Final = "/.well-known/smart-configuration"
KEPT_SECONDS: Final = 300
MOST_KEPT: Final = 64


class _Told(Struct):
    """The members that are read (SMART App Launch 2.2, section "Using .well-known")."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str | None = None
    jwks_uri: str | None = None
    capabilities: list[str] = []
    code_challenge_methods_supported: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that may be called, and the server whose connections lead there."""

    address: str
    server: Server


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a launch needs. `issuer` and `keys` only where the server tells who signs in."""

    authorization: Endpoint
    token: Endpoint
    issuer: str | None
    keys: Endpoint | None
    capabilities: frozenset[str]

    @property
    def tells_who(self) -> bool:
        """Whether an id_token can be had and verified."""
        return "sso-openid-connect" in self.capabilities and self.issuer is not None and self.keys is not None

    @property
    def has_scopes_of_version_2(self) -> bool:
        return "permission-v2" in self.capabilities


class Configurations:
    """The configurations of this process."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[float, Configuration]] = OrderedDict()

    def of(self, registration: Registration) -> Configuration:
        """LaunchFailed where there is none, or where it leads to servers that may not be called."""
        base = registration.server.base
        with self._lock:
            known = self._kept.get(base)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        found = self._read(registration)
        with self._lock:
            self._kept[base] = (time.monotonic() + KEPT_SECONDS, found)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _read(self, registration: Registration) -> Configuration:
        try:
            told = convert(get_json(registration.server, registration.server.base + WELL_KNOWN), _Told)
        except (OSError, ValueError, ValidationError, RecursionError):
            raise LaunchFailed(Fault.NO_CONFIGURATION) from None
        methods = told.code_challenge_methods_supported
        if methods is not None and "S256" not in methods:
            raise LaunchFailed(Fault.NO_PKCE)
        keys = None
        if told.jwks_uri is not None:
            keys = self._endpoint(told.jwks_uri, registration)
        return Configuration(
            authorization=self._endpoint(told.authorization_endpoint, registration),
            token=self._endpoint(told.token_endpoint, registration),
            issuer=told.issuer,
            keys=keys,
            capabilities=frozenset(told.capabilities),
        )

    def _endpoint(self, address: str, registration: Registration) -> Endpoint:
        """Below a server of the entry; where there is no entry, wherever a FHIR server might be."""
        server = admit(address, registration.authorizing, self._doors)
        if server is None:
            raise LaunchFailed(Fault.FOREIGN_ENDPOINT)
        return Endpoint(address, server)

"""As what the timeline is known to a FHIR server: the client entry's registration, or the sandbox's."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from cards.frozen import dataclass
from cds_service.config_file import Client
from cds_service.fhir_guard import Server, admit, doors_of, read_address
from cds_service.settings import Settings
from cds_service.smart.faults import Fault, LaunchFailed

SANDBOX_CLIENT_ID: Final = "platelet-hooks"
"""In sandbox mode, for servers that no entry names: test servers take any id."""


@dataclass(frozen=True, slots=True)
class Registration:
    """`iss` as it was given, for it is compared letter by letter; `allowed` are the addresses of the client's entry."""

    iss: str
    server: Server
    client_id: str
    secret: str | None = field(repr=False, default=None)
    client: Client | None = field(repr=False, default=None)

    @property
    def allowed(self) -> tuple[str, ...]:
        """Servers that may be read."""
        return () if self.client is None else self.client.fhir_servers

    @property
    def authorizing(self) -> tuple[str, ...]:
        """Servers that may be asked for a token."""
        return () if self.client is None else (*self.client.fhir_servers, *self.client.authorization_servers)


def find_registration(settings: Settings, iss: str) -> Registration:
    """LaunchFailed for a server from which the timeline may not be opened."""
    if not iss:
        raise LaunchFailed(Fault.NO_SERVER)
    asked = read_address(iss)
    if asked is None:
        raise LaunchFailed(Fault.NOT_ALLOWED)
    for client in settings.clients:
        named = (read_address(one) for one in client.fhir_servers)
        if client.smart_client_id is None or not any(one is not None and one.holds(asked) for one in named):
            continue
        server = admit(iss, client.fhir_servers, doors_of(settings))
        if server is not None:
            return Registration(iss, server, client.smart_client_id, _secret(settings, client), client)
    server = admit(iss, (), doors_of(settings)) if settings.sandbox else None
    if server is None:
        raise LaunchFailed(Fault.NOT_ALLOWED)
    return Registration(iss, server, SANDBOX_CLIENT_ID)


def known_servers(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The servers of the entries from which the timeline can be opened, each with the name of its entry."""
    return tuple(
        (address, client.name)
        for client in settings.clients
        if client.smart_client_id is not None
        for address in client.fhir_servers
    )


def _secret(settings: Settings, client: Client) -> str | None:
    if client.smart_secret_file is None:
        return None
    try:
        text = settings.beside_config(client.smart_secret_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise LaunchFailed(Fault.NO_SEAL) from None
    if not text:
        raise LaunchFailed(Fault.NO_SEAL)
    return text

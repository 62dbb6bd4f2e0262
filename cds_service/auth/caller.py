"""The caller of a request: the client entry that its token proved, or nobody in particular (sandbox mode)."""

from __future__ import annotations

from flask import g

from cards.frozen import dataclass
from cds_service.config_file import Client

ANY = "*"


@dataclass(frozen=True, slots=True)
class Caller:
    """`tenant` as the token names it. Without `client` nothing is known: sandbox mode answers all the same."""

    client: Client | None = None
    tenant: str | None = None

    @property
    def name(self) -> str | None:
        """The client's name in the configuration."""
        return None if self.client is None else self.client.name

    @property
    def fhir_servers(self) -> tuple[str, ...]:
        """The FHIR servers that this caller may name, as prefixes; none where nothing is known."""
        return () if self.client is None else self.client.fhir_servers

    def may_call(self, service_id: str) -> bool:
        """Whether the entry allows the service."""
        return self.client is None or not {ANY, service_id}.isdisjoint(self.client.services)


NOBODY = Caller()


def current_caller() -> Caller:
    """Who called, of the request that is being answered."""
    caller: Caller = g.get("caller", NOBODY)
    return caller

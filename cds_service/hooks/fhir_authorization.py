"""fhirAuthorization: the client's leave to read from its FHIR server, for the length of one call."""

from __future__ import annotations

from msgspec import Struct


class FhirAuthorization(Struct, frozen=True):
    """Members as OAuth names them. Never stored, logged or shown: its repr tells nothing."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int | None = None
    scope: str = ""
    subject: str = ""
    patient: str | None = None

    def __repr__(self) -> str:
        return "FhirAuthorization(...)"

"""Why a launch ends without a timeline, in words for the person who launched it."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Nothing of the request and nothing of the server's answer is in these words."""

    NO_SERVER = "no FHIR server was named"
    NOT_ALLOWED = "this FHIR server is not one from which the timeline may be opened"
    NO_CONFIGURATION = "the FHIR server does not tell how to sign in (no usable SMART configuration)"
    NO_PKCE = "the authorization server does not offer PKCE with S256"
    FOREIGN_ENDPOINT = "the FHIR server names an authorization server that may not be called"
    NO_STATE = "this sign-in was not begun here, or longer ago than ten minutes: open the timeline again"
    USED_STATE = "this sign-in was finished before: open the timeline again"
    REFUSED = "the authorization server refused: access was not granted"
    NO_ACCESS = "the authorization server did not give access"
    NO_PATIENT = "the authorization server did not say which patient was chosen"
    IDENTITY = "who signed in could not be verified, so nothing was read"
    NO_SEAL = "this service cannot keep a sign-in at the moment"


STATUSES = {
    Fault.NO_SERVER: 400,
    Fault.NOT_ALLOWED: 403,
    Fault.NO_STATE: 400,
    Fault.USED_STATE: 400,
    Fault.REFUSED: 403,
    Fault.NO_SEAL: 503,
}
"""Those that are not named are faults of the server in front of which we stand: 502."""


class LaunchFailed(Exception):
    """A launch that ends here."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault

    @property
    def status(self) -> int:
        return STATUSES.get(self.fault, 502)

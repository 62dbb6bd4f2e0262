"""What is asked of a FHIR server for a call, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from cards.frozen import dataclass
from cds_service.discovery import PrefetchKey
from cds_service.fhir.bundles import Opened
from cds_service.hooks.request import HookRequest


class Problem(StrEnum):
    """Why something could not be read, or not all of it. The words are told to clients; nothing of a call is in it."""

    NOT_ALLOWED = "this FHIR server is not one that may be called"
    TOKEN_UNUSABLE = "the access token cannot be sent as a bearer token of this patient"  # nosec B105 # words
    OUT_OF_SCOPE = "the scopes of the access token leave it out"
    UNREACHABLE = "the FHIR server cannot be reached"
    RESTING = "the FHIR server did not answer of late or asked for a pause, and is not asked for a while"
    TIMED_OUT = "the FHIR server did not answer in time"
    BUSY = "the FHIR server has too much to do"
    UNAUTHORISED = "the FHIR server does not accept the access token"
    FORBIDDEN = "the FHIR server does not allow it"
    NOT_FOUND = "the FHIR server does not have it"
    GONE = "it was deleted from the FHIR server"
    REJECTED = "the FHIR server does not understand the search"
    BROKEN = "the FHIR server failed"
    REDIRECTED = "the FHIR server sends elsewhere, which is not followed"
    NOT_FHIR = "the answer is not FHIR in JSON"
    UNREADABLE = "the answer cannot be read or is not whole"
    TOO_LARGE = "the answer is too large"
    TOO_MANY_PAGES = "there are more pages than are read"
    FOREIGN_LINK = "the link to the next page does not stay below the FHIR server"
    PARTLY_IN_SCOPE = "the scopes of the access token may leave a part of it out"

    @property
    def is_of_one_search(self) -> bool:
        """Whether the server works, as far as can be seen, and this search alone went wrong."""
        return self in _OF_ONE_SEARCH


_OF_ONE_SEARCH = frozenset(
    {
        Problem.FORBIDDEN,
        Problem.NOT_FOUND,
        Problem.GONE,
        Problem.REJECTED,
        Problem.BROKEN,
        Problem.UNREADABLE,
        Problem.TOO_LARGE,
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key that the client left out or, with `after`, the pages that follow the one that it sent."""

    key: PrefetchKey
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The pages that were read, and why there are not all of them."""

    pages: tuple[Opened, ...] = ()
    problem: Problem | None = None


class Fetch(Protocol):
    """Reads from the FHIR server of the call; empty where the call names none."""

    def __call__(self, wanted: Sequence[Wanted], request: HookRequest) -> Mapping[str, Fetched]: ...

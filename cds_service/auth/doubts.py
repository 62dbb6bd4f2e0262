"""Why a token is not believed. The reason goes to the log; the caller learns only that it was not (401)."""

from __future__ import annotations

from enum import StrEnum


class Doubt(StrEnum):
    """One word per cause, as it stands in the log."""

    NO_TOKEN = "no-token"  # nosec B105 # a word of the log
    NOT_BEARER = "not-bearer"
    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_ISSUER = "unknown-issuer"
    FOREIGN_KEY_SET = "foreign-key-set"
    KEYS_UNAVAILABLE = "keys-unavailable"
    UNKNOWN_KEY = "unknown-key"
    SIGNATURE = "signature"
    TENANT = "tenant"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    LIFETIME = "lifetime"
    REPLAYED = "replayed"


class Distrusted(Exception):
    """The token is not believed. `client` is the entry that it was meant for, once that is proven."""

    def __init__(self, doubt: Doubt, client: str | None = None) -> None:
        super().__init__(doubt.value)
        self.doubt = doubt
        self.client = client

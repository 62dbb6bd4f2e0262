"""A token as it was sent: taken apart and typed, nothing in it believed yet.

Key material inside a token (`jwk`, `x5c`, `x5u`) is never looked at; `jku` is compared, never followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from jwt import InvalidTokenError, PyJWS
from msgspec import Meta, MsgspecError, Struct, convert
from msgspec.json import Decoder

from cards.frozen import dataclass
from cds_service.auth.doubts import Distrusted, Doubt

ALGORITHMS: Final = frozenset({"ES384", "ES512", "RS384", "RS512", "PS384", "PS512"})
"""ES384, RS384 and stronger: never `none`, never a shared secret, no SHA-256."""

LONGEST_TOKEN: Final = 8_192
"""Bytes. The tokens of EHRs have one or two thousand."""

Name = Annotated[str, Meta(min_length=1, max_length=1_024)]
NumericDate = int | float
"""Seconds since 1970 (RFC 7519); JSON's own numbers, so neither a text nor infinity."""


class Header(Struct, frozen=True):
    """The members of the header that are read. CDS Hooks requires `alg`, `kid` and `typ`."""

    alg: str
    kid: Name
    typ: str = "JWT"
    jku: str | None = None


class Claims(Struct, frozen=True):
    """CDS Hooks requires `iss`, `aud`, `exp`, `iat` and `jti`; Epic sends `nbf`, clouds send `tenant`."""

    iss: Name
    aud: str | tuple[str, ...]
    exp: NumericDate
    iat: NumericDate
    jti: Annotated[str, Meta(min_length=1, max_length=255)]
    nbf: NumericDate | None = None
    tenant: Annotated[str, Meta(min_length=1, max_length=255)] | None = None

    @property
    def audiences(self) -> tuple[str, ...]:
        """`aud`, which may be one text or several."""
        return (self.aud,) if isinstance(self.aud, str) else self.aud


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as it was sent. Its repr tells nothing: a token opens doors until it expires."""

    text: str
    header: Header
    claims: Claims

    def __repr__(self) -> str:
        return "Token(...)"


_CLAIMS: Final = Decoder(Claims)
_JWS: Final = PyJWS(algorithms=sorted(ALGORITHMS), options={"verify_signature": False})


def read_token(authorization: str | None) -> Token:
    """The token of an `Authorization` header. Distrusted when there is none or it is none."""
    text = _bearer(authorization)
    try:
        parts = _JWS.decode_complete(text)
        members: Mapping[str, Any] = MappingProxyType(parts["header"])
        if members.get("alg") not in ALGORITHMS:
            raise Distrusted(Doubt.ALGORITHM)
        if "crit" in members or "b64" in members:
            raise Distrusted(Doubt.MALFORMED)  # no extension of JWS is understood
        header, claims = convert(parts["header"], Header), _CLAIMS.decode(parts["payload"])
    except (InvalidTokenError, MsgspecError, ValueError, TypeError, RecursionError):
        raise Distrusted(Doubt.MALFORMED) from None
    if header.typ.upper() != "JWT":
        raise Distrusted(Doubt.MALFORMED)
    return Token(text, header, claims)


def _bearer(authorization: str | None) -> str:
    if authorization is None:
        raise Distrusted(Doubt.NO_TOKEN)
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Distrusted(Doubt.NOT_BEARER)
    text = text.strip(" ")
    if len(text) > LONGEST_TOKEN:
        raise Distrusted(Doubt.TOO_LARGE)
    if text.count(".") != 2 or not text.isascii():
        raise Distrusted(Doubt.MALFORMED)
    return text

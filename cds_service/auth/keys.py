"""JSON Web Key Sets: the public keys of a client, each with the algorithms that it may verify.

The algorithm follows from the key, never from the token: a key of another kind, curve, use or size is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import InvalidTokenError, PyJWS
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError
from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from cards.frozen import dataclass

PublicKey = EllipticCurvePublicKey | RSAPublicKey

CURVES: Final[Mapping[str, str]] = MappingProxyType({"P-384": "ES384", "P-521": "ES512"})
RSA_ALGORITHMS: Final = frozenset({"RS384", "RS512", "PS384", "PS512"})
LEAST_RSA_BITS: Final = 2_048
LARGEST_SET: Final = 262_144
"""Bytes of a key set; one of a large vendor has some ten thousand."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key and the algorithms that it may verify, one of an elliptic curve and several of RSA."""

    kid: str
    algorithms: frozenset[str]
    public: PublicKey = field(repr=False)

    def verifies(self, token: str, algorithm: str) -> bool:
        """Whether this key made the token's signature, by an algorithm that is this key's."""
        if algorithm not in self.algorithms:
            return False
        try:
            _JWS.decode_complete(token, self.public, algorithms=[algorithm])
        except (InvalidTokenError, PyJWTError, ValueError, TypeError):
            return False
        return True


KeySet = Mapping[str, tuple[VerifyingKey, ...]]
"""Keys by `kid`; a set may hold keys of two kinds under one."""


class _Set(Struct):
    keys: list[dict[str, Any]]


_SET: Final = Decoder(_Set)
_JWS: Final = PyJWS(options={"enforce_minimum_key_length": True})


def read_key_set(body: bytes) -> KeySet:
    """The usable keys of a JWKS. ValueError in one line when it is none or holds none."""
    if len(body) > LARGEST_SET:
        raise ValueError(f"a key set of more than {LARGEST_SET} bytes")
    try:
        listed = _SET.decode(body).keys
    except (DecodeError, RecursionError):
        raise ValueError("not a JSON Web Key Set") from None
    found: dict[str, tuple[VerifyingKey, ...]] = {}
    for key in (one for jwk in listed for one in _usable(jwk)):
        found[key.kid] = (*found.get(key.kid, ()), key)
    if not found:
        raise ValueError("no public key that verifies ES384, RS384 or stronger")
    return MappingProxyType(found)


def _usable(jwk: Mapping[str, Any]) -> Iterator[VerifyingKey]:
    """The key, unless it is private, secret, weak, or meant for something else."""
    kid = jwk.get("kid")
    if not isinstance(kid, str) or "d" in jwk or "k" in jwk or jwk.get("use", "sig") != "sig":
        return
    operations = jwk.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return
    read = _read(jwk)
    if read is None:
        return
    public, algorithms = read
    if "alg" in jwk:
        algorithms = algorithms & {str(jwk["alg"])}
    if algorithms:
        yield VerifyingKey(kid, algorithms, public)


def _read(jwk: Mapping[str, Any]) -> tuple[PublicKey, frozenset[str]] | None:
    try:
        if jwk.get("kty") == "EC" and jwk.get("crv") in CURVES:
            curve = ECAlgorithm.from_jwk(dict(jwk))
            if isinstance(curve, EllipticCurvePublicKey):
                return curve, frozenset({CURVES[jwk["crv"]]})
        if jwk.get("kty") == "RSA":
            rsa = RSAAlgorithm.from_jwk(dict(jwk))
            if isinstance(rsa, RSAPublicKey) and rsa.key_size >= LEAST_RSA_BITS:
                return rsa, RSA_ALGORITHMS
    except (PyJWTError, ValueError, TypeError, KeyError, OverflowError):
        pass  # a key that cannot be read verifies nothing; the others of its set still do
    return None

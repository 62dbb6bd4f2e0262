"""Clients of the tests: keys made here, tokens that they sign, and the service in production mode that trusts them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask.testing import FlaskClient
from jwt import PyJWS
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cds_service.app import create_app
from cds_service.config_file import Client
from cds_service.settings import Settings
from tests.service.build import NOW
from tests.service.hook_calls import call, clock, platelets

PUBLIC = "https://cds.example.org"
DISCOVERY = f"{PUBLIC}/cds-services"
SERVICE = f"{DISCOVERY}/itp-patient-view"
ISS = "https://ehr.example.org/fhir"
JKU = "https://ehr.example.org/jwks.json"
KID = "key-1"
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


@cache
def key_of(alg: str, name: str = "") -> Any:
    """A private key for an algorithm; another `name` is another key."""
    if alg in CURVES:
        return ec.generate_private_key(CURVES[alg]())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(kind: str = "ES384", /, kid: str = KID, key: Any = None, **members: Any) -> dict[str, Any]:
    """The public key as clients publish it; None takes a member out."""
    public = (key or key_of(kind)).public_key()
    made = (ECAlgorithm if kind in CURVES else RSAAlgorithm).to_jwk(public, as_dict=True)
    whole = {**made, "kid": kid, "use": "sig", "alg": kind} | members
    return {name: value for name, value in whole.items() if value is not None}


def jwks(*keys: Mapping[str, Any]) -> bytes:
    """A key set."""
    return json.dumps({"keys": list(keys)}).encode()


@dataclass(frozen=True)
class Signer:
    """Makes tokens. `header` and `claims` replace what is usual; None takes it out."""

    alg: str = "ES384"
    key: Any = None
    header: Mapping[str, Any] = field(default_factory=dict)

    def token(self, aud: Any = SERVICE, **claims: Any) -> str:
        """A token of the time of the tests, good for five minutes."""
        seconds = int(NOW.timestamp())
        usual = {"iss": ISS, "aud": aud, "iat": seconds, "exp": seconds + 300, "jti": str(uuid4())} | claims
        payload = {name: value for name, value in usual.items() if value is not None}
        return self.sign(json.dumps(payload).encode())

    def sign(self, payload: bytes) -> str:
        """Any bytes, signed."""
        header = {"typ": "JWT", "kid": KID, "jku": JKU, **self.header}
        header = {name: value for name, value in header.items() if value is not None or name == "typ"}
        return PyJWS().encode(payload, self.key or key_of(self.alg), algorithm=self.alg, headers=header)


def part(value: Any) -> str:
    """A part of a token, made by hand."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def bearer(token: str) -> dict[str, str]:
    """The header that carries it."""
    return {"Authorization": f"Bearer {token}"}


def entry(folder: Path, *keys: Mapping[str, Any], **members: Any) -> Client:
    """A client entry whose keys lie in a file."""
    name = members.get("name", "general-hospital")
    file = folder / f"{name}.json"
    file.write_bytes(jwks(*(keys or [jwk()])))
    return Client(**{"name": name, "iss": ISS, "jwks_file": str(file)} | members)


def production(*clients: Client, now: Any = clock, **members: Any) -> FlaskClient:
    """The service in production mode with these clients."""
    given: dict[str, Any] = {"mode": "production", "public_url": PUBLIC, "secret": "a secret of the tests"}
    settings = Settings(**given | {"log_level": "error", "clients": clients} | members)
    return create_app(settings, now).test_client()


def ask(service: FlaskClient, token: str | None, path: str = "/cds-services/itp-patient-view") -> Any:
    """The response to a call with a token."""
    headers = {} if token is None else bearer(token)
    return service.post(path, json=call(platelets(22)), headers=headers)


def at(moment: datetime) -> Any:
    """A clock that stands still."""
    return lambda: moment

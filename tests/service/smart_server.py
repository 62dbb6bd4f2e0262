"""An EHR on loopback that the tests start: an authorization server that knows the rules, and a FHIR server behind it.

It keeps the strict side: PKCE, audience, scopes and token are checked, and what is wrong is refused. A test makes it
misbehave by its members.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

Json = dict[str, Any]
CLIENT_ID = "platelet-hooks"


@cache
def signing_key(name: str) -> RSAKey:
    """The key of that name, of which only `ehr` is published."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@dataclass
class Ehr:
    """`resources` are those of `patient`. `asked` lists method and path of everything that arrived, without queries."""

    patient: str = ""
    resources: list[Json] = field(default_factory=list)
    now: int = 0
    origin: str = ""
    app_context: object = None
    encounter: str | None = None
    capabilities: tuple[str, ...] = ("launch-ehr", "launch-standalone", "sso-openid-connect", "permission-v2")
    configuration: Json = field(default_factory=dict)
    refuses: bool = False
    grants: str | None = None  # instead of what is asked for
    state: str | None = None  # instead of the one that was sent
    claims: Json = field(default_factory=dict)  # of the id_token; None takes one out
    token: Json = field(default_factory=dict)  # of the token response; None takes one out
    signs_with: str = "ehr"
    fails: frozenset[str] = frozenset()  # resource types that answer 500
    refuses_token: bool = False  # it has expired meanwhile
    client_secret: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    authorizations: list[dict[str, str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)  # token -> scope
    launches: set[str] = field(default_factory=lambda: {"xyz123"})

    @property
    def iss(self) -> str:
        return f"{self.origin}/fhir"

    def told(self) -> Json:
        """The SMART configuration."""
        usual = {
            "issuer": self.iss,
            "jwks_uri": f"{self.origin}/auth/jwks",
            "authorization_endpoint": f"{self.origin}/auth/authorize",
            "token_endpoint": f"{self.origin}/auth/token",
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "capabilities": list(self.capabilities),
        }
        return {name: value for name, value in (usual | self.configuration).items() if value is not None}

    # ---------------------------------------------------------------------------------------- authorization

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to. AssertionError for a request that SMART does not allow."""
        self.authorizations.append(asked)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["aud"] == self.iss
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["state"]) >= 32
        scopes = asked["scope"].split()
        if "launch" in asked:
            assert asked["launch"] in self.launches
            assert "launch" in scopes
        else:
            assert "launch/patient" in scopes
        answer = {"state": self.state or asked["state"]}
        if self.refuses:
            answer |= {"error": "access_denied", "error_description": "the user said no <b>x</b>"}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            answer["code"] = code
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def exchange(self, form: dict[str, str], authorization: str | None) -> tuple[int, Json]:
        """The token for a code, once."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("grant_type") != "authorization_code":
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        access, scope = secrets.token_urlsafe(24), self.grants if self.grants is not None else asked["scope"]
        self.access[access] = scope
        answer: Json = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": scope,
            "patient": self.patient,
            "need_patient_banner": True,
            "encounter": self.encounter,
            "appContext": self.app_context,
        }
        if "openid" in scope.split():
            answer["id_token"] = self.id_token(asked.get("nonce"))
        return 200, {name: value for name, value in (answer | self.token).items() if value is not None}

    def _is_client(self, form: dict[str, str], authorization: str | None) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == CLIENT_ID
        expected = base64.b64encode(f"{CLIENT_ID}:{self.client_secret}".encode()).decode()
        return authorization == f"Basic {expected}"

    def id_token(self, nonce: str | None) -> str:
        usual = {
            "iss": self.iss,
            "aud": CLIENT_ID,
            "sub": "someone",
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": nonce,
            "fhirUser": f"{self.iss}/Practitioner/dr-who",
        }
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "ehr"}, claims, signing_key(self.signs_with))

    # -------------------------------------------------------------------------------------------------- FHIR

    def read(self, path: str, query: dict[str, list[str]], authorization: str | None) -> tuple[int, Json]:
        kind, _, own_id = path.partition("/")
        scope = self.access.get((authorization or "").removeprefix("Bearer "))
        if scope is None or self.refuses_token:
            return 401, _outcome("login")
        if kind in self.fails:
            return 500, _outcome("exception")
        if not any(one.startswith(f"patient/{kind}.") for one in scope.split()):
            return 403, _outcome("forbidden")
        found = [one for one in self.resources if one["resourceType"] == kind]
        if own_id:
            one = next((one for one in found if one["id"] == own_id), None)
            return (404, _outcome("not-found")) if one is None else (200, one)
        assert query["patient"] == [self.patient]
        wanted = set(query.get("code", [""])[0].split(","))
        chosen = [one for one in found if "code" not in query or _codes(one) & wanted]
        whole: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(chosen)}
        return 200, whole | ({"entry": [{"resource": one} for one in chosen]} if chosen else {})


def _codes(one: Json) -> set[str]:
    return {coding.get("code", "") for coding in one.get("code", {}).get("coding", ())}


def _outcome(code: str) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ehr: Ehr

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        with self.ehr.lock:
            self.ehr.asked.append(("GET", parts.path))
        single = {name: values[0] for name, values in query.items()}
        if parts.path == "/fhir/.well-known/smart-configuration":
            self._send(200, self.ehr.told())
        elif parts.path == "/auth/jwks":
            self._send(200, {"keys": [signing_key("ehr").as_dict(private=False)]})
        elif parts.path == "/auth/authorize":
            self._redirect(self.ehr.authorize(single))
        elif parts.path == "/elsewhere":
            self._redirect(f"{self.ehr.origin}/fhir/.well-known/smart-configuration")
        else:
            path = parts.path.removeprefix("/fhir/")
            self._send(*self.ehr.read(path, query, self.headers.get("Authorization")))

    def do_POST(self) -> None:
        with self.ehr.lock:
            self.ehr.asked.append(("POST", self.path))
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._send(*self.ehr.exchange(form, self.headers.get("Authorization")))

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, content: Json) -> None:
        body = json.dumps(content, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    """A page reads eight searches at once: with the usual queue of five a busy machine would let one wait a second."""

    daemon_threads = True
    request_queue_size = 128


@contextmanager
def running_ehr(**members: Any) -> Iterator[Ehr]:
    """The EHR, while it is wanted."""
    ehr = Ehr(**members)
    server = _Server(("127.0.0.1", 0), type("Answers", (_Answers,), {"ehr": ehr}))
    ehr.origin = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()

"""Key sets: which keys count, when they are fetched, and that a token never chooses the address."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jwt.algorithms import ECAlgorithm

from cds_service.auth.key_sets import (
    FETCH_SECONDS,
    FRESH_SECONDS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    STALE_SECONDS,
    KeySource,
    KeysUnavailable,
    fetch_key_set,
    keys_of_file,
)
from cds_service.auth.keys import LARGEST_SET, read_key_set
from cds_service.config_file import Client, Security
from tests.service.key_server import KeyServer, key_server
from tests.service.signing import ISS, KID, Signer, ask, jwk, jwks, key_of, production


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        running.body = jwks(jwk())
        yield running


def with_secret() -> dict[str, Any]:
    made: dict[str, Any] = ECAlgorithm.to_jwk(key_of("ES384"), as_dict=True)
    return made | {"kid": KID}


# -------------------------------------------------------------------------------------- which keys count


@pytest.mark.parametrize(
    ("kind", "algorithms"),
    [
        ("ES384", {"ES384"}),
        ("ES512", {"ES512"}),
        ("RS384", {"RS384", "RS512", "PS384", "PS512"}),
    ],
)
def test_the_algorithms_follow_from_the_key(kind: str, algorithms: set[str]) -> None:
    for members in ({"alg": None}, {"alg": None, "use": None}, {"alg": None, "key_ops": ["verify"]}):
        (key,) = read_key_set(jwks(jwk(kind, **members)))[KID]
        assert key.algorithms == algorithms


def test_a_key_may_name_its_one_algorithm() -> None:
    (key,) = read_key_set(jwks(jwk("RS384", alg="PS512")))[KID]
    assert key.algorithms == {"PS512"}


@pytest.mark.parametrize(
    "key",
    [
        jwk("ES256"),
        jwk("RS384", alg="RS256"),
        jwk(alg="ES512"),
        jwk(use="enc"),
        jwk(key_ops=["encrypt"]),
        jwk(key_ops="verify"),
        jwk(kid=None),
        jwk(kid=7),
        jwk(x=None),
        jwk(x="!"),
        jwk(x="AAAA"),
        jwk(crv="P-256"),
        jwk(crv=[1]),
        jwk(kty="oct", k="c2VjcmV0"),
        jwk(kty="OKP", crv="Ed25519"),
        jwk(kty=None),
        with_secret(),
        {"kty": "oct", "k": "c2VjcmV0", "kid": KID, "alg": "HS384"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": KID},
        {},
    ],
    ids=range(20),
)
def test_a_key_that_does_not_count_leaves_the_others(key: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no public key"):
        read_key_set(jwks(key))
    assert list(read_key_set(jwks(key, jwk(kid="fine")))) == ["fine"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"keys": {}}', b'{"keys": [1]}', b"[" * 100_000, b" " * (LARGEST_SET + 1)]
)
def test_what_is_no_key_set(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"key set|Key Set"):
        read_key_set(body)


def test_two_kinds_of_key_may_share_an_id() -> None:
    keys = read_key_set(jwks(jwk(), jwk("RS384")))[KID]
    for alg in ("ES384", "RS384"):
        assert [key.verifies(Signer(alg).token(), alg) for key in keys].count(True) == 1


# ------------------------------------------------------------------------------------- when it is fetched


class Source:
    """A key source of which the test moves the clock and the answers."""

    def __init__(self, *bodies: bytes | Exception) -> None:
        self.bodies = list(bodies)
        self.seconds = 0.0
        self.source = KeySource(self.fetch, lambda: self.seconds)

    def fetch(self) -> bytes:
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        if isinstance(body, Exception):
            raise body
        return body

    def finds(self, kid: str = KID) -> bool:
        return bool(self.source.find(kid))


OLD, NEW = jwks(jwk(kid="old")), jwks(jwk(kid="new"))


def test_keys_are_fetched_once_and_kept() -> None:
    asked = Source(jwks(jwk()))
    assert asked.source.renewals == 0
    assert asked.finds()
    asked.seconds = FRESH_SECONDS - 1
    assert asked.finds()
    assert asked.source.renewals == 1


def test_an_unknown_key_id_renews_them() -> None:
    asked = Source(OLD, NEW)
    assert asked.finds("old")
    asked.seconds = RENEW_SECONDS
    assert asked.finds("new")
    assert not asked.finds("old")


def test_invented_key_ids_do_not_make_us_call_the_client() -> None:
    asked = Source(OLD)
    for number in range(100):
        asked.seconds = number * (RENEW_SECONDS - 1) / 100
        assert not asked.finds(f"invented-{number}")
    assert asked.source.renewals == 1
    asked.seconds = RENEW_SECONDS
    assert not asked.finds("invented")
    assert asked.source.renewals == 2


def test_a_withdrawn_key_is_forgotten() -> None:
    asked = Source(OLD, NEW)
    assert asked.finds("old")
    asked.seconds = FRESH_SECONDS
    assert not asked.finds("old")


@pytest.mark.parametrize("failure", [OSError("refused"), b"{", jwks(jwk("ES256"))])
def test_known_keys_serve_on_while_the_address_does_not(failure: bytes | Exception) -> None:
    asked = Source(OLD, failure)
    assert asked.finds("old")
    for asked.seconds in (FRESH_SECONDS, STALE_SECONDS - 1):
        assert asked.finds("old")
        assert not asked.finds("new")
    asked.seconds = STALE_SECONDS
    with pytest.raises(KeysUnavailable):
        asked.finds("old")


def test_without_keys_it_is_tried_again_soon() -> None:
    asked = Source(OSError("refused"), OLD)
    for asked.seconds in (0, RETRY_SECONDS - 1):
        with pytest.raises(KeysUnavailable):
            asked.finds("old")
    assert asked.source.renewals == 1
    asked.seconds = RETRY_SECONDS
    assert asked.finds("old")


def test_of_many_callers_one_fetches() -> None:
    begun = threading.Event()

    def slowly() -> bytes:
        begun.wait(5)
        return OLD

    source = KeySource(slowly)
    found: list[bool] = []
    callers = [threading.Thread(target=lambda: found.append(bool(source.find("old")))) for _ in range(8)]
    for caller in callers:
        caller.start()
    begun.set()
    for caller in callers:
        caller.join()
    assert found == [True] * 8
    assert source.renewals == 1


def test_a_file_is_read_again_for_a_new_key(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(OLD)
    seconds = [0.0]
    source = keys_of_file(file, lambda: seconds[0])
    assert source.find("old")
    file.write_bytes(NEW)
    seconds[0] = RENEW_SECONDS
    assert source.find("new")


# ------------------------------------------------------------------------------------------ over the wire


def test_what_is_sent_to_a_key_server(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert fetch_key_set(server.jku) == server.body
    assert not {"Authorization", "Cookie"} & set(server.sent[0])


def test_a_redirect_is_not_followed(server: KeyServer) -> None:
    with pytest.raises(ValueError, match="302"):
        fetch_key_set(f"{server.url}/elsewhere")
    assert server.asked == ["/elsewhere"]


@pytest.mark.parametrize("status", [204, 401, 404, 500])
def test_another_status(server: KeyServer, status: int) -> None:
    server.status = status
    server.body = b""
    with pytest.raises(ValueError, match=str(status)):
        fetch_key_set(server.jku)


def test_a_body_without_end(server: KeyServer) -> None:
    began = time.monotonic()
    with pytest.raises(ValueError, match="slow"):
        fetch_key_set(f"{server.url}/endless")
    assert time.monotonic() - began < FETCH_SECONDS + 2


def test_a_body_that_is_too_large(server: KeyServer) -> None:
    with pytest.raises(ValueError, match="large"):
        fetch_key_set(f"{server.url}/huge")


def test_nobody_listens() -> None:
    with pytest.raises(OSError, match="refused"):
        fetch_key_set("http://127.0.0.1:1/jwks.json")


def test_keys_from_their_address(server: KeyServer) -> None:
    loopback = Security(allow_http_loopback=True)
    service = production(Client(name="a", iss=ISS, jku=server.jku), security=loopback)
    assert server.asked == []
    signer = Signer(header={"jku": server.jku})
    assert ask(service, signer.token()).status_code == 200
    assert ask(service, Signer(header={"jku": None}).token()).status_code == 200
    assert server.asked == ["/jwks.json"]


@pytest.mark.parametrize(
    "tail", ["/evil.json", "/jwks.json/", "/jwks.json?x=1", "/jwks.json#x", "/./jwks.json"]
)
def test_an_address_that_a_token_names_is_never_fetched(server: KeyServer, tail: str) -> None:
    stranger = key_of("ES384", name="stranger")
    service = production(
        Client(name="a", iss=ISS, jku=server.jku), security=Security(allow_http_loopback=True)
    )
    server.body = jwks(jwk(key=stranger))
    assert ask(service, Signer(key=stranger, header={"jku": server.url + tail}).token()).status_code == 401
    assert server.asked == []


def test_nothing_is_fetched_for_an_unknown_issuer(server: KeyServer) -> None:
    service = production(
        Client(name="a", iss=ISS, jku=server.jku), security=Security(allow_http_loopback=True)
    )
    token = Signer(header={"jku": server.jku}).token(iss="https://evil.invalid")
    assert ask(service, token).status_code == 401
    assert server.asked == []


def test_keys_that_cannot_be_had_are_no_fault_of_the_service(server: KeyServer) -> None:
    service = production(
        Client(name="a", iss=ISS, jku=server.jku), security=Security(allow_http_loopback=True)
    )
    server.status = 500
    assert ask(service, Signer(header={"jku": server.jku}).token()).status_code == 401


def test_the_service_follows_a_rotation(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.auth.key_sets.RENEW_SECONDS", 0)
    service = production(
        Client(name="a", iss=ISS, jku=server.jku), security=Security(allow_http_loopback=True)
    )
    assert ask(service, Signer(header={"jku": server.jku}).token()).status_code == 200
    fresh = key_of("ES384", name="fresh")
    server.body = json.dumps({"keys": [jwk(kid="key-2", key=fresh)]}).encode()
    signer = Signer(key=fresh, header={"jku": server.jku, "kid": "key-2"})
    assert ask(service, signer.token()).status_code == 200
    assert ask(service, Signer(header={"jku": server.jku}).token()).status_code == 401

"""Production mode answers callers whose token proves a client, and nobody else: each attack on it has its test."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm

from cds_service.auth.claims import LEEWAY_SECONDS
from cds_service.auth.tokens import ALGORITHMS, LONGEST_TOKEN
from tests.service.build import NOW
from tests.service.hook_calls import call, cause, platelets
from tests.service.signing import (
    CURVES,
    DISCOVERY,
    ISS,
    JKU,
    KID,
    SERVICE,
    Signer,
    ask,
    at,
    bearer,
    entry,
    jwk,
    key_of,
    part,
    production,
)

SECONDS = int(NOW.timestamp())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """One client, with a key of each kind that is taken and two that are not."""
    folder = tmp_path_factory.mktemp("keys")
    keys = [jwk(alg, kid=f"{alg}-key", alg=None) for alg in ("ES384", "ES512", "ES256", "RS384")]
    return production(entry(folder, jwk(), *keys, jwk("RS256", kid="RS256-key")))


def refuse(response: Any) -> None:
    """401, a challenge, and nothing that tells why."""
    assert response.status_code == 401, response.get_data(as_text=True)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "error" not in response.headers["WWW-Authenticate"]
    assert cause(response) == "not-authenticated"
    assert "cards" not in response.get_json(force=True)


def test_a_valid_token_is_answered(service: FlaskClient) -> None:
    response = ask(service, Signer().token())
    assert response.status_code == 200
    assert response.get_json()["cards"]


@pytest.mark.parametrize("alg", sorted(ALGORITHMS))
def test_es384_rs384_and_stronger(service: FlaskClient, alg: str) -> None:
    kind = alg if alg in CURVES else "RS384"
    signer = Signer(alg, key_of(kind), {"kid": f"{kind}-key"})
    assert ask(service, signer.token()).status_code == 200


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_weaker_algorithm(service: FlaskClient, alg: str) -> None:
    refuse(ask(service, Signer(alg, header={"kid": f"{alg}-key"}).token()))


@pytest.mark.parametrize("alg", ["RS256", "PS256"])
def test_a_weaker_algorithm_by_a_key_that_is_strong_enough(service: FlaskClient, alg: str) -> None:
    refuse(ask(service, Signer(alg, key_of("RS384"), {"kid": "RS384-key"}).token()))


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer a.b.c",
        "Bearer ....",
        "Basic Zm9vOmJhcg==",
        "bearer x",
        "Bearer " + "A" * (LONGEST_TOKEN + 1),
        "Bearer é.é.é",
        f"Bearer {part({'alg': 'ES384', 'kid': KID})}..",
        f"Bearer {part(b'[]')}.{part({})}.{part(b'x')}",
        f"Bearer {part(b'[' * 3_000)}.{part(b'{' * 900)}.{part(b'x')}",
    ],
    ids=range(13),
)
def test_no_token_and_what_is_none(service: FlaskClient, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    refuse(service.post("/cds-services/itp-patient-view", json=call(platelets(22)), headers=headers))


def test_a_token_of_any_size_is_refused_unread(service: FlaskClient) -> None:
    padded = Signer().token(padding="x" * LONGEST_TOKEN)
    refuse(ask(service, padded))
    assert ask(service, Signer().token(padding="x" * 1_000)).status_code == 200


# ------------------------------------------------------------------------------------------- algorithms


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None])
def test_without_a_signature(service: FlaskClient, alg: str | None) -> None:
    head, body, _ = Signer().token().split(".")
    header = {"alg": alg, "kid": KID, "typ": "JWT", "jku": JKU}
    refuse(ask(service, f"{part(header)}.{body}."))
    refuse(ask(service, f"{head}.{body}."))


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_shared_secret(service: FlaskClient, alg: str) -> None:
    """Algorithm confusion: everyone has the public key, and could sign with it as if it were a secret."""
    _, body, _ = Signer().token().split(".")
    signed = f"{part({'alg': alg, 'kid': KID, 'typ': 'JWT', 'jku': JKU})}.{body}"
    public = key_of("ES384").public_key()
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(jwk()).encode(),
        b"",
    ):
        refuse(ask(service, f"{signed}.{part(hmac.new(secret, signed.encode(), digest).digest())}"))


def test_the_algorithm_is_that_of_the_key(service: FlaskClient) -> None:
    """An RSA signature under the kid of a curve, and the other way round."""
    refuse(ask(service, Signer("RS384", key_of("RS384")).token()))
    refuse(ask(service, Signer("ES384", header={"kid": "RS384-key"}).token()))
    refuse(ask(service, Signer("ES512", key_of("ES512")).token()))


# ------------------------------------------------------------------------------------------------- keys


def test_another_key_under_the_same_id(service: FlaskClient) -> None:
    refuse(ask(service, Signer(key=key_of("ES384", name="stranger")).token()))


def test_a_changed_signature_or_content(service: FlaskClient) -> None:
    head, body, signature = Signer().token().split(".")
    other = Signer().token().split(".")[1]
    refuse(ask(service, f"{head}.{body}.{signature[:-6]}AAAAAA"))
    refuse(ask(service, f"{head}.{other}.{signature}"))
    refuse(ask(service, f"{head}.{body}.{part(bytes(96))}"))


@pytest.mark.parametrize("kid", ["nobody", "", None, 1, "../../etc/passwd", "key-1' OR '1'='1", "x" * 2_000])
def test_a_key_id_is_only_looked_up(service: FlaskClient, kid: Any) -> None:
    body = Signer().token().split(".")[1]
    header = {"alg": "ES384", "typ": "JWT", "jku": JKU} | ({} if kid is None else {"kid": kid})
    refuse(ask(service, f"{part(header)}.{body}.{part(bytes(96))}"))


def test_keys_inside_a_token_are_not_believed(service: FlaskClient) -> None:
    stranger = key_of("ES384", name="stranger")
    for header in ({"jwk": jwk(key=stranger)}, {"x5c": ["MIIB"]}, {"x5u": "https://evil.invalid/c.pem"}):
        refuse(ask(service, Signer(key=stranger, header=header).token()))
        assert ask(service, Signer(header=header).token()).status_code == 200


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": []}, {"b64": True}, {"typ": "at+jwt"}])
def test_another_kind_of_token(service: FlaskClient, header: dict[str, Any]) -> None:
    _, body, _ = Signer().token().split(".")
    whole = {"alg": "ES384", "typ": "JWT", "kid": KID, "jku": JKU, **header}
    signed = f"{part(whole)}.{body}"
    signature = ECAlgorithm(ECAlgorithm.SHA384).sign(signed.encode(), key_of("ES384"))
    refuse(ask(service, f"{signed}.{part(signature)}"))


@pytest.mark.parametrize("typ", ["JWT", "jwt", None])
def test_the_type_is_jwt(service: FlaskClient, typ: str | None) -> None:
    assert ask(service, Signer(header={"typ": typ}).token()).status_code == 200


# ----------------------------------------------------------------------------------------------- claims


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "jti"])
def test_a_claim_that_is_missing(service: FlaskClient, claim: str) -> None:
    refuse(ask(service, Signer().token(**{claim: None})))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("exp", "tomorrow"),
        ("exp", True),
        ("exp", str(SECONDS + 60)),
        ("iat", []),
        ("nbf", "now"),
        ("iss", [ISS]),
        ("iss", "https://unknown.example"),
        ("iss", ISS + "/"),
        ("jti", ""),
        ("jti", 7),
        ("jti", "x" * 256),
        ("tenant", 7),
        ("aud", []),
        ("aud", ""),
        ("aud", {"a": SERVICE}),
        ("aud", "https://other.example/cds-services/x"),
        ("aud", DISCOVERY),
        ("aud", SERVICE + "/"),
        ("aud", SERVICE + "/feedback"),
        ("aud", SERVICE.replace("https", "http")),
        ("aud", "http://localhost/cds-services/itp-patient-view"),
    ],
)
def test_a_claim_that_is_not_what_it_has_to_be(service: FlaskClient, claim: str, value: Any) -> None:
    refuse(ask(service, Signer().token(**{claim: value})))


@pytest.mark.parametrize("number", [b"1e400", b"Infinity", b"NaN", b"-1", b"1e308"])
def test_a_number_beyond_time(service: FlaskClient, number: bytes) -> None:
    usual = {"iss": ISS, "aud": SERVICE, "iat": SECONDS, "jti": "x"}
    payload = json.dumps(usual).encode()[:-1] + b', "exp": ' + number + b"}"
    refuse(ask(service, Signer().sign(payload)))


def test_an_audience_of_several(service: FlaskClient) -> None:
    assert ask(service, Signer().token([SERVICE])).status_code == 200
    assert ask(service, Signer().token(["https://other.example", SERVICE])).status_code == 200


def test_unknown_claims_do_no_harm(service: FlaskClient) -> None:
    assert ask(service, Signer().token(tenant="t-1", foo={"a": 1}, sub="x")).status_code == 200


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iat": SECONDS - 300, "exp": SECONDS - LEEWAY_SECONDS + 1}, 200),
        ({"iat": SECONDS - 300, "exp": SECONDS - LEEWAY_SECONDS}, 401),
        ({"iat": SECONDS + LEEWAY_SECONDS}, 200),
        ({"iat": SECONDS + LEEWAY_SECONDS + 1}, 401),
        ({"nbf": SECONDS + LEEWAY_SECONDS}, 200),
        ({"nbf": SECONDS + LEEWAY_SECONDS + 1}, 401),
        ({"nbf": SECONDS - 300, "exp": SECONDS + 900}, 200),
        ({"exp": SECONDS + 901}, 401),
        ({"iat": SECONDS, "exp": SECONDS}, 401),
        ({"iat": SECONDS + 0.5, "exp": SECONDS + 60.25}, 200),
    ],
)
def test_time(service: FlaskClient, claims: dict[str, Any], status: int) -> None:
    assert ask(service, Signer().token(**claims)).status_code == status


def test_a_lifetime_by_client(tmp_path: Path) -> None:
    service = production(entry(tmp_path, token_seconds=60))
    assert ask(service, Signer().token(exp=SECONDS + 60)).status_code == 200
    refuse(ask(service, Signer().token(exp=SECONDS + 61)))


# ----------------------------------------------------------------------------------------------- replay


def test_a_token_is_good_for_one_call(service: FlaskClient) -> None:
    token = Signer().token()
    assert ask(service, token).status_code == 200
    refuse(ask(service, token))


def test_a_token_id_is_used_up_by_whatever_carries_it(service: FlaskClient) -> None:
    assert ask(service, Signer().token(jti="once")).status_code == 200
    refuse(ask(service, Signer().token(jti="once", exp=SECONDS + 600)))


def test_what_is_refused_uses_nothing_up(service: FlaskClient) -> None:
    """A stranger who guesses an id must not keep its owner out."""
    refuse(ask(service, Signer(key=key_of("ES384", name="stranger")).token(jti="guessed")))
    refuse(ask(service, Signer().token("https://other.example", jti="guessed")))
    assert ask(service, Signer().token(jti="guessed")).status_code == 200


def test_an_id_is_remembered_until_its_token_is_void(tmp_path: Path) -> None:
    """Whatever the leeway: there is no moment at which a used token is taken again."""
    moments = [NOW + timedelta(seconds=s) for s in (0, 100, 300, 329, 330, 331, 400)]
    clock = iter(moments)
    current = [NOW]
    service = production(entry(tmp_path), now=lambda: current[0])
    token = Signer().token(exp=SECONDS + 300)
    for number, moment in enumerate(clock):
        current[0] = moment
        assert ask(service, token).status_code == (200 if number == 0 else 401)


# ------------------------------------------------------------------------------------ addresses and order


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
def test_discovery_has_its_own_audience(service: FlaskClient, path: str) -> None:
    refuse(service.get(path))
    refuse(service.get(path, headers=bearer(Signer().token(SERVICE))))
    assert service.get(path, headers=bearer(Signer().token(DISCOVERY))).status_code == 200


def test_feedback_has_its_own_audience(service: FlaskClient) -> None:
    refuse(ask(service, Signer().token(SERVICE), "/cds-services/itp-patient-view/feedback"))
    token = Signer().token(SERVICE + "/feedback")
    assert ask(service, token, "/cds-services/itp-patient-view/feedback").status_code not in (401, 403)


@pytest.mark.parametrize("path", ["/cds-services//itp-patient-view", "/cds-services/itp-patient-view/"])
def test_an_address_counts_as_it_was_called_and_as_it_is_announced(service: FlaskClient, path: str) -> None:
    for audience in (SERVICE, SERVICE.replace("/cds-services/itp-patient-view", path)):
        assert ask(service, Signer().token(audience), path).status_code == 200


def test_the_public_address_counts_and_not_what_a_caller_says(service: FlaskClient) -> None:
    forged = Signer().token("https://evil.invalid/cds-services/itp-patient-view")
    headers = {**bearer(forged), "Host": "evil.invalid", "X-Forwarded-Host": "evil.invalid"}
    refuse(service.post("/cds-services/itp-patient-view", json=call(platelets(22)), headers=headers))


@pytest.mark.parametrize("path", ["/cds-services/none", "/cds-services/x/y/z", "/cds-services//"])
def test_strangers_learn_not_even_what_is_there(service: FlaskClient, path: str) -> None:
    refuse(ask(service, None, path))
    assert ask(service, Signer().token(f"https://cds.example.org{path}"), path).status_code == 404


def test_who_calls_is_asked_before_the_body_is_read(service: FlaskClient) -> None:
    refuse(service.post("/cds-services/itp-patient-view", data=b"{", content_type="application/json"))
    refuse(service.post("/cds-services/itp-patient-view", data=b"{", content_type="text/plain"))


def test_pages_and_codes_stay_open(service: FlaskClient) -> None:
    for path in ("/", "/rules", "/health/live", "/health/ready", "/fhir/CodeSystem/card-topic"):
        assert service.get(path).status_code == 200


# ------------------------------------------------------------------------------------------ whatever comes


@given(header=st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(max_size=20))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_no_header_fails(service: FlaskClient, header: dict[str, Any]) -> None:
    _, body, signature = Signer().token().split(".")
    refuse(ask(service, f"{part(header)}.{body}.{signature}"))


@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "tenant"]),
        st.recursive(
            st.one_of(
                st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=9)
            ),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            ),
            max_leaves=4,
        ),
        min_size=1,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_no_signed_claims_fail(service: FlaskClient, claims: dict[str, Any]) -> None:
    assert ask(service, Signer().token(**claims)).status_code in (200, 401)


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
def test_a_short_rsa_key_verifies_nothing(tmp_path: Path) -> None:
    short = rsa.generate_private_key(65537, 1024)
    service = production(entry(tmp_path, jwk(), jwk("RS384", kid="short", key=short)), now=at(NOW))
    refuse(ask(service, Signer("RS384", short, {"kid": "short"}).token()))

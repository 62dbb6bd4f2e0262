"""What a client entry binds: tenants, services, audiences, how many calls, explained answers; and the modes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from cds_service.app import create_app
from cds_service.auth.jti import PURGE_AT, ProcessMemory, opaque
from cds_service.auth.rates import MOST_BUCKETS, Rates
from cds_service.commands.serve import serve
from cds_service.config_file import Client, Limits, Security, Silent
from cds_service.settings import Settings, SettingsError, load_settings
from tests.service.build import NOW
from tests.service.hook_calls import EVALUATION, call, cause, clock, platelets
from tests.service.signing import (
    DISCOVERY,
    ISS,
    JKU,
    PUBLIC,
    SERVICE,
    Signer,
    ask,
    bearer,
    entry,
    jwk,
    jwks,
    key_of,
    production,
)

ORDERS = f"{DISCOVERY}/itp-order-select"


# ------------------------------------------------------------------------------------- services and limits


def test_a_service_that_is_not_the_clients(tmp_path: Path) -> None:
    service = production(entry(tmp_path, services=["itp-patient-view"]))
    assert ask(service, Signer().token()).status_code == 200
    for path in ("/cds-services/itp-order-select", "/cds-services/itp-order-select/feedback"):
        response = ask(service, Signer().token(PUBLIC + path), path)
        assert response.status_code == 403
        assert cause(response) == "forbidden"


def test_another_clients_service_stays_shut_whoever_signs(tmp_path: Path) -> None:
    """The second client's token is good, and good for its own service alone."""
    second = key_of("ES384", name="second")
    service = production(
        entry(tmp_path, name="first", services=["itp-patient-view"]),
        entry(
            tmp_path, jwk(key=second), name="second", iss="https://b.example", services=["itp-order-select"]
        ),
    )
    signer = Signer(key=second)
    assert ask(service, signer.token(iss="https://b.example")).status_code == 403
    assert ask(service, signer.token()).status_code == 401  # signed by one, in the name of the other
    assert ask(service, signer.token(jti="a", iss="https://b.example", aud=ORDERS)).status_code == 401


def test_the_same_token_id_of_two_issuers_is_two_tokens(tmp_path: Path) -> None:
    service = production(entry(tmp_path, name="a"), entry(tmp_path, name="b", iss="https://b.example"))
    assert ask(service, Signer().token(jti="1")).status_code == 200
    assert ask(service, Signer().token(jti="1", iss="https://b.example")).status_code == 200


def test_a_client_calls_so_often_and_no_more(tmp_path: Path) -> None:
    service = production(
        entry(tmp_path, name="a"),
        entry(tmp_path, name="b", iss="https://b.example", requests_per_minute=1),
        limits=Limits(requests_per_minute=3),
    )
    for _ in range(3):
        assert ask(service, Signer().token()).status_code == 200
    response = ask(service, Signer().token())
    assert response.status_code == 429
    assert cause(response) == "too-many-requests"
    assert 0 < int(response.headers["Retry-After"]) <= 20
    assert ask(service, Signer().token(iss="https://b.example")).status_code == 200
    assert int(ask(service, Signer().token(iss="https://b.example")).headers["Retry-After"]) > 20


def test_strangers_do_not_use_up_what_a_client_may_call(tmp_path: Path) -> None:
    service = production(entry(tmp_path), limits=Limits(requests_per_minute=1))
    token = Signer().token()
    assert ask(service, Signer(key=key_of("ES384", name="stranger")).token()).status_code == 401
    assert ask(service, token).status_code == 200
    assert ask(service, token).status_code == 401  # a replay, and not 429


def test_a_bucket_fills_up_steadily() -> None:
    seconds = [0.0]
    rates = Rates(lambda: seconds[0])
    assert [rates.wait("a", 60) for _ in range(60)] == [0] * 60
    assert rates.wait("a", 60) == 1
    assert rates.wait("b", 60) == 0
    seconds[0] = 1.0
    assert [rates.wait("a", 60), rates.wait("a", 60)] == [0, 1]
    seconds[0] = 1_000.0
    assert [rates.wait("a", 60) for _ in range(61)] == [0] * 60 + [1]


def test_no_limit_and_a_small_one() -> None:
    rates = Rates(lambda: 0.0)
    assert {rates.wait("a", 0) for _ in range(1_000)} == {0}
    assert [rates.wait("a", 1) for _ in range(2)] == [0, 60]


def test_callers_without_end_take_no_room_without_end() -> None:
    rates = Rates(lambda: 0.0)
    for number in range(MOST_BUCKETS + 10):
        rates.wait(f"address {number}", 1)
    assert rates.wait(f"address {MOST_BUCKETS + 9}", 1) == 60
    assert rates.wait("address 0", 1) == 0


def test_used_ids_are_forgotten_once_they_are_void() -> None:
    now = [NOW]
    memory = ProcessMemory(lambda: now[0])
    until = NOW + timedelta(seconds=300)
    for number in range(PURGE_AT):
        assert memory.first_use(f"{number}", until)
    now[0] = until + timedelta(seconds=1)
    assert memory.first_use("late", until + timedelta(seconds=300))
    assert len(memory) == 1
    assert not memory.first_use("late", until)


def test_what_is_remembered_of_a_token_is_a_hash() -> None:
    assert len(opaque("a", "b" * 255)) == 64
    assert opaque("a", "b") != opaque("b", "a")
    assert opaque("a\0b", "c") != opaque("a", "b")


# ------------------------------------------------------------------------------------ tenants and audiences


def tenants(folder: Path, *names: tuple[str, list[str]]) -> Any:
    """A cloud that signs for several hospitals with one key: an entry for each, told apart by what it explains."""
    return production(
        *(entry(folder, name=name, tenants=of, evaluation=name == "explained") for name, of in names)
    )


@pytest.mark.parametrize(
    ("tenant", "status"), [("north", 200), ("south", 200), ("west", 401), (None, 401), ("*", 401)]
)
def test_only_the_tenants_of_the_entry(tmp_path: Path, tenant: str | None, status: int) -> None:
    service = tenants(tmp_path, ("a", ["north", "south"]))
    assert ask(service, Signer().token(tenant=tenant)).status_code == status


def test_a_tenant_has_the_entry_that_names_it(tmp_path: Path) -> None:
    for order in (("any", "explained"), ("explained", "any")):
        named = {"any": ["*"], "explained": ["north"]}
        service = tenants(tmp_path, *((name, named[name]) for name in order))
        for tenant, explained in (("north", True), ("south", False), (None, False)):
            body = ask(service, Signer().token(tenant=tenant)).get_json()
            assert (EVALUATION in body.get("extension", {})) is explained


def test_a_configured_audience(tmp_path: Path) -> None:
    """Epic's audience is typed in by hand and may be the same for every address."""
    service = production(entry(tmp_path, aud=["urn:our-cds"]))
    assert ask(service, Signer().token("urn:our-cds")).status_code == 200
    assert service.get("/cds-services", headers=bearer(Signer().token("urn:our-cds"))).status_code == 200
    assert ask(service, Signer().token("urn:our-cds/")).status_code == 401


def test_a_token_as_epic_documents_it(tmp_path: Path) -> None:
    """RS384, nbf five minutes before iat, fifteen minutes, a client id in sub."""
    seconds = int(NOW.timestamp())
    claims = {
        "iat": seconds,
        "nbf": seconds - 300,
        "exp": seconds + 900,
        "sub": "12345678-ce08-4ac7-ac0c-12345678",
    }
    kid = "d3bmo5HzW61TUgikHZH+A8Tx4UOXz2iOs4KvVU4eLY0="
    service = production(entry(tmp_path, jwk("RS384", kid=kid, alg=None, use=None)))
    assert ask(service, Signer("RS384", header={"kid": kid}).token(**claims)).status_code == 200


def test_keys_of_a_file_need_no_address(tmp_path: Path) -> None:
    """The key set was agreed on beforehand: whatever address the token names, nothing is fetched."""
    service = production(entry(tmp_path))
    assert ask(service, Signer(header={"jku": "http://127.0.0.1:1/x"}).token()).status_code == 200


def test_answers_are_explained_where_the_entry_says_so(tmp_path: Path) -> None:
    for evaluation in (True, False):
        service = production(entry(tmp_path, evaluation=evaluation))
        body = ask(service, Signer().token()).get_json()
        assert (EVALUATION in body.get("extension", {})) is evaluation
        assert body["cards"]


# ---------------------------------------------------------------------------------------------- browsers


def test_browsers_of_the_clients_and_of_nobody_else(tmp_path: Path) -> None:
    ours, other = "https://ehr.example.org", "https://evil.invalid"
    service = production(entry(tmp_path, origins=[ours]))
    for origin, allowed in ((ours, ours), (other, None), ("null", None), (f"{ours}.evil.invalid", None)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = service.options("/cds-services/itp-patient-view", headers=asked)
        assert preflight.status_code == 204
        refused = service.get("/cds-services", headers={"Origin": origin})
        assert refused.status_code == 401
        for response in (preflight, refused):
            assert response.headers.get("Access-Control-Allow-Origin") == allowed
            assert "Access-Control-Allow-Credentials" not in response.headers
            assert "Access-Control-Allow-Private-Network" not in response.headers


# ------------------------------------------------------------------------------------------ sandbox mode


def sandbox(*clients: Client, **members: Any) -> Any:
    settings = Settings(log_level="error", clients=clients, public_url=PUBLIC, **members)
    return create_app(settings, clock).test_client()


def test_the_sandbox_answers_everyone(tmp_path: Path) -> None:
    for service in (sandbox(), sandbox(entry(tmp_path))):
        token = Signer(key=key_of("ES384", name="stranger")).token()
        for sent in (None, "x", token, token):
            assert ask(service, sent).status_code == 200


def test_the_sandbox_knows_a_configured_client(tmp_path: Path) -> None:
    service = sandbox(entry(tmp_path, services=["itp-order-select"]))
    token = Signer().token()
    assert [ask(service, token).status_code for _ in range(2)] == [403, 403]
    assert ask(service, None).status_code == 200


def test_the_sandbox_has_a_limit_only_where_it_is_set() -> None:
    service = sandbox(limits=Limits(requests_per_minute=2))
    assert [ask(service, None).status_code for _ in range(3)] == [200, 200, 429]


# ---------------------------------------------------------------------------------------------- settings

FULL = {"mode": "production", "public_url": PUBLIC, "secret": "s"}


def refused(**members: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Settings(**FULL | members)
    return str(error.value.errors()[0]["ctx"]["error"])


@pytest.mark.parametrize("missing", ["public_url", "secret"])
def test_production_mode_needs(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in FULL.items() if name != missing}
    with pytest.raises(ValidationError, match=missing.upper()):
        Settings(**given, clients=(entry(tmp_path),))


def test_production_mode_needs_clients() -> None:
    assert refused().endswith("expected at least one [[clients]] entry in production mode")


def test_production_mode_is_reached_by_https(tmp_path: Path) -> None:
    ours = (entry(tmp_path),)
    assert "PUBLIC_URL: expected an https address" in refused(
        public_url="http://cds.example.org", clients=ours
    )
    for url in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        assert Settings(**FULL | {"public_url": url}, clients=ours).public_url == url


def test_the_public_sandbox_is_no_client(tmp_path: Path) -> None:
    for members in (
        {"iss": "https://sandbox.cds-hooks.org"},
        {"jwks_file": None, "jku": "https://sandbox.cds-hooks.org/.well-known/jwks.json"},
    ):
        assert "another client" in refused(clients=(entry(tmp_path, **members),))


@pytest.mark.parametrize(
    ("jku", "loopback", "fine"),
    [
        ("https://ehr.example.org/jwks.json", False, True),
        ("http://ehr.example.org/jwks.json", True, False),
        ("http://127.0.0.1:8399/jwks.json", False, False),
        ("http://127.0.0.1:8399/jwks.json", True, True),
        ("http://127.0.0.1.evil.invalid/jwks.json", True, False),
        ("http://10.0.0.1/jwks.json", True, False),
    ],
)
def test_keys_come_by_https(jku: str, loopback: bool, fine: bool) -> None:
    members = {
        "clients": (Client(name="a", iss=ISS, jku=jku),),
        "security": Security(allow_http_loopback=loopback),
    }
    if fine:
        assert Settings(**FULL | members).clients
    else:
        assert refused(**members) == "[[clients]] 1, jku: expected an https address"


def test_a_token_fits_one_entry(tmp_path: Path) -> None:
    def clients(*of: list[str]) -> tuple[Client, ...]:
        return tuple(Client(name=str(n), iss=ISS, jku=JKU, tenants=t) for n, t in enumerate(of))

    assert Settings(**FULL, clients=clients(["a"], ["b"], ["*"])).clients
    for pair in ((["a"], ["b", "a"]), (["*"], ["*"])):
        assert refused(clients=clients(*pair)).startswith("[[clients]] 2, tenants: expected")


def test_services_and_clients_that_are_named_are_there(tmp_path: Path) -> None:
    typo = refused(clients=(entry(tmp_path, services=["itp-order-select", "itp-patientview"]),))
    assert typo.startswith("[[clients]] 1, services: expected *, itp-patient-view, ")
    assert typo.endswith(", not itp-patientview")
    ours = (entry(tmp_path, name="hospital"),)
    assert refused(clients=ours, silent=Silent(services=("*",))).startswith(
        "[silent] services: expected itp-"
    )
    told = refused(clients=ours, silent=Silent(clients=("hopsital",)))
    assert told == "[silent] clients: expected hospital, not hopsital"


def test_a_file_of_keys_lies_beside_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys.json").write_bytes(jwks(jwk()))
    (tmp_path / "site.toml").write_text(
        f'[[clients]]\nname = "a"\niss = {json.dumps(ISS)}\njwks_file = "keys.json"\n', encoding="utf-8"
    )
    given = {"MODE": "production", "PUBLIC_URL": PUBLIC, "SECRET": "s", "LOG_LEVEL": "error"}
    for name, value in (given | {"CONFIG": str(tmp_path / "site.toml")}).items():
        monkeypatch.setenv(f"PLATELET_HOOKS_{name}", value)
    service = create_app(load_settings(), clock).test_client()
    assert ask(service, Signer().token()).status_code == 200


@pytest.mark.parametrize("body", [None, b"{", jwks(jwk("ES256"))])
def test_a_useless_file_of_keys_stops_the_start(tmp_path: Path, body: bytes | None) -> None:
    file = tmp_path / "keys.json"
    if body is not None:
        file.write_bytes(body)
    client = Client(name="a", iss=ISS, jwks_file=str(file))
    with pytest.raises(
        SettingsError, match=r"^\[\[clients\]\] 1, jwks_file: expected a JSON Web Key Set: .+$"
    ):
        create_app(Settings(**FULL, clients=(client,), log_level="error"), clock)


def test_an_order_code_of_no_draft_stops_the_start(tmp_path: Path) -> None:
    client = entry(tmp_path, order_codes={"platelet-adult": "PLT1"})
    with pytest.raises(SettingsError, match="order_codes: no draft is called platelet-adult"):
        create_app(Settings(**FULL, clients=(client,), log_level="error"), clock)


# -------------------------------------------------------------------------------------------------- log


def test_the_log_tells_why_and_the_answer_does_not(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    service = production(entry(tmp_path), log_level="warning", log_format="json")
    expired = Signer().token(iat=1, exp=2, jti="tell-nobody")
    response = ask(service, expired)
    (line,) = [json.loads(one) for one in capfd.readouterr().err.splitlines() if "distrusted" in one]
    assert (line["doubt"], line["client"]) == ("expired", "general-hospital")
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert "expired" not in response.get_data(as_text=True)
    for secret in ("tell-nobody", expired, expired.split(".")[1], SERVICE):
        assert secret not in json.dumps(line)


@pytest.mark.parametrize(
    ("token", "doubt"),
    [
        (None, "no-token"),
        ("x", "malformed"),
        (Signer().token(iss="https://unknown.example"), "unknown-issuer"),
        (Signer(header={"kid": "nobody"}).token(), "unknown-key"),
        (Signer(key=key_of("ES384", name="stranger")).token(), "signature"),
        (Signer("ES256").token(), "algorithm"),
        (Signer().token("https://other.example"), "audience"),
        (Signer().token(tenant="west"), "tenant"),
    ],
)
def test_each_cause_has_its_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], token: str | None, doubt: str
) -> None:
    service = production(entry(tmp_path, tenants=["north"]), log_level="warning", log_format="json")
    if doubt == "audience":
        service = production(entry(tmp_path), log_level="warning", log_format="json")
    assert ask(service, token).status_code == 401
    (line,) = [json.loads(one) for one in capfd.readouterr().err.splitlines() if "distrusted" in one]
    assert line["doubt"] == doubt


def test_a_call_is_logged_with_its_client(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    service = production(entry(tmp_path), log_level="info", log_format="json")
    assert (
        service.post(
            "/cds-services/itp-patient-view", json=call(platelets(22)), headers=bearer(Signer().token())
        ).status_code
        == 200
    )
    lines = [json.loads(one) for one in capfd.readouterr().err.splitlines()]
    assert [line["client"] for line in lines if line["event"] == "request"] == ["general-hospital"]


@pytest.mark.parametrize(
    "line", ['jwks_file = "none.json"', 'jwks_file = "keys.json"\norder_codes = {none = "X"}']
)
def test_a_wrong_client_entry_ends_serve_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """And not in workers that die and are started again without end."""
    (tmp_path / "keys.json").write_bytes(jwks(jwk()))
    (tmp_path / "site.toml").write_text(f'[[clients]]\nname = "a"\niss = "{ISS}"\n{line}\n', encoding="utf-8")
    monkeypatch.setenv("PLATELET_HOOKS_CONFIG", str(tmp_path / "site.toml"))
    ended = CliRunner().invoke(serve, ["--port", "1"])
    assert ended.exit_code == 2
    assert ended.stderr.startswith("platelet-hooks: [[clients]] 1, ")
    assert ended.stderr.count("\n") == 1

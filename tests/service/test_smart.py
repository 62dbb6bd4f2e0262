"""The SMART launch against an EHR of the tests: both ways in, and every way in which it must not succeed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr, ValidationError

from cds_service.app import create_app
from cds_service.config_file import Client
from cds_service.examples import example_patient, example_request
from cds_service.hooks.wire import encode
from cds_service.settings import Settings
from cds_service.smart.faults import Fault
from cds_service.smart.launching import AppContext, read_app_context
from cds_service.smart.pending import Pending, Seal
from tests.service.build import NOW
from tests.service.hook_calls import KEYS
from tests.service.smart_server import CLIENT_ID, Ehr, running_ehr
from tests.service.test_timeline import told

NAME = "ebv-nosebleed"


@dataclass
class Clock:
    """The time of the tests, which one of them moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def resources() -> list[Any]:
    """The record of the patient, as JSON."""
    found: list[Any] = json.loads(json.dumps(example_patient(NAME, NOW), default=float))
    return found


@pytest.fixture
def ehr(resources: list[Any]) -> Iterator[Ehr]:
    with running_ehr(patient=NAME, resources=resources, now=int(NOW.timestamp())) as running:
        yield running


@pytest.fixture(scope="module")
def ticking() -> Clock:
    return Clock()


@pytest.fixture
def clock(ticking: Clock) -> Iterator[Clock]:
    yield ticking
    ticking.now = NOW


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def app(state: Path, ticking: Clock) -> Flask:
    """One application for all: what a launch leaves behind would be seen."""
    return create_app(Settings(log_level="debug", log_format="json", state_dir=state), ticking)


@pytest.fixture
def service(app: Flask) -> FlaskClient:
    """A browser of its own."""
    return app.test_client()


def go(service: FlaskClient, ehr: Ehr, **query: str) -> Any:
    """From the service to the authorization server: the response of the launch."""
    return service.get("/smart/launch?" + urlencode({"iss": ehr.iss} | query))


def come_back(service: FlaskClient, response: Any) -> Any:
    """What the browser does: it goes where it is sent, and comes back with what it was given."""
    assert response.status_code == 302, response.get_data(as_text=True)
    sent = requests.get(response.headers["Location"], allow_redirects=False, timeout=5)
    assert sent.status_code == 302
    back = urlsplit(sent.headers["Location"])
    return service.get(f"{back.path}?{back.query}")


def launch(service: FlaskClient, ehr: Ehr, **query: str) -> Any:
    return come_back(service, go(service, ehr, **query))


def fault_of(response: Any) -> str:
    html = response.get_data(as_text=True)
    assert "There is nothing to draw: " in html
    return str(html.split("There is nothing to draw: ")[1].split("</p>")[0].replace("&#39;", "'"))


# ------------------------------------------------------------------------------------------------ it succeeds


@pytest.mark.parametrize("query", [{"launch": "xyz123"}, {}], ids=["from an EHR", "standalone"])
def test_a_launch_ends_in_the_timeline_of_its_patient(
    service: FlaskClient, ehr: Ehr, query: dict[str, str]
) -> None:
    response = launch(service, ehr, **query)
    html = response.get_data(as_text=True)
    assert response.status_code == 200
    assert len(told(html, "count")) == 3
    assert f"Patient/{NAME}, female, 34 years" in html
    assert "immediate platelet transfusion" in html
    asked = ehr.authorizations[0]
    assert ("launch" in asked) is bool(query)
    assert {"openid", "fhirUser", "patient/Observation.rs", "patient/Patient.rs"} <= set(
        asked["scope"].split()
    )
    assert "Lindqvist" not in html, "no name is read"


def test_the_scopes_of_version_1_where_the_server_has_no_others(service: FlaskClient, ehr: Ehr) -> None:
    ehr.capabilities = ("launch-standalone",)
    assert launch(service, ehr).status_code == 200
    scopes = ehr.authorizations[0]["scope"].split()
    assert "patient/Observation.read" in scopes
    assert not {"openid", "fhirUser"} & set(scopes)


def test_the_card_that_launched_it_is_opened(service: FlaskClient, ehr: Ehr) -> None:
    ehr.app_context = json.dumps({"card": "1", "rules": ["INF-EBV", "INF-GEN-02"]})
    html = launch(service, ehr, launch="xyz123").get_data(as_text=True)
    assert "supportive care" in html.split('id="card"')[1].split("</h2>")[0]


def test_a_standalone_launch_keeps_the_rule_of_its_link(service: FlaskClient, ehr: Ehr) -> None:
    html = launch(service, ehr, rule="TRF-02").get_data(as_text=True)
    assert "immediate platelet transfusion" in html.split('id="card"')[1].split("</h2>")[0]


UNUSABLE = ("{", "[]", 7, None, {"rules": ["TRF-02"]}, '{"rules": "TRF-02"}', "x" * 5000, "[" * 2000)


@pytest.mark.parametrize("given", UNUSABLE, ids=range(len(UNUSABLE)))
def test_an_unusable_app_context_is_read_as_none(given: object) -> None:
    assert read_app_context(given) == AppContext()


def test_an_unusable_app_context_is_no_fault(service: FlaskClient, ehr: Ehr) -> None:
    ehr.app_context = {"rules": ["TRF-02"]}
    response = launch(service, ehr, launch="xyz123")
    assert response.status_code == 200
    assert 'id="card"' not in response.get_data(as_text=True)


def test_the_link_of_a_card_says_what_the_timeline_reads() -> None:
    read = read_app_context('{"card":"u","rules":["TRF-02","MON-01"]}')
    assert (read.card, read.rules) == ("u", ("TRF-02", "MON-01"))


def test_a_patient_who_looks_at_their_own_record_gets_no_card(service: FlaskClient, ehr: Ehr) -> None:
    ehr.claims = {"fhirUser": f"{ehr.iss}/Patient/{NAME}"}
    html = launch(service, ehr).get_data(as_text=True)
    assert len(told(html, "count")) == 3
    assert "Cards of this moment" not in html


def test_any_worker_finishes_what_another_began(app: Flask, state: Path, ehr: Ehr, clock: Clock) -> None:
    other_worker = create_app(Settings(log_level="error", state_dir=state), clock)
    one, other = app.test_client(), other_worker.test_client()
    response = go(one, ehr)
    name, _, value = response.headers["Set-Cookie"].partition(";")[0].partition("=")
    other.set_cookie(name, value, domain="localhost", path="/smart/callback")
    sent = requests.get(response.headers["Location"], allow_redirects=False, timeout=5).headers["Location"]
    back = urlsplit(sent)
    assert other.get(f"{back.path}?{back.query}").status_code == 200
    assert fault_of(one.get(f"{back.path}?{back.query}")) == Fault.USED_STATE


# --------------------------------------------------------------------------------------------- it must not


def test_a_refused_scope(service: FlaskClient, ehr: Ehr) -> None:
    ehr.refuses = True
    response = launch(service, ehr)
    assert (response.status_code, fault_of(response)) == (403, Fault.REFUSED)
    assert "<b>x" not in response.get_data(as_text=True)


def test_a_scope_that_leaves_the_counts_out(service: FlaskClient, ehr: Ehr) -> None:
    ehr.grants = "launch/patient patient/Patient.rs patient/Condition.rs"
    html = launch(service, ehr).get_data(as_text=True)
    assert "Not everything could be read" in html
    assert "No platelet count" in html
    assert told(html, "bleeding") != []


def test_a_token_that_has_expired(service: FlaskClient, ehr: Ehr) -> None:
    ehr.refuses_token = True
    response = launch(service, ehr)
    assert response.status_code == 502
    assert "does not accept the access token" in fault_of(response)


def test_a_server_that_fails_half_way(service: FlaskClient, ehr: Ehr) -> None:
    ehr.fails = frozenset({"Condition", "MedicationRequest"})
    html = launch(service, ehr).get_data(as_text=True)
    assert len(told(html, "count")) == 3
    part = html.split("Not everything could be read")[1].split("</p>")[0]
    assert "conditions" in part
    assert "medicationRequests" in part


@pytest.mark.parametrize("wrong", ["wrong", "x" * 48, "ü"])
def test_a_wrong_state(service: FlaskClient, ehr: Ehr, wrong: str) -> None:
    ehr.state = wrong
    answer = launch(service, ehr)
    assert (answer.status_code, fault_of(answer)) == (400, Fault.NO_STATE)
    assert ("POST", "/auth/token") not in ehr.asked


def test_an_answer_without_any_state(service: FlaskClient, ehr: Ehr) -> None:
    go(service, ehr)
    assert fault_of(service.get("/smart/callback?code=1")) == Fault.NO_STATE


def test_another_browser_cannot_finish_a_launch(app: Flask, ehr: Ehr) -> None:
    response = go(app.test_client(), ehr)
    assert fault_of(come_back(app.test_client(), response)) == Fault.NO_STATE


def test_a_launch_is_good_for_ten_minutes(service: FlaskClient, ehr: Ehr, clock: Clock) -> None:
    response = go(service, ehr)
    clock.now = NOW + timedelta(minutes=11)
    assert fault_of(come_back(service, response)) == Fault.NO_STATE


WRONG_CLAIMS = {
    "nonce": "another",
    "iss": "https://evil.example.org",
    "aud": "another-app",
    "exp": int(NOW.timestamp()) - 60,
    "iat": int(NOW.timestamp()) + 600,
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
@pytest.mark.parametrize("missing", [False, True], ids=["wrong", "missing"])
def test_an_id_token_that_does_not_fit(service: FlaskClient, ehr: Ehr, name: str, missing: bool) -> None:
    ehr.claims = {name: None if missing else WRONG_CLAIMS[name]}
    response = launch(service, ehr)
    assert (response.status_code, fault_of(response)) == (502, Fault.IDENTITY)
    assert not [path for _, path in ehr.asked if path.startswith("/fhir/Patient")]


@pytest.mark.parametrize("id_token", ["x.y.z", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", 7, None])
def test_an_id_token_that_is_none(service: FlaskClient, ehr: Ehr, id_token: Any) -> None:
    ehr.token = {"id_token": id_token}
    assert fault_of(launch(service, ehr)) == Fault.IDENTITY


def test_an_id_token_that_another_key_signed(service: FlaskClient, ehr: Ehr) -> None:
    ehr.signs_with = "somebody"
    assert fault_of(launch(service, ehr)) == Fault.IDENTITY


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ({"patient": None}, Fault.NO_PATIENT),
        ({"patient": "../Patient/2"}, Fault.NO_PATIENT),
        ({"patient": 7}, Fault.NO_PATIENT),
        ({"access_token": None}, Fault.NO_ACCESS),
        ({"access_token": "a b"}, Fault.NO_ACCESS),
        ({"access_token": 7}, Fault.NO_ACCESS),
        ({"token_type": "mac"}, Fault.NO_ACCESS),
    ],
)
def test_a_token_response_that_cannot_be_used(
    service: FlaskClient, ehr: Ehr, token: dict[str, Any], fault: Fault
) -> None:
    ehr.token = token
    assert fault_of(launch(service, ehr)) == fault


@pytest.mark.parametrize(
    ("told_", "fault"),
    [
        ({"token_endpoint": None}, Fault.NO_CONFIGURATION),
        ({"authorization_endpoint": 7}, Fault.NO_CONFIGURATION),
        ({"code_challenge_methods_supported": ["plain"]}, Fault.NO_PKCE),
        ({"token_endpoint": "http://169.254.169.254/token"}, Fault.FOREIGN_ENDPOINT),
        ({"authorization_endpoint": "https://evil.example.org/authorize"}, Fault.FOREIGN_ENDPOINT),
        ({"jwks_uri": "file:///etc/passwd"}, Fault.FOREIGN_ENDPOINT),
        ({"issuer": "x" * 300_000}, Fault.NO_CONFIGURATION),
    ],
)
def test_a_configuration_that_cannot_be_used(
    service: FlaskClient, ehr: Ehr, told_: dict[str, Any], fault: Fault
) -> None:
    ehr.configuration = told_
    assert fault_of(go(service, ehr)) == fault


def test_a_redirected_configuration_is_not_followed(service: FlaskClient, ehr: Ehr) -> None:
    response = service.get("/smart/launch?" + urlencode({"iss": f"{ehr.origin}/elsewhere"}))
    assert fault_of(response) == Fault.NO_CONFIGURATION


@pytest.mark.parametrize(
    ("iss", "fault"),
    [
        ("", Fault.NO_SERVER),
        ("https://fhir.example.org/r4", Fault.NOT_ALLOWED),
        ("http://169.254.169.254/", Fault.NOT_ALLOWED),
        ("http://user@127.0.0.1/fhir", Fault.NOT_ALLOWED),
        ("javascript:alert(1)", Fault.NOT_ALLOWED),
        ("http://127.0.0.1:1/fhir", Fault.NO_CONFIGURATION),
    ],
)
def test_a_server_that_is_not_asked(service: FlaskClient, iss: str, fault: Fault) -> None:
    assert fault_of(service.get("/smart/launch?" + urlencode({"iss": iss}))) == fault


# --------------------------------------------------------------------------------------------- kept nowhere


def test_nothing_of_a_launch_is_logged_or_kept(
    ehr: Ehr, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(log_level="debug", log_format="json", state_dir=tmp_path)
    service = create_app(settings, lambda: NOW).test_client()
    begun = go(service, ehr, launch="xyz123")
    response = come_back(service, begun)
    token = next(iter(ehr.access))
    sent_state = ehr.authorizations[0]["state"]
    written = capfd.readouterr()
    said = written.out + written.err + caplog.text
    assert '"route":"/smart/callback","status":200' in said
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (token, sent_state, "xyz123", NAME):
        assert secret not in said
        assert secret.encode() not in kept
    assert token not in response.get_data(as_text=True)
    assert token not in str(response.headers)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_the_cookie_is_sealed_and_shut(service: FlaskClient, ehr: Ehr) -> None:
    response = go(service, ehr)
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/smart/callback", "Max-Age=600"} <= set(cookie.split("; "))
    location = parse_qs(urlsplit(response.headers["Location"]).query)
    for value in (location["state"][0], location["nonce"][0], ehr.iss, "verifier"):
        assert value not in cookie
    (gone,) = come_back(service, response).headers.getlist("Set-Cookie")
    assert "Max-Age=0" in gone


def test_a_seal_opens_what_it_closed_and_nothing_else() -> None:
    pending = Pending("https://a", "s", "n", "v", ("TRF-02",))
    closed = Seal(b"one").close(pending, NOW)
    assert Seal(b"one").open(closed, NOW) == pending
    assert Seal(b"two").open(closed, NOW) is None
    assert Seal(b"one").open(closed[:-2] + "xx", NOW) is None
    assert Seal(b"one").open("", NOW) is None
    assert Seal(b"one").open("ü", NOW) is None
    assert repr(pending) == "Pending(...)"


# ------------------------------------------------------------------------------------------ in production


def entry(ehr: Ehr, **members: Any) -> Client:
    given = {
        "name": "general",
        "iss": ehr.iss,
        "jku": f"{ehr.origin}/auth/jwks",
        "fhir_servers": [ehr.iss],
        "authorization_servers": [f"{ehr.origin}/auth"],
        "smart_client_id": CLIENT_ID,
    }
    return Client.model_validate(given | members)


def production(folder: Path, *clients: Client) -> FlaskClient:
    settings = Settings(
        mode="production",
        public_url="https://cds.example.org",
        secret=SecretStr("a secret of the tests"),
        state_dir=folder,
        log_level="error",
        clients=clients,
        security={"allow_http_loopback": True},
    )
    return create_app(settings, lambda: NOW).test_client()


def launch_in_production(service: FlaskClient, ehr: Ehr) -> Any:
    response = service.get("/smart/launch?" + urlencode({"iss": ehr.iss}), base_url="https://cds.example.org")
    if response.status_code != 302:
        return response
    assert "Secure" in response.headers["Set-Cookie"]
    sent = requests.get(response.headers["Location"], allow_redirects=False, timeout=5).headers["Location"]
    assert sent.startswith("https://cds.example.org/smart/callback?")
    return service.get(sent.removeprefix("https://cds.example.org"), base_url="https://cds.example.org")


def test_a_registered_server(tmp_path: Path, ehr: Ehr) -> None:
    html = launch_in_production(production(tmp_path, entry(ehr)), ehr).get_data(as_text=True)
    assert len(told(html, "count")) == 3
    assert "Made-up patient" not in html


def test_a_client_secret_is_read_from_its_file(tmp_path: Path, ehr: Ehr) -> None:
    ehr.client_secret = "quite secret"
    (tmp_path / "client-secret").write_text("quite secret\n")
    known = entry(ehr, smart_secret_file=str(tmp_path / "client-secret"))
    assert launch_in_production(production(tmp_path, known), ehr).status_code == 200
    unknown = entry(ehr, smart_secret_file=str(tmp_path / "nowhere"))
    assert fault_of(launch_in_production(production(tmp_path, unknown), ehr)) == Fault.NO_SEAL
    assert fault_of(launch_in_production(production(tmp_path, entry(ehr)), ehr)) == Fault.NO_ACCESS


def test_a_server_without_registration(tmp_path: Path, ehr: Ehr) -> None:
    service = production(tmp_path, entry(ehr, smart_client_id=None))
    assert fault_of(launch_in_production(service, ehr)) == Fault.NOT_ALLOWED


def test_an_authorization_server_that_the_entry_does_not_name(tmp_path: Path, ehr: Ehr) -> None:
    service = production(tmp_path, entry(ehr, authorization_servers=[]))
    assert fault_of(launch_in_production(service, ehr)) == Fault.FOREIGN_ENDPOINT


@pytest.mark.parametrize(
    "members", [{"fhir_servers": []}, {"smart_client_id": None, "smart_secret_file": "x"}]
)
def test_an_entry_that_contradicts_itself(ehr: Ehr, members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"expected .* where smart_"):
        entry(ehr, **members)


def test_in_production_no_made_up_patient_is_shown(tmp_path: Path, ehr: Ehr) -> None:
    service = production(tmp_path, entry(ehr))
    page = service.get("/timeline?example=ebv-nosebleed").get_data(as_text=True)
    assert "<svg" not in page
    assert "Sign in with general" in page
    assert service.post("/timeline", data={"text": "{}"}).status_code == 405


# ------------------------------------------------------------------------------------------ links of cards


def links(service: FlaskClient, **members: Any) -> list[dict[str, Any]]:
    """The link to the timeline of each card."""
    request = json.loads(encode(example_request(NAME, NOW, KEYS))) | members
    cards = service.post("/cds-services/itp-patient-view", json=request).get_json()["cards"]
    return [next(link for link in card["links"] if "timeline" in link["label"].lower()) for card in cards]


AUTHORIZATION = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "", "subject": "x"}


def test_a_client_that_cannot_launch_gets_an_absolute_link(service: FlaskClient) -> None:
    found = links(service)
    assert [link["type"] for link in found] == ["absolute"] * len(found)
    assert found[0]["url"] == "http://127.0.0.1:8080/timeline?rule=TRF-02"
    assert all("appContext" not in link for link in found)
    page = service.get("/timeline?rule=TRF-02")
    assert page.status_code == 200
    assert 'name="rule" value="TRF-02"' in page.get_data(as_text=True)


def test_a_client_that_can_launch_gets_a_smart_link_that_opens_at_the_card(
    service: FlaskClient, ehr: Ehr
) -> None:
    found = links(service, fhirServer=ehr.iss, fhirAuthorization=AUTHORIZATION)
    assert {link["type"] for link in found} == {"smart"}
    assert {link["url"] for link in found} == {"http://127.0.0.1:8080/smart/launch"}
    for link, words in zip(found, ("immediate platelet transfusion", "supportive care"), strict=True):
        ehr.app_context = link["appContext"]
        html = launch(service, ehr, launch="xyz123").get_data(as_text=True)
        assert words in html.split('id="card"')[1].split("</h2>")[0]

"""What `/metrics` tells: each number that operations need, once per call, with labels of our own only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from cds_service import __version__
from cds_service.config_file import Client
from cds_service.content import load_content
from cds_service.facts.platelets import NEW
from tests.service.build import NOW, concept, observation, quantity
from tests.service.fetching import app_client, call_at, send
from tests.service.fhir_server import FhirServer, fhir_server
from tests.service.hook_calls import call, client, nosebleed, platelets
from tests.service.key_server import key_server
from tests.service.memory_calls import overridden, started
from tests.service.signing import jwk, jwks, production

PATH = "/cds-services/itp-patient-view"
LOINC = "http://loinc.org"
Numbers = dict[tuple[str, tuple[str, ...]], float]
Added = Callable[[], Numbers]


def numbers(service: FlaskClient, token: str | None = None) -> Numbers:
    """Every sample by its name and the values of its labels, in the labels' order by name."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = service.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def since(service: FlaskClient, before: Numbers) -> Numbers:
    """What was added: the numbers are of the process, so other tests have counted too."""
    return {key: n - before.get(key, 0) for key, n in numbers(service).items() if n != before.get(key, 0)}


def test_a_call_is_counted_with_its_cards_stages_and_answer() -> None:
    service = client()
    before = numbers(service)
    assert service.post(PATH, json=call(platelets(22), nosebleed())).status_code == 200
    added = since(service, before)
    assert added["platelet_hooks_calls_total", ("itp-patient-view",)] == 1
    assert added["platelet_hooks_requests_total", ("POST", "/cds-services/<service_id>", "200")] == 1
    shown = {labels: n for (name, labels), n in added.items() if name == "platelet_hooks_cards_total"}
    assert shown["critical", "TRF-02", "itp-patient-view", ""] == 1
    stages = {labels[1] for (name, labels) in added if name == "platelet_hooks_stage_seconds_count"}
    assert stages == {"read", "gather", "parse", "facts", "decide", "recall", "render", "encode"}


def test_a_refused_call_is_no_call_that_was_answered() -> None:
    service = client()
    before = numbers(service)
    body = call()
    del body["prefetch"]
    assert service.post(PATH, json=body).status_code == 412
    added = since(service, before)
    assert added["platelet_hooks_requests_total", ("POST", "/cds-services/<service_id>", "412")] == 1
    assert ("platelet_hooks_calls_total", ("itp-patient-view",)) not in added


def test_a_resource_that_was_set_aside_is_counted() -> None:
    service = client()
    before = numbers(service)
    service.post(
        PATH,
        json=call(
            platelets(22), observation("odd", concept(("urn:local", "PLT")), valueQuantity=quantity(9))
        ),
    )
    assert since(service, before)["platelet_hooks_rejected_resources_total", ("itp-patient-view",)] == 1


# --------------------------------------------------------------------------------------- codes of counts


def codes(*resources: dict[str, object], service: FlaskClient | None = None) -> Numbers:
    """The codes that one call adds."""
    asked = service or client()
    before = numbers(asked)
    assert asked.post(PATH, json=call(*resources)).status_code == 200
    added = since(asked, before)
    return {key: n for key, n in added.items() if key[0] == "platelet_hooks_platelet_codes_total"}


def count(value: int, code: str = "777-3", hours: float = 1, own_id: str = "p1") -> dict[str, object]:
    when = (NOW - timedelta(hours=hours)).isoformat()
    return platelets(value, own_id, at=when, code=concept((LOINC, code)))


@pytest.mark.parametrize("value", [22, 210], ids=["cards", "quiet"])
def test_the_code_of_a_new_count_is_counted_once_a_call(value: int) -> None:
    two = (count(value), count(value, hours=5, own_id="p2"))
    assert codes(*two) == {("platelet_hooks_platelet_codes_total", ("777-3", LOINC)): 1}
    other = codes(count(value), count(value, "26515-7", own_id="p2"))
    assert {labels[0] for _, labels in other} == {"777-3", "26515-7"}


@pytest.mark.parametrize("value", [22, 210], ids=["cards", "quiet"])
def test_an_old_count_says_nothing_of_how_the_laboratory_codes_now(value: int) -> None:
    hours = NEW.total_seconds() / 3600
    assert codes(count(value, hours=hours)) != {}
    assert codes(count(value, hours=hours + 0.1)) == {}


def test_a_code_that_no_set_knows_is_no_label() -> None:
    unknown = concept((LOINC, "777-3"), ("urn:hospital", "a code that names a patient"))
    when = (NOW - timedelta(hours=1)).isoformat()
    for value in (22, 210):
        found = codes(platelets(value, at=when, code=unknown))
        assert set(found) == {("platelet_hooks_platelet_codes_total", ("777-3", LOINC))}


def test_when_a_code_and_a_rule_were_last_seen_is_told() -> None:
    service = client()
    began = time.time()
    assert service.post(PATH, json=call(platelets(22), nosebleed())).status_code == 200
    found = numbers(service)
    for key in (
        ("platelet_hooks_platelet_code_seen_seconds", ("777-3", LOINC)),
        ("platelet_hooks_rule_seen_seconds", ("TRF-02", "itp-patient-view")),
    ):
        assert began <= found[key] <= time.time()


# ------------------------------------------------------------------------------------ overrides, fetches


def test_an_override_is_counted_by_rule_and_reason(tmp_path: Path) -> None:
    service = started(tmp_path)
    card = service.call(call(platelets(22), nosebleed()))[0]
    before = numbers(service.client)
    reason = "patient-refuses"
    assert service.send(overridden(card["uuid"], reason=reason)).status_code == 200
    added = since(service.client, before)
    rule = card["extension"]["org.platelet-hooks.card"]["rules"][0]
    overrides = {labels: n for (name, labels), n in added.items() if name == "platelet_hooks_overrides_total"}
    assert overrides == {("patient-declined", rule, "itp-patient-view"): 1}
    assert added["platelet_hooks_feedback_total", ("true", "overridden", "itp-patient-view")] == 1


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with fhir_server() as running:
        yield running


def test_a_key_that_was_fetched_is_counted_by_how_it_ended(server: FhirServer) -> None:
    service = app_client()
    before = numbers(service)
    send(service, call_at(server.base, "conditions", resources=[platelets(210)]))
    outcomes = {labels for (name, labels) in since(service, before) if name == "platelet_hooks_fetches_total"}
    assert len(outcomes) == 1


# ------------------------------------------------------------------------------------- state, key sets


def test_release_and_content_in_force_are_told_for_each_client() -> None:
    found = numbers(client())
    assert found["platelet_hooks_build_info", (__version__,)] == 1
    assert found["platelet_hooks_content_info", ("", load_content().version)] == 1


def test_the_state_of_the_store_is_told(tmp_path: Path) -> None:
    service = started(tmp_path)
    assert numbers(service.client)["platelet_hooks_store_up", ()] == 1


def test_a_client_whose_keys_cannot_be_read_makes_the_service_unready_only_if_it_is_the_only_one() -> None:
    with key_server() as broken, key_server() as sound:
        broken.status, sound.body = 500, jwks(jwk())
        one = Client(name="broken", iss="https://a.example.org", jku=broken.jku)
        other = Client(name="sound", iss="https://b.example.org", jku=sound.jku)
        doors = {"security": {"allow_http_loopback": True}}
        alone = production(one, admin_token="t", **doors)
        refused = alone.get("/health/ready")
        assert refused.status_code == 503
        assert "key set" in refused.get_json()["issue"][0]["details"]["text"]
        assert numbers(alone, "t")["platelet_hooks_key_set_failures_total", ("broken",)] >= 1
        assert production(one, other, **doors).get("/health/ready").status_code == 200
        broken.status, broken.body = 200, jwks(jwk())
        assert production(one, **doors).get("/health/ready").status_code == 200

"""`itp-encounter-discharge`: what follows a stay; the stay is read by the id in the context."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.web.playground_request import CLIENTS
from tests.service.build import HL7, NOW, Json, concept, resource
from tests.service.fetching import app_client, degraded
from tests.service.fhir_server import Answer, FhirServer, answering, fhir_server
from tests.service.hook_calls import (
    CARD,
    EVALUATION,
    call,
    cards,
    client,
    nosebleed,
    platelets,
    post,
    rules,
    said,
)
from tests.service.memory_calls import overridden, started

HOOK, SERVICE = "encounter-discharge", "itp-encounter-discharge"
YESTERDAY = "2026-06-14T08:00:00Z"  # 28 hours before `NOW`
STAY = "e1"


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with fhir_server() as running:
        yield running


def stay(own_id: str = STAY, code: str = "IMP", **members: Any) -> Json:
    base = {"status": "in-progress", "class": {"system": HL7 + "v3-ActCode", "code": code}}
    return resource("Encounter", own_id, **(base | {"period": {"start": "2026-06-12"}} | members))


def leaving(*resources: Json, count: float = 44, at: str = YESTERDAY, **members: Any) -> Json:
    return call(platelets(count, at=at), *resources, hook=HOOK, **members)


def first_rules(body: Json) -> list[str]:
    return [rule[0] for rule in rules(body)]


def test_the_encounter_is_required() -> None:
    body = leaving()
    del body["context"]["encounterId"]
    response = post(body, SERVICE)
    assert response.status_code == 400
    assert "context.encounterId" in said(response)[0]


ENDED = {"status": "finished", "period": {"start": "2026-06-12", "end": "2026-06-15T11:50:00Z"}}


@pytest.mark.parametrize(
    ("encounter", "inpatient"),
    [
        (stay(), True),
        (stay(**ENDED), True),
        (stay(status="onleave"), True),
        (stay(code="AMB"), False),
        (stay(status="cancelled"), False),
        (stay(status="entered-in-error"), False),
        (stay("another", **ENDED), False),
        (None, False),
    ],
    ids=["in progress", "finished", "on leave", "ambulatory", "cancelled", "in error", "another", "unknown"],
)
def test_the_stay_that_ends_decides_how_old_a_count_may_be(encounter: Json | None, inpatient: bool) -> None:
    body = leaving()
    body["prefetch"]["encounter"] = encounter
    assert first_rules(body) == (["DATA-02"] if inpatient else ["MON-01"])


def test_a_finished_stay_counts_on_discharge_only() -> None:
    body = call(platelets(44, at=YESTERDAY), stay(**ENDED), hook="patient-view")
    body["context"]["encounterId"] = STAY
    assert "DATA-02" not in first_rules(body)


def test_the_stay_is_fetched_by_its_id(server: FhirServer) -> None:
    server.answers = answering(Encounter=Answer(stay(**ENDED)))
    body = leaving(fhirServer=server.base)
    del body["prefetch"]["encounter"]
    response = app_client().post(f"/cds-services/{SERVICE}", json=body)
    assert [one.path for one in server.asked] == [f"Encounter/{STAY}"]
    assert degraded(response) == []
    assert [c["extension"][CARD]["rules"][0] for c in response.get_json()["cards"]] == ["DATA-02"]


def test_a_stay_that_nobody_can_tell_is_named_and_the_rest_is_answered() -> None:
    body = leaving()
    del body["prefetch"]["encounter"]
    answer = post(body, SERVICE).get_json()
    assert answer["extension"][EVALUATION]["degraded"] == ["encounter"]
    assert [card["extension"][CARD]["rules"][0] for card in answer["cards"]] == ["MON-01"]


def test_the_next_count_has_a_date_and_belongs_to_the_stay() -> None:
    (card,) = cards(leaving(stay(), at="2026-06-15T08:00:00Z"))
    (action,) = [action for one in card["suggestions"] for action in one["actions"]]
    assert action["type"] == "create"
    order = action["resource"]
    assert order["occurrenceDateTime"].startswith("2026-06-17")
    assert order["encounter"] == {"reference": f"Encounter/{STAY}"}
    assert (order["status"], order["intent"]) == ("draft", "proposal")
    assert "next count falls on 17 Jun" in " ".join(card["detail"].split())


def test_only_follow_up_and_dangers_are_told() -> None:
    asked = {"MON-01", "TRF-02", "INF-HIV", "TPO-01"}
    hiv = resource(
        "Condition",
        "hiv",
        clinicalStatus=concept((HL7 + "condition-clinical", "active")),
        code=concept(("http://snomed.info/sct", "86406008")),
        onsetDateTime="2026-01-02",
    )
    body = leaving(nosebleed(), hiv, at="2026-06-15T08:00:00Z")
    assert first_rules(body) == ["MON-01"]
    outcomes = post(body, SERVICE).get_json()["extension"][EVALUATION]["evaluated"]
    told = {one["rule"]: one["outcome"] for one in outcomes if one["rule"] in asked}
    assert told == {"MON-01": "advise", "TRF-02": "no-advice", "INF-HIV": "no-advice", "TPO-01": "no-advice"}
    viewed = body | {"hook": "patient-view", "prefetch": call(hook="patient-view")["prefetch"]}
    viewed["prefetch"] |= {key: body["prefetch"][key] for key in ("platelets", "conditions")}
    assert {"TRF-02", "INF-HIV"} <= set(first_rules(viewed))


def test_a_user_who_is_the_patient_gets_no_card() -> None:
    body = leaving()
    body["context"]["userId"] = "Patient/p1"
    assert cards(body) == []


def test_feedback_is_stored_with_the_card_that_it_is_about(tmp_path: Path) -> None:
    service = started(tmp_path)
    body = leaving(at="2026-06-15T08:00:00Z")
    (card,) = service.call(body)
    entry = overridden(card["uuid"], NOW, "action-completed")
    assert service.send(entry, service="itp-patient-view").status_code == 400
    assert service.send(entry, service=SERVICE).status_code == 200
    (kept,) = service.rows("feedback")
    assert (kept["service"], kept["reason"], bool(kept["matched"])) == (SERVICE, "already-done", True)
    assert service.call(body) == [], "overridden: silent for some days"
    service.wait(days=7, minutes=1)
    later = leaving(at="2026-06-22T08:00:00Z")
    assert [c["extension"][CARD]["rules"][0] for c in service.call(later)] == ["MON-01"]


# ---------------------------------------------------------------------------------- the command and the playground


def test_the_command_finds_the_stay_of_the_records(tmp_path: Path) -> None:
    def told(*encounters: Json) -> list[str]:
        records = [resource("Patient", "p1", birthDate="1991-04-02", gender="female"), *encounters]
        file = tmp_path / "records.ndjson"
        whole = [*records, platelets(44, at=YESTERDAY)]
        file.write_text("\n".join(map(json.dumps, whole)), encoding="utf-8")
        arguments = ["call", str(file), "--hook", HOOK, "--as-of", NOW.isoformat(), "--json"]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return [c["extension"][CARD]["rules"][0] for c in json.loads(result.stdout)["cards"]]

    earlier = stay("before", **ENDED | {"period": {"start": "2026-01-12", "end": "2026-01-20"}})
    assert told(earlier, stay(code="AMB", **ENDED)) == ["MON-01"]
    assert told(stay(subject={"reference": "Patient/somebody-else"})) == ["MON-01"]
    assert told(stay(code="AMB", **ENDED) | {"id": "visit"}, stay()) == ["DATA-02"]


@pytest.mark.parametrize("dialect", CLIENTS)
@pytest.mark.parametrize("example", ["dengue-discharge", "recovery-discharge", "dengue-orders-signed"])
def test_every_client_of_the_playground_can_call_both_services(example: str, dialect: str) -> None:
    chosen = client().get(f"/playground/made-up/{example}").get_json()
    form = {name: chosen[name] for name in ("text", "hook", "user")} | {"dialect": dialect}
    made = client().post("/playground/request", json=form).get_json()
    answer = post(json.loads(made["body"]), made["service"])
    assert answer.status_code == 200
    assert answer.get_json()["cards"]

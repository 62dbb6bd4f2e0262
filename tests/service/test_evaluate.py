"""A call from HTTP to card: what is answered, what is explained, who is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cards.code_systems import SNOMED
from cds_service.app import create_app
from cds_service.content import load_content
from cds_service.evaluate import evaluate, prepare
from cds_service.hooks.wire import encode
from cds_service.settings import Settings
from tests.service.build import NOW, PATIENT, RXNORM, Json, concept, resource
from tests.service.hook_calls import (
    CARD,
    EVALUATION,
    bundle,
    call,
    cards,
    clock,
    hook_request,
    nosebleed,
    platelets,
    post,
    rules,
)

FAILURE: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def explained(body: Json) -> Any:
    response = post(body)
    assert response.status_code == 200
    return response.get_json()["extension"][EVALUATION]


def outcomes(body: Json) -> dict[str, str]:
    return {one["rule"]: one["outcome"] for one in explained(body)["evaluated"]}


def replaced(body: Json, **keys: Any) -> Json:
    found = {name: value for name, value in (body["prefetch"] | keys).items() if value is not ...}
    return body | {"prefetch": found}


def test_a_nosebleed_with_few_platelets_is_critical() -> None:
    first = cards(call(platelets(22), nosebleed()))[0]
    assert first["extension"][CARD]["rules"][0] == "TRF-02"
    assert first["indicator"] == "critical"
    assert "nosebleed" in first["summary"]
    assert "22 x10^9/L (15 Jun, 08:00)" in first["summary"]


def test_a_selected_order_is_judged() -> None:
    found = rules(call(platelets(22), nosebleed(), hook="order-select"))
    assert "ORD-02" in found[0]


def test_nothing_to_say_is_an_empty_list_with_one_reason() -> None:
    body = call(platelets(250))
    assert cards(body) == []
    assert explained(body)["evaluated"] == [
        {
            "rule": "A.3",
            "outcome": "no-advice",
            "because": "no low platelet count, bleeding, listed infection, TPO-RA or blood product (scope test)",
        }
    ]


def test_every_rule_is_explained() -> None:
    found = explained(call(platelets(22), nosebleed()))
    assert found["contentVersion"] == load_content().version
    said = {one["rule"]: one for one in found["evaluated"]}
    assert said["TRF-02"]["outcome"] == "advise"
    assert said["TRF-02"]["because"].startswith("platelet count 22 10*9/L; bleeding: nosebleed active")
    assert said["TRF-16"] == {"rule": "TRF-16", "outcome": "advise", "because": "in the card of TRF-02"}
    assert said["TRF-04"]["outcome"] == "no-advice"
    assert all(one["because"] for one in said.values())


def test_lists_without_entries_are_left_out() -> None:
    assert explained(call(platelets(22), nosebleed())).keys() == {"contentVersion", "evaluated"}


def test_missing_data_makes_rules_unable_to_tell() -> None:
    body = replaced(call(platelets(22)), conditions=..., allergies=FAILURE)
    assert explained(body)["degraded"] == ["conditions", "allergies"]
    assert "cannot-tell" in outcomes(body).values()


def test_counts_that_could_not_be_read_are_told() -> None:
    body = replaced(call(nosebleed()), platelets=FAILURE)
    assert explained(body)["degraded"] == ["platelets"]
    assert any("DATA-08" in ids for ids in rules(body))


def test_counts_of_another_patient_are_set_aside_and_reported() -> None:
    body = call(platelets(22, subject={"reference": "Patient/someone-else"}))
    assert explained(body)["rejected"] == [
        {"resource": "Observation/plt", "reason": "belongs to another patient"}
    ]


@pytest.mark.parametrize("named", ["urn:uuid:not-in-this-bundle", "https://elsewhere.example.org/Patient/p1"])
def test_counts_of_a_patient_who_cannot_be_told_are_told(named: str) -> None:
    body = call(platelets(22, subject={"reference": named}))
    assert rules(body)[0][0] == "DATA-08"
    assert explained(body)["rejected"][0]["reason"] == "names a patient who cannot be told"


@pytest.mark.parametrize(
    ("wrong", "is_read"),
    [
        ({"clinicalStatus": "active"}, False),
        ({"clinicalStatus": "active", "subject": {"reference": "Patient/someone-else"}}, True),
        ({"clinicalStatus": "active", "code": {"coding": [{"system": SNOMED, "code": "38341003"}]}}, True),
        ({"subject": None}, False),
        ({"noMemberOfR4": 1}, False),
        ({"recordedDate": "yesterday"}, False),
    ],
)
def test_a_problem_list_that_holds_something_unreadable_was_not_read_whole(
    wrong: Json, is_read: bool
) -> None:
    card = cards(call(platelets(22), nosebleed(**wrong)))[0]
    assert card["extension"][CARD]["rules"][0] == "TRF-05"
    assert ("The problem list was not read" in card["detail"]) is not is_read


def test_a_prescription_of_another_release_is_not_none() -> None:
    order = {"resourceType": "MedicationOrder", "id": "o", "patient": {"reference": f"Patient/{PATIENT}"}}
    drug = {"medicationCodeableConcept": concept((RXNORM, "5640"))}
    body = call(platelets(22), nosebleed())
    card = cards(replaced(body, medicationRequests=bundle(order | drug)))[0]
    assert "- The medication list" in card["detail"].split("What is not known")[1]
    assert "- The medication list" not in cards(body)[0]["detail"]


def test_an_allergy_that_is_not_valid_is_not_none() -> None:
    to_ibuprofen = resource("AllergyIntolerance", code=concept((RXNORM, "5640")), noMemberOfR4=1)
    body = call(platelets(22), to_ibuprofen, hook="order-select")
    found = post(body, "itp-order-select").get_json()["extension"][EVALUATION]["evaluated"]
    assert {one["rule"]: one["outcome"] for one in found}["ORD-16"] == "cannot-tell"


@pytest.mark.parametrize("kind", ["Patient", "RelatedPerson"])
@pytest.mark.parametrize("hook", ["patient-view", "order-select"])
def test_patients_and_relatives_get_no_clinician_card(kind: str, hook: str) -> None:
    body = call(platelets(22), nosebleed(), hook=hook)
    body["context"]["userId"] = f"{kind}/1"
    assert cards(body) == []
    found = post(body, f"itp-{hook}").get_json()["extension"][EVALUATION]["evaluated"]
    assert [one["because"] for one in found] == ["the user is the patient or a relative: no clinician card"]


def test_outside_sandbox_mode_nothing_is_explained() -> None:
    evaluation = prepare(load_content(), "https://cds.example.org", 100, explains=False)
    answer = evaluate(hook_request(call(platelets(22), nosebleed())), evaluation, NOW)
    assert answer.cards
    assert json.loads(encode(answer)).keys() == {"cards"}


def test_the_same_call_at_another_time_is_judged_by_that_time() -> None:
    body = call(platelets(22, at="2026-06-14T20:00:00Z"), nosebleed())
    assert rules(body)[0][0] == "TRF-02"
    later = evaluate(hook_request(body), prepare(load_content(), "http://x", 100), NOW.replace(month=8))
    assert "TRF-02" not in [card.extension[CARD].rules[0] for card in later.cards]


def test_text_of_the_record_never_comes_back() -> None:
    secret = "ZZZ-SECRET"
    noise = {"text": {"status": "generated", "div": f"<div>{secret}</div>"}, "note": [{"text": secret}]}
    named = resource(
        "Patient", PATIENT, birthDate="1991-04-02", name=[{"family": secret}], identifier=[{"value": secret}]
    )
    code = {
        "coding": [{"system": "http://snomed.info/sct", "code": "249366005", "display": secret}],
        "text": secret,
    }
    count = platelets(22, **noise)
    count["valueQuantity"] |= {"unit": secret}
    odd = platelets(22, "odd", "2026-06-15T09:00:00Z", code={"text": secret}, valueString=secret)
    strange = platelets(5, "strange", "2026-06-15T09:30:00Z")
    strange["valueQuantity"] = {"value": 5, "unit": secret}
    body = replaced(call(count, odd, strange, nosebleed(code=code, **noise)), patient=named)
    for hook, service in (("patient-view", "itp-patient-view"), ("order-select", "itp-order-select")):
        whole = body | {"hook": hook, "context": call(hook=hook)["context"]}
        response = post(whole, service)
        assert response.status_code == 200
        assert secret not in response.get_data(as_text=True)


def test_ids_that_break_the_grammar_are_named_by_their_place() -> None:
    body = call(platelets(22, "bad id!|", subject={"reference": "Patient/other"}))
    assert [one["resource"] for one in explained(body)["rejected"]] == ["platelets[0]"]


def test_a_log_line_tells_no_patient(capfd: pytest.CaptureFixture[str]) -> None:
    client = create_app(Settings(log_format="json"), clock).test_client()
    body = call(platelets(22), nosebleed())
    body["context"]["patientId"] = body["prefetch"]["patient"]["id"] = "secret-id"
    client.post("/cds-services/itp-patient-view?patient=secret-id", json=body)
    client.post("/cds-services/secret-id", json=body)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(line["status"], line.get("service")) for line in lines] == [
        (200, "itp-patient-view"),
        (404, None),
    ]
    assert lines[0].keys() >= {"request_id", "milliseconds", "cards", "timestamp", "level"}
    text = json.dumps(lines)
    for secret in ("secret-id", body["hookInstance"], "Practitioner", "plt"):
        assert secret not in text


def test_a_bundle_in_another_order_gives_the_same_cards() -> None:
    some = [platelets(22), platelets(40, "older", "2026-06-12T08:00:00Z"), nosebleed()]
    first = cards(call(*some))
    second = cards(replaced(call(), platelets=bundle(*reversed(some))))
    assert [c["summary"] for c in first] == [c["summary"] for c in second]

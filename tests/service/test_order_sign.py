"""`itp-order-sign`: every draft of the context is judged as a selected one is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.service.build import RXNORM, SNOMED, Json, concept, resource
from tests.service.hook_calls import CARD, call, cards, cause, draft, platelets, post, rules, said
from tests.service.memory_calls import overridden, started

IBUPROFEN, NAPROXEN, PARACETAMOL, ASPIRIN = "5640", "7258", "161", "1191"


def drug(own_id: str, code: str, **members: Any) -> Json:
    return draft(**members) | {"id": own_id, "medicationCodeableConcept": concept((RXNORM, code))}


PLATELETS = resource(
    "ServiceRequest", "d9", status="draft", intent="order", code=concept((SNOMED, "12719002"))
)


def signing(*drafts: Json, count: float = 62, **members: Any) -> Json:
    body = call(platelets(count), hook="order-sign", **members)
    body["context"]["draftOrders"]["entry"] = [{"resource": one} for one in drafts]
    return body


def selecting(*drafts: Json, selected: list[str], count: float = 62) -> Json:
    body = signing(*drafts, count=count) | {"hook": "order-select"}
    body["context"] = body["context"] | {"selections": selected}
    return body


def deleted(card: Json) -> list[str]:
    """The drafts that a card offers to remove."""
    actions = [action for one in card.get("suggestions", []) for action in one["actions"]]
    return sorted({action["resourceId"] for action in actions if action["type"] == "delete"})


def without_ids(card: Json) -> Json:
    """A card but for the ids that are made for each answer."""
    suggestions = [{k: v for k, v in one.items() if k != "uuid"} for one in card.get("suggestions", [])]
    return {k: v for k, v in card.items() if k != "uuid"} | {"suggestions": suggestions}


def test_the_context_needs_no_selections() -> None:
    body = signing(drug("a", IBUPROFEN))
    assert "selections" not in body["context"]
    assert rules(body) == [["ORD-02"]]


def test_each_draft_is_judged_and_only_those_concerned_are_offered_for_removal() -> None:
    body = signing(drug("a", PARACETAMOL), drug("b", IBUPROFEN), drug("c", NAPROXEN), drug("d", ASPIRIN))
    found = {card["extension"][CARD]["rules"][0]: card for card in cards(body)}
    assert deleted(found["ORD-02"]) == ["MedicationRequest/b", "MedicationRequest/c"]
    assert found.keys() == {"ORD-02"}, "aspirin has no card at 62"
    low = {card["extension"][CARD]["rules"][0]: card for card in cards(signing(*drafts_of(body), count=24))}
    assert deleted(low["ORD-01"]) == ["MedicationRequest/d"]
    assert deleted(low["ORD-02"]) == ["MedicationRequest/b", "MedicationRequest/c"]


def drafts_of(body: Json) -> list[Json]:
    return [entry["resource"] for entry in body["context"]["draftOrders"]["entry"]]


def test_on_selection_the_other_drafts_are_not_judged() -> None:
    drafts = drug("a", IBUPROFEN), drug("b", NAPROXEN)
    (card,) = cards(selecting(*drafts, selected=["MedicationRequest/b"]))
    assert deleted(card) == ["MedicationRequest/b"]


@pytest.mark.parametrize("count", [8, 24, 62])
def test_signing_gives_the_card_of_the_selection(count: float) -> None:
    one = drug("a", IBUPROFEN)
    selected = cards(selecting(one, selected=["MedicationRequest/a"], count=count))
    signed = cards(signing(one, count=count))
    assert [without_ids(card) for card in signed] == [without_ids(card) for card in selected] != []


def test_drafts_that_are_no_orders_of_this_patient_are_passed_over() -> None:
    other = drug("a", IBUPROFEN) | {"subject": {"reference": "Patient/somebody-else"}}
    nothing = drug("b", IBUPROFEN, doNotPerform=True)
    assert cards(signing(other, nothing)) == []


def test_at_most_three_cards_and_the_others_are_named() -> None:
    injected = drug("a", "7258", dosageInstruction=[{"route": concept((SNOMED, "78421000"))}])
    body = signing(injected, drug("b", ASPIRIN), drug("c", "11289"), PLATELETS, count=34)
    found = cards(body)
    assert len(found) == 3
    assert found[-1]["extension"][CARD]["rules"][0] == "A.3"
    named = [rule for card in found for rule in card["extension"][CARD]["rules"]]
    assert {"ORD-01", "ORD-02", "ORD-03", "ORD-07", "ORD-09"} <= set(named)


@pytest.mark.parametrize("wrong", [None, [], "x", 5])
def test_without_readable_drafts_the_call_is_refused(wrong: object) -> None:
    body = signing()
    body["context"]["draftOrders"] = wrong
    response = post(body, "itp-order-sign")
    assert response.status_code == 400
    assert "context.draftOrders" in said(response)[0]


def test_no_drafts_at_all_is_no_fault() -> None:
    assert cards(signing()) == []


def test_the_counts_are_required() -> None:
    body = signing(drug("a", IBUPROFEN))
    del body["prefetch"]["platelets"]
    response = post(body, "itp-order-sign")
    assert (response.status_code, cause(response)) == (412, "required-data-missing")


def test_feedback_is_stored_and_an_override_on_selection_holds_on_signing(tmp_path: Path) -> None:
    service = started(tmp_path)
    one = drug("a", IBUPROFEN)
    (card,) = service.call(selecting(one, selected=["MedicationRequest/a"]))
    sent = service.send(overridden(card["uuid"], reason="risk-benefit-ratio"), service="itp-order-select")
    assert sent.status_code == 200
    assert service.call(signing(one)) == []
    assert [c["extension"][CARD]["rules"][0] for c in service.call(signing(drug("b", IBUPROFEN)))] == [
        "ORD-02"
    ]
    service.wait(hours=25)
    (again,) = service.call(signing(one))
    assert service.send(overridden(again["uuid"]), service="itp-order-sign").status_code == 200
    kept = service.rows("feedback")
    assert [(row["service"], bool(row["matched"])) for row in kept] == [
        ("itp-order-select", True),
        ("itp-order-sign", True),
    ]

"""Dialects: requests as vendors document them (`dialects/*.json`), and cards as their clients take them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest
from flask.testing import FlaskClient

from cards.record import Stay
from cds_service.app import create_app
from cds_service.card_text import Page
from cds_service.config_file import Client
from cds_service.content import load_content
from cds_service.dialects import epic
from cds_service.dialects.choice import SHAPES
from cds_service.dialects.epic import RXNORM
from cds_service.dialects.oracle_health import as_lists
from cds_service.discovery import SERVICES
from cds_service.drafting import PREFERENCE_LIST
from cds_service.evaluate import prepare
from cds_service.hooks.card import EXTENSION, Card, CardExtension
from cds_service.hooks.coding import Coding
from cds_service.hooks.source import Source
from cds_service.hooks.suggestion import Action
from cds_service.hooks.suggestion import Suggestion as WireSuggestion
from cds_service.settings import Settings
from tests.cards.build import count, facts
from tests.service.build import Json
from tests.service.hook_calls import CARD, EVALUATION, clock
from tests.service.signing import PUBLIC, Signer, bearer, entry, production

FOLDER = Path(__file__).parent / "dialects"
SHAPES_OF = sorted(path.stem for path in FOLDER.glob("*.json"))
SERVICE_OF = {row.hook: row.id for row in SERVICES}
EPIC = {"com.epic.cdshooks.request.epic-version": "11.1"}


def shape(name: str) -> Json:
    """A request as a vendor's client sends it."""
    body: Json = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return body


@cache
def sandbox() -> FlaskClient:
    return create_app(Settings(log_level="error", public_url=PUBLIC), clock).test_client()


At = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> At:
    """The service in production mode with one client, of a dialect and with order codes."""

    @cache
    def of(dialect: str | None, mapped: bool = False) -> FlaskClient:
        members: Json = {} if dialect is None else {"dialect": dialect}
        codes = CODES if mapped else {}
        return production(entry(tmp_path_factory.mktemp("keys"), order_codes=codes, **members))

    return of


def cards(service: FlaskClient, body: Json) -> list[Json]:
    """The cards of a call in production mode, or in sandbox mode, which ignores the token."""
    path = f"/cds-services/{SERVICE_OF[body['hook']]}"
    response = service.post(path, json=body, headers=bearer(Signer().token(PUBLIC + path)))
    assert response.status_code == 200, response.get_data(as_text=True)
    found: list[Json] = response.get_json()["cards"]
    assert found
    return found


def actions(card: Json) -> list[Json]:
    return [action for suggestion in card.get("suggestions", ()) for action in suggestion["actions"]]


def without_ids(value: Any) -> Any:
    """The same without what is made anew in each answer."""
    match value:
        case dict():
            return {
                name: without_ids(member)
                for name, member in value.items()
                if name not in ("uuid", "appContext")
            }
        case list():
            return [without_ids(member) for member in value]
    return value


# ------------------------------------------------------------------------------------- requests of each


@pytest.mark.parametrize("name", SHAPES_OF)
def test_a_documented_request_is_understood_whole(name: str) -> None:
    body = shape(name)
    path = f"/cds-services/{SERVICE_OF[body['hook']]}"
    answer = sandbox().post(path, json=body).get_json()
    assert answer["cards"][0]["indicator"] in ("critical", "warning")
    assert "18 x10^9/L (15 Jun, 08:00)" in answer["cards"][0]["summary"]
    told = answer["extension"][EVALUATION]
    assert "degraded" not in told or name.startswith(
        "sandbox"
    )  # it sends no key that its server does not answer
    allowed = {"drug referred to is not at hand", "unmapped drug"}  # Epic names drugs by reference
    assert {one["reason"] for one in told.get("rejected", ())} <= allowed


@pytest.mark.parametrize("name", [name for name in SHAPES_OF if "order-select" in name])
def test_the_selected_order_is_found(name: str) -> None:
    """Epic's draft has an id of 200 characters and its drug beside it; the sandbox's Bundle has no type."""
    body = shape(name)
    first = cards(sandbox(), body)[0]
    assert first["extension"][CARD]["rules"][0].startswith("ORD-")
    (selected,) = body["context"]["selections"]
    assert selected in {action.get("resourceId") for action in actions(first)}


def test_the_sandbox_opens_its_form_before_a_drug_is_chosen() -> None:
    body = shape("sandbox-order-select")
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    for name in ("intent", "category", "medicationCodeableConcept", "dosageInstruction", "dispenseRequest"):
        del order[name]
    assert sandbox().post("/cds-services/itp-order-select", json=body).status_code == 200


# ------------------------------------------------------------------------------------- which is chosen


def test_epic_is_recognised_by_its_extensions() -> None:
    body = shape("epic-patient-view")
    told = cards(sandbox(), body)
    plain = cards(sandbox(), {name: value for name, value in body.items() if name != "extension"})
    assert {card["source"]["topic"]["code"] for card in told}.isdisjoint(
        {card["source"]["topic"]["code"] for card in plain}
    )


@pytest.mark.parametrize(
    "extension", [{"com.epic.other": 1}, {"com.example.x": EPIC}, [EPIC], "com.epic.cdshooks.request.x", None]
)
def test_nothing_else_is_taken_for_epic(extension: Any) -> None:
    plain = shape("oracle-health-patient-view")
    assert without_ids(cards(sandbox(), {**plain, "extension": extension})) == without_ids(
        cards(sandbox(), plain)
    )


def test_the_client_entry_decides(at: At) -> None:
    body = shape("epic-patient-view")
    is_epic = {}
    for dialect in ("standard", "epic", "sandbox", "oracle-health", None):
        told = cards(at(dialect), body)
        is_epic[dialect] = told[0]["source"]["topic"]["code"] == "TRF02critical"
    assert is_epic == {"standard": False, "epic": True, "sandbox": False, "oracle-health": False, None: True}


def test_every_dialect_that_can_be_set_has_a_shape() -> None:
    field = Client.model_fields["dialect"].annotation
    assert set(SHAPES) == set(field.__args__)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", SHAPES_OF)
def test_standard_and_sandbox_are_one(at: At, name: str) -> None:
    assert without_ids(cards(at("standard"), shape(name))) == without_ids(cards(at("sandbox"), shape(name)))


# ---------------------------------------------------------------------------------------------- epic

CODES = {
    "platelets-adult": "PLT_ADULT",
    "cbc": "CBC_IP",
    "cbc-after-platelets": "CBC_POST",
    "haematology": "CON_HEM",
    "paracetamol": "APAP",
}


@pytest.fixture(scope="module")
def at_epic(at: At) -> FlaskClient:
    return at("epic", True)


@pytest.fixture(params=["epic-patient-view", "epic-order-select"])
def told(at_epic: FlaskClient, request: pytest.FixtureRequest) -> list[Json]:
    return cards(at_epic, shape(request.param))


def test_epic_takes_one_action_per_suggestion(told: list[Json]) -> None:
    assert any("suggestions" in card for card in told)
    for card in told:
        for suggestion in card.get("suggestions", ()):
            assert len(suggestion["actions"]) == 1
            assert suggestion["label"]
        assert card.get("selectionBehavior") == ("any" if "suggestions" in card else None)


def test_epic_needs_ids_that_are_each_its_own(told: list[Json]) -> None:
    ids = [card["uuid"] for card in told]
    ids += [suggestion["uuid"] for card in told for suggestion in card.get("suggestions", ())]
    assert len(ids) == len(set(ids))


def test_epic_takes_topics_of_letters_and_digits_that_stay(at_epic: FlaskClient) -> None:
    """And one for each content: who acknowledges an info card must not silence a critical one."""
    body = shape("epic-patient-view")
    topics = [[card["source"]["topic"] for card in cards(at_epic, body)] for _ in range(2)]
    assert topics[0] == topics[1]
    codes = [topic["code"] for topic in topics[0]]
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,100}", code) for code in codes)
    assert codes == ["TRF02critical", "INFEBVinfo"]
    assert {topic["system"] for topic in topics[0]} == {f"{PUBLIC}/rules"}


def test_epic_creates_and_deletes_orders_and_does_nothing_else(told: list[Json]) -> None:
    for action in (one for card in told for one in actions(card)):
        assert action["description"]
        assert action["type"] in ("create", "delete")
        kind = (action.get("resource") or {}).get("resourceType") or action["resourceId"].partition("/")[0]
        assert kind in ("MedicationRequest", "ServiceRequest")


def test_epic_orders_by_the_sites_codes(at_epic: FlaskClient) -> None:
    first = cards(at_epic, shape("epic-patient-view"))[0]
    codes = [
        coding
        for action in actions(first)
        for coding in action["resource"]["code"]["coding"]
        if coding["system"] == PREFERENCE_LIST
    ]
    assert codes == [
        {"system": PREFERENCE_LIST, "code": CODES[name]}
        for name in ("platelets-adult", "cbc-after-platelets", "haematology", "cbc")
    ]


def test_epic_finds_drugs_by_rxnorm_where_the_site_maps_none(at: At) -> None:
    first = cards(at("epic"), shape("epic-order-select"))[0]
    (drug,) = [action["resource"] for action in actions(first) if action["type"] == "create"]
    (coding,) = drug["medicationCodeableConcept"]["coding"]
    assert (coding["system"], coding["code"]) == ("urn:oid:2.16.840.1.113883.6.88", "161")


def test_a_draft_without_any_code_is_named_and_not_offered(at: At) -> None:
    """Nothing is lost on the way: what cannot be chosen is still said."""
    mapped, plain = (cards(at("epic", known), shape("epic-patient-view"))[0] for known in (True, False))

    def offers(card: Json) -> bool:
        return any("haematology consultation" in action["description"] for action in actions(card))

    assert offers(mapped)
    assert not offers(plain)
    assert "- haematology consultation" in plain["detail"].partition(epic.NOT_OFFERED)[2]
    assert "- haematology consultation" not in mapped["detail"]


def test_details_that_epic_does_not_take_over_are_not_promised(told: list[Json]) -> None:
    """An order opens with the site's defaults: an urgency or amount in a draft would be believed and lost."""
    created = [action for card in told for action in actions(card) if action["type"] == "create"]
    assert any(epic.DEFAULTS in action["description"] for action in created)
    for action in created:
        order = action["resource"]
        assert order["status"] == "draft"
        assert order["intent"] == "proposal"
        assert not {"priority", *epic.DETAILS} & set(order)
        model = {"MedicationRequest": MedicationRequest, "ServiceRequest": ServiceRequest}[
            order["resourceType"]
        ]
        model.model_validate(copy.deepcopy(order), strict=False)


def test_the_words_of_a_card_are_the_same_in_every_dialect(told: list[Json], at: At) -> None:
    name = (
        "epic-order-select"
        if told[0]["extension"][CARD]["rules"][0].startswith("ORD")
        else "epic-patient-view"
    )
    plain = cards(at("standard"), shape(name))
    assert [card["summary"] for card in told] == [card["summary"] for card in plain]
    for ours, theirs in zip(told, plain, strict=True):
        assert ours["detail"].startswith(theirs["detail"])
        assert ours.get("overrideReasons") == theirs.get("overrideReasons")


# ------------------------------------------- epic: what the stored requests do not bring about

DELETE = Action(
    type="delete", description="Remove the selected draft order", resource_id="MedicationRequest/d1"
)
PAGE = Page(facts([count(18)]), prepare(load_content(), PUBLIC, 100).setting)


def create(name: str, *codes: tuple[str, str], kind: str = "ServiceRequest", **members: Any) -> Action:
    concept: Json = {"text": name}
    if codes:
        concept["coding"] = [{"system": system, "code": code} for system, code in codes]
    resource = {
        "resourceType": kind,
        "status": "draft",
        "intent": "proposal",
        "priority": "routine",
        **members,
    }
    resource["code" if kind == "ServiceRequest" else "medicationCodeableConcept"] = concept
    return Action(type="create", description=f"Draft order: {name}", resource=resource)


def shaped(*suggestions: tuple[Action, ...], behaviour: Any = "any") -> Card:
    """A card with a suggestion for each tuple of actions, as Epic takes it."""
    topic = Coding(code="ordersafety", system="s", display="d")
    card = Card(
        uuid="c",
        summary="s",
        detail="d",
        indicator="warning",
        source=Source(label="l", url="https://guideline.example", topic=topic),
        suggestions=tuple(
            WireSuggestion(label=f"label {n}", uuid=f"u{n}", actions=actions, is_recommended=n == 0 or None)
            for n, actions in enumerate(suggestions)
        ),
        selection_behavior=behaviour,
        extension={EXTENSION: CardExtension(rules=("ORD-02",), content_version="1")},
    )
    return epic.epic_card(card, PAGE)


def said(card: Card) -> list[str]:
    return [suggestion.actions[0].description for suggestion in card.suggestions]


A, B = create("a", ("http://loinc.org", "1-8")), create("b", ("http://loinc.org", "2-6"))
UNKNOWN = create("without code")


def test_a_whole_suggestion_keeps_its_label_and_id() -> None:
    (one,) = shaped((A,)).suggestions
    assert (one.label, one.uuid, one.is_recommended) == ("label 0", "u0", True)


def test_a_split_suggestion_is_labelled_by_its_parts() -> None:
    first, second = shaped((A, B)).suggestions
    assert (first.label, second.label) == ("Draft order: a", "Draft order: b")
    assert first.uuid == "u0"
    assert second.uuid not in ("u0", "")
    (rest,) = shaped((A, UNKNOWN)).suggestions
    assert rest.label == "Draft order: a"


def test_an_order_is_not_deleted_where_its_replacement_cannot_be_created() -> None:
    card = shaped((DELETE, UNKNOWN))
    assert card.suggestions == ()
    assert card.selection_behavior is None
    listed = card.detail.partition(epic.NOT_OFFERED)[2].split("\n")
    assert [line for line in listed if line] == ["- Remove the selected draft order", "- without code"]
    assert said(shaped((DELETE, UNKNOWN), (DELETE,))) == ["Remove the selected draft order"]
    assert said(shaped((DELETE, A))) == ["Remove the selected draft order", "Draft order: a"]


def test_an_update_is_named_and_not_offered() -> None:
    card = shaped((Action(type="update", description="Change the selected draft order", resource={}),))
    assert card.suggestions == ()
    assert "- Change the selected draft order" in card.detail


@pytest.mark.parametrize("kind", ["NutritionOrder", "DeviceRequest", ""])
def test_another_kind_of_order_is_not_deleted(kind: str) -> None:
    action = Action(type="delete", description="Remove it", resource_id=f"{kind}/1")
    assert shaped((action,)).suggestions == ()


def test_alternatives_say_that_they_exclude_each_other() -> None:
    """Epic would let both be chosen: two drugs where one is meant."""
    assert said(shaped((A,), (B,), behaviour="at-most-one")) == [
        f"Draft order: a{epic.ALTERNATIVE}",
        f"Draft order: b{epic.ALTERNATIVE}",
    ]
    assert said(shaped((A,), (B,))) == ["Draft order: a", "Draft order: b"]


def test_what_alternatives_share_is_offered_once() -> None:
    remove = "Remove the selected draft order"
    assert said(shaped((DELETE, A), (DELETE,), behaviour="at-most-one")) == [remove, "Draft order: a"]
    assert said(shaped((DELETE, A), (DELETE, B), behaviour="at-most-one")) == [
        remove,
        f"Draft order: a{epic.ALTERNATIVE}",
        f"Draft order: b{epic.ALTERNATIVE}",
    ]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({}, False),
        ({"priority": "urgent"}, True),
        ({"dosageInstruction": [{"text": "x"}]}, True),
        ({"quantityQuantity": {"value": 1}}, True),
        ({"occurrenceDateTime": "2026-06-16"}, True),
        ({"note": [{"text": "x"}]}, True),
    ],
)
def test_lost_details_are_told(members: Json, told: bool) -> None:
    (words,) = said(shaped((create("a", ("http://loinc.org", "1-8"), **members),)))
    assert (epic.DEFAULTS in words) is told


@pytest.mark.parametrize(
    ("codes", "kind", "sent"),
    [
        ([(RXNORM, "161"), (PREFERENCE_LIST, "X")], "MedicationRequest", (PREFERENCE_LIST, "X")),
        ([("urn:other", "1"), (RXNORM, "161")], "MedicationRequest", (epic.RXNORM_OID, "161")),
        ([("urn:other", "1")], "MedicationRequest", ("urn:other", "1")),
        ([("http://snomed.info/sct", "12719002")], "ServiceRequest", ("http://snomed.info/sct", "12719002")),
    ],
)
def test_one_code_is_sent(codes: list[tuple[str, str]], kind: str, sent: tuple[str, str]) -> None:
    (suggestion,) = shaped((create("a", *codes, kind=kind),)).suggestions
    resource = suggestion.actions[0].resource
    assert resource is not None
    (coding,) = resource["code" if kind == "ServiceRequest" else "medicationCodeableConcept"]["coding"]
    assert (coding["system"], coding["code"]) == sent


@pytest.mark.parametrize(("inpatient", "category"), [(True, "inpatient"), (False, None)])
def test_the_category_is_said_where_it_is_known(inpatient: bool, category: str | None) -> None:
    stay = Stay("Encounter/e", inpatient=inpatient, intensive=False)
    page = Page(replace(PAGE.p, stay=stay), PAGE.setting)
    action = epic._action(A, page)
    assert action is not None
    assert action.resource is not None
    told = action.resource.get("category", [{"coding": [{"code": None}]}])
    assert told[0]["coding"][0]["code"] == category


# -------------------------------------------------------------------------------------- oracle health


def test_a_narrow_panel_gets_lists(at: At) -> None:
    body = shape("oracle-health-patient-view")
    told = cards(at("oracle-health"), body)
    plain = cards(at("standard"), body)
    assert any("|---|" in card["detail"] for card in plain)
    for card, other in zip(told, plain, strict=True):
        assert not re.search(r"^\|", card["detail"], re.MULTILINE)
        assert {**card, "uuid": "", "detail": "", "suggestions": []} == {
            **other,
            "uuid": "",
            "detail": "",
            "suggestions": [],
        }
        for row in re.findall(r"^\| (\w.+) \|$", other["detail"], re.MULTILINE):
            assert all(cell.strip() in card["detail"] for cell in row.split(" | "))


@pytest.mark.parametrize(
    ("table", "listed"),
    [
        ("| | |\n|---|---|\n| A | b |", "- A: b"),
        ("| Cause | Advice |\n|:--|--:|\n| x | y | ", "- Cause: Advice\n| x | y | "),
        ("| a \\| b | c | d |", "- a \\| b: c, d"),
        ("| lonely |", "- lonely"),
        ("text | with | bars", "text | with | bars"),
    ],
)
def test_each_row_is_an_item(table: str, listed: str) -> None:
    assert as_lists(table) == listed

"""From a decision to cards: words, blocks, drafts, the extension."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cards.citations import CITATIONS
from cards.decide import Decision, decide
from cards.facts import PatientFacts
from cards.merging import absorb
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion
from cards.record import Moment, Order
from cards.thresholds import Thresholds
from cards.wording import Evidence, Section, Words
from cds_service.card_text import Page, Setting, detail, escape, summary
from cds_service.content import load_content
from cds_service.evaluate import prepare
from cds_service.fhir.dates import read_moment
from cds_service.hooks.wire import encode
from cds_service.render import render
from cds_service.times import long_time, short_time
from tests.cards.build import NOW, count, facts, nosebleed

BASE = "http://127.0.0.1:8080"
CONTENT = load_content()
SETTING = prepare(CONTENT, BASE, 100).setting
P = facts([count(31, days=3), count(22)], findings=[nosebleed(hours=2)])


def section(rule: str, **paragraphs: str) -> Section:
    named = {name.replace("_", "."): text for name, text in paragraphs.items()}
    evidence = (Evidence("BSH17", "consider platelets below 30"), Evidence("AABB25", "restrict", "strong"))
    return Section(rule, "stem", "BSH17", evidence, ("already-done", "bleeding-stopped"), ("ICR19",), named)


def setting(*sections: Section) -> Setting:
    return replace(SETTING, words=Words({one.rule: one for one in sections}))


def sent(advise: Advise, *sections: Section, p: PatientFacts = P, encounter: str | None = None) -> Any:
    """The card as a client reads it."""
    decision = Decision((advise,), {})
    cards = render(decision, p, setting(*sections), encounter)
    return json.loads(encode(cards))[0]


TRF = section(
    "TRF-02", title="Platelets {platelets} ({sampled})", suggestion="Below {limit:bleeding_transfuse}."
)
ADVISE = Advise("TRF-02", Indicator.CRITICAL)


def test_the_parts_of_a_card() -> None:
    card = sent(ADVISE, TRF)
    assert card["summary"] == "Platelets 22 x10^9/L (15 Jun, 07:00)"
    assert card["indicator"] == "critical"
    assert card["source"] == {
        "label": "BSH guideline on platelet transfusion, 2017",
        "url": "https://doi.org/10.1111/bjh.14423",
        "topic": {
            "system": f"{BASE}/fhir/CodeSystem/card-topic",
            "code": "transfusion",
            "display": "Platelet transfusion",
        },
    }
    assert card["overrideReasons"] == [
        {
            "code": "action-completed",
            "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
            "display": "Already done",
        },
        {
            "code": "bleeding-stopped",
            "system": f"{BASE}/fhir/CodeSystem/override-reason",
            "display": "Bleeding has stopped",
        },
    ]
    assert card["links"][0]["url"] == f"{BASE}/rules/TRF-02"
    assert {link["type"] for link in card["links"]} == {"absolute"}
    assert "suggestions" not in card
    assert "selectionBehavior" not in card


def test_a_source_without_an_address_leads_to_the_page_of_the_rule() -> None:
    assert CITATIONS["SEED"].url is None
    card = sent(ADVISE, replace(TRF, source="SEED"))
    assert card["source"]["url"] == f"{BASE}/rules/TRF-02"


def test_info_cards_ask_for_no_reason() -> None:
    assert "overrideReasons" not in sent(replace(ADVISE, indicator=Indicator.INFO), TRF)


def test_the_blocks_stand_in_their_order() -> None:
    words = section("TRF-02", title="t", suggestion="Do.", caution_one="Watch.")
    text = sent(replace(ADVISE, cautions=("caution.one",)), words)["detail"]
    headings = [
        line.strip("*") for line in text.splitlines() if line.startswith("**") and line.endswith("**")
    ]
    assert headings == [
        "Why this card",
        "Suggestion",
        "Cautions found in this record",
        "What is not known",
        "Evidence",
        "Limits",
    ]
    assert "- Watch." in text
    assert "- AABB and ICTMG guideline on platelet transfusion, 2025: restrict (strong)" in text
    assert text.endswith("Decision support for clinicians; not a diagnosis; verify the data.")


def test_without_cautions_their_block_is_left_out() -> None:
    assert "Cautions" not in sent(ADVISE, TRF)["detail"]


def test_a_number_in_force_stands_in_the_words() -> None:
    page = Page(P, replace(setting(TRF), limits=replace(Thresholds(), bleeding_transfuse=Decimal("45"))))
    assert "Below 45." in detail(ADVISE, page)


def test_inputs_are_shown_and_sent_with_where_they_come_from() -> None:
    at = Moment.instant(NOW)
    rows = (
        Input("platelet count", Decimal("22"), "10*9/L", at, "Observation/p1", "preliminary"),
        Input("lactate", Decimal("7.10"), "mmol/L", None, "platelets[3]"),
        Input("platelet count", Decimal("22"), "10*9/L", at, "Observation/p1", "preliminary"),
    )
    card = sent(replace(ADVISE, inputs=rows), TRF)
    assert (
        "| Platelet count | 22 x10^9/L (preliminary) | 15 Jun 2026, 10:00 (Observation/p1) |"
        in card["detail"]
    )
    assert "| Lactate | 7.10 mmol/L | no date |" in card["detail"]
    assert card["extension"]["org.platelet-hooks.card"]["inputs"] == [
        {
            "fact": "platelet count",
            "value": 22,
            "unit": "10*9/L",
            "time": at.text,
            "reference": "Observation/p1",
        },
        {"fact": "lactate", "value": 7.1, "unit": "mmol/L"},
    ]


def test_names_and_units_are_shown_as_people_write_them() -> None:
    rows = (Input("eGFR", Decimal(20), "mL/min/{1.73_m2}"), Input("INR", Decimal("1.8"), "{INR}"))
    shown = sent(replace(ADVISE, inputs=rows), TRF)["detail"]
    assert "| eGFR | 20 mL/min/1.73 m2 | no date |" in shown
    assert "| INR | 1.8 | no date |" in shown


def test_numbers_are_sent_exactly() -> None:
    rows = (Input("lactate", Decimal("7.10"), "mmol/L"), Input("count", Decimal("0.1234567890123456789")))
    text = encode(render(Decision((replace(ADVISE, inputs=rows),), {}), P, setting(TRF)))
    assert b'"value":7.10,' in text
    assert b'"value":0.1234567890123456789' in text


def test_the_extension_tells_rules_evidence_and_content() -> None:
    card = sent(replace(ADVISE, also=("MON-01",)), TRF, section("MON-01", title="m"))
    extension = card["extension"]["org.platelet-hooks.card"]
    assert extension["rules"] == ["TRF-02", "MON-01"]
    assert extension["contentVersion"] == CONTENT.version
    assert extension["evidence"] == [
        {
            "source": "BSH guideline on platelet transfusion, 2017",
            "recommendation": "consider platelets below 30",
        },
        {
            "source": "AABB and ICTMG guideline on platelet transfusion, 2025",
            "recommendation": "restrict",
            "grade": "strong",
        },
    ]


def test_merged_words_keep_their_own_values() -> None:
    mon = section("MON-01", title="m", suggestion="Count in {hours} h.")
    words = section("TRF-02", title="t", suggestion="Within {hours} h.")
    card = absorb(
        Advise("TRF-02", Indicator.CRITICAL, values={"hours": 6}),
        Advise("MON-01", Indicator.INFO, values={"hours": 24}),
    )
    text = detail(card, Page(P, setting(words, mon)))
    assert "Within 6 h." in text
    assert "Count in 24 h." in text


def test_a_hole_that_nothing_fills_is_a_fault() -> None:
    with pytest.raises(KeyError, match="nothing fills the hole 'bogus'"):
        sent(ADVISE, section("TRF-02", title="{bogus}", suggestion="s"))


def test_without_a_count_the_words_say_so() -> None:
    words = section("TRF-02", title="{platelets}, {sampled}, {previous}, {finding}", suggestion="s")
    assert sent(ADVISE, words, p=facts(None))["summary"] == "not known, no sample time, not known, bleeding"


def test_a_title_that_were_too_long_gives_up_whole_words() -> None:
    words = summary(ADVISE, Page(P, setting(section("TRF-02", title="word " * 40))))
    assert len(words) <= 139
    assert words.endswith("word…")


def test_what_is_not_ours_has_no_meaning_to_markdown() -> None:
    rows = (Input("a|b", "<b>*x*_y_[z](u)`c`"),)
    text = detail(replace(ADVISE, inputs=rows), Page(P, setting(TRF)))
    assert r"| A\|b | \<b\>\*x\*\_y\_\[z\](u)\`c\` | no date |" in text
    assert escape("10*9/L") == r"10\*9/L"


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("2026-11-22T04:10:00+01:00", "22 Nov, 04:10", "22 Nov 2026, 04:10"),
        ("2025-11-22T04:10:00.123Z", "22 Nov 2025, 04:10", "22 Nov 2025, 04:10"),
        ("2026-11-22", "22 Nov", "22 Nov 2026"),
        ("2025-11-22", "22 Nov 2025", "22 Nov 2025"),
        ("2026-11", "Nov 2026", "Nov 2026"),
        ("2026", "2026", "2026"),
    ],
)
def test_times_are_shown_as_recorded(text: str, short: str, long: str) -> None:
    moment = read_moment(text)
    assert (short_time(moment, NOW), long_time(moment)) == (short, long)


# ------------------------------------------------------------------------------------------------- drafts


def create(template: str, **members: Any) -> Suggestion:
    return Suggestion("go", (Action(ActionType.CREATE, template, **members),), recommended=True)


WITH_LABEL = section("TRF-02", title="t", suggestion="s", label_go="Order {platelets}")


def test_a_draft_is_one_that_a_real_record_takes() -> None:
    suggestion = create(
        "platelets-adult",
        priority="urgent",
        reasons=("Observation/p1", "Observation/p1", "Patient/x", "platelets[3]"),
        quantity=(Decimal(1), "adult dose"),
    )
    card = sent(replace(ADVISE, suggestions=(suggestion,)), WITH_LABEL, encounter="e1")
    assert card["selectionBehavior"] == "any"
    [shown] = card["suggestions"]
    assert (shown["label"], shown["isRecommended"]) == ("Order 22 x10^9/L", True)
    [action] = shown["actions"]
    assert action["description"] == "Draft order: transfusion of platelets, one adult dose, urgent"
    resource = action["resource"]
    ServiceRequest.model_validate(resource)
    assert resource["status"] == "draft"
    assert resource["intent"] == "proposal"
    assert resource["code"]["coding"][0]["code"] == "12719002"
    assert resource["subject"] == {"reference": P.person.reference}
    assert resource["encounter"] == {"reference": "Encounter/e1"}
    assert resource["reasonReference"] == [{"reference": "Observation/p1"}]


@pytest.mark.parametrize("name", CONTENT.templates)
def test_every_template_makes_valid_fhir(name: str) -> None:
    suggestion = create(name, reasons=("Condition/c",), due=NOW, dosage="by weight")
    card = sent(replace(ADVISE, suggestions=(suggestion,)), WITH_LABEL)
    resource = card["suggestions"][0]["actions"][0]["resource"]
    model = {"ServiceRequest": ServiceRequest, "MedicationRequest": MedicationRequest}[
        resource["resourceType"]
    ]
    # A dose belongs to drugs, a date to the other orders; a rule gives only what its template takes.
    alien = "occurrenceDateTime" if model is MedicationRequest else "dosageInstruction"
    model.model_validate({key: value for key, value in resource.items() if key != alien})


ORDER = Order(
    "MedicationRequest/d1",
    "MedicationRequest",
    frozenset(),
    True,
    resource={"resourceType": "MedicationRequest", "id": "d1", "note": [], "category": {"text": "x"}},
)


def test_a_delete_names_the_selected_draft() -> None:
    suggestion = Suggestion("go", (Action(ActionType.DELETE, order=ORDER),))
    card = sent(replace(ADVISE, suggestions=(suggestion,), one_of=True), WITH_LABEL)
    assert card["selectionBehavior"] == "at-most-one"
    assert card["suggestions"][0]["actions"] == [
        {
            "type": "delete",
            "description": "Remove the selected draft order",
            "resourceId": "MedicationRequest/d1",
        }
    ]
    assert "isRecommended" not in card["suggestions"][0]


def test_an_update_returns_the_clients_own_draft() -> None:
    action = Action(ActionType.UPDATE, order=ORDER, changes={"priority": "routine"})
    card = sent(replace(ADVISE, suggestions=(Suggestion("go", (action,)),)), WITH_LABEL)
    assert card["suggestions"][0]["actions"][0]["resource"] == {
        "resourceType": "MedicationRequest",
        "id": "d1",
        "category": {"text": "x"},
        "priority": "routine",
    }


def test_ids_differ_from_call_to_call() -> None:
    suggestion = create("cbc")
    first, second = (sent(replace(ADVISE, suggestions=(suggestion,)), WITH_LABEL) for _ in range(2))
    found = {card["uuid"] for card in (first, second)} | {
        c["suggestions"][0]["uuid"] for c in (first, second)
    }
    assert len(found) == 4


def test_shipped_cards_render() -> None:
    decision = decide(P, Thresholds())
    cards = render(decision, P, SETTING)
    assert len(cards) == len(decision.cards) > 0
    assert all(msgspec.json.decode(encode(card))["summary"] for card in cards)

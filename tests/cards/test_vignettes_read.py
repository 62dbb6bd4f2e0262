"""All cards of all vignettes, read: form, sources, limits, and what a card never does (rulebook A.3, A.4 and I)."""

from __future__ import annotations

import re
from typing import Any

from cards.advice import ALL_ADVICE
from cards.precedence import CARD_LIMITS, INFECTION_CARDS
from cds_service.fhir.validate import invalid_reason
from cds_service.hooks.wire import encode
from cds_service.stories.vignettes import Vignette
from tests.cards.telling import Answer, ask, each_vignette, own, rules_of

HEADINGS = (
    "Why this card",
    "Suggestion",
    "Cautions found in this record",
    "What is not known",
    "Evidence",
    "Limits",
)
ALWAYS = {"Why this card", "Suggestion", "Evidence", "Limits"}
TOPICS = {advice.topic.value for advice in ALL_ADVICE}
AS_FACT = re.compile(
    r"\b(you have|the patient has|he has|she has|suffers from|is diagnosed|diagnosis is|this is (?:an? )?"
    r"(?:ITP|TTP|HIT|HLH|DIC|sepsis|dengue|immune thrombocytopenia))\b",
    re.IGNORECASE,
)
ORDERS_THE_READER = re.compile(
    r"\b(you must|must be given|must not be given|do not give|give \d)", re.IGNORECASE
)
HTML = re.compile(r"<\s*/?\s*[a-zA-Z!]")
FROM_THE_RECORD = ("Vignette", "LOCAL-4711", "as charted", "urn:oid")
"""What the record of every story holds and no card may repeat: name, local code, free text."""
DOSE = re.compile(r"\d[\d.]* ?(?:mg|ug|g|mL|IU|MU|units?)(?:/kg)?\b")


DERIVED = re.compile(
    r"(PLASMIC|4Ts|DIC) score|days from the start of .* to the fall|weeks of gestation|(start|end) of (the|its) .*"
)
"""Rows that are reckoned from others, which stand beside them with their resources."""


def is_derived(entry: Answer) -> bool:
    return entry["value"] == "none recorded" or DERIVED.match(entry["fact"]) is not None


def heading_of(line: str) -> str | None:
    found = re.fullmatch(r"\*\*(.+)\*\*", line)
    return found[1] if found else None


def headings(card: Answer) -> list[str]:
    return [name for line in card["detail"].splitlines() if (name := heading_of(line)) is not None]


def dosages(card: Answer) -> list[tuple[str, dict[str, Any]]]:
    """Drugs that the card would draft, with what it knows of the patient."""
    return [
        (a["description"], a["resource"])
        for s in card.get("suggestions", ())
        for a in s["actions"]
        if a["type"] == "create" and a["resource"]["resourceType"] == "MedicationRequest"
    ]


def every_card_keeps_the_form(vignette: Vignette) -> None:
    for card in ask(vignette)["cards"]:
        assert 0 < len(card["summary"]) < 140
        assert "…" not in card["summary"]
        assert "..." not in card["summary"]
        assert "{" not in card["summary"] + card["detail"]
        found = headings(card)
        assert found == [name for name in HEADINGS if name in found], "six headings, in their order"
        assert set(found) >= ALWAYS
        assert not HTML.search(card["detail"])
        assert not HTML.search(card["summary"])
        assert card["source"]["label"]
        assert card["source"]["topic"]["code"] in TOPICS
        assert all(reason["code"] and reason["system"] for reason in card.get("overrideReasons", ()))
        assert card["indicator"] == "info" or card["overrideReasons"], "no block without a way past it"


def every_card_can_be_checked(vignette: Vignette) -> None:
    """Rulebook I.5: its sources, and every value with the resource that it came from."""
    for card in ask(vignette)["cards"]:
        evidence = own(card)["evidence"]
        assert evidence, rules_of(card)
        assert all(entry["source"] for entry in evidence), rules_of(card)
        assert own(card)["contentVersion"]
        for entry in own(card).get("inputs", ()):
            assert entry["fact"]
            assert entry["value"] not in ("", None)
            assert re.fullmatch(r"[A-Z]\w+/[\w.-]+", entry.get("reference", "")) or is_derived(entry), entry
        rest = card["detail"].split("**Why this card**")[1].split("**")[0]
        assert "|" in rest or "see the suggestion" in rest, rules_of(card)


def no_card_says_what_a_card_must_not(vignette: Vignette) -> None:
    """Rulebook I.1 to I.4: no diagnosis as fact, no order, nothing copied out of the record."""
    for card in ask(vignette)["cards"]:
        said = card["summary"] + "\n" + card["detail"]
        assert not AS_FACT.search(said), AS_FACT.search(said)
        assert not ORDERS_THE_READER.search(said), ORDERS_THE_READER.search(said)
        assert not [words for words in FROM_THE_RECORD if words in said]


def the_drafts_are_proposals_and_valid(vignette: Vignette) -> None:
    for card in ask(vignette)["cards"]:
        for action in (a for s in card.get("suggestions", ()) for a in s["actions"]):
            if action["type"] == "create":
                resource = action["resource"]
                assert (resource["status"], resource["intent"]) == ("draft", "proposal")
                assert invalid_reason(encode(resource)) is None


def no_dose_without_what_it_depends_on(vignette: Vignette) -> None:
    """A drug is drafted with a dose only where age and allergies are known, and the weight where it goes by weight."""
    person = vignette.story.person
    for card in ask(vignette)["cards"]:
        for description, resource in dosages(card):
            said = " ".join(d.get("text", "") for d in resource.get("dosageInstruction", ()))
            if DOSE.search(said):
                assert "allergies" not in (*vignette.story.failed, *vignette.story.absent), description
                assert "/kg" not in said or person.weight is not None, description


def the_number_of_cards_keeps_its_limits(vignette: Vignette) -> None:
    cards = ask(vignette)["cards"]
    critical = [c for c in cards if c["indicator"] == "critical"]
    assert len(cards) <= max(CARD_LIMITS[vignette.story.hook], len(critical))
    leads = [rules_of(c)[0] for c in cards]
    assert len(set(leads)) == len(leads), "two cards of one rule"
    infections = [c for c in cards if rules_of(c)[0].startswith("INF-")]
    assert len(infections) <= max(
        INFECTION_CARDS, len([c for c in infections if c["indicator"] == "critical"])
    )
    decisions = [lead for lead in leads if lead.startswith("TRF-") and lead != "TRF-11"]
    assert len(decisions) <= 1, "one transfusion decision"
    assert len([lead for lead in leads if lead.startswith("TPO-")]) <= 1


def cards_stand_in_the_order_of_urgency(vignette: Vignette) -> None:
    order = {"critical": 0, "warning": 1, "info": 2}
    shown = [order[c["indicator"]] for c in ask(vignette)["cards"]]
    assert shown == sorted(shown)


CHECKS = (
    every_card_keeps_the_form,
    every_card_can_be_checked,
    no_card_says_what_a_card_must_not,
    the_drafts_are_proposals_and_valid,
    no_dose_without_what_it_depends_on,
    the_number_of_cards_keeps_its_limits,
    cards_stand_in_the_order_of_urgency,
)


@each_vignette
def test_the_cards_of_a_story_keep_to(vignette: Vignette) -> None:
    """All of them in one test of a story, whose cards are made once; a failure names the check."""
    for check in CHECKS:
        check(vignette)

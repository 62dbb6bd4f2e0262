"""Epic: what its CDS Hooks tutorial documents of cards that its clients take (fhir.epic.com, "CDS Hooks").

One action per suggestion; selectionBehavior any; topics of letters and digits that stand for one card's content, since
an acknowledgement of a card silences the later cards of its topic; orders created by the code of the site's preference
list, else by a code that the site has to map; no update. An order opens with the defaults of the site: dose, amount and
urgency of a draft are not taken over, so they are not sent, and the words say so. What cannot be offered is named in
the card instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from msgspec.structs import replace

from cds_service.card_text import Page, escape
from cds_service.drafting import PREFERENCE_LIST
from cds_service.hooks.card import EXTENSION, Card
from cds_service.hooks.suggestion import Action, Suggestion

RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
RXNORM_OID: Final = "urn:oid:2.16.840.1.113883.6.88"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"

CONCEPTS: Final[Mapping[str, str]] = MappingProxyType(
    {"MedicationRequest": "medicationCodeableConcept", "ServiceRequest": "code"}
)
"""The resources that can be created and deleted, and where each says what is ordered."""

KEPT: Final = ("resourceType", "status", "intent", "subject", "encounter")
DETAILS: Final = ("dosageInstruction", "quantityQuantity", "occurrenceDateTime", "note")

DEFAULTS: Final = " (opens with your defaults: check dose, amount, urgency and notes)"
ALTERNATIVE: Final = " (alternatives: choose one at most)"
DRAFT: Final = "Draft order: "
NOT_OFFERED: Final = "**Not offered as an order here**"


def epic_card(card: Card, page: Page) -> Card:
    """The card as Epic takes it."""
    told = tuple(_offered(one, page) for one in card.suggestions)
    offered = tuple(suggestion for suggestions, _ in told for suggestion in suggestions)
    missing = tuple(dict.fromkeys(words for _, left in told for words in left))
    if card.selection_behavior == "at-most-one" and len(told) > 1:
        offered = tuple(_as_alternative(one) for one in offered)
    rule = card.extension[EXTENSION].rules[0]
    topic = re.sub(r"[^A-Za-z0-9]", "", rule) + card.indicator
    listed = "\n".join(f"- {escape(words.removeprefix(DRAFT))}" for words in missing)
    return replace(
        card,
        detail=f"{card.detail}\n\n{NOT_OFFERED}\n\n{listed}" if missing else card.detail,
        source=replace(
            card.source,
            topic=replace(card.source.topic, code=topic, system=f"{page.setting.base_url}/rules"),
        ),
        suggestions=offered,
        selection_behavior="any" if offered else None,
    )


def _offered(suggestion: Suggestion, page: Page) -> tuple[tuple[Suggestion, ...], tuple[str, ...]]:
    """One suggestion for each action that can be offered, and the words of the others.

    A draft is deleted only where all that takes its place can be created.
    """
    actions = [(action, _action(action, page)) for action in suggestion.actions]
    replaceable = all(taken is not None for action, taken in actions if action.type != "delete")
    taken = [one for action, one in actions if one is not None and (action.type != "delete" or replaceable)]
    left = [
        action.description
        for action, one in actions
        if one is None or (action.type == "delete" and not replaceable)
    ]
    return tuple(_split(suggestion, taken)), tuple(left)


def _split(suggestion: Suggestion, actions: list[Action]) -> Iterator[Suggestion]:
    """A suggestion per action; what is only a part of it is labelled by its own words."""
    is_whole = len(actions) == len(suggestion.actions) == 1
    for number, action in enumerate(actions):
        yield replace(
            suggestion,
            label=suggestion.label if is_whole else action.description,
            uuid=suggestion.uuid if number == 0 else str(uuid4()),
            actions=(action,),
        )


def _as_alternative(suggestion: Suggestion) -> Suggestion:
    """Epic lets several be chosen, so the words have to say that one excludes the other."""
    (action,) = suggestion.actions
    return replace(suggestion, actions=(replace(action, description=f"{action.description}{ALTERNATIVE}"),))


def _action(action: Action, page: Page) -> Action | None:
    """The action as Epic takes it; None for one that it does not."""
    match action.type:
        case "delete":
            kind = (action.resource_id or "").partition("/")[0]
            return action if kind in CONCEPTS else None
        case "create" if action.resource is not None:
            return _created(action, action.resource, page)
    return None


def _created(action: Action, resource: Mapping[str, Any], page: Page) -> Action | None:
    kind = resource["resourceType"]
    concept = resource.get(CONCEPTS.get(kind, ""), {})
    coding = _orderable(kind, concept.get("coding", ()))
    if coding is None:
        return None
    stay = page.p.stay
    order = {name: resource[name] for name in KEPT if name in resource}
    if stay is not None:
        setting = "inpatient" if stay.inpatient else "outpatient"
        order["category"] = [{"coding": [{"system": CATEGORY, "code": setting}]}]
    order[CONCEPTS[kind]] = {"coding": [coding], "text": concept["text"]}
    has_details = resource.get("priority") != "routine" or any(name in resource for name in DETAILS)
    words = f"{action.description}{DEFAULTS}" if has_details else action.description
    return replace(action, description=words, resource=order)


def _orderable(kind: str, codings: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The code that an order is found by: the site's own, else the confirmed one; by text alone none is found."""
    by_system = {coding["system"]: coding for coding in codings}
    if PREFERENCE_LIST in by_system:
        return by_system[PREFERENCE_LIST]
    if kind == "MedicationRequest" and RXNORM in by_system:
        return {**by_system[RXNORM], "system": RXNORM_OID}
    return next(iter(by_system.values()), None)

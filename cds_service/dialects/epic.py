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
ALTERNATIVE: Final = " (one of alternatives that exclude each other)"
DRAFT: Final = "Draft order: "
NOT_OFFERED: Final = "**Not offered as an order here**"


def epic_card(card: Card, page: Page) -> Card:
    """The card as Epic takes it."""
    taken = tuple(_taken(one, page) for one in card.suggestions)
    offered = tuple(_once(one for suggestion, actions in taken for one in _split(suggestion, actions)))
    if card.selection_behavior == "at-most-one":
        offered = _told_apart(offered, tuple(actions for _, actions in taken))
    rule = card.extension[EXTENSION].rules[0]
    topic = re.sub(r"[^A-Za-z0-9]", "", rule) + card.indicator
    return replace(
        card,
        detail=card.detail + _not_offered(card, taken),
        source=replace(
            card.source,
            topic=replace(card.source.topic, code=topic, system=f"{page.setting.base_url}/rules"),
        ),
        suggestions=offered,
        selection_behavior="any" if offered else None,
    )


Taken = tuple[Suggestion, tuple[Action, ...]]
"""A suggestion, and those of its actions that Epic takes."""


def _taken(suggestion: Suggestion, page: Page) -> Taken:
    """A draft is deleted only where all that takes its place can be created."""
    actions = [_action(action, page) for action in suggestion.actions]
    if any(one is None for one in actions):
        return suggestion, tuple(one for one in actions if one is not None and one.type != "delete")
    return suggestion, tuple(one for one in actions if one is not None)


def _split(suggestion: Suggestion, actions: tuple[Action, ...]) -> Iterator[Suggestion]:
    """A suggestion per action; what is only a part of it is labelled by its own words."""
    is_whole = len(actions) == len(suggestion.actions) == 1
    for number, action in enumerate(actions):
        yield replace(
            suggestion,
            label=suggestion.label if is_whole else action.description,
            uuid=suggestion.uuid if number == 0 else str(uuid4()),
            actions=(action,),
        )


def _once(suggestions: Iterable[Suggestion]) -> Iterator[Suggestion]:
    """Each action once: two suggestions may share one."""
    seen: list[tuple[Action, ...]] = []
    for suggestion in suggestions:
        if suggestion.actions not in seen:
            seen.append(suggestion.actions)
            yield suggestion


def _told_apart(
    offered: tuple[Suggestion, ...], alternatives: tuple[tuple[Action, ...], ...]
) -> tuple[Suggestion, ...]:
    """Epic lets several be chosen, so the words have to say which exclude each other.

    None does where one alternative holds all of the others: then all together are that one.
    """
    if any(all(one.actions[0] in whole for one in offered) for whole in alternatives):
        return offered
    return tuple(
        one
        if all(one.actions[0] in alternative for alternative in alternatives)
        else replace(
            one, actions=(replace(one.actions[0], description=one.actions[0].description + ALTERNATIVE),)
        )
        for one in offered
    )


def _not_offered(card: Card, taken: Iterable[Taken]) -> str:
    """The block that names what cannot be chosen here; empty when everything can."""
    kept = {_words(action) for _, actions in taken for action in actions}
    missing = dict.fromkeys(_words(action) for one in card.suggestions for action in one.actions)
    lines = [f"- {escape(words)}" for words in missing if words not in kept]
    return "\n\n".join(["", NOT_OFFERED, "\n".join(lines)]) if lines else ""


def _words(action: Action) -> str:
    """What an action does, without what this dialect adds to it."""
    return action.description.removeprefix(DRAFT).removesuffix(DEFAULTS)


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
    order = {name: resource[name] for name in KEPT if name in resource}
    if (
        page.p.stay is not None and page.p.stay.inpatient
    ):  # a class that is not known makes nobody an outpatient
        order["category"] = [{"coding": [{"system": CATEGORY, "code": "inpatient"}]}]
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

"""Decision to cards: the words of each advice filled, its drafts made FHIR, its inputs and evidence attached. Pure.

The card's shape is fixed by CDS Hooks 3.0 and this service's `org.platelet-hooks.card` extension.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from uuid import uuid4

from cards.citations import CITATIONS
from cards.decide import Decision
from cards.drafts import Template
from cards.facts import PatientFacts
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion
from cards.wording import Section
from cds_service.card_text import (
    Page,
    Setting,
    TimelineLink,
    detail,
    distinct,
    evidence_of,
    paragraph,
    summary,
    usable_reference,
)
from cds_service.drafting import draft_resource
from cds_service.hooks import card as wire
from cds_service.hooks import suggestion as wire_suggestion
from cds_service.hooks.link import Link
from cds_service.hooks.source import Source
from cds_service.hooks.wire import encode, without_empties
from cds_service.published_codes import reason_coding, topic_coding
from cds_service.site_content import links_of

INDICATORS: Final[Mapping[Indicator, Literal["info", "warning", "critical"]]] = {
    Indicator.INFO: "info",
    Indicator.WARNING: "warning",
    Indicator.CRITICAL: "critical",
}


def render(
    decision: Decision, p: PatientFacts, setting: Setting, encounter_id: str | None = None
) -> tuple[wire.Card, ...]:
    """The cards of a decision, in its order."""
    page = Page(p, setting, encounter_id)
    cards = tuple(_card(advise, page) for advise in decision.cards)
    return cards if setting.shape is None else tuple(setting.shape(card, page) for card in cards)


def _card(advise: Advise, page: Page) -> wire.Card:
    section = page.setting.words[advise.rule]
    interrupts = advise.indicator > Indicator.INFO
    uuid = str(uuid4())
    return wire.Card(
        uuid=uuid,
        summary=summary(advise, page),
        detail=detail(advise, page),
        indicator=INDICATORS[advise.indicator],
        source=_source(section, advise.rule, page),
        suggestions=tuple(_suggestion(s, advise, page) for s in advise.suggestions),
        selection_behavior=("at-most-one" if advise.one_of else "any") if advise.suggestions else None,
        override_reasons=tuple(reason_coding(r, page.setting.base_url) for r in section.overrides)
        if interrupts
        else (),
        links=_links(section, advise, uuid, page),
        extension={wire.EXTENSION: _extension(advise, page)},
    )


def _extension(advise: Advise, page: Page) -> wire.CardExtension:
    rules = (advise.rule, *advise.also)
    return wire.CardExtension(
        rules=rules,
        content_version=page.setting.content_version,
        evidence=tuple(
            wire.Evidence(source=CITATIONS[e.citation].label, recommendation=e.recommendation, grade=e.grade)
            for e in evidence_of(rules, page.setting.words)
        ),
        inputs=tuple(_input(i) for i in distinct(advise.inputs)),
    )


def _input(i: Input) -> wire.Input:
    time = i.time.text if i.time is not None else None
    return wire.Input(fact=i.fact, value=i.value, unit=i.unit, time=time, reference=usable_reference(i))


def _source(section: Section, rule: str, page: Page) -> Source:
    """What the card rests on; where no address of it is confirmed, that of the rule's page, which cites it in full."""
    citation, base_url = CITATIONS[section.source], page.setting.base_url
    return Source(
        label=citation.label,
        url=citation.url or _rule_page(rule, base_url),
        topic=topic_coding(rule, base_url),
    )


def _rule_page(rule: str, base_url: str) -> str:
    return f"{base_url}/rules/{rule}"


def _links(section: Section, advise: Advise, uuid: str, page: Page) -> tuple[Link, ...]:
    rule = advise.rule
    own = Link(
        label=f"Why, and what a specialist would weigh (rule {rule})",
        url=_rule_page(rule, page.setting.base_url),
        type="absolute",
    )
    local = links_of(rule, page.setting.site_links)
    cited = (CITATIONS[key] for key in section.links)
    return (
        own,
        *(Link(label=link.label, url=link.url, type="absolute") for link in local),
        *_timeline(advise, uuid, page.setting),
        *(Link(label=c.label, url=c.url, type="absolute") for c in cited if c.url),
    )


def _timeline(advise: Advise, uuid: str, setting: Setting) -> tuple[Link, ...]:
    """The platelets over time, opened at this card: rules and the card's own id are all that the link tells."""
    label = "Platelet timeline"
    match setting.timeline:
        case TimelineLink.NONE:
            return ()
        case TimelineLink.ABSOLUTE:
            address = f"{setting.base_url}/timeline?rule={advise.rule}"
            return (Link(label=label, url=address, type="absolute"),)
        case TimelineLink.SMART:
            told = encode({"card": uuid, "rules": (advise.rule, *advise.also)}).decode()
            return (
                Link(label=label, url=f"{setting.base_url}/smart/launch", type="smart", app_context=told),
            )


# ------------------------------------------------------------------------------------------- suggestions


def _suggestion(suggestion: Suggestion, advise: Advise, page: Page) -> wire_suggestion.Suggestion:
    rule, slash, key = suggestion.label.rpartition("/")
    return wire_suggestion.Suggestion(
        uuid=str(uuid4()),
        label=paragraph(advise, f"{rule}{slash}label.{key}", page),
        is_recommended=True if suggestion.recommended else None,
        actions=tuple(_action(action, page) for action in suggestion.actions),
    )


def _action(action: Action, page: Page) -> wire_suggestion.Action:
    if action.type is ActionType.CREATE:
        template = page.setting.templates[action.template or ""]
        resource = draft_resource(
            action,
            template,
            page.p,
            page.setting.terminology,
            page.encounter,
            page.setting.order_codes.get(action.template or ""),
        )
        words = f"Draft order: {_described(action, template)}"
        return wire_suggestion.Action(type="create", description=words, resource=resource)
    if action.order is None:
        raise ValueError("update and delete name their order")
    if action.type is ActionType.DELETE:
        return wire_suggestion.Action(
            type="delete", description="Remove the selected draft order", resource_id=action.order.reference
        )
    changed = without_empties({**action.order.resource, **(action.changes or {})})
    return wire_suggestion.Action(
        type="update", description="Change the selected draft order", resource=changed
    )


def _described(action: Action, template: Template) -> str:
    urgency = {"stat": ", immediately", "urgent": ", urgent"}.get(action.priority, "")
    amount = ""
    if action.quantity is not None and action.quantity[1] == "mL":
        amount = f", {action.quantity[0]:f} mL"
    return template.words + amount + urgency


__all__ = ["Setting", "render"]

"""Decision to cards: the words of each advice filled, its drafts made FHIR, its inputs and evidence attached. Pure.

The card's shape is fixed by CDS Hooks 3.0 and this service's `org.platelet-hooks.card` extension. Nothing of the
record's text gets here: facts carry our own words, references are `Type/id` by FHIR's grammar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from cards.decide import Decision

from cards.citations import CITATIONS
from cards.drafts import Template
from cards.facts import PatientFacts
from cards.finding_words import FINDING_WORDS
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion, Topic
from cards.reasons import Fact
from cards.record import Moment
from cards.thresholds import Thresholds
from cards.valuesets import Terminology
from cards.wording import Section, Words, fill
from cds_service.drafting import draft_resource
from cds_service.hooks import card as wire

CARD_EXTENSION = "org.platelet-hooks.card"
SUMMARY_LIMIT = 139
"""CDS Hooks: a summary is shorter than 140 characters."""

REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}\Z")

TOPIC_WORDS: Mapping[Topic, str] = {
    Topic.TRANSFUSION: "Platelet transfusion",
    Topic.ANTI_INFECTIVE: "Anti-infective therapy",
    Topic.TPO_RA: "Thrombopoietin receptor agonists",
    Topic.SAFETY: "Safety",
    Topic.ORDER_SAFETY: "Safety of the selected order",
    Topic.PROCEDURE: "Procedures",
    Topic.MONITORING: "Monitoring",
    Topic.WORKUP: "Work-up",
    Topic.DATA_QUALITY: "Data quality",
}

FAMILY_TOPICS: Mapping[str, Topic] = {
    "TRF": Topic.TRANSFUSION,
    "INF": Topic.ANTI_INFECTIVE,
    "TPO": Topic.TPO_RA,
    "SAFE": Topic.SAFETY,
    "BLD": Topic.SAFETY,
    "ORD": Topic.ORDER_SAFETY,
    "PROC": Topic.PROCEDURE,
    "MON": Topic.MONITORING,
    "PLT": Topic.WORKUP,
    "DATA": Topic.DATA_QUALITY,
}

HL7_REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OVERRIDE_REASONS: Mapping[str, tuple[str | None, str]] = {
    "already-done": ("action-completed", "Already done"),
    "specialist-advised": ("expert-contradicts", "Specialist advised otherwise"),
    "patient-declined": ("patient-refuses", "Patient declined"),
    "palliative": ("action-not-priority", "Palliative care: other priorities"),
    "benefit-exceeds-risk": ("risk-benefit-ratio", "Benefit exceeds the risk"),
    "alternative-chosen": ("prefers-alternative", "Alternative chosen"),
    "awaiting-result": ("need-more-info", "Awaiting a result"),
    "local-policy": ("policy-contradicts", "Local policy differs"),
    "not-applicable": ("patient-ineligible", "Not applicable to this patient"),
    "bleeding-stopped": (None, "Bleeding has stopped"),
    "count-unreliable": (None, "Count is unreliable"),
    "infection-excluded": (None, "Infection has been excluded"),
    "allergy-not-true": (None, "Recorded allergy is not a true allergy"),
}
"""Rulebook A.4 reason -> HL7 code (None: our own code system) and display."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What rendering needs beside the decision: content in force and the public base URL."""

    words: Words
    templates: Mapping[str, Template]
    terminology: Terminology
    limits: Thresholds
    base_url: str
    content_version: str


@dataclass(frozen=True, slots=True)
class _Page:
    """One request's rendering: the facts that fill the common holes, and where drafts belong."""

    p: PatientFacts
    setting: Setting
    encounter: str | None


def render(
    decision: Decision, p: PatientFacts, setting: Setting, encounter_id: str | None = None
) -> tuple[wire.Card, ...]:
    """The cards of a decision, in its order."""
    page = _Page(p, setting, encounter_id)
    return tuple(_card(advise, page) for advise in decision.cards)


def _card(advise: Advise, page: _Page) -> wire.Card:
    section = page.setting.words[advise.rule]
    rules = (advise.rule, *advise.also)
    interruptive = advise.indicator > Indicator.INFO
    return wire.Card(
        uuid=str(uuid4()),
        summary=summary(advise, page),
        detail=detail(advise, section, page),
        indicator=advise.indicator.word,
        source=_source(section, advise.rule, page),
        suggestions=tuple(_suggestion(s, advise, page) for s in advise.suggestions),
        selectionBehavior=("at-most-one" if advise.one_of else "any") if advise.suggestions else None,
        overrideReasons=tuple(_reason(r, page) for r in section.overrides) if interruptive else (),
        links=_links(section, advise.rule, page),
        extension={
            CARD_EXTENSION: wire.CardExtension(
                rules=rules,
                evidence=_evidence(rules, page.setting.words),
                inputs=tuple(_input(i) for i in _distinct(advise.inputs)),
                contentVersion=page.setting.content_version,
            )
        },
    )


# ---------------------------------------------------------------------------------------------- words


def summary(advise: Advise, page: _Page) -> str:
    """The title with its holes filled; one that would be too long gives up its last words, never its first."""
    words = " ".join(_filled(page.setting.words.find(advise.rule, advise.title), advise, page).split())
    return words if len(words) <= SUMMARY_LIMIT else words[: SUMMARY_LIMIT - 1].rstrip() + "…"


def detail(advise: Advise, section: Section, page: _Page) -> str:
    """The six blocks of rulebook A.4, GitHub-flavoured Markdown without raw HTML."""
    find = page.setting.words.find
    say = [_filled(find(advise.rule, key), advise, page) for key in advise.say]
    cautions = [_filled(find(advise.rule, key), advise, page) for key in advise.cautions]
    blocks = [
        ("Why this card", _table(_distinct(advise.inputs))),
        ("Suggestion", "\n\n".join(say)),
        ("Cautions found in this record", _bullets(cautions)),
        ("What is not known", _bullets(_unknown(advise.unknown))),
        ("Evidence", _bullets(_evidence_lines((advise.rule, *advise.also), page.setting.words))),
        ("Limits", "Decision support for clinicians; not a diagnosis; verify the data."),
    ]
    return "\n\n".join(f"**{heading}**\n\n{body}" for heading, body in blocks if body)


def _filled(text: str, advise: Advise, page: _Page) -> str:
    def value_of(hole: str) -> str:
        _, colon, name = hole.partition(":")
        if colon:
            return f"{getattr(page.setting.limits, name):f}"
        if hole in advise.values:
            return _shown(advise.values[hole], page.p.as_of)
        return _common(hole, page.p)

    return fill(text, value_of)


def _common(hole: str, p: PatientFacts) -> str:
    """The holes that every text may use."""
    current = p.platelets.current
    match hole:
        case "platelets":
            return "not known" if current is None else f"{current.shown} x10^9/L"
        case "sampled":
            if current is None:
                return "no sample time"
            mark = ", preliminary" if current.is_preliminary else ""
            return short_time(current.time, p.as_of) + mark
        case "previous":
            return "not known" if p.platelets.previous is None else f"{p.platelets.previous.shown} x10^9/L"
        case "finding":
            worst = p.bleeding.worst
            return "bleeding" if worst is None else FINDING_WORDS.get(worst.name, "bleeding")
    raise KeyError(f"nothing fills the hole {hole!r}")


def _shown(value: str | int | Decimal | Moment, as_of: datetime) -> str:
    if isinstance(value, Moment):
        return short_time(value, as_of)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _local(moment: Moment) -> datetime | None:
    """The moment in the offset that it was recorded in; None for a date without time."""
    if not moment.is_exact:
        return None
    try:
        return datetime.fromisoformat(moment.text)
    except ValueError:
        return moment.earliest


def short_time(moment: Moment, as_of: datetime) -> str:
    """ "22 Nov, 04:10", the year added where it is not that of `as_of`, no clock time for a date."""
    at = _local(moment)
    day = at or moment.earliest
    words = f"{day.day} {day:%b}" + ("" if day.year == as_of.year else f" {day.year}")
    return words if at is None else f"{words}, {at:%H:%M}"


def long_time(moment: Moment) -> str:
    """ "22 Nov 2026, 04:10", or what of it is known."""
    at = _local(moment)
    if at is not None:
        return f"{at.day} {at:%b} {at.year}, {at:%H:%M}"
    parts = moment.text.split("T")[0].split("-")
    day = moment.earliest
    return " ".join(
        [*([str(day.day)] if len(parts) > 2 else []), *([f"{day:%b}"] if len(parts) > 1 else []), parts[0]]
    )


def _table(inputs: tuple[Input, ...]) -> str:
    if not inputs:
        return "No single value of the record: see the suggestion."
    rows = [f"| {_cell(i.fact)} | {_cell(_value(i))} | {_cell(_origin(i))} |" for i in inputs]
    return "\n".join(["| | | |", "|---|---|---|", *rows])


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _value(i: Input) -> str:
    value = f"{i.value:f}" if isinstance(i.value, Decimal) else str(i.value)
    unit = {"10*9/L": " x10^9/L", None: ""}.get(i.unit, f" {i.unit}")
    return value[:1].upper() + value[1:] + unit + (f" ({i.note})" if i.note else "")


def _origin(i: Input) -> str:
    time = long_time(i.time) if i.time is not None else "no date"
    return f"{time} ({i.reference})" if i.reference is not None and REFERENCE.match(i.reference) else time


def _unknown(facts: tuple[Fact, ...]) -> list[str]:
    if not facts:
        return ["Nothing that this card asks for is missing from the record"]
    return [f"{f.value[:1].upper()}{f.value[1:]}: not in the record" for f in dict.fromkeys(facts)]


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in dict.fromkeys(lines))


def _evidence_lines(rules: tuple[str, ...], words: Words) -> list[str]:
    lines = []
    for evidence in _sources(rules, words):
        grade = f" ({evidence.grade})" if evidence.grade else ""
        lines.append(f"{CITATIONS[evidence.citation].label}: {evidence.recommendation}{grade}")
    return lines


def _sources(rules: tuple[str, ...], words: Words) -> Any:
    return dict.fromkeys(e for rule in rules if rule in words for e in words[rule].evidence)


# ---------------------------------------------------------------------------------------------- parts of the card


def _evidence(rules: tuple[str, ...], words: Words) -> tuple[wire.Evidence, ...]:
    return tuple(
        wire.Evidence(source=CITATIONS[e.citation].label, recommendation=e.recommendation, grade=e.grade)
        for e in _sources(rules, words)
    )


def _distinct(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    return tuple(dict.fromkeys(inputs))


def _input(i: Input) -> wire.Input:
    reference = i.reference if i.reference is not None and REFERENCE.match(i.reference) else None
    time = i.time.text if i.time is not None else None
    return wire.Input(fact=i.fact, value=i.value, unit=i.unit, time=time, reference=reference)


def topic_of(rule: str) -> Topic:
    """The topic of a rule's card, by family."""
    return FAMILY_TOPICS.get(rule.partition("-")[0], Topic.WORKUP)


def _source(section: Section, rule: str, page: _Page) -> wire.Source:
    citation = CITATIONS[section.source]
    topic = topic_of(rule)
    system = f"{page.setting.base_url}/fhir/CodeSystem/card-topic"
    coding = wire.Coding(code=topic.value, system=system, display=TOPIC_WORDS[topic])
    return wire.Source(label=citation.label, url=citation.url, topic=coding)


def _reason(reason: str, page: _Page) -> wire.Coding:
    code, display = OVERRIDE_REASONS[reason]
    if code is not None:
        return wire.Coding(code=code, system=HL7_REASONS, display=display)
    own = f"{page.setting.base_url}/fhir/CodeSystem/override-reason"
    return wire.Coding(code=reason, system=own, display=display)


def _links(section: Section, rule: str, page: _Page) -> tuple[wire.Link, ...]:
    own = wire.Link(
        label=f"Why, and what a specialist would weigh (rule {rule})",
        url=f"{page.setting.base_url}/rules/{rule}",
        type="absolute",
    )
    cited = (CITATIONS[key] for key in section.links)
    return (own, *(wire.Link(label=c.label, url=c.url, type="absolute") for c in cited if c.url))


def _suggestion(suggestion: Suggestion, advise: Advise, page: _Page) -> wire.Suggestion:
    rule, slash, key = suggestion.label.rpartition("/")
    label = page.setting.words.find(rule or advise.rule, f"label.{key if slash else suggestion.label}")
    return wire.Suggestion(
        uuid=str(uuid4()),
        label=_filled(label, advise, page),
        isRecommended=True if suggestion.recommended else None,
        actions=tuple(_action(action, advise, page) for action in suggestion.actions),
    )


def _action(action: Action, advise: Advise, page: _Page) -> wire.Action:
    if action.type is ActionType.CREATE:
        template = page.setting.templates[action.template or ""]
        resource = draft_resource(action, template, page.p, page.setting.terminology, page.encounter)
        return wire.Action(
            type="create", description=f"Draft order: {_described(action, template)}", resource=resource
        )
    assert action.order is not None, "update and delete name their order"
    if action.type is ActionType.DELETE:
        return wire.Action(
            type="delete", description="Remove the selected draft order", resourceId=action.order.reference
        )
    resource = {**action.order.resource, **(action.changes or {})}
    return wire.Action(type="update", description="Change the selected draft order", resource=resource)


def _described(action: Action, template: Template) -> str:
    urgency = {"stat": ", immediately", "urgent": ", urgent"}.get(action.priority, "")
    amount = (
        f", {action.quantity[0]:f} {action.quantity[1]}"
        if action.quantity and action.quantity[1] == "mL"
        else ""
    )
    return template.words + amount + urgency

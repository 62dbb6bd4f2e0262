"""Every rule as a FHIR R4 PlanDefinition: when it speaks in words, what it offers, what it rests on. For reading.

The logic itself is code (`cards/`): nobody can run these resources, and they say so.
"""

from __future__ import annotations

from typing import Any, Final

from cards.advice import ALL_ADVICE
from cards.precedence import CARRIED_AT_DISCHARGE, DISCHARGE, HOOKS, ORDER_HOOKS, matches
from cards.wording import CONDITION, Section
from cds_service.content import Content
from cds_service.discovery import SERVICES
from cds_service.published_codes import PATH as CODE_SYSTEM_PATH
from cds_service.published_codes import TOPICS, topic_of
from cds_service.rulebook_entries import Source, fill_limits, sources_of

PATH: Final = "/fhir/PlanDefinition"
TYPES: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
LOGIC: Final = (
    "The logic of this rule is program code of the service and is not contained in this resource: the condition is "
    "given in words, for reading. It cannot be executed. For evaluation only: not a medical device, not cleared for "
    "clinical use."
)

LONGEST_TITLE: Final = 160
CONCERNING_ORDERS: Final = ("SAFE-*", "BLD-03", "TRF-*", "INF-*")
"""Beside the order rules: cards that stand on orders where the order concerns them (`cards.decide`)."""


def plan_ids() -> tuple[str, ...]:
    """The rules of which there is a PlanDefinition."""
    return tuple(rule for advice in ALL_ADVICE for rule in advice.ids)


def plan_definition(rule: str, content: Content, base_url: str) -> dict[str, Any]:
    """The resource of one rule. KeyError for a rule without words."""
    section = content.words[rule]
    filled = _filled(section, content)
    title = title_of(rule, content)
    resource: dict[str, Any] = {
        "resourceType": "PlanDefinition",
        "id": rule,
        "url": f"{base_url}{PATH}/{rule}",
        "version": content.version,
        "name": f"Rule{''.join(part.capitalize() for part in rule.replace('.', '-').split('-'))}",
        "title": title,
        "type": {"coding": [{"system": TYPES, "code": "eca-rule", "display": "ECA Rule"}]},
        "status": "active",
        "experimental": True,
        "description": f"{filled.get(CONDITION, title)}\n\n{LOGIC}",
        "topic": [_topic(rule, base_url)],
        "action": [_action(title, filled, hooks_of(rule, content))],
    }
    cited = [_citation(source) for source in sources_of(section)]
    return resource | ({"relatedArtifact": cited} if cited else {})


def _filled(section: Section, content: Content) -> dict[str, str]:
    """The paragraphs of a rule in one line each, with the numbers in force."""
    return {
        key: " ".join(fill_limits(text, content.limits).split()) for key, text in section.paragraphs.items()
    }


def title_of(rule: str, content: Content) -> str:
    """The summary of its card, the infection of a pathogen, or the beginning of its condition. KeyError as above."""
    filled = _filled(content.words[rule], content)
    infection = next((one.name for one in content.pathogens if rule in one.card_rules), None)
    titles = [filled[key] for key in filled if key.partition(".")[0] == "title"]
    text = infection or next(iter(titles), "") or filled.get(CONDITION, rule)
    return text if len(text) <= LONGEST_TITLE else text[:LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


def _topic(rule: str, base_url: str) -> dict[str, Any]:
    topic = topic_of(rule)
    system = f"{base_url}{CODE_SYSTEM_PATH}/card-topic"
    return {"coding": [{"system": system, "code": topic.value, "display": TOPICS[topic]}]}


def _action(title: str, filled: dict[str, str], hooks: tuple[str, ...]) -> dict[str, Any]:
    """The card: its trigger, its condition, and the buttons that it may have."""
    action: dict[str, Any] = {"title": title}
    triggers = [{"type": "named-event", "name": hook} for hook in hooks]
    if triggers:
        action["trigger"] = triggers
    words = filled.get(CONDITION)
    if words:
        expression = {
            "description": "In words; the logic is in code",
            "language": "text/plain",
            "expression": words,
        }
        action["condition"] = [{"kind": "applicability", "expression": expression}]
    buttons = [{"title": filled[key]} for key in filled if key.partition(".")[0] == "label"]
    return action | ({"action": buttons} if buttons else {})


def hooks_of(rule: str, content: Content) -> tuple[str, ...]:
    """The hooks offered on which the rule may have a card."""
    treated = (one.id for one in content.pathogens if one.therapy_sets or one.therapy_packs)
    at_discharge = ("SAFE-*", *CARRIED_AT_DISCHARGE, *treated)
    return tuple(row.hook for row in SERVICES if _speaks_on(rule, row.hook, at_discharge))


def _speaks_on(rule: str, hook: str, at_discharge: tuple[str, ...]) -> bool:
    if rule.startswith("ORD-"):
        return hook in ORDER_HOOKS
    beside = CONCERNING_ORDERS if hook in ORDER_HOOKS else at_discharge if hook == DISCHARGE else ()
    return matches(rule, (*HOOKS[hook], *beside))


def _citation(source: Source) -> dict[str, Any]:
    grade = f" (grade: {source.grade})" if source.grade else ""
    artifact = {
        "type": "citation",
        "label": source.citation.label,
        "display": f"{source.says}{grade}",
        "citation": f"{source.citation.title} ({source.citation.year}). Text seen: {source.citation.read}.",
    }
    return artifact | ({"url": source.citation.url} if source.citation.url else {})

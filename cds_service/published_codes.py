"""Codes of our own that cards and errors carry: topics, override reasons, causes. Served below `/fhir/CodeSystem/`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cards.outcome import Topic
from cds_service.errors import CAUSES
from cds_service.hooks.coding import Coding

PATH: Final = "/fhir/CodeSystem"

TOPICS: Mapping[Topic, str] = MappingProxyType(
    {
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
)

FAMILY_TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "TRF": Topic.TRANSFUSION,
        "INF": Topic.ANTI_INFECTIVE,
        "TPO": Topic.TPO_RA,
        "SAFE": Topic.SAFETY,
        "BLD": Topic.SAFETY,
        "ORD": Topic.ORDER_SAFETY,
        "PROC": Topic.PROCEDURE,
        "MON": Topic.MONITORING,
        "PLT": Topic.WORKUP,
        "IMM": Topic.TRANSFUSION,
        "DATA": Topic.DATA_QUALITY,
        "POP": Topic.SAFETY,
        "A.3": Topic.WORKUP,
    }
)
"""The topic of a card by the family of the rule that leads it."""

HL7_REASONS: Final = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

OVERRIDE_REASONS: Mapping[str, tuple[str | None, str]] = MappingProxyType(
    {
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
)
"""Rulebook A.4: our key of a reason -> HL7 code (None: our own code system) and display."""


def topic_of(rule: str) -> Topic:
    """The topic of the card that a rule leads."""
    return FAMILY_TOPICS[rule.partition("-")[0]]


def topic_coding(rule: str, base_url: str) -> Coding:
    """`source.topic` of that card."""
    topic = topic_of(rule)
    return Coding(code=topic.value, system=f"{base_url}{PATH}/card-topic", display=TOPICS[topic])


def reason_coding(reason: str, base_url: str) -> Coding:
    """An override reason, by HL7's code where one fits."""
    code, display = OVERRIDE_REASONS[reason]
    if code is not None:
        return Coding(code=code, system=HL7_REASONS, display=display)
    return Coding(code=reason, system=f"{base_url}{PATH}/override-reason", display=display)


_TABLES: Mapping[str, tuple[str, str, Mapping[str, str]]] = MappingProxyType(
    {
        "card-topic": (
            "CardTopic",
            "Topics of the cards of Platelet Hooks",
            {topic.value: words for topic, words in TOPICS.items()},
        ),
        "override-reason": (
            "OverrideReason",
            "Reasons for overriding a card that HL7's codes do not have",
            {reason: words for reason, (code, words) in OVERRIDE_REASONS.items() if code is None},
        ),
        "who-bleeding-grade": (
            "WhoBleedingGrade",
            "Grades of bleeding, modified WHO scale, as this service reads them",
            {
                "1": "Petechiae, small purpura or minor mucosal bleeding",
                "2": "Bleeding that is more than minor and needs no red cells",
                "3": "Bleeding with red cells given, a fall of haemoglobin or moderate instability",
                "4": "Bleeding of brain, spine or retina with loss of sight, or with collapse",
            },
        ),
        "error": (
            "Error",
            "Why a request was refused",
            {code: cause.display for code, cause in CAUSES.items()},
        ),
    }
)

CODE_SYSTEMS: Final = tuple(_TABLES)


def code_system(name: str, base_url: str, version: str) -> dict[str, Any]:
    """One of `CODE_SYSTEMS` as a FHIR R4 resource. KeyError for any other name."""
    computable, title, codes = _TABLES[name]
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": f"{base_url}{PATH}/{name}",
        "version": version,
        "name": computable,
        "title": title,
        "status": "active",
        "experimental": False,
        "caseSensitive": True,
        "content": "complete",
        "count": len(codes),
        "concept": [{"code": code, "display": words} for code, words in codes.items()],
    }

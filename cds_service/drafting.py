"""Draft orders as FHIR R4: `status` draft, `intent` proposal, coded where a verified code exists, else text alone."""

from __future__ import annotations

import re
from typing import Any, Final

from cards.drafts import Template
from cards.facts import PatientFacts
from cards.outcome import Action
from cards.valuesets import Terminology
from cds_service.fhir.references import ID_GRAMMAR

REASON = re.compile(rf"(Condition|Observation|DiagnosticReport|DocumentReference)/{ID_GRAMMAR}\Z")
"""What R4 allows as ServiceRequest.reasonReference, by FHIR's id grammar."""

MEDICATION_REASON = re.compile(rf"(Condition|Observation)/{ID_GRAMMAR}\Z")


PREFERENCE_LIST: Final = "urn:com.epic.cdshooks.action.code.system.preference-list-item"
"""The code system of an order that a site keeps for this draft."""


def draft_resource(
    action: Action,
    template: Template,
    p: PatientFacts,
    terminology: Terminology,
    encounter: str | None,
    order_code: str | None = None,
) -> dict[str, Any]:
    """The resource of a `create` action: a ServiceRequest or MedicationRequest that a real EHR accepts.

    `order_code`: the site's own code of what is ordered; it goes first.
    """
    concept: dict[str, Any] = {"text": template.text}
    code = template.coding(terminology)
    codings = [] if order_code is None else [{"system": PREFERENCE_LIST, "code": order_code}]
    if code is not None:
        codings.append({"system": code.system, "code": code.code, "display": code.display})
    if codings:
        concept = {"coding": codings, **concept}
    is_drug = template.resource_type == "MedicationRequest"
    allowed = MEDICATION_REASON if is_drug else REASON
    reasons = [{"reference": r} for r in dict.fromkeys(action.reasons) if allowed.match(r)]
    resource: dict[str, Any] = {
        "resourceType": template.resource_type,
        "status": "draft",
        "intent": "proposal",
        "priority": action.priority,
        "medicationCodeableConcept" if is_drug else "code": concept,
        "subject": {"reference": p.person.reference},
        "encounter": {"reference": f"Encounter/{encounter}"} if encounter else None,
        "authoredOn": p.as_of.isoformat(timespec="seconds"),
        "reasonReference": reasons or None,
        "dosageInstruction": [{"text": action.dosage}] if action.dosage else None,
        "quantityQuantity": _quantity(action),
        "occurrenceDateTime": action.due.isoformat(timespec="seconds") if action.due else None,
        "note": [{"text": template.note}] if template.note else None,
    }
    return {name: value for name, value in resource.items() if value is not None}


def _quantity(action: Action) -> dict[str, Any] | None:
    if action.quantity is None:
        return None
    value, unit = action.quantity
    quantity: dict[str, Any] = {"value": value, "unit": unit}
    if unit == "mL":
        quantity |= {"system": "http://unitsofmeasure.org", "code": "mL"}
    return quantity

"""The body of a CDS Hooks call, made of resources and of the service's own prefetch keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from cards.precedence import DISCHARGE, ORDER_HOOKS
from cds_service.discovery import PrefetchKey, keys_of
from cds_service.hooks.context import REQUIRED
from cds_service.stories import prefetch
from cds_service.stories.coding import STANDARD, Dialect
from cds_service.stories.prefetch import Resource
from cds_service.stories.resources import write, write_orders
from cds_service.stories.story import Story

USER: Final = "Practitioner/example"
UNKNOWN_STAY: Final = "encounter-not-known"
"""The id of a stay that is required and of which the records say nothing."""
FAILED: Final = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception"}],
}


def hook_request(
    hook: str,
    patient: str,
    resources: Sequence[Resource],
    keys: Sequence[PrefetchKey],
    drafts: Sequence[Resource] = (),
    encounter: str | None = None,
) -> dict[str, Any]:
    """A call with every key answered. On order hooks all drafts are selected."""
    context: dict[str, Any] = {"userId": USER, "patientId": patient}
    if encounter is not None:
        context["encounterId"] = encounter
    if hook in ORDER_HOOKS:
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": draft} for draft in drafts],
        }
    if hook == "order-select":
        context["selections"] = [f"{draft['resourceType']}/{draft['id']}" for draft in drafts]
    return {
        "hook": hook,
        "hookInstance": str(uuid4()),
        "context": context,
        "prefetch": prefetch.answer(keys_of(hook, keys), resources, patient, encounter),
    }


def story_request(
    story: Story,
    patient: str,
    now: datetime,
    keys: Sequence[PrefetchKey],
    dialect: Dialect = STANDARD,
) -> dict[str, Any]:
    """The call of a story; its `failed` keys hold an OperationOutcome, its `absent` ones are left out."""
    resources = write(story, patient, now, dialect)
    request = hook_request(
        story.hook,
        patient,
        resources,
        keys,
        write_orders(story, patient, now, dialect),
        encounter_of(resources, patient, story.hook) if story.hook == DISCHARGE else None,
    )
    filled = request["prefetch"]
    for name in (*story.failed, *story.absent):
        if name not in filled:
            raise ValueError(f"there is no prefetch key {name!r}")
    kept: Mapping[str, Any] = {
        name: FAILED if name in story.failed else value
        for name, value in filled.items()
        if name not in story.absent
    }
    return request | {"prefetch": kept}


def encounter_of(resources: Sequence[Resource], patient: str, hook: str) -> str | None:
    """The id of the patient's Encounter in progress; where one is required, of the latest other, or a made-up id."""
    found = [one for one in resources if _is_stay_of(one, patient)]
    running = [one for one in found if one.get("status") == "in-progress"]
    if running or "encounterId" not in REQUIRED[hook]:
        return str(running[0]["id"]) if running else None
    return str(max(found, key=_beginning)["id"]) if found else UNKNOWN_STAY


def _is_stay_of(resource: Resource, patient: str) -> bool:
    if resource.get("resourceType") != "Encounter" or "id" not in resource:
        return False
    subject = resource.get("subject")
    named = subject.get("reference") if isinstance(subject, Mapping) else None
    return isinstance(named, str) and f"/{named}".endswith(f"/Patient/{patient}")


def _beginning(encounter: Resource) -> str:
    """When it began, as it is written: good enough to tell the latest."""
    period = encounter.get("period")
    return str(period.get("start", "")) if isinstance(period, Mapping) else ""

"""The body of a CDS Hooks call, made of resources and of the service's own prefetch keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from cards.precedence import DISCHARGE, ORDER_HOOKS
from cds_service.discovery import PrefetchKey, keys_of
from cds_service.stories import prefetch
from cds_service.stories.coding import STANDARD, Dialect
from cds_service.stories.prefetch import Resource
from cds_service.stories.resources import write, write_orders
from cds_service.stories.story import Story

USER: Final = "Practitioner/example"
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
        _stay_of(resources) if story.hook == DISCHARGE else None,
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


def _stay_of(resources: Sequence[Resource]) -> str:
    """The id of the stay that ends; a visit of which nothing is told has one too."""
    return next((one["id"] for one in resources if one["resourceType"] == "Encounter"), "visit")

"""The moments of a patient at which a card could have been shown, and on which hook.

`encounter` patient-view when a stay begins; `count` patient-view when a platelet count was known; `medication`,
`service` and `transfusion` order-select when it was ordered (a transfusion: when it was given).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from cards.frozen import dataclass
from cards.precedence import BLOOD_PRODUCTS
from cds_service.replay.held import Held
from cds_service.replay.known import Json, moment

TRIGGERS: Final = ("encounter", "count", "medication", "service", "transfusion")
_NO_RESULT: Final = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
_NO_ORDER: Final = frozenset({"entered-in-error", "draft"})
_INTENTS: Final = frozenset(
    {None, "order", "original-order", "reflex-order", "filler-order", "instance-order"}
)
_ORDERS: Final = {"MedicationRequest": "medication", "ServiceRequest": "service"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """A moment to evaluate; `cause` is the order or the stay, and `draft` what would have been selected."""

    name: str
    at: datetime
    cause: Held

    @property
    def hook(self) -> str:
        return "patient-view" if self.name in ("encounter", "count") else "order-select"

    @property
    def draft(self) -> Json:
        """The order as it was before it was signed; a transfusion as the order of its product."""
        known = self.cause.resource
        if self.name != "transfusion":
            return {**known, "status": "draft"}
        names = ("id", "code", "subject")
        return {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "order",
            "authoredOn": self.at.isoformat(),
        } | {name: known[name] for name in names if name in known}


def find_triggers(held: Iterable[Held], wanted: frozenset[str]) -> tuple[Trigger, ...]:
    """In the order of time; counts known at the same moment are one trigger."""
    found = [one for one in _all(held) if one.name in wanted]
    found.sort(key=lambda one: (one.at, TRIGGERS.index(one.name), str(one.cause.id)))
    kept: list[Trigger] = []
    counted: set[datetime] = set()
    for one in found:
        if one.name != "count" or one.at not in counted:
            kept.append(one)
        if one.name == "count":
            counted.add(one.at)
    return tuple(kept)


def _all(held: Iterable[Held]) -> Iterator[Trigger]:
    for one in held:
        if one.known is None:
            continue
        status = one.status
        match one.kind:
            case "Encounter" if status not in ("planned", "cancelled", "entered-in-error"):
                yield Trigger("encounter", one.known, one)
            case "Observation" if status not in _NO_RESULT and one.is_count:
                yield Trigger("count", one.known, one)
            case "MedicationRequest" | "ServiceRequest":
                at = moment(one.resource, "authoredOn")
                if at is not None and status not in _NO_ORDER and one.resource.get("intent") in _INTENTS:
                    yield Trigger(_ORDERS[one.kind], at, one)
            case "Procedure" if status not in ("entered-in-error", "not-done", "preparation"):
                if not one.sets.isdisjoint(BLOOD_PRODUCTS):
                    yield Trigger("transfusion", one.known, one)

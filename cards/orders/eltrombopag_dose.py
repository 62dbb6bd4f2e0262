"""TPO-05: the start dose of eltrombopag with East or Southeast Asian ancestry, or with liver disease."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Input
from cards.record import Order
from cards.thresholds import Thresholds
from cards.tpo_ra.cautions import ELTROMBOPAG, exceeds, lower_start


@dataclass(frozen=True, slots=True)
class ReducedDose:
    """A selected start dose above the limit: `changes` are the members of the draft with the lower dose.

    None where the draft has another shape than one instruction with one dose in mg.
    """

    order: Order
    limit: Decimal
    label: str
    rows: tuple[Input, ...]
    changes: Mapping[str, object] | None


def reduced_dose(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...]) -> ReducedDose | None:
    """Above 25 mg a day with either reason, above 12.5 mg with both; only at the start, never inferred."""
    if p.using(ELTROMBOPAG):
        return None
    lower = lower_start(p, limits)
    if lower is None:
        return None
    order = next((o for o in orders if ELTROMBOPAG in o.set_ids and exceeds(o, lower.limit)), None)
    if order is None or order.dose is None:
        return None
    rows = (Input("selected dose", order.dose.value, "mg", None, order.reference), *lower.rows)
    label = "lowest" if lower.both else "reduced"
    return ReducedDose(order, lower.limit, label, rows, _changed(order, lower.limit))


def _changed(order: Order, limit: Decimal) -> Mapping[str, object] | None:
    """The client's own instruction with the lower dose, and without the text that names the old one."""
    instructions = order.resource.get("dosageInstruction")
    if not isinstance(instructions, list) or len(instructions) != 1 or order.per_day not in (None, 1):
        return None
    changed: Any = deepcopy(instructions)
    try:
        (dose,) = changed[0]["doseAndRate"]
        dose["doseQuantity"]["value"] = limit
    except (KeyError, TypeError, ValueError):
        return None
    for told in ("text", "patientInstruction"):
        changed[0].pop(told, None)
    return {"dosageInstruction": changed}

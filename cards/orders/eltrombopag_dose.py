"""TPO-05: the start dose of eltrombopag with East or Southeast Asian ancestry, or with liver disease."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cards.facts import PatientFacts
from cards.outcome import Input
from cards.record import Order
from cards.rows import finding_row
from cards.thresholds import Thresholds

EAST_ASIAN = "east-asian"
LIVER = ("risk-liver", "risk-cirrhosis-decompensated", "risk-liver-failure")


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
    if p.using("med-eltrombopag"):
        return None
    ancestry = EAST_ASIAN in p.person.ancestry
    liver = p.present(*LIVER)
    if not (ancestry or liver):
        return None
    both = ancestry and bool(liver)
    limit = limits.eltrombopag_lowest if both else limits.eltrombopag_reduced
    order = next((o for o in orders if "med-eltrombopag" in o.set_ids and _exceeds(o, limit)), None)
    if order is None or order.dose is None:
        return None
    rows = (
        Input("selected dose", order.dose.value, "mg", None, order.reference),
        *(
            (Input("recorded ancestry", "East or Southeast Asian", None, None, p.person.reference),)
            if ancestry
            else ()
        ),
        *(finding_row("liver disease", f) for f in liver),
    )
    return ReducedDose(order, limit, "lowest" if both else "reduced", rows, _changed(order, limit))


def _exceeds(order: Order, limit: Decimal) -> bool:
    """By the dose of a day; without a frequency one dose is the least that a day holds."""
    if order.dose is None or order.dose.unit != "mg":
        return False
    return order.dose.value * (order.per_day or Decimal(1)) > limit


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

"""Whether an anticoagulant, selected or in use, has a prophylactic dose (A.9); all else, also no dose, is full."""

from __future__ import annotations

from decimal import Decimal

from cards.frozen import dataclass
from cards.record import Medication, Order, Route
from cards.thresholds import Thresholds

ANTICOAGULANTS = ("med-anticoagulant", "med-heparin", "med-lmwh", "med-vitamin-k-antagonist", "med-doac")
HEPARINS = ("med-heparin", "med-lmwh")


@dataclass(frozen=True, slots=True)
class Limit:
    """The prophylactic dose of one drug: set, unit, most a day and, where it matters, most at a time."""

    set_id: str
    unit: str
    a_day: str
    at_a_time: str | None = None
    route: Route | None = None


LIMITS: tuple[Limit, ...] = (
    Limit("med-enoxaparin", "mg", "enoxaparin_day"),
    Limit("med-dalteparin", "unit", "dalteparin_day"),
    Limit("med-tinzaparin", "unit", "tinzaparin_day"),
    Limit("med-heparin-unfractionated", "unit", "heparin_day", route=Route.SUBCUTANEOUS),
    Limit("med-fondaparinux", "mg", "fondaparinux_day"),
    Limit("med-apixaban", "mg", "apixaban_day", "apixaban_dose"),
    Limit("med-rivaroxaban", "mg", "rivaroxaban_day"),
)
"""Thresholds by name; enoxaparin 30 mg twice a day has a row of its own below."""


def is_stated(order: Order | Medication) -> bool:
    """Dose and times a day are known."""
    return order.dose is not None and order.dose.unit is not None and order.per_day is not None


def is_prophylactic(order: Order | Medication, limits: Thresholds) -> bool:
    """A stated dose at or below the prophylactic limit of its drug."""
    if order.dose is None or order.per_day is None:
        return False
    dose, a_day = order.dose.value, order.dose.value * order.per_day
    for limit in LIMITS:
        if limit.set_id in order.set_ids and order.dose.unit == limit.unit:
            single: Decimal | None = getattr(limits, limit.at_a_time) if limit.at_a_time else None
            within: Decimal = getattr(limits, limit.a_day)
            if limit.route is not None and order.route is not limit.route:
                return False
            return (a_day <= within and (single is None or dose <= single)) or _is_thirty_twice(order, limits)
    return False


def _is_thirty_twice(order: Order | Medication, limits: Thresholds) -> bool:
    """Enoxaparin 30 mg every 12 hours."""
    return (
        "med-enoxaparin" in order.set_ids
        and order.dose is not None
        and order.dose.value == limits.enoxaparin_twice
        and order.per_day == 2
    )

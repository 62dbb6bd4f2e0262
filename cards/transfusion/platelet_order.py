"""The drafts of a transfusion (rulebook A.8, TRF-16): an adult dose, or a child's by weight, and the count after it."""

from __future__ import annotations

from decimal import Decimal

from cards.facts import PatientFacts
from cards.outcome import Action, ActionType, Suggestion
from cards.reasons import Fact
from cards.record import Moment
from cards.thresholds import Thresholds
from cards.transfusion.given import PLATELETS, is_count_ordered_after

STEP = Decimal("5")
"""Volumes are rounded down to 5 mL: never more than the dose by weight."""


def order_platelets(
    p: PatientFacts,
    limits: Thresholds,
    *,
    priority: str,
    reasons: tuple[str, ...],
    recommended: bool = True,
) -> tuple[Suggestion, ...]:
    """One button: platelets and the count after them. None where blood is refused, or the dose cannot be told.

    With platelets selected in this very call only the count after them is left to order. For a child without a
    weight the button asks for the weight instead.
    """
    if p.blood_refused is not None or p.person.age_years is None:
        return ()
    after = _after(p, priority, reasons, limits)
    if p.selected(*PLATELETS):
        return (Suggestion("TRF-16/after", after, recommended),) if after else ()
    dose = _dose(p, priority, reasons, limits)
    if dose is None:
        weigh = Action(ActionType.CREATE, "body-weight", priority, reasons=reasons)
        return (Suggestion("TRF-16/weight", (weigh,), recommended),)
    return (Suggestion("TRF-16/child" if p.person.is_child else "TRF-16/adult", (dose, *after), recommended),)


def missing_for_dose(p: PatientFacts) -> tuple[Fact, ...]:
    """What a dose cannot be told without: the age; for a child the weight."""
    if p.person.age_years is None:
        return (Fact.AGE,)
    return (Fact.WEIGHT,) if p.person.is_child and p.person.weight is None else ()


def child_volumes(p: PatientFacts, limits: Thresholds) -> tuple[Decimal, Decimal] | None:
    """10 and 15 mL/kg in mL, at most one adult unit; None without a weight of the last 30 days."""
    weight = p.person.weight
    if weight is None:
        return None
    low, high = (
        min(_round(weight.value * per_kg), limits.adult_unit_volume)
        for per_kg in (limits.child_dose_low, limits.child_dose_high)
    )
    return low, high


def _round(volume: Decimal) -> Decimal:
    return volume // STEP * STEP


def _dose(p: PatientFacts, priority: str, reasons: tuple[str, ...], limits: Thresholds) -> Action | None:
    if not p.person.is_child:
        quantity = (Decimal(1), "adult dose")
        return Action(ActionType.CREATE, "platelets-adult", priority, quantity, reasons=reasons)
    volumes = child_volumes(p, limits)
    if volumes is None:
        return None
    return Action(ActionType.CREATE, "platelets-child", priority, (volumes[1], "mL"), reasons=reasons)


def _after(
    p: PatientFacts, priority: str, reasons: tuple[str, ...], limits: Thresholds
) -> tuple[Action, ...]:
    now = Moment.instant(p.as_of)
    if is_count_ordered_after(p, now, now, limits):
        return ()
    return (Action(ActionType.CREATE, "cbc-after-platelets", priority, reasons=reasons),)

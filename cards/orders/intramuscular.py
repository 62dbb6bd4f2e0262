"""ORD-07: an injection into a muscle is selected while platelets are low; the route of an unmapped drug counts too."""

from __future__ import annotations

from cards.code_systems import CVX
from cards.facts import PatientFacts
from cards.orders.selection import none_chosen, nothing_against, read_count, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Why
from cards.record import Order, Route
from cards.rows import bleeding_rows
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.valuesets import is_mapped

EMERGENCY = ("med-emergency-im",)
INJECTIONS = ("proc-im-injection",)
VACCINES = ("vax-live", "vax-mmr-varicella", "vax-adenoviral-vector", "vax-post-exposure")
POST_EXPOSURE = ("vax-post-exposure",)
MENINGOCOCCAL = ("inf-meningococcal", "inf-meningococcal-unspecific")


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Below 20, or below 50 with bleeding, critical; 20 to 49 a warning; never for what saves a life at once."""
    injected = tuple(o for o in p.orders if o.route is Route.INTRAMUSCULAR or o.is_in(*INJECTIONS))
    if not injected:
        return none_chosen(p)
    orders = tuple(o for o in injected if not _is_urgent(p, limits, o))
    if not orders:
        return NoAdvice(Why.OTHER_ROW)
    said = read_count(p)
    if not said.below(limits.intramuscular_warning):
        return nothing_against(p, said)
    bleeds = bleeding_rows(p.bleeding.serious)
    dangerous = bool(bleeds) or said.below(limits.intramuscular_critical)
    critical = dangerous and any(_may_be_critical(o) for o in orders)
    vaccines = tuple(o for o in orders if is_vaccine(o))
    key = "vaccine" if len(vaccines) == len(orders) else "drug"
    reason = Reason(key, Indicator.CRITICAL if critical else Indicator.WARNING, bleeds)
    more = (
        *(("bleeding",) if bleeds else ()),
        *(("suggestion.vaccine",) if vaccines and key == "drug" else ()),
        *(("post-exposure",) if any(o.is_in(*POST_EXPOSURE) for o in orders) else ()),
    )
    judged = Judged("ORD-07", "selected injection into a muscle", orders, said)
    buttons = (remove(orders, recommended=critical),)
    return order_card(p, judged, (reason,), more=more, buttons=buttons)


def is_vaccine(order: Order) -> bool:
    """By its code system (CVX holds vaccines and immunoglobulins only) or a value set."""
    return order.is_in(*VACCINES) or any(system == CVX for system, _ in order.codes)


def _is_urgent(p: PatientFacts, limits: Thresholds, order: Order) -> bool:
    """Emergency drugs; the one dose for meningococcal disease; artesunate before a transfer."""
    meningococcal = p.present(*MENINGOCOCCAL) or p.suspected(*MENINGOCOCCAL)
    proven = p.infections.current("INF-MEN")
    return (
        order.is_in(*EMERGENCY)
        or (
            order.is_in("med-antibacterial", "med-penicillin", "med-cephalosporin")
            and bool(meningococcal or proven or "SAFE-12" in mimics(p, limits))
        )
        or (order.is_in("med-artesunate") and bool(p.infections.current("INF-MAL")))
    )


def _may_be_critical(order: Order) -> bool:
    """A warning at most after an exposure, and for a drug that is not mapped: it may be an emergency drug."""
    if order.is_in(*POST_EXPOSURE):
        return False
    return is_mapped(order.set_ids) or is_vaccine(order)


ADVICE = Advice(
    stem="orders/intramuscular",
    ids=("ORD-07",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

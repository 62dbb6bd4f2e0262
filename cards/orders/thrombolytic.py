"""ORD-06: a thrombolytic is selected with low platelets or active bleeding; a dose to open a catheter is not."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.orders.selection import none_chosen, nothing_against, read_count
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Order
from cards.rows import bleeding_rows
from cards.thresholds import Thresholds

THROMBOLYTICS = ("med-thrombolytic",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical below 100, and with active bleeding at any count."""
    selected = p.selected(*THROMBOLYTICS)
    if not selected:
        return none_chosen(p)
    orders = tuple(o for o in selected if not _opens_a_catheter(o, limits))
    if not orders:
        return NoAdvice(Why.OTHER_ROW)
    said = read_count(p)
    reasons: list[Reason] = []
    if p.bleeding.serious:
        rows = bleeding_rows(p.bleeding.serious)
        reasons.append(Reason("bleeding", Indicator.CRITICAL, rows))
    if said.below(limits.thrombolysis):
        reasons.append(Reason("count", Indicator.CRITICAL))
    if not reasons:
        return nothing_against(p, said)
    unknown = () if all(o.dose is not None for o in orders) else (Fact.DOSE,)
    judged = Judged("ORD-06", "selected thrombolytic", orders, said)
    return order_card(p, judged, tuple(reasons), more=("lock",), unknown=unknown)


def _opens_a_catheter(order: Order, limits: Thresholds) -> bool:
    return order.dose is not None and order.dose.unit == "mg" and order.dose.value <= limits.catheter_lock


ADVICE = Advice(
    stem="orders/thrombolytic",
    ids=("ORD-06",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

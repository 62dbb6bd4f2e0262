"""ORD-26: tranexamic or aminocaproic acid is selected although something recorded speaks against it (IMM-04)."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import replace
from cards.orders.selection import chosen, none_chosen, read_count
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import bleeding_rows
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.transfusion.adjuncts import tranexamic_acid

ANTIFIBRINOLYTICS = ("med-antifibrinolytic",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning that names every reason; a mouthwash or swab names its route and is not judged."""
    orders = chosen(p, *ANTIFIBRINOLYTICS)
    if not orders:
        return none_chosen(p)
    adjunct = tranexamic_acid(p, p.bleeding.active, mimics(p, limits), limits)
    if not adjunct.cautions:
        return NoAdvice(Why.ALLOWED) if p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)
    judged = Judged("ORD-26", "selected antifibrinolytic", orders, read_count(p), by_count=False)
    rows = (*bleeding_rows(p.bleeding.deep), *adjunct.rows)
    reason = Reason("against", Indicator.WARNING, rows)
    unknown = (Fact.EGFR,) if p.newest("obs-egfr", limits.span("egfr_days")) is None else ()
    card = order_card(p, judged, (reason,), also=("IMM-04",), unknown=unknown)
    return replace(card, cautions=adjunct.cautions)


ADVICE = Advice(
    stem="orders/tranexamic_acid",
    ids=("ORD-26",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

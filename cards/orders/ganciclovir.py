"""ORD-31: ganciclovir or valganciclovir is selected below the counts at which its label says not to begin."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.orders.selection import chosen, none_chosen, read_count, refer, references, removal
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.rows import measurement_row
from cards.thresholds import Thresholds

GANCICLOVIR = ("med-ganciclovir",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Platelets below 25, neutrophils below 0.5 or haemoglobin below 8 g/dL: critical."""
    orders = chosen(p, *GANCICLOVIR)
    if not orders:
        return none_chosen(p)
    said, within = read_count(p), limits.span("ganciclovir_days")
    neutrophils, hb = p.newest("obs-neutrophils", within), p.newest("obs-hemoglobin", within)
    reasons: list[Reason] = []
    if said.below(limits.ganciclovir_count):
        reasons.append(Reason("platelets", Indicator.CRITICAL))
    if neutrophils is not None and neutrophils.value < limits.ganciclovir_neutrophils:
        rows = (measurement_row("neutrophils", neutrophils),)
        reasons.append(Reason("neutrophils", Indicator.CRITICAL, rows))
    if hb is not None and hb.value < limits.ganciclovir_hb:
        reasons.append(Reason("haemoglobin", Indicator.CRITICAL, (measurement_row("haemoglobin", hb),)))
    missing = tuple(
        fact
        for fact, is_missing in (
            (Fact.PLATELETS, said.value is None),
            (Fact.NEUTROPHILS, neutrophils is None),
            (Fact.HAEMOGLOBIN, hb is None),
        )
        if is_missing
    )
    if not reasons:
        return CannotTell(*missing) if missing else NoAdvice(Why.COUNT_NOT_LOW)
    ask = refer(("infectious-diseases", "haematology"), "urgent", references(said.rows))
    buttons = (
        Suggestion("ask", ask, True),
        Suggestion("remove-and-ask", (*removal(orders), *ask)),
    )
    judged = Judged("ORD-31", "selected ganciclovir or valganciclovir", orders, said)
    return order_card(p, judged, tuple(reasons), more=("instead",), unknown=missing, buttons=buttons)


ADVICE = Advice(
    stem="orders/ganciclovir",
    ids=("ORD-31",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

"""ORD-25: intravenous immunoglobulin is selected with IgA deficiency, a risk of thrombosis or kidney failure."""

from __future__ import annotations

from cards.blood_borne import untested
from cards.facts import PatientFacts
from cards.host import dialysis, kidney_disease
from cards.orders.selection import none_chosen, read_count, refer, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reading.situation import DENGUE
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import finding_row, infection_row, measurement_row
from cards.thresholds import Thresholds

IVIG = ("med-ivig",)
CLOTS = (
    "risk-thrombosis",
    "risk-thrombosis-history",
    "risk-cvst",
    "risk-portal-vein-thrombosis",
    "risk-acs",
    "risk-thrombophilia",
)
IGA = ("risk-iga-deficiency",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical, warning, or information when serology is not drawn: the strongest leads."""
    orders = p.selected(*IVIG)
    if not orders:
        return none_chosen(p)
    egfr = p.newest("obs-egfr", limits.span("egfr_days"))
    reasons = _reasons(p, limits)
    if not reasons:
        unread = p.unread(Kind.CONDITIONS, Kind.OBSERVATIONS)
        return CannotTell(*unread) if unread else NoAdvice(Why.ALLOWED)
    keys = {r.key for r in reasons}
    unknown = (
        *((Fact.EGFR,) if egfr is None else ()),
        *_undrawn(p),
    )
    judged = Judged("ORD-25", "selected immunoglobulin", orders, read_count(p), by_count=False)
    ask = Suggestion("ask", refer(("haematology",), "urgent"))
    buttons = (remove(orders), ask) if "iga" in keys else (ask, remove(orders, recommended=False))
    return order_card(
        p, judged, reasons, more=("serology",) * ("serology" not in keys), unknown=unknown, buttons=buttons
    )


def _reasons(p: PatientFacts, limits: Thresholds) -> tuple[Reason, ...]:
    iga = tuple(finding_row("IgA deficiency", f) for f in p.findings(*IGA))
    clots = tuple(finding_row("thrombosis or its risk", f) for f in p.findings(*CLOTS))
    age = p.person.age_years
    old = (
        (Input("age", age, "a", None, p.person.reference),)
        if age is not None and age > limits.ivig_age
        else ()
    )
    found = (
        ("iga", Indicator.CRITICAL, iga),
        ("dengue", Indicator.WARNING, tuple(infection_row(p, i) for i in p.infections.current(DENGUE))),
        ("clot", Indicator.WARNING, clots),
        ("kidney", Indicator.WARNING, _kidney(p, limits)),
        ("age", Indicator.WARNING, old),
    )
    reasons = tuple(Reason(key, indicator, rows) for key, indicator, rows in found if rows)
    if not _undrawn(p) or not p.answered(Kind.OBSERVATIONS):  # what was not read may be drawn
        return reasons
    return (*reasons, Reason("serology", Indicator.INFO))


def _kidney(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """An eGFR below the limit; dialysis, or where no eGFR is known a recorded kidney disease (POP-07)."""
    egfr = p.newest("obs-egfr", limits.span("egfr_days"))
    if egfr is not None and egfr.value < limits.ivig_egfr:
        return (measurement_row("eGFR", egfr),)
    return kidney_disease(p, limits) if egfr is None else dialysis(p, limits)


def _undrawn(p: PatientFacts) -> tuple[Fact, ...]:
    """Which of HIV, hepatitis C and hepatitis B have no result: afterwards donor antibodies mislead."""
    tested = {s for t in p.record.tests for s in t.set_ids} | set(p.record.measurements)
    return untested(lambda *sets: not tested.isdisjoint(sets))


ADVICE = Advice(
    stem="orders/ivig",
    ids=("ORD-25",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

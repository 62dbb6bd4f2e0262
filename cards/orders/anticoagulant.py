"""ORD-03 and ORD-04: an anticoagulant is selected in a full or in a prophylactic dose while platelets are low.

With HIT or a VITT-like disorder the drug treats the clotting: a low count alone is no reason against it, and
a heparin has its own card (ORD-05).
"""

from __future__ import annotations

from cards.anticoagulant_dose import ANTICOAGULANTS, HEPARINS, is_prophylactic, is_stated
from cards.facts import PatientFacts
from cards.facts.presence import reference_time
from cards.frozen import replace
from cards.orders.selection import (
    CountSaid,
    chosen,
    none_chosen,
    nothing_against,
    read_count,
    refer,
    references,
    removal,
)
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, Answers, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Order
from cards.rows import bleeding_rows, finding_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds

ANTI_PF4 = frozenset({"SAFE-02", "SAFE-04"})
VALVE = ("status-heart-valve",)
CLOTS = ("risk-thrombosis", "risk-cvst", "risk-portal-vein-thrombosis", "risk-acs")
FULL, PROPHYLACTIC = "selected anticoagulant, full dose", "selected anticoagulant, prophylactic dose"


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """Full doses are judged by ORD-03, prophylactic ones by ORD-04."""
    orders = chosen(p, *ANTICOAGULANTS)
    if not orders:
        return dict.fromkeys(ADVICE.ids, none_chosen(p))
    anti_pf4 = not ANTI_PF4.isdisjoint(mimics(p, limits))
    if anti_pf4:
        orders = tuple(o for o in orders if not o.is_in(*HEPARINS))
    low = tuple(o for o in orders if is_prophylactic(o, limits))
    full = tuple(o for o in orders if o not in low)
    said = read_count(p)
    return {
        "ORD-03": _full(p, limits, full, said, anti_pf4) if full else none_chosen(p),
        "ORD-04": _prophylactic(p, limits, low, said, anti_pf4) if low else none_chosen(p),
    }


# ---------------------------------------------------------------------------------------------- ORD-03


def _full(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid, anti_pf4: bool
) -> Outcome:
    """Bleeding or below 25 critical, 25 to 49 a warning."""
    reasons: tuple[Reason, ...] = ()
    if p.bleeding.serious:
        rows = bleeding_rows(p.bleeding.serious)
        reasons = (Reason("bleeding", Indicator.CRITICAL, rows),)
    if said.below(limits.anticoagulant_warning) and not anti_pf4:
        critical = said.below(limits.anticoagulant_critical)
        key, indicator = ("very-low", Indicator.CRITICAL) if critical else ("low", Indicator.WARNING)
        reasons = (*reasons, Reason(key, indicator))
    if not reasons:
        return NoAdvice(Why.EXPLAINED) if anti_pf4 else nothing_against(p, said)
    clots = _acute_clots(p, limits)
    valves = tuple(finding_row("prosthetic heart valve", f) for f in p.present(*VALVE))
    unstated = any(not is_stated(o) for o in orders)
    more = (
        *(("anti-pf4",) if anti_pf4 else ()),
        *(("acute-clot",) if clots else ()),
        *(("valve",) if valves else ()),
        *(() if anti_pf4 else ("alternatives",)),
    )
    card = order_card(
        p,
        Judged("ORD-03", FULL, orders, said),
        reasons,
        more=more,
        cautions=("caution.dose",) if unstated else (),
        unknown=(Fact.DOSE,) if unstated else (),
        buttons=_buttons(orders, said, keep=bool(clots or valves) or anti_pf4),
    )
    return replace(card, inputs=(*card.inputs, *clots, *valves))


def _acute_clots(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """A venous or arterial clot, present or suspected, younger than a month or without a date."""
    return tuple(
        finding_row("acute thrombosis", f)
        for f in (*p.present(*CLOTS), *p.suspected(*CLOTS))
        if (when := reference_time(f)) is None or when.since(p.as_of) < limits.span("clot_days")
    )


def _buttons(orders: tuple[Order, ...], said: CountSaid, *, keep: bool) -> tuple[Suggestion, ...]:
    """With an acute clot or a valve nothing is simply stopped: asking comes first."""
    ask = Suggestion("ask", refer(("haematology",), "urgent", references(said.rows)), recommended=keep)
    hold = Suggestion("hold", (*removal(orders), *ask.actions), recommended=not keep)
    return (ask, hold) if keep else (hold, ask)


# ---------------------------------------------------------------------------------------------- ORD-04


def _prophylactic(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid, anti_pf4: bool
) -> Outcome:
    """Severe bleeding critical; WHO 2 bleeding below 50, or below 25, a warning."""
    severe = tuple(dict.fromkeys((*p.bleeding.severe, *p.bleeding.cns)))
    reasons: tuple[Reason, ...] = ()
    if severe:
        reasons = (Reason("bleeding", Indicator.CRITICAL, bleeding_rows(severe)),)
    elif p.bleeding.serious and (said.value is None or said.below(limits.anticoagulant_warning)):
        rows = bleeding_rows(p.bleeding.serious)
        reasons = (Reason("some-bleeding", Indicator.WARNING, rows),)
    if said.below(limits.anticoagulant_critical) and not anti_pf4:
        reasons = (*reasons, Reason("very-low", Indicator.WARNING))
    if not reasons:
        return NoAdvice(Why.EXPLAINED) if anti_pf4 else nothing_against(p, said)
    more = ("anti-pf4",) if anti_pf4 else ("mechanical",)
    return order_card(p, Judged("ORD-04", PROPHYLACTIC, orders, said), reasons, more=more)


ADVICE = Advice(
    stem="orders/anticoagulant",
    ids=("ORD-03", "ORD-04"),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

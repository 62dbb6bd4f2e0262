"""ORD-15: a drug that can lower platelets by itself is selected.

Tier 1 is judged by the count, tier 2 (in wide use) by its timing alone: it speaks when SAFE-10 names the drug.
"""

from __future__ import annotations

from cards.anti_infective.content import Pathogen
from cards.facts import PatientFacts
from cards.orders import ganciclovir
from cards.orders.cross_reactivity import Relation, match
from cards.orders.selection import CountSaid, chosen, none_chosen, nothing_against, read_count, refer, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, Advise, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Allergy, Order
from cards.rows import allergy_row, finding_row, measurement_row, medication_row
from cards.safety import drug_induced
from cards.safety.drug_induced import BETA_LACTAMS, find_falls
from cards.thresholds import Thresholds

TIER_1 = ("med-drug-induced-thrombocytopenia",)
TIER_2 = ("med-drug-induced-thrombocytopenia-tier2", *BETA_LACTAMS)
LINEZOLID, RIFAMYCIN = "med-linezolid", "med-rifamycin"
RECORDED = ("cond-thrombocytopenia-drug",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """The strongest reason of all selected drugs leads; a drug of a time-critical infection warns at most."""
    orders = _not_told(p, limits)
    if not orders:
        return none_chosen(p)
    said = read_count(p)
    judged = [(o, r) for o in orders for r in _judge(p, limits, o, said)]
    if not judged:
        tier_1 = any(o.is_in(*TIER_1) for o in orders)
        return nothing_against(p, said) if tier_1 else NoAdvice(Why.OTHER_ROW)
    reasons = tuple(r for _, r in judged)
    drugs = tuple({o.reference: o for o, _ in judged}.values())
    critical = any(r.indicator is Indicator.CRITICAL for r in reasons)
    more = (
        *(("linezolid",) if any(o.is_in(LINEZOLID) for o in drugs) else ()),
        *(("rifamycin",) if any(o.is_in(RIFAMYCIN) for o in drugs) else ()),
        *(("time-critical",) if any(_is_vital(p, o) for o in drugs) else ()),
        "alternative",
    )
    rows, unknown = _linezolid_risk(p, limits) if "linezolid" in more else ((), ())
    review = Suggestion("review", refer(("medication-review",), "urgent"), recommended=not critical)
    return order_card(
        p,
        Judged("ORD-15", "selected drug that can lower platelets", drugs, said),
        reasons,
        more=more,
        rows=rows,
        unknown=unknown,
        buttons=(remove(drugs, recommended=critical), review),
        alternatives=False,
    )


def _not_told(p: PatientFacts, limits: Thresholds) -> tuple[Order, ...]:
    """The selected drugs of either tier, without ganciclovir where ORD-31 says more of it."""
    orders = chosen(p, *TIER_1, *TIER_2)
    if not orders:
        return ()
    told = isinstance(ganciclovir.decide(p, limits), Advise)
    return tuple(o for o in orders if not (told and o.is_in(*ganciclovir.GANCICLOVIR)))


def _judge(p: PatientFacts, limits: Thresholds, order: Order, said: CountSaid) -> tuple[Reason, ...]:
    """A recorded drug-induced thrombocytopenia, and the count (tier 1) or the timing (tier 2)."""
    tier_1 = order.is_in(*TIER_1)
    now = _by_count(p, limits, order, said) if tier_1 else _by_timing(p, limits, order)
    most = Indicator.WARNING if _is_vital(p, order) else Indicator.CRITICAL
    found = (r for r in (_recorded(p, order), now) if r is not None)
    return tuple(Reason(r.key, min(r.indicator, most), r.rows) for r in found)


def _recorded(p: PatientFacts, order: Order) -> Reason | None:
    """A drug-induced thrombocytopenia is recorded: critical when by this drug, or when it was in use before."""
    reactions = tuple(a for a in p.allergies if a.thrombocytopenia and _is_to(order, a))
    if reactions:
        rows = tuple(allergy_row("reaction to the drug", "thrombocytopenia", a) for a in reactions)
        return Reason("by-it", Indicator.CRITICAL, rows)
    findings = p.findings(*RECORDED)
    if not findings:
        return None
    before = tuple(m for m in p.record.medications if not set(m.codes).isdisjoint(order.codes))
    rows = (
        *(finding_row("drug-induced thrombocytopenia", f) for f in findings),
        *(medication_row("the same drug before", m) for m in before),
    )
    key, indicator = ("again", Indicator.CRITICAL) if before else ("some-drug", Indicator.WARNING)
    return Reason(key, indicator, rows)


def _is_to(order: Order, allergy: Allergy) -> bool:
    found = match(order, allergy)
    return found is not None and found.relation in (Relation.SAME_SUBSTANCE, Relation.SAME_CLASS)


def _by_count(p: PatientFacts, limits: Thresholds, order: Order, said: CountSaid) -> Reason | None:
    """Below 20 critical, below 50 a warning, 50 to 99 information; linezolid from day 14 at any count."""
    rows = _long_linezolid(p, limits, order)
    for limit, key, indicator in (
        (limits.toxic_critical, "very-low", Indicator.CRITICAL),
        (limits.toxic_warning, "low", Indicator.WARNING),
        (limits.toxic_info, "watch", Indicator.INFO),
    ):
        if said.below(limit):
            return Reason(key, indicator, rows)
    return Reason("watch", Indicator.INFO, rows) if rows else None


def _by_timing(p: PatientFacts, limits: Thresholds, order: Order) -> Reason | None:
    """SAFE-10 names this drug: the platelets fell some days after it began."""
    current = p.platelets.current
    if current is None or not isinstance(drug_induced.decide(p, limits), Advise):
        return None
    doses = (dose for fall in find_falls(p, current, limits) for dose in fall.course.doses)
    named = tuple(m for m in doses if not set(m.codes).isdisjoint(order.codes))
    if not named:
        return None
    return Reason(
        "timing", Indicator.WARNING, tuple(medication_row("the same drug before", m) for m in named)
    )


def _long_linezolid(p: PatientFacts, limits: Thresholds, order: Order) -> tuple[Input, ...]:
    """Linezolid in use for two weeks, or selected for as long."""
    if not order.is_in(LINEZOLID):
        return ()
    within = limits.span("linezolid_days")
    used = tuple(m for m in p.using(LINEZOLID) if m.start is not None and m.start.age(p.as_of) >= within)
    planned = order.duration is not None and order.duration >= within
    rows = tuple(medication_row("linezolid in use", m) for m in used)
    return rows or ((Input("selected length of linezolid", "two weeks or more"),) if planned else ())


def _linezolid_risk(p: PatientFacts, limits: Thresholds) -> tuple[tuple[Input, ...], tuple[Fact, ...]]:
    """What the paragraph on linezolid rests on, creatinine and weight: shown, or named as not known."""
    creatinine, weight = p.newest("obs-creatinine", limits.span("egfr_days")), p.person.weight
    found = ((creatinine, "creatinine", Fact.CREATININE), (weight, "body weight", Fact.WEIGHT))
    rows = tuple(measurement_row(name, value) for value, name, _ in found if value is not None)
    unknown = tuple(fact for value, _, fact in found if value is None)
    return rows, unknown


def _is_vital(p: PatientFacts, order: Order) -> bool:
    """A drug of the therapy of a time-critical infection that is current; in malaria that of the severe form."""
    infections = (p.pathogens[i.pathogen] for i in p.infections.current())
    return any(i.time_critical and not order.set_ids.isdisjoint(_first_line(i)) for i in infections)


def _first_line(pathogen: Pathogen) -> tuple[str, ...]:
    return pathogen.therapy_urgent or pathogen.therapy_sets


ADVICE = Advice(
    stem="orders/toxic",
    ids=("ORD-15",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

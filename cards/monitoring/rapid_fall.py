"""PLT-03: a rapid fall is a sign of its own, whatever the count has reached."""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import PatientFacts
from cards.host import is_newborn
from cards.months import days_in_words
from cards.outcome import Advice, Advise, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import count_row, medication_row, platelet_row
from cards.thresholds import Thresholds

HEPARINS = ("med-heparin", "med-lmwh")
SUSPECT_DRUGS = ("med-drug-induced-thrombocytopenia", "med-drug-induced-thrombocytopenia-tier2")
CHECKS = ("coagulation", "blood-film", "haemolysis")
COAGULATION = ("obs-pt-inr", "obs-fibrinogen", "obs-aptt", "obs-d-dimer")
HAEMOLYSIS = ("obs-ldh", "obs-haptoglobin")


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning where the count in use lies far below one of the last days (B.2: no counts after platelets)."""
    if is_newborn(p, limits):
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    count, fall = p.platelets.decisive, p.platelets.trend.rapid_fall
    if count is None:
        return CannotTell(Fact.PLATELETS)
    if fall is None:
        return NoAdvice(Why.NO_FALL)
    rows, cautions = _drugs(p, limits)
    return Advise(
        "PLT-03",
        Indicator.WARNING,
        cautions=cautions,
        unknown=_unknown(p, limits),
        values={"percent": fall.percent, "span": days_in_words(fall.days)},
        inputs=(*platelet_row(p), count_row(fall.before, "platelet count before the fall"), *rows),
        suggestions=order(p, "checks", CHECKS, (count.reference, fall.before.reference), "urgent"),
    )


def _drugs(p: PatientFacts, limits: Thresholds) -> tuple[tuple[Input, ...], tuple[str, ...]]:
    """Heparin of the last 100 days, and drugs known to lower platelets of the last 14."""
    heparin = p.used_within(limits.span("hit_days"), *HEPARINS)
    within = limits.span("rapid_fall_drug_days")
    suspects = [m for m in p.used_within(within, *SUSPECT_DRUGS) if m not in heparin]
    rows = (
        *(medication_row("heparin", m) for m in heparin),
        *(medication_row("drug that can lower platelets", m) for m in suspects),
    )
    cautions = (
        *(("caution.heparin",) if heparin else ()),
        *(("caution.drug",) if suspects else ()),
    )
    return rows, cautions


def _unknown(p: PatientFacts, limits: Thresholds) -> tuple[Fact, ...]:
    """The checks that no result of the last days answers."""
    within = limits.span("rapid_fall_short")
    missing = (
        (all(p.newest(s, within) is None for s in COAGULATION), Fact.COAGULATION),
        (all(p.newest(s, within) is None for s in HAEMOLYSIS), Fact.HAEMOLYSIS),
        (not p.tests("obs-schistocytes") and p.newest("obs-schistocytes") is None, Fact.SCHISTOCYTES),
        (p.newest("obs-creatinine", within) is None, Fact.CREATININE),
        (not p.answered(Kind.MEDICATIONS), Fact.MEDICATIONS),
    )
    return tuple(fact for is_missing, fact in missing if is_missing)


ADVICE = Advice(stem="monitoring/rapid_fall", ids=("PLT-03",), topic=Topic.WORKUP, decide=decide)

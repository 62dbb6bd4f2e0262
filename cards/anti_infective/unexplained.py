"""When an infection that nobody recorded is worth a test: antibodies alone, or low platelets without a cause.

INF-HP-01 is kept narrow, for a test at every low count would soon be ignored (rulebook A.3). It asks for an
adult who is not pregnant, a count below 100, no result of the test in the last 12 months, and either a
recorded immune thrombocytopenia (ACG24 names it as a reason to test) or a low series that has outlasted the
recovery window of an infection nobody found, with no cause in the record. A fresh low count gets its test
from the work-up card (PLT-04).
"""

from __future__ import annotations

from cards.anti_infective.content import Pathogen
from cards.facts import Known, PatientFacts
from cards.months import add_months
from cards.outcome import CannotTell, Input, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Kind, Result, TestResult
from cards.rows import finding_row
from cards.thresholds import Thresholds

IMMUNE = "cond-thrombocytopenia-immune"

EXPLANATIONS = (
    "cond-thrombocytopenia-secondary",
    "cond-thrombocytopenia-drug",
    "cond-thrombocytopenia-inherited",
    "cond-pseudothrombocytopenia",
    "mimic-tma",
    "mimic-tma-other",
    "mimic-hit",
    "mimic-vitt",
    "mimic-hus",
    "mimic-dic",
    "mimic-hlh",
    "mimic-hellp",
    "mimic-aps-sle",
    "mimic-sle",
    "mimic-marrow",
    "mimic-acute-leukaemia",
    "mimic-lymphoma",
    "mimic-aplastic",
    "mimic-pancytopenia",
    "mimic-evans",
    "mimic-alloimmune",
    "risk-liver",
    "risk-cirrhosis-decompensated",
    "risk-liver-failure",
    "risk-splenomegaly",
)
"""Recorded conditions, also suspected ones, that can explain a low count."""

CAUSING_DRUGS = ("med-drug-induced-thrombocytopenia",)


def look_for_exposure(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> TestResult | None:
    """A positive antibody without a proof, for a chronic infection (rulebook A.1): the result, or None.

    Antibodies of an acute infection are common and mean nothing. A negative proving test of the last 12
    months settles it, and without a low count there is no reason to ask.
    """
    last = p.platelets.last_known
    if not pathogen.chronic or last is None or last >= limits.normal or tested(p, pathogen, limits):
        return None
    sets = set(pathogen.test_sets)
    return next((t for t in p.infections.exposures if not sets.isdisjoint(t.set_ids)), None)


def look_for_unexplained(
    p: PatientFacts, pathogen: Pathogen, limits: Thresholds
) -> tuple[Input, ...] | NoAdvice | CannotTell:
    """The rows that make a test of this pathogen worth while, or why not."""
    if not pathogen.tested_when_unexplained:
        return NoAdvice(Why.NO_INFECTION)
    if p.platelets.decisive is None:
        return CannotTell(Fact.PLATELETS)
    if p.platelets.decisive.value >= limits.workup_count:
        return NoAdvice(Why.COUNT_NOT_LOW)
    if p.person.is_adult is None:
        return CannotTell(Fact.AGE)
    if not p.person.is_adult or p.person.pregnancy is Known.YES:
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    if tested(p, pathogen, limits) or _treated(p, pathogen):
        return NoAdvice(Why.ALREADY_DONE)
    if _explained(p):
        return NoAdvice(Why.EXPLAINED)
    if not p.answered(Kind.OBSERVATIONS):
        return CannotTell(Fact.OBSERVATIONS)  # what was not read may be the test
    immune = p.present(IMMUNE)
    if immune:
        return tuple(finding_row("immune thrombocytopenia", f) for f in immune)
    return _lasting(p, limits)


def tested(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> bool:
    """A proving test of the pathogen gave a result within the time that a chronic infection stays proven."""
    if p.record.test_sets.isdisjoint(pathogen.test_sets):
        return False
    since = add_months(p.as_of, -int(limits.proven_chronic_months))
    sets = set(pathogen.test_sets)
    return any(
        t.proves == "current"
        and t.result in (Result.POSITIVE, Result.NEGATIVE)
        and not sets.isdisjoint(t.set_ids)
        and (t.time is None or t.time.latest >= since)
        for t in p.record.tests
    )


def _treated(p: PatientFacts, pathogen: Pathogen) -> bool:
    """The infection is in the history, or a combined product for it: the question has been asked."""
    took_a_pack = not p.record.drug_sets.isdisjoint(pathogen.therapy_packs)
    return took_a_pack or bool(p.findings(*pathogen.condition_sets))


def _explained(p: PatientFacts) -> bool:
    return (
        p.platelets.chronic_stable
        or any(not i.is_suspected_only for i in p.infections.found)
        or bool(p.present(*EXPLANATIONS) or p.suspected(*EXPLANATIONS))
        or bool(p.using(*CAUSING_DRUGS))
    )


def _lasting(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...] | NoAdvice | CannotTell:
    """Low for longer than an unrecorded infection would take (the default window of MON-05)."""
    since = p.platelets.low_since
    if since is None or p.as_of - since.latest < limits.span("mon_default_weeks"):
        return NoAdvice(Why.NOT_LASTING)
    if not p.answered(Kind.MEDICATIONS):
        return CannotTell(Fact.MEDICATIONS)
    days = (p.as_of - since.latest).days
    first = next((c.reference for c in p.platelets.series if c.time == since), None)
    return (Input("platelets below 100 without a break", f"for {days} days", None, since, first),)

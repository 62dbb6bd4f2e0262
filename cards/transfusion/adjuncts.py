"""IMM-01 IVIG with a steroid, IMM-03 a short steroid course, IMM-04 tranexamic acid: paragraphs of transfusion cards.

They are never cards of their own: the decision asks here which paragraphs and cautions fit this patient.
"""

from __future__ import annotations

from cards.anti_infective.course import is_controlled, was_treated
from cards.anti_infective.recorded import is_infection_recorded
from cards.facts import Bleed, Infection, PatientFacts, Site
from cards.facts.once import once
from cards.frozen import dataclass
from cards.host import dialysis, hypoproliferative, kidney_disease
from cards.monitoring.isolated import not_isolated
from cards.months import add_months
from cards.outcome import Advice, Advise, Answers, Input, Topic
from cards.reading.situation import has_current_dic
from cards.reasons import Fact, Why
from cards.record import Finding, Kind, Measurement, Result
from cards.rows import finding_row, measurement_row, medication_row
from cards.safety import hellp, high_consequence, hlh, hypersplenism, lifelong, marrow
from cards.safety.mimics import NO_PLATELETS
from cards.thresholds import Thresholds

NOT_IMMUNE = (hellp, hlh, marrow, hypersplenism, lifelong, high_consequence)
"""Mimics that gate nothing, and whose platelets are not destroyed by antibodies: SAFE-08, -05, -06, -09, -11, -13."""

IVIG = "med-ivig"
THROMBOSIS = ("risk-thrombosis", "risk-cvst", "risk-portal-vein-thrombosis")
THROMBOSIS_EVER = (*THROMBOSIS, "risk-thrombosis-history", "risk-thrombophilia")
EXCLUDING_TESTS = (("lab-hiv",), ("lab-hcv",), ("lab-hbv", "lab-hbv-surface-antigen"), ("lab-h-pylori",))
"""HIV and HCV (ASH 2011), HBV before immunosuppression, H. pylori in adults: all negative, none is left to treat."""


@dataclass(frozen=True, slots=True)
class Adjunct:
    """Paragraphs, cautions, missing facts and rows that one IMM rule adds to a card."""

    rule: str
    say: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    unknown: tuple[Fact, ...] = ()
    rows: tuple[Input, ...] = ()


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """Their words stand in the transfusion cards."""
    return ADVICE.silent


# ---------------------------------------------------------------------------------------------- IMM-01


def may_be_immune(p: PatientFacts, mimics: frozenset[str], limits: Thresholds) -> bool:
    """Nothing recorded or suspected speaks for another mechanism: a mimic, DIC, marrow, other cells (PLT-05)."""
    return not (mimics or _has_another_mechanism(p, limits))


@once
def _has_another_mechanism(p: PatientFacts, limits: Thresholds) -> bool:
    return bool(
        p.present("cond-thrombocytopenia-drug", "cond-thrombocytopenia-inherited")
        or has_current_dic(p.record, limits)
        or hypoproliferative(p, limits)
        or not_isolated(p, limits)
        or any(isinstance(mimic.decide(p, limits), Advise) for mimic in NOT_IMMUNE)
    )


def immunoglobulin(p: PatientFacts, limits: Thresholds, *, emergency: bool) -> Adjunct:
    """IMM-01: IVIG, with a steroid in an emergency; the doses of the guideline only where the age is known."""
    key = "emergency" if emergency else "bleeding"
    person = {True: (f"IMM-01/dose.{key}.adult",), False: (f"IMM-01/dose.{key}.child",), None: ()}
    dose = person[p.person.is_adult]
    thrombosis = p.findings(*THROMBOSIS_EVER)
    iga = p.findings("risk-iga-deficiency")
    egfr = p.newest("obs-egfr", limits.span("egfr_days"))
    kidney = kidney_disease(p, limits)
    low = egfr if egfr is not None and egfr.value < limits.ivig_egfr else None
    given = p.used_within(limits.span("ivig_course_days"), IVIG)
    before = "IMM-01/before" if emergency else "IMM-01/draw-first"
    cautions = (
        ("IMM-01/caution.thrombosis", bool(thrombosis)),
        ("IMM-01/caution.iga", bool(iga)),
        ("IMM-01/caution.kidney", bool(kidney) or low is not None),
    )
    unknown = (
        (Fact.AGE, p.person.age_years is None and not given),
        (Fact.WEIGHT, p.person.weight is None and not given),
        (Fact.EGFR, egfr is None and not given),
    )
    return Adjunct(
        "IMM-01",
        say=(f"IMM-01/{key}", *(("IMM-01/given",) if given else (*dose, before))),
        cautions=tuple(caution for caution, applies in cautions if applies),
        unknown=tuple(fact for fact, is_missing in unknown if is_missing),
        rows=(
            *(medication_row("IVIG", m) for m in given),
            *(finding_row("thrombosis or its risk", f) for f in thrombosis),
            *(finding_row("IgA deficiency", f) for f in iga),
            *kidney,
            *((measurement_row("eGFR", low),) if low is not None else ()),
        ),
    )


# ---------------------------------------------------------------------------------------------- IMM-03


def short_steroid(p: PatientFacts, limits: Thresholds) -> Adjunct | None:
    """IMM-03: an adult whose infection is treated or excluded; None where that is not settled."""
    if not p.person.is_adult or not infection_is_settled(p, limits):
        return None
    return Adjunct("IMM-03", say=("IMM-03/suggestion",))


def infection_is_settled(p: PatientFacts, limits: Thresholds) -> bool:
    """Every recorded infection is treated or over; without one, the tests that look for it are negative."""
    signs = p.signs
    if (
        not p.answered(Kind.CONDITIONS)
        or p.sepsis_recorded
        or signs.fever
        or signs.shock
        or signs.hypothermia
    ):
        return False
    if not all(_is_settled(p, i, limits) for i in p.infections.found):
        return False
    if p.infections.found:
        return True
    return not is_infection_recorded(p, limits) and not untested(p, limits)


def untested(p: PatientFacts, limits: Thresholds) -> bool:
    """A test for a treatable cause has no negative result in the record; a load that is not detected is one.

    Older than a test that proves a chronic infection it tells nothing of today (A.9).
    """
    since = add_months(p.as_of, -int(limits.proven_chronic_months))
    negative = {
        set_id
        for test in p.record.tests
        if test.result is Result.NEGATIVE and test.time is not None and test.time.latest >= since
        for set_id in test.set_ids
    }
    return any(negative.isdisjoint(sets) for sets in EXCLUDING_TESTS)


def _is_settled(p: PatientFacts, infection: Infection, limits: Thresholds) -> bool:
    if infection.is_suspected_only:
        return not infection.current
    return infection.is_under_therapy or was_treated(infection) or is_controlled(p, infection, limits)


# ---------------------------------------------------------------------------------------------- IMM-04


def tranexamic_acid(
    p: PatientFacts, bleeds: tuple[Bleed, ...], mimics: frozenset[str], limits: Thresholds
) -> Adjunct:
    """IMM-04: useful for the mucosa, with what speaks against it; the dose for an adult whose reasons are known."""
    against, rows = _against(p, bleeds, mimics, limits)
    kidney_known = p.newest("obs-egfr", limits.span("egfr_days")) is not None
    unknown = (
        (Fact.CONDITIONS, not p.answered(Kind.CONDITIONS)),
        (Fact.MEDICATIONS, not p.answered(Kind.MEDICATIONS)),
        (Fact.EGFR, not kidney_known),
    )
    missing = tuple(fact for fact, is_missing in unknown if is_missing)
    if against:
        return Adjunct("IMM-04", cautions=against, rows=rows)
    mouth = any(b.site is Site.MUCOSAL for b in bleeds)
    dose = not missing and bool(p.person.is_adult)
    say = (
        *(("IMM-04/mucosa",) if mouth else ("IMM-04/elsewhere",)),
        *(("IMM-04/dose",) if dose else ("IMM-04/no-dose",)),
    )
    return Adjunct("IMM-04", say=say, unknown=missing)


def _against(
    p: PatientFacts, bleeds: tuple[Bleed, ...], mimics: frozenset[str], limits: Thresholds
) -> tuple[tuple[str, ...], tuple[Input, ...]]:
    """Cautions against tranexamic acid, and the rows of those that the card does not show already."""
    sets = {b.set_id for b in bleeds}
    clots = _clots(p, limits)
    seizures = p.present("risk-seizure")
    kidney = _failing_kidney(p, limits)
    dialysed = dialysis(p, limits)
    found = (
        ("dic", "SAFE-07" in mimics or has_current_dic(p.record, limits)),
        ("mimic", bool(mimics & NO_PLATELETS)),
        ("gi", "bleed-gi" in sets),
        ("urine", "bleed-gu" in sets),
        ("brain", "bleed-cns" in sets),
        ("clot", bool(clots)),
        ("seizure", bool(seizures or p.signs.seizure)),
        ("kidney", bool(kidney or dialysed)),
    )
    rows = (
        *(finding_row("thrombosis", f) for f in clots),
        *(finding_row("seizures", f) for f in seizures),
        *((measurement_row("eGFR", kidney),) if kidney is not None else ()),
        *dialysed,
    )
    return tuple(f"IMM-04/against.{key}" for key, applies in found if applies), rows


def _clots(p: PatientFacts, limits: Thresholds) -> list[Finding]:
    """Thrombosis of the last months, also a suspected one; without a date it may be."""
    within = limits.span("thrombosis_days")
    found = (*p.present(*THROMBOSIS), *p.suspected(*THROMBOSIS))
    return [f for f in found if p.is_recent(f, within) is not False]


def _failing_kidney(p: PatientFacts, limits: Thresholds) -> Measurement | None:
    egfr = p.newest("obs-egfr", limits.span("egfr_days"))
    return egfr if egfr is not None and egfr.value < limits.severe_kidney_egfr else None


ADVICE = Advice(
    stem="transfusion/adjuncts",
    ids=("IMM-01", "IMM-03", "IMM-04"),
    topic=Topic.TRANSFUSION,
    decide=decide,
    otherwise=Why.MERGED,
)

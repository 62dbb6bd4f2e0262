"""ORD-13: is an acute viral infection the only infection of the record, and does nothing else ask for an antibiotic?"""

from __future__ import annotations

from cards.anti_infective.content import Agent, Pathogen
from cards.anti_infective.recorded import positive_tests, recorded_infections
from cards.facts import PatientFacts, is_suspected
from cards.facts.presence import reference_time
from cards.host import asplenia, immunocompromised
from cards.orders.haemorrhagic import VHF_EXPOSURE
from cards.orders.platelet_need import PROCEDURES
from cards.outcome import Input
from cards.record import Finding, Order, Result
from cards.rows import finding_row, infection_row, result_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.transfusion.bleeding_risk import coming_procedures

VIRAL_CONDITIONS = frozenset(
    {
        "inf-ebv",
        "inf-cmv",
        "inf-vzv",
        "inf-varicella",
        "inf-hsv",
        "inf-parvovirus",
        "inf-measles",
        "inf-mumps",
        "inf-rubella",
        "inf-dengue",
        "inf-dengue-severe",
        "inf-zika",
        "inf-chikungunya",
        "inf-covid-19",
        "inf-influenza",
        "inf-adenovirus",
        "inf-other-viral",
    }
)
VIRAL_TESTS = frozenset(
    {
        "lab-ebv",
        "lab-cmv",
        "lab-vzv",
        "lab-hsv",
        "lab-parvovirus-b19",
        "lab-measles-rubella",
        "lab-dengue",
        "lab-zika-chik",
        "lab-sars-cov-2",
        "lab-influenza",
        "lab-adenovirus",
    }
)
"""Acute viral infections of the rulebook's section D; not HIV, HCV, HBV."""

BACTERIAL = ("inf-bacterial-focus", "inf-bacteraemia", "inf-streptococcal-pharyngitis", "inf-uri-unspecific")
"""A focus, or an infection whose agent is open: the antibiotic may be for it."""

BACTERIAL_TESTS = ("lab-culture", "lab-culture-other", "lab-streptococcus-a")
OTHER_REASONS = ("med-h-pylori-pack", "med-antituberculosis")


def viral_rows(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """What shows a current viral infection; empty where there is none, or another infection beside it.

    An infection that is older than its own window gates nothing (rulebook A.9): neither its finding nor its test.
    """
    findings, tests = recorded_infections(p), positive_tests(p, limits)
    acute = tuple(f for f in findings if f.is_in(*VIRAL_CONDITIONS))
    others = [f for f in findings if f not in acute and not _is_over(p, f, limits)]
    bacterial = [t for t in tests if VIRAL_TESTS.isdisjoint(t.set_ids)]
    filed = p.infections.current()
    if others or bacterial or any(i.pathogen not in _viral_pathogens(p) for i in filed):
        return ()
    known = _filed(p)
    return (
        *(infection_row(p, i) for i in filed),
        *(
            finding_row("viral infection", f)
            for f in acute
            if f.reference not in known and not _is_over(p, f, limits)
        ),
        *(result_row("viral test", t) for t in tests if t.reference not in known),
    )


def current_viral_rows(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Every current acute viral infection, also beside other infections, also a suspected one."""
    filed = tuple(i for i in p.infections.current() if _is_acute_virus(p.pathogens[i.pathogen]))
    known = {r for i in filed for r in i.references}
    findings = (
        f
        for f in recorded_infections(p)
        if f.is_in(*VIRAL_CONDITIONS) and f.reference not in known and not _is_over(p, f, limits)
    )
    tests = (t for t in positive_tests(p, limits) if not VIRAL_TESTS.isdisjoint(t.set_ids))
    return (
        *(infection_row(p, i) for i in filed),
        *(finding_row("viral infection", f) for f in findings),
        *(result_row("viral test", t) for t in tests if t.reference not in known),
    )


def is_only_suspected(p: PatientFacts, limits: Thresholds) -> bool:
    """No viral infection is reported or proven: the card is information."""
    known = _filed(p)
    acute = [f for f in recorded_infections(p) if f.is_in(*VIRAL_CONDITIONS) and not _is_over(p, f, limits)]
    return not (
        p.infections.current(suspected=False)
        or any(t.reference not in known for t in positive_tests(p, limits))
        or any(f.reference not in known and not is_suspected(f) for f in acute)
    )


def _filed(p: PatientFacts) -> set[str]:
    """What belongs to an infection that has a window of its own, current or not."""
    return {reference for infection in p.infections.found for reference in infection.references}


def _is_acute_virus(pathogen: Pathogen) -> bool:
    """Also those that ORD-13 leaves alone: hepatitis A and E, hantavirus, haemorrhagic fevers."""
    return pathogen.agent is Agent.VIRUS and not pathogen.chronic


def _viral_pathogens(p: PatientFacts) -> set[str]:
    return {
        i.id
        for i in p.pathogens.values()
        if not i.chronic and not VIRAL_CONDITIONS.isdisjoint(i.condition_sets)
    }


def _is_over(p: PatientFacts, finding: Finding, limits: Thresholds) -> bool:
    """An acute infection that began longer ago than the default window; chronic ones are never over."""
    if not finding.is_in(*VIRAL_CONDITIONS, *BACTERIAL):
        return False
    when = reference_time(finding)
    return when is not None and when.since(p.as_of) > limits.span("viral_days")


def another_reason(p: PatientFacts, limits: Thresholds, order: Order) -> bool:
    """Anything for which the antibiotic may be meant: a bacterial focus or sign, a weak defence, a procedure."""
    tests = (t for t in p.tests(*BACTERIAL_TESTS) if t.result is Result.POSITIVE)
    neutrophils = p.newest("obs-neutrophils", limits.span("not_isolated_hb_fall_days"))
    signs = p.signs
    return bool(
        _has_other_reason(order)
        or p.sepsis_recorded
        or "SAFE-12" in mimics(p, limits)
        or signs.shock
        or signs.meningism
        or signs.lactate_high
        or any(not _is_over(p, f, limits) for f in (*p.present(*BACTERIAL), *p.suspected(*BACTERIAL)))
        or any(t.time is None or t.time.since(p.as_of) <= limits.span("viral_days") for t in tests)
        or p.present(*VHF_EXPOSURE)
        or asplenia(p)
        or immunocompromised(p, limits)
        or (neutrophils is not None and neutrophils.value < limits.severe_neutropenia)
        or coming_procedures(p, limits.span("procedure_days"), *PROCEDURES)
    )


def _has_other_reason(order: Order) -> bool:
    """A reason on the order that is no viral infection, also one that could not be read; a fixed combination."""
    if order.is_in(*OTHER_REASONS):
        return True
    return order.unread_reason or any(not f.is_in(*VIRAL_CONDITIONS) for f in order.reasons)

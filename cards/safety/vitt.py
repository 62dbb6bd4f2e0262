"""SAFE-04: low platelets with thrombosis after an adenoviral-vector vaccine or adenovirus infection (anti-PF4).

Heparin exposure is not needed. After the vaccine (4 to 42 days) a thrombosis, a severe headache or a D-dimer above
4000 ug/L is enough; after the infection (30 days) a new thrombosis. VITT recorded in the last 30 days gates as well.
"""

from __future__ import annotations

from datetime import datetime

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, has_past_code, is_past
from cards.facts.once import once
from cards.frozen import dataclass
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cards.record import Kind, Moment, Performed, Result
from cards.rows import event_row, finding_row, measurement_row, sign_row
from cards.safety.card_parts import hold_back, mimic_card, references, stop_orders
from cards.safety.counts import is_below
from cards.safety.infections import evidence_of
from cards.safety.laboratory import above, newest
from cards.safety.recorded import current_rows
from cards.safety.silence import COUNT_NOT_LOW, NO_COUNT, NO_MIMIC, UNREAD
from cards.thresholds import Thresholds

VACCINE = "vax-adenoviral-vector"
THROMBOSIS = ("risk-thrombosis", "risk-cvst", "risk-portal-vein-thrombosis", "risk-acs")
STOPPED = ("med-heparin", "proc-platelet-transfusion", "product-platelets", "med-tpo-ra")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An anti-PF4 disorder is possible: `trigger` is the key of its words."""

    trigger: str
    rows: tuple[Input, ...]


@once
def suspect(p: PatientFacts, limits: Thresholds) -> Suspicion | NoAdvice | CannotTell:
    """Whether VITT or a disorder like it is possible, and why not or what is missing."""
    recorded = current_rows(p, "SAFE-04", limits)
    if recorded:
        return Suspicion("recorded", recorded)
    low = is_below(p, limits.normal)
    if low is Known.NO:
        return COUNT_NOT_LOW
    found = _after_vaccine(p, limits) or _after_infection(p, limits)
    if found is None:
        return _why_not(p, limits)
    return found if low is Known.YES else NO_COUNT


def _after_vaccine(p: PatientFacts, limits: Thresholds) -> Suspicion | None:
    if not p.record.immunizations:
        return None
    first, last = limits.span("vaccine_from"), limits.span("vaccine_to")
    doses = [
        e
        for e in p.record.immunizations
        if VACCINE in e.set_ids
        and e.status == "completed"
        and e.start is not None
        and e.start.age(p.as_of) >= first
        and e.start.since(p.as_of) <= last
    ]
    if not doses:
        return None
    shown = (*_thrombosis(p, _given(doses[0]).earliest), *_other_signs(p, limits))
    return (
        Suspicion("vaccine", (*(event_row("adenoviral-vector vaccine", e) for e in doses), *shown))
        if shown
        else None
    )


def _given(dose: Performed) -> Moment:
    assert dose.start is not None, "only dated doses are asked for"
    return dose.start


def _other_signs(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Severe headache, or a D-dimer (FEU) above 4000 ug/L of the last 72 hours."""
    d_dimer = newest(p, "obs-d-dimer", limits.span("vitt_d_dimer_hours"))
    high = d_dimer is not None and above(d_dimer, limits.vitt_d_dimer) is Known.YES
    return (
        *(sign_row("severe headache", s) for s in p.signs.severe_headache),
        *((measurement_row("D-dimer", d_dimer),) if d_dimer is not None and high else ()),
    )


def _after_infection(p: PatientFacts, limits: Thresholds) -> Suspicion | None:
    infection = evidence_of(p, "adenovirus", limits, "adenovirus_days", over=True)
    if not infection.is_recorded:
        return None
    thrombosis = _thrombosis(p, p.as_of - limits.span("adenovirus_days"))
    if not thrombosis:
        return None
    return Suspicion("infection", (*infection.rows, *thrombosis, *_other_signs(p, limits)))


def _thrombosis(p: PatientFacts, since: datetime) -> tuple[Input, ...]:
    """New since the trigger, also a suspected one; without a date it may be."""
    if p.record.finding_sets.isdisjoint(THROMBOSIS):
        return ()
    found = (f for f in p.findings(*THROMBOSIS) if not is_past(f) and not has_past_code(f, *THROMBOSIS))
    return tuple(
        finding_row("thrombosis", f)
        for f in found
        if (when := f.onset or f.recorded) is None or when.latest >= since
    )


def _why_not(p: PatientFacts, limits: Thresholds) -> NoAdvice | CannotTell:
    """A thrombosis with low platelets and unread immunisations: the trigger cannot be excluded."""
    if not p.answered(Kind.CONDITIONS):
        return UNREAD
    signs = _thrombosis(p, p.as_of - limits.span("vaccine_to")) or p.signs.severe_headache
    if signs and not p.answered(Kind.IMMUNIZATIONS):
        return CannotTell(Fact.IMMUNIZATIONS)
    return NO_MIMIC


def holds(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether it gates other rules."""
    return isinstance(suspect(p, limits), Suspicion)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical: haematology, PF4 by ELISA, no heparin, no platelets but for bleeding that threatens life."""
    found = suspect(p, limits)
    if not isinstance(found, Suspicion):
        return found
    held = hold_back(p, limits)
    rows = (*found.rows, *held.rows)
    tested = any(t.result is Result.POSITIVE for t in p.tests("obs-hit"))
    return mimic_card(
        p,
        limits,
        "SAFE-04",
        Indicator.CRITICAL,
        rows,
        title=f"title.{found.trigger}",
        say=("suggestion", f"trigger.{found.trigger}", "treatment"),
        cautions=(*held.cautions, *(("caution.heparin-in-use",) if p.using("med-heparin") else ())),
        unknown=() if tested else (Fact.PF4,),
        values=held.values,
        suggestions=(
            *order(p, "call", ("haematology", "pf4", "coagulation"), references(rows), "stat"),
            *stop_orders(p, *STOPPED),
        ),
    )


ADVICE = Advice(stem="safety/vitt", ids=("SAFE-04",), topic=Topic.SAFETY, decide=decide)

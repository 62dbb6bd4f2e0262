"""High bleeding risk (rulebook A.9), asked by TRF-07, TRF-09 and TRF-12: each item as the rows that show it.

Age 65 and over (POP-04) is no item. An anticoagulant counts unless its dose is known to be prophylactic (A.9: no dose
stated = full).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cards.anticoagulant_dose import is_prophylactic
from cards.facts import PatientFacts, Site
from cards.facts.once import once
from cards.facts.presence import is_under_way
from cards.host import dialysis
from cards.outcome import Input
from cards.record import Performed, Planned
from cards.rows import bleeding_rows, event_row, finding_row, measurement_row, medication_row, order_row
from cards.thresholds import Thresholds

INVASIVE = (
    "proc-lumbar-puncture",
    "proc-cvc",
    "proc-organ-biopsy",
    "proc-endoscopy",
    "proc-endoscopy-biopsy",
    "proc-ir-low-risk",
    "proc-major-surgery",
    "proc-neurosurgery",
    "proc-neuraxial",
    "proc-delivery",
    "proc-tooth-extraction",
    "proc-generic",
)
"""Procedures that bleed; not an injection into a muscle, nor a planned marrow biopsy (PROC-09: no platelets)."""

CARRIED_OUT = (*INVASIVE, "proc-bone-marrow")

NEUROSURGERY = "proc-neurosurgery"

SURGERY = ("proc-major-surgery", "proc-neurosurgery", "proc-delivery")
ANTITHROMBOTIC = (
    "med-anticoagulant",
    "med-heparin",
    "med-lmwh",
    "med-vitamin-k-antagonist",
    "med-doac",
    "med-antiplatelet",
    "med-aspirin",
    "med-p2y12",
    "med-gp2b3a",
)


@once
def high_bleeding_risk(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Rows of every item that the record shows; empty: none is recorded."""
    rows = (
        *_procedures(p, limits),
        *_surgery(p, limits),
        *dialysis(p, limits),
        *_clotting(p, limits),
        *_antithrombotics(p, limits),
        *bleeding_rows(tuple(b for b in p.bleeding.minor if b.site is Site.MUCOSAL)),
        *_major_bleeds(p, limits),
    )
    return tuple(dict.fromkeys(rows))


def _antithrombotics(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Antiplatelet drugs, and anticoagulants that are not surely prophylactic."""
    used = (m for m in p.using(*ANTITHROMBOTIC) if not is_prophylactic(m, limits))
    return tuple(medication_row("antithrombotic drug", m) for m in used)


def coming_procedures(p: PatientFacts, within: timedelta, *set_ids: str) -> tuple[Input, ...]:
    """Rows of what of these sets is selected, or planned for the time to come; without a date it may be today."""
    coming = (
        event_row("planned procedure", plan)
        for plan in p.planned
        if not plan.set_ids.isdisjoint(set_ids) and is_coming(p, plan, within)
    )
    return (*coming, *(order_row("procedure", order) for order in p.selected(*set_ids)))


def is_coming(p: PatientFacts, plan: Planned, within: timedelta) -> bool:
    """Close: in the time to come, or without a date."""
    when = plan.occurrence
    return when is None or (when.latest >= p.as_of and when.earliest - p.as_of <= within)


def neurosurgery(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Operations on brain or spine that are selected, planned for the next days, or begun since the brain bleeds."""
    within = limits.span("procedure_days")
    planned = (e for e in p.planned if NEUROSURGERY in e.set_ids and is_coming(p, e, within))
    first = min((b.since.earliest for b in p.bleeding.cns if b.since is not None), default=None)
    done = (
        e
        for e in p.done_within(limits.span("risk_surgery_days"), NEUROSURGERY)
        if is_under_way(e) or first is None or _last(e, p.as_of) >= first
    )
    return (
        *(event_row("planned neurosurgery", e) for e in planned),
        *(event_row("neurosurgery", e) for e in done),
        *(order_row("neurosurgery", o) for o in p.selected(NEUROSURGERY)),
    )


def _last(event: Performed, as_of: datetime) -> datetime:
    """The latest end that it can have."""
    when = event.end or event.start
    return as_of if when is None else when.latest


def _procedures(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """From 24 hours ago to 24 hours ahead."""
    within = limits.span("risk_procedure_hours")
    done = (event_row("procedure", e) for e in p.done_within(within, *CARRIED_OUT))
    return (*done, *coming_procedures(p, within, *INVASIVE))


def _surgery(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Surgery, birth or head injury of the last 7 days."""
    within = limits.span("risk_surgery_days")
    operations = (event_row("surgery", e) for e in p.done_within(within, *SURGERY))
    injuries = (
        finding_row("head injury", f) for f in p.findings("sign-head-injury") if p.is_recent(f, within)
    )
    return (*operations, *injuries)


def _clotting(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """INR and fibrinogen of the last 72 hours beyond their limits."""
    within = limits.span("organ_failure_hours")
    inr, fibrinogen = p.newest("obs-pt-inr", within), p.newest("obs-fibrinogen", within)
    raised = inr is not None and inr.value >= limits.inr_raised
    low = fibrinogen is not None and fibrinogen.value < limits.fibrinogen_low
    return (
        *((measurement_row("INR", inr),) if inr is not None and raised else ()),
        *((measurement_row("fibrinogen", fibrinogen),) if fibrinogen is not None and low else ()),
    )


def _major_bleeds(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Major bleeds (A.9) of the last 30 days that are over, or of which nobody recorded whether they go on."""
    within = limits.span("risk_bleed_days")
    past = (
        b
        for b in (*p.bleeding.history, *(b for b in p.bleeding.unclear if not b.suspected))
        if (b.weight >= 3 or b.life_threatening_site or b.posterior_eye or b.site is Site.CNS)
        and b.since is not None
        and b.since.since(p.as_of) <= within
    )
    return bleeding_rows(tuple(past))

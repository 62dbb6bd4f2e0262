"""The situation: how old a count may be (rulebook B.3), comfort care, refusal of blood (A.9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from cards.facts import Bleeding, Infections, Site, is_past, is_present
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.reading.windows import is_recent, is_within_months
from cards.record import Finding, Medication, Performed, Planned, Record
from cards.thresholds import Thresholds

SEPSIS, DENGUE = "INF-SEP", "INF-DEN"
LOWERING = CIRRHOSIS, SPLENOMEGALY = "risk-liver", "risk-splenomegaly"

SELECTING = frozenset({"order-select", "order-sign"})
COUNT_MATTERS = frozenset(
    {
        "proc-platelet-transfusion",
        "product-platelets",
        "proc-other-blood-product",
        "med-antiplatelet",
        "med-aspirin",
        "med-p2y12",
        "med-gp2b3a",
        "med-anticoagulant",
        "med-heparin",
        "med-lmwh",
        "med-vitamin-k-antagonist",
        "med-doac",
        "med-thrombolytic",
        "proc-bone-marrow",
        "proc-lumbar-puncture",
        "proc-cvc",
        "proc-organ-biopsy",
        "proc-endoscopy",
        "proc-endoscopy-biopsy",
        "proc-ir-low-risk",
        "proc-im-injection",
        "proc-major-surgery",
        "proc-neurosurgery",
        "proc-neuraxial",
        "proc-delivery",
        "proc-tooth-extraction",
        "proc-generic",
    }
)
"""Blood, antithrombotic drug, procedure: selecting one of these asks for a count of the last 24 hours (B.3).
"""


@dataclass(frozen=True, slots=True)
class Situation:
    """What B.3 asks of the patient, apart from the counts themselves."""

    sepsis: bool = False  # sepsis or septic shock, current (14 days)
    dengue: bool = False  # proven, reported or suspected, and current
    dengue_or_dic: bool = False
    acute: bool = False  # active bleeding that is not of the skin, intensive care, sepsis
    close: bool = False  # inpatient, or blood, an antithrombotic drug or a procedure is selected
    stable_on_tpo_ra: bool = False
    large_spleen_or_cirrhosis: bool = False  # PLT-07


def read_situation(
    record: Record,
    bleeding: Bleeding,
    infections: Infections,
    in_use: tuple[Medication, ...],
    limits: Thresholds,
) -> Situation:
    """The row of B.3. No readable Encounter means outpatient limits (A.9)."""
    stay = record.stay
    intensive, inpatient = (False, False) if stay is None else (stay.intensive, stay.inpatient)
    bleeds = bool([b for b in bleeding.active if b.site is not Site.SKIN])
    sepsis, dengue = bool(infections.current(SEPSIS)), bool(infections.current(DENGUE))
    return Situation(
        sepsis=sepsis,
        dengue=dengue,
        dengue_or_dic=dengue or has_current_dic(record, limits),
        acute=bleeds or intensive or sepsis,
        close=inpatient or selects_where_count_matters(record),
        stable_on_tpo_ra=is_stable_on_tpo_ra(in_use, record.as_of, limits),
        large_spleen_or_cirrhosis=bool(
            [f for f in record.findings_of(*LOWERING) if explains_low_counts(f, record.as_of, limits)]
        ),
    )


def selects_where_count_matters(record: Record) -> bool:
    """Blood, an antithrombotic drug or a procedure is among the selected orders."""
    if record.hook not in SELECTING:
        return False
    return any(o.selected and not COUNT_MATTERS.isdisjoint(o.set_ids) for o in record.orders)


def has_current_dic(record: Record, limits: Thresholds) -> bool:
    """A DIC Condition, also a suspected one, of the last 14 days or without a date (A.9)."""
    for finding in record.findings_of("mimic-dic"):
        if not is_past(finding):
            when = reference_time(finding)
            if when is None or is_recent(when, record.as_of, limits.span("dic_days")):
                return True
    return False


def is_stable_on_tpo_ra(in_use: tuple[Medication, ...], as_of: datetime, limits: Thresholds) -> bool:
    """A TPO-RA in use whose first dose is known and at least 4 weeks ago: no longer dose-finding."""
    starts = [m.start for m in in_use if "med-tpo-ra" in m.set_ids]
    if not starts:
        return False
    weeks = limits.span("tpo_stable_weeks")
    return all(start is not None and as_of - start.latest >= weeks for start in starts)


def explains_low_counts(finding: Finding, as_of: datetime, limits: Thresholds) -> bool:
    """Cirrhosis, or a large spleen; one that an infection may cause only with onset over 6 months ago."""
    if is_present(finding, CIRRHOSIS):
        return True
    if not is_present(finding, SPLENOMEGALY):
        return False
    if finding.status_in(SPLENOMEGALY) != "cause":
        return True
    months = int(limits.chronic_months)
    return finding.onset is not None and not is_within_months(finding.onset, as_of, months)


def staleness_limit(
    value: Decimal, situation: Situation, *, chronic_stable: bool, falling: bool, limits: Thresholds
) -> timedelta:
    """B.3: the strictest row that applies; the 30 days of a stable patient only where no row is stricter.

    "Outpatient 50 to 149, stable": a falling count has the limit of the row above it. From 150 no limit but
    the 30 days after which a count is history.
    """
    if situation.dengue_or_dic:
        return limits.span("stale_dengue_dic")
    if situation.acute or situation.close:
        return limits.span("stale_acute")
    if value < limits.bleeding_transfuse:
        return limits.span("stale_outpatient_low")
    if (chronic_stable and situation.large_spleen_or_cirrhosis) or situation.stable_on_tpo_ra:
        return limits.span("stale_chronic")
    if falling:
        return limits.span("stale_outpatient_low")
    return limits.span("stale_outpatient") if value < limits.normal else limits.span("history_only")


def find_comfort_care(record: Record) -> Finding | Planned | Performed | None:
    """Comfort measures, hospice or terminal care as a Condition, an active order or a Procedure under way."""
    for finding in record.findings_of("care-comfort"):
        if is_present(finding, "care-comfort"):
            return finding
    for plan in record.planned:
        if "care-comfort" in plan.set_ids and plan.status == "active":
            return plan
    for event in record.performed:
        if "care-comfort" in event.set_ids and event.status == "in-progress":
            return event
    return None


def find_refusal(record: Record) -> str | None:
    """Reference of a recorded refusal of blood products (POP-09)."""
    found = record.findings_of("refusal-of-blood")
    refused = [f.reference for f in found if is_present(f, "refusal-of-blood")]
    return refused[0] if refused else None

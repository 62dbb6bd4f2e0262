"""TPO-04: a TPO receptor agonist is selected where infection-related thrombocytopenia usually needs none.

The card is that of the selected order: ORD-20 asks `why_not_needed` and carries this rule's words. A count
at 50 or above on a TPO-RA that is already in use is what the drug is for, so a renewal is never called
unnecessary.
"""

from __future__ import annotations

from cards.facts import PatientFacts, Site
from cards.outcome import Advice, CannotTell, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.thresholds import Thresholds
from cards.tpo_ra.candidate import meets_criteria
from cards.tpo_ra.contraindicated import TPO_RA
from cards.tpo_ra.phase import find_onset, months_since
from cards.tpo_ra.risks import ANTITHROMBOTICS, ATRIAL_FIBRILLATION, is_coming

PROCEDURES = (
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
    "proc-bone-marrow",
)


def why_not_needed(p: PatientFacts, limits: Thresholds) -> str | None:
    """The reason that applies, "count" or "recent", which is the key of its paragraph; None if none does."""
    if p.using(TPO_RA):
        return None
    if _count_suffices(p, limits):
        return "count"
    return "recent" if _is_recent(p, limits) else None


def _count_suffices(p: PatientFacts, limits: Thresholds) -> bool:
    """>= 50 without a procedure or the need of an antithrombotic drug."""
    count = p.platelets.decisive
    if count is None or count.value < limits.tpo_not_needed:
        return False
    procedure = any(not plan.set_ids.isdisjoint(PROCEDURES) and is_coming(p, plan) for plan in p.planned)
    return not (procedure or p.using(*ANTITHROMBOTICS) or p.present(*ATRIAL_FIBRILLATION))


def _is_recent(p: PatientFacts, limits: Thresholds) -> bool:
    """An acute infection younger than 4 weeks and no bleeding beyond the skin.

    Not where the thrombocytopenia is older than 3 months, nor where TPO-02 says that a TPO-RA may be
    discussed.
    """
    if any(b.site is not Site.SKIN for b in (*p.bleeding.active, *p.bleeding.unclear)) or meets_criteria(
        p, limits
    ):
        return False
    onset = find_onset(p, limits)
    if onset is not None and months_since(onset, p.as_of) >= limits.tpo_months:
        return False
    acute = (i for i in p.infections.current() if not p.pathogens[i.pathogen].chronic)
    return any(
        i.onset is not None and i.onset.since(p.as_of) < limits.span("tpo_recent_weeks") for i in acute
    )


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Answers why TPO-04 has no card of its own: its words stand in the card of the order."""
    if not p.selected(TPO_RA):
        return NoAdvice(Why.NOT_SELECTED)
    if why_not_needed(p, limits) is not None:
        return NoAdvice(Why.MERGED)
    if p.platelets.decisive is None:
        return CannotTell(Fact.PLATELETS)
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    return NoAdvice(Why.OTHER_ROW)


ADVICE = Advice(stem="tpo_ra/not_needed", ids=("TPO-04",), topic=Topic.TPO_RA, decide=decide)

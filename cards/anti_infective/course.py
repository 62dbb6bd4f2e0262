"""Where an infection stands: treated before, treated now, controlled. For the INF, TPO and MON rules."""

from __future__ import annotations

from cards.facts import Infection, PatientFacts
from cards.outcome import Input
from cards.reading.therapy import belongs
from cards.record import Moment
from cards.thresholds import Thresholds

SUPPRESSED_ON_THERAPY = ("INF-HBV", "INF-HIV")
"""Controlled while they are treated: an end of the therapy is an interruption (section D, INF-HIV)."""


def drug_of(
    p: PatientFacts, infection: Infection, *, start: Moment | None = None, end: Moment | None = None
) -> str | None:
    """The reference of a drug of its therapy that began or ended then: what a told start or end rests on."""
    pathogen = p.pathogens[infection.pathogen]
    told = (m for m in p.record.medications if (m.end == end if start is None else m.start == start))
    return next((m.reference for m in told if belongs(m, pathogen)), None)


def end_row(p: PatientFacts, infection: Infection, ended: Moment) -> Input:
    """The end of its therapy."""
    return Input("end of its therapy", "recorded", None, ended, drug_of(p, infection, end=ended))


def was_treated(infection: Infection) -> bool:
    """A section D therapy of this infection has ended (with a positive test after it, it counts as none).

    An end before the onset belongs to another episode.
    """
    ended = infection.therapy_ended
    if ended is None or infection.is_under_therapy or infection.pathogen in SUPPRESSED_ON_THERAPY:
        return False
    return infection.onset is None or ended.latest >= infection.onset.earliest


def is_controlled(p: PatientFacts, infection: Infection, limits: Thresholds) -> bool:
    """Rulebook A.9: end of therapy >= 4 weeks ago, a negative test of cure, or a load not detected.

    An acute infection is over when it is no longer current.
    """
    if infection.cured or infection.resolved:
        return True
    if not p.pathogens[infection.pathogen].chronic and not infection.current:
        return True
    ended = infection.therapy_ended
    if ended is None or not was_treated(infection):
        return False
    return ended.since(p.as_of) >= limits.span("tpo_controlled_weeks")


def is_untreated(p: PatientFacts, infection: Infection) -> bool:
    """Proven or reported, treatable, current, and neither treated now nor before."""
    return (
        infection.current
        and not infection.is_suspected_only
        and not infection.cured
        and not p.pathogens[infection.pathogen].supportive
        and not infection.is_under_therapy
        and not was_treated(infection)
    )

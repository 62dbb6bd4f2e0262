"""Where an infection stands: treated before, treated now, controlled. For the INF, TPO and MON rules."""

from __future__ import annotations

from cards.facts import Infection, PatientFacts
from cards.record import Moment, Result, TestResult
from cards.thresholds import Thresholds


def was_treated(p: PatientFacts, infection: Infection) -> bool:
    """A section D therapy of this infection has ended, and no test was positive after it.

    An end before the onset belongs to another episode, and then there was no therapy.
    """
    ended = infection.therapy_ended
    if ended is None or infection.is_under_therapy:
        return False
    if infection.onset is not None and ended.latest < infection.onset.earliest:
        return False
    return not any(
        _is_later(test.time, ended) for test in tests_of(p, infection) if test.result is Result.POSITIVE
    )


def is_controlled(p: PatientFacts, infection: Infection, limits: Thresholds) -> bool:
    """Rulebook A.9: end of therapy >= 4 weeks ago, a negative test of cure, or a load not detected.

    An acute infection is over when it is no longer current.
    """
    if infection.cured or infection.resolved:
        return True
    if not p.pathogens[infection.pathogen].chronic and not infection.current:
        return True
    ended = infection.therapy_ended
    if ended is None or not was_treated(p, infection):
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
        and not was_treated(p, infection)
    )


def tests_of(p: PatientFacts, infection: Infection) -> tuple[TestResult, ...]:
    """Results of the pathogen's tests that can prove a present infection."""
    sets = p.pathogens[infection.pathogen].test_sets
    return tuple(t for t in p.record.tests if t.proves == "current" and not set(sets).isdisjoint(t.set_ids))


def _is_later(time: Moment | None, than: Moment) -> bool:
    return time is not None and time.earliest > than.latest

"""Whether the record names any infection at all, also one that has no file in `pathogens/`."""

from __future__ import annotations

from cards.facts import PatientFacts, is_present, is_suspected
from cards.facts.once import once
from cards.record import Finding, Result, TestResult
from cards.thresholds import Thresholds

NOT_AN_INFECTION = frozenset({"inf-late-effect", "inf-uri-unspecific", "inf-sfts-unspecific"})
"""Sets that name no pathogen: states after an infection, and codes that leave it open."""


def is_infection_recorded(p: PatientFacts, limits: Thresholds) -> bool:
    """A current infection, a present or suspected `inf-*` Condition, or a recent positive test."""
    return (
        bool(p.infections.current())
        or any(_is_recent(p, f, limits) for f in recorded_infections(p))
        or bool(positive_tests(p, limits))
    )


@once
def unfiled_infections(p: PatientFacts, limits: Thresholds) -> bool:
    """Infections of the record that no pathogen file knows: their course and therapy cannot be judged."""
    filed = all(_has_file(p, f) for f in recorded_infections(p))
    return not filed or not all(_test_has_file(p, t) for t in positive_tests(p, limits))


def _has_file(p: PatientFacts, finding: Finding) -> bool:
    """Mostly that of an infection that was found: those are asked first."""
    sets = [m.set_id for m in finding.memberships]
    found = [p.pathogens[i.pathogen] for i in p.infections.found if i.pathogen in p.pathogens]
    return any(not one.recorded_sets.isdisjoint(sets) for one in (*found, *p.pathogens.values()))


def _test_has_file(p: PatientFacts, test: TestResult) -> bool:
    return any(s in pathogen.test_sets for pathogen in p.pathogens.values() for s in test.set_ids)


def recorded_infections(p: PatientFacts) -> tuple[Finding, ...]:
    """Present and suspected Conditions of the infection sets, without suspicions that a newer test removed."""
    excluded = p.infections.excluded
    return tuple([f for f in p.record.findings if f.reference not in excluded and _names_infection(f)])


def _is_recent(p: PatientFacts, finding: Finding, limits: Thresholds) -> bool:
    """Not a forgotten entry of the problem list; one without a date counts."""
    when = finding.onset or finding.recorded
    return when is None or when.since(p.as_of) <= limits.span("mon_question_weeks")


def _names_infection(finding: Finding) -> bool:
    named = [m.set_id for m in finding.memberships]
    sets = [s for s in named if s.startswith("inf-") and s not in NOT_AN_INFECTION]
    return bool(sets) and (is_present(finding, *sets) or is_suspected(finding))


def positive_tests(p: PatientFacts, limits: Thresholds) -> tuple[TestResult, ...]:
    """Positive proving tests of a `lab-*` set that still prove an acute infection."""
    if not p.record.tests:
        return ()
    return tuple(
        t
        for t in p.record.tests
        if t.result is Result.POSITIVE
        and t.proves == "current"
        and any(s.startswith("lab-") for s in t.set_ids)
        and t.time is not None
        and t.time.age(p.as_of) <= limits.span("proven_acute_days")
    )

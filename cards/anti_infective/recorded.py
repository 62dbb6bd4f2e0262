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
    recent = [f for f in recorded_infections(p) if _is_recent(p, f, limits)]
    return bool(p.infections.current() or recent or positive_tests(p, limits))


@once
def unfiled_infections(p: PatientFacts, limits: Thresholds) -> bool:
    """Infections of the record that no pathogen file knows: their course and therapy cannot be judged."""
    conditions, tests = recorded_infections(p), positive_tests(p, limits)
    if conditions:
        filed = {s for one in p.pathogens.values() for s in (*one.condition_sets, *one.severe_sets)}
        if any(filed.isdisjoint([m.set_id for m in f.memberships]) for f in conditions):
            return True
    return not all(_test_has_file(p, t) for t in tests)


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
    sets = [
        m.set_id
        for m in finding.memberships
        if m.set_id.startswith("inf-") and m.set_id not in NOT_AN_INFECTION
    ]
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

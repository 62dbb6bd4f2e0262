"""Infections as the mimics ask for them: by value set, whether or not the service has a card for the pathogen.

"Proven" is a positive organism-specific test of its time, "confirmed" a Condition whose verificationStatus is written
as confirmed (rulebook A.9); suspected ones are enough where the question is what to test or to treat.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cards.facts import PatientFacts, has_past_code, is_past
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.outcome import Input
from cards.record import Finding, Result, TestResult, Verification
from cards.rows import finding_row, infection_row, result_row
from cards.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Named:
    """How one infection is recognised, and its name in words."""

    name: str
    conditions: tuple[str, ...]
    tests: tuple[str, ...] = ()
    pathogen: str | None = None  # its id where the service may have a card for it
    not_tests: tuple[str, ...] = ()  # tests of the same group that mean another infection


NAMED: Mapping[str, Named] = MappingProxyType(
    {
        "dengue": Named("dengue", ("inf-dengue", "inf-dengue-severe"), ("lab-dengue",)),
        "ebv": Named("mononucleosis", ("inf-ebv",), ("lab-ebv",), "INF-EBV"),
        "malaria": Named(
            "malaria",
            ("inf-malaria", "inf-malaria-falciparum", "inf-malaria-severe", "inf-malaria-vivax-ovale"),
            ("lab-malaria",),
            "INF-MAL",
        ),
        "babesia": Named("babesiosis", ("inf-babesiosis",), ("lab-babesia",), "INF-BAB"),
        "rickettsia": Named(
            "a rickettsial infection",
            ("inf-rickettsia", "inf-rmsf", "inf-ehrlichiosis-anaplasmosis"),
            ("lab-rickettsia", "lab-tickborne"),
            not_tests=("lab-babesia",),
        ),
        "adenovirus": Named("adenovirus infection", ("inf-adenovirus",), ("lab-adenovirus",)),
        "vhf": Named("viral haemorrhagic fever", ("inf-vhf-other",), ("lab-vhf",)),
        "stec": Named("Shiga toxin-producing E. coli", ("inf-stec",), ("lab-stec",)),
        "typhoid": Named("typhoid fever", ("inf-typhoid",), ("lab-typhoid",)),
    }
)
"""A nominal result that names another organism is none of the set (Babesia among the tests for tick-borne agents)."""

LATE = "inf-late-effect"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One infection in the record: the Conditions and positive tests that are not too old."""

    name: str
    conditions: tuple[Finding, ...]
    positives: tuple[TestResult, ...]

    @property
    def is_recorded(self) -> bool:
        """Proven, reported or suspected."""
        return bool(self.conditions or self.positives)

    @property
    def is_proven(self) -> bool:
        return bool(self.positives)

    @property
    def is_certain(self) -> bool:
        """Proven, or written as confirmed."""
        return self.is_proven or any(f.verification is Verification.CONFIRMED for f in self.conditions)

    @property
    def rows(self) -> tuple[Input, ...]:
        return tuple(finding_row(f"infection: {self.name}", f) for f in self.conditions) + tuple(
            result_row(f"test: {self.name}", t) for t in self.positives
        )


NO_EVIDENCE: Mapping[str, Evidence] = MappingProxyType(
    {key: Evidence(named.name, (), ()) for key, named in NAMED.items()}
)


def evidence_of(
    p: PatientFacts, key: str, limits: Thresholds, window: str = "proven_acute_days", *, over: bool = False
) -> Evidence:
    """What the record holds of one infection within the window; a Condition without a date counts.

    A suspicion that a newer negative test removed does not. With `over` an infection of that time that has ended does:
    some dangers follow it.
    """
    named = NAMED[key]
    if not p.record.tests and p.record.finding_sets.isdisjoint(named.conditions):
        return NO_EVIDENCE[key]
    within = limits.span(window)
    conditions = tuple(
        f
        for f in p.findings(*named.conditions)
        if f.reference not in p.infections.excluded and _counts(p, f, named.conditions, limits, window, over)
    )
    tests = [t for t in p.record.tests if t.proves == "current" and _is_about(t, named)]
    negatives = [t for t in tests if t.result is Result.NEGATIVE]
    positives = tuple(
        t
        for t in tests
        if t.result is Result.POSITIVE
        and t.time is not None
        and t.time.since(p.as_of) <= within
        and not any(n.time is not None and n.time.earliest > t.time.latest for n in negatives)
    )
    return Evidence(named.name, conditions, positives)


def _counts(
    p: PatientFacts, f: Finding, sets: tuple[str, ...], limits: Thresholds, window: str, over: bool = False
) -> bool:
    when = f.onset or reference_time(f)
    recent = not is_past(f) if when is None else when.since(p.as_of) <= limits.span(window)
    return recent and (over or not is_past(f)) and not has_past_code(f, *sets)


def _is_about(test: TestResult, named: Named) -> bool:
    if test.organisms:
        return not set(test.organisms).isdisjoint(named.conditions)
    sets = set(test.set_ids)
    return not sets.isdisjoint(named.tests) and sets.isdisjoint(named.not_tests)


def current_rows(p: PatientFacts, key: str, limits: Thresholds) -> tuple[Input, ...]:
    """Rows of the infection while it is current (rulebook A.9): its pathogen's window, else 30 days."""
    named = NAMED[key]
    if named.pathogen is not None and named.pathogen in p.pathogens:
        return tuple([infection_row(p, i) for i in p.infections.current(named.pathogen)])
    return evidence_of(p, key, limits).rows


def recorded_infections(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Rows of every recorded infection of the last weeks, of whatever kind, also suspected ones."""
    found = []
    for finding in p.record.findings:
        sets = tuple(
            m.set_id for m in finding.memberships if m.set_id.startswith("inf-") and m.set_id != LATE
        )
        if sets and _counts(p, finding, sets, limits, "proven_acute_days"):
            found.append(finding_row("infection", finding))
    return tuple(found)

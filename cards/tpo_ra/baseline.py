"""The baseline tests before a TPO receptor agonist (rulebook E.4): which of them the record does not hold."""

from __future__ import annotations

from cards.blood_borne import untested
from cards.facts import Known, PatientFacts
from cards.reasons import Fact
from cards.record import Kind
from cards.thresholds import Thresholds

FILM = ("obs-schistocytes", "obs-blasts", "obs-platelet-morphology", "obs-platelet-artefact")
LIVER = (("obs-alt",), ("obs-ast",), ("obs-bilirubin",))


def missing_tests(p: PatientFacts, limits: Thresholds) -> tuple[Fact, ...]:
    """Facts of the checklist that are not in the record, in its order."""
    women = p.person.pregnancy_matters and p.person.pregnancy is Known.UNKNOWN
    checklist = (
        (not _has(p, *FILM), Fact.BLOOD_FILM),
        (not all(_has(p, *sets) for sets in LIVER), Fact.LIVER_TESTS),
        (women, Fact.PREGNANCY),
        *((True, virus) for virus in untested(lambda *sets: _has(p, *sets))),
        (not _has(p, "lab-h-pylori"), Fact.H_PYLORI),
        (not _has(p, "obs-antiphospholipid"), Fact.ANTIPHOSPHOLIPID),
        (not p.answered(Kind.MEDICATIONS), Fact.MEDICATIONS),
        (not p.person.ancestry, Fact.ANCESTRY),
    )
    return tuple(fact for is_missing, fact in checklist if is_missing)


def _has(p: PatientFacts, *sets: str) -> bool:
    """Any result of these sets, as a number or as a finding."""
    return any(p.measured(s) for s in sets) or any(
        not set(sets).isdisjoint(t.set_ids) for t in p.record.tests
    )

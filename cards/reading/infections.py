"""Infections judged: certainty, whether current, therapy (rulebook A.1, A.9).

A laboratory result beats the problem list: a newer positive test contradicts a resolved Condition (DATA-06),
a newer negative one removes a suspicion, and ends a chronic infection. Antibodies of exposure and screening
tests prove nothing: they stand in `exposures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from cards.facts import Certainty, Infection, Infections, Person
from cards.facts.pathogens import Pathogens
from cards.facts.presence import is_past, reference_time
from cards.reading.evidence import Evidence, gather_evidence, is_newer, moment_of
from cards.reading.therapy import NONE as NO_THERAPY
from cards.reading.therapy import Therapy, read_therapy
from cards.reading.windows import is_recent
from cards.record import ClinicalStatus, Finding, Medication, Moment, Record, Result, TestResult, Verification
from cards.thresholds import Thresholds

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen

NONE = Infections()
NOT_PROVING = frozenset({"exposure", "screen"})
SEVERE = 3


def read_infections(
    record: Record,
    person: Person,
    pathogens: Pathogens,
    in_use: Sequence[Medication],
    limits: Thresholds,
) -> Infections:
    """The infections that the record shows, in the order of the pathogens."""
    named, exposures = record.finding_sets, tuple[TestResult, ...]()
    if record.tests:
        named = named.union(record.test_sets, *[t.organisms for t in record.tests])
        exposures = tuple(
            [t for t in record.tests if t.proves in NOT_PROVING and t.result is Result.POSITIVE]
        )
    found, removed = [], set[str]()
    for pathogen in pathogens.named_by(named):
        evidence = gather_evidence(pathogen, record, person, limits)
        removed.update([f.reference for f in evidence.present if _is_removed(f, evidence)])
        infection = judge(pathogen, evidence, record, in_use, limits)
        if infection is not None:
            found.append(infection)
    return Infections(tuple(found), exposures, frozenset(removed)) if found or exposures or removed else NONE


def judge(
    pathogen: Pathogen, evidence: Evidence, record: Record, in_use: Sequence[Medication], limits: Thresholds
) -> Infection | None:
    """One pathogen's infection, or None where nothing that counts shows it."""
    conditions = [f for f in evidence.present if not _is_removed(f, evidence)]
    certainty = _certainty(conditions, evidence)
    if certainty is None:
        return _resolved(pathogen, evidence, record, in_use, limits)
    deciding = _deciding(conditions, evidence)
    onset = _onset(deciding, evidence, record, limits)
    therapy = _after(read_therapy(pathogen, record, in_use, limits), evidence)
    cured = _is_cured(pathogen, deciding, evidence, therapy, limits)
    if (
        not pathogen.chronic
        and onset is not None
        and not is_recent(onset, record.as_of, limits.span("mon_question_weeks"))
    ):
        return None
    current = _is_current(pathogen, onset, record, cured=cured, treated=bool(therapy.active))
    if certainty is Certainty.SUSPECTED and not current:
        return None
    return Infection(
        pathogen=pathogen.id,
        certainty=certainty,
        current=current,
        onset=onset,
        references=_references(certainty, deciding, conditions, evidence),
        status_recorded=deciding is None or deciding.clinical is not ClinicalStatus.ABSENT,
        severe=_is_severe(pathogen, conditions, evidence),
        therapy=therapy.active,
        therapy_ended=therapy.ended,
        therapy_started=therapy.started,
        cured=cured,
        resolved_record=_contradicted(evidence),
    )


def _is_severe(pathogen: Pathogen, conditions: Sequence[Finding], evidence: Evidence) -> bool:
    """Graded severe, or coded as a severe form by a Condition or as the organism of a positive test."""
    severe = pathogen.severe_sets
    graded = [f for f in conditions if (f.severity or 0) >= SEVERE or f.is_in(*severe)]
    return bool(graded or [t for t in evidence.positives if not set(severe).isdisjoint(t.organisms)])


# -------------------------------------------------------------------------------------------------- certainty


def _certainty(conditions: Sequence[Finding], evidence: Evidence) -> Certainty | None:
    """Proven by a test in its time, reported by a Condition or an older test, or suspected."""
    if evidence.proof is not None:
        return Certainty.PROVEN
    if evidence.older_positive is not None or not all(map(evidence.is_doubtful, conditions)):
        return Certainty.REPORTED
    return Certainty.SUSPECTED if conditions or evidence.undated_positive is not None else None


def _is_removed(finding: Finding, evidence: Evidence) -> bool:
    """A newer negative confirmatory test removes a suspicion, and a code without an end of its own."""
    return _has_newer_negative(finding, evidence) and evidence.yields(finding)


def _deciding(conditions: Sequence[Finding], evidence: Evidence) -> Finding | None:
    """The Condition that dates the illness: a certain one before a doubtful one, then the most recent."""

    def rank(finding: Finding) -> tuple[bool, float]:
        when = reference_time(finding)
        return not evidence.is_doubtful(finding), float("inf") if when is None else when.latest.timestamp()

    return conditions[0] if len(conditions) == 1 else max(conditions, key=rank, default=None)


def _onset(deciding: Finding | None, evidence: Evidence, record: Record, limits: Thresholds) -> Moment | None:
    """Onset, else recordedDate, else the test (A.9); a test begins anew after 26 weeks."""
    tested = None if evidence.first_positive is None else moment_of(evidence.first_positive)
    recorded = None if deciding is None else deciding.onset or deciding.recorded
    if recorded is None:
        return tested
    same_illness = is_recent(recorded, record.as_of, limits.span("mon_question_weeks"))
    return (
        recorded if same_illness or evidence.proof is None or evidence.chronic else moment_of(evidence.proof)
    )


def _references(
    certainty: Certainty, deciding: Finding | None, conditions: Sequence[Finding], evidence: Evidence
) -> tuple[str, ...]:
    """What it rests on, the deciding one first."""
    tests = [t.reference for t in evidence.positives]
    if evidence.undated_positive is not None:
        tests.append(evidence.undated_positive.reference)
    recorded = ([] if deciding is None else [deciding.reference]) + [f.reference for f in conditions]
    ordered = tests + recorded if certainty is Certainty.PROVEN else recorded + tests
    return tuple(dict.fromkeys(ordered))


# --------------------------------------------------------------------------------------------- current, cured


def _is_current(
    pathogen: Pathogen, onset: Moment | None, record: Record, *, cured: bool, treated: bool
) -> bool:
    """Chronic: until cured or negative; acute: within its window after onset, or without any date (A.9)."""
    if pathogen.chronic:
        return treated or not cured
    return onset is None or is_recent(onset, record.as_of, timedelta(days=pathogen.current_window_days))


def _is_cured(
    pathogen: Pathogen, deciding: Finding | None, evidence: Evidence, therapy: Therapy, limits: Thresholds
) -> bool:
    """A negative test newer than the infection's record, or a low load while it is treated."""
    if not pathogen.chronic or evidence.proof is not None:
        return _is_controlled(evidence.proof, therapy, limits)
    return _has_newer_negative(deciding, evidence)


def _has_newer_negative(finding: Finding | None, evidence: Evidence) -> bool:
    """A negative confirmatory test newer than the record; an undated record is older than any test."""
    if evidence.newest_negative is None:
        return False
    when = None if finding is None else finding.recorded or finding.onset
    return when is None or is_newer(evidence.newest_negative, when)


def _is_controlled(proof: TestResult | None, therapy: Therapy, limits: Thresholds) -> bool:
    low = proof is not None and proof.copies is not None and proof.copies < limits.load_controlled
    return low and bool(therapy.active)


def _after(therapy: Therapy, evidence: Evidence) -> Therapy:
    """A positive test after the end of a therapy: it failed, so no ended therapy controls the infection."""
    ended = therapy.ended
    failed = ended is not None and evidence.proof is not None and is_newer(evidence.proof, ended)
    return NO_THERAPY if failed else therapy


# --------------------------------------------------------------------------------------------------- resolved


def _contradicted(evidence: Evidence) -> str | None:
    """A resolved Condition to which a newer positive test does not fit; without a date of its own any test is
    newer.
    """
    if evidence.proof is None:
        return None
    for finding in evidence.past:
        when = finding.ended or reference_time(finding)
        if when is None or is_newer(evidence.proof, when):
            return finding.reference
    return None


def _resolved(
    pathogen: Pathogen, evidence: Evidence, record: Record, in_use: Sequence[Medication], limits: Thresholds
) -> Infection | None:
    """An infection that is recorded as past, or that newer negative tests have ended: never current.

    It stays among the found ones for what follows an infection (MON-05, TPO-01), an acute one for 26 weeks.
    """
    ended = [f for f in evidence.past if f.verification is not Verification.SUSPECTED]
    yielded = [f for f in evidence.present if not evidence.is_doubtful(f)]
    tested = evidence.overruled_positive
    if not ended and not yielded and tested is None:
        return None
    last = max((*ended, *yielded), key=_dated, default=None)
    onset = moment_of(tested) if last is None and tested is not None else None
    if last is not None:
        onset = last.onset or last.recorded
    if not pathogen.chronic and not is_recent(onset, record.as_of, limits.span("mon_question_weeks")):
        return None
    therapy = read_therapy(pathogen, record, in_use, limits)
    references = [f.reference for f in (*ended, *yielded)] + ([tested.reference] if tested else [])
    return Infection(
        pathogen=pathogen.id,
        certainty=Certainty.REPORTED,
        current=False,
        onset=onset,
        references=tuple(references),
        therapy=therapy.active,
        therapy_ended=therapy.ended,
        therapy_started=therapy.started,
        cured=tested is not None or _has_newer_negative(last, evidence),
        resolved=bool(ended) and all(is_past(f) for f in ended) and not yielded,
    )


def _dated(finding: Finding) -> float:
    when = reference_time(finding)
    return 0.0 if when is None else when.latest.timestamp()

"""Conditions as findings: status, certainty, times, severity (rulebook A.1, B.5, B.6; contract section 2).

A Condition that belongs to no value set is no fact and is not mentioned, unless it is coded only in systems that no
set speaks, or in words alone: then it is unmapped. Refuted and entered-in-error ones leave only the names of their
sets (DATA-07).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from cards.code_systems import HL7, normalise_system
from cards.record import ClinicalStatus, Finding, Membership, Moment, Verification
from cards.valuesets import Terminology
from cds_service.facts.ages import read_age
from cds_service.facts.codes import Codings, by_codings, is_known, members_of, pairs_of
from cds_service.facts.context import Reading
from cds_service.facts.refusals import read_refusals
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import CodeableConcept, Condition, Reference

_CLINICAL: Final = HL7 + "condition-clinical"
_VERIFICATION: Final = HL7 + "condition-ver-status"
_PRESENT: Final = frozenset({"active", "recurrence", "relapse"})
_PAST: Final = frozenset({"inactive", "remission", "resolved"})
_VOID: Final = frozenset({"refuted", "entered-in-error"})
_CERTAINTY: Final[Mapping[str, Verification]] = MappingProxyType(
    {
        "confirmed": Verification.CONFIRMED,
        "provisional": Verification.SUSPECTED,
        "differential": Verification.SUSPECTED,
        "unconfirmed": Verification.SUSPECTED,
    }
)
_GRADES: Final = ("severity-mild", "severity-moderate", "severity-severe", "severity-life-threatening")
"""Value sets of Condition.severity, from modified WHO grade 1 to 4 (contract section 2)."""


def read_conditions(reading: Reading) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The findings, refusals of blood in a Consent among them, and the set ids of void records (each once, sorted)."""
    read = list(reading.each(_condition, reading.of(Condition)))
    findings = [one for one in read if isinstance(one, Finding)]
    voided = {set_id for one in read if isinstance(one, frozenset) for set_id in one}
    return (*findings, *read_refusals(reading)), tuple(sorted(voided))


def _condition(entry: Entry[Condition], reading: Reading) -> Finding | frozenset[str] | None:
    """The finding, or the set ids of a void record."""
    code = entry.resource.code
    found = finding_memberships(code, reading.terminology)
    if not found:
        if not is_known(code, reading.terminology):
            reading.report(entry, "unmapped condition")
        return None
    if _is_void(entry.resource):
        return frozenset(m.set_id for m in found)
    return read_finding(entry, found, reading)


@by_codings
def finding_memberships(codings: Codings, terminology: Terminology) -> tuple[Membership, ...]:
    """Every set that a coding belongs to, with each status under which it does (a plain code before a history)."""
    found = {
        (member.set_id, member.code.status or "")
        for pair in pairs_of(codings)
        for member in members_of(pair, terminology)
    }
    return tuple(Membership(set_id, status or None) for set_id, status in sorted(found))


def read_finding(entry: Entry[Condition], found: tuple[Membership, ...], reading: Reading) -> Finding | None:
    """One Condition that belongs to a set; None (and reported) where it is a Condition of another FHIR release."""
    condition = entry.resource
    if condition.abatement_boolean is not UNSET:
        reading.report(entry, "not FHIR R4: abatementBoolean")
        return None
    ended, has_ended = _end(entry, reading)
    return Finding(
        reference=entry.reference,
        memberships=found,
        clinical=_clinical(condition.clinical_status),
        verification=_verification(entry, reading),
        onset=_onset(entry, reading),
        recorded=reading.moment(condition.recorded_date, entry, "unreadable recordedDate"),
        ended=ended,
        has_ended=has_ended,
        severity=grade_of(condition.severity, reading.terminology),
        patient_reported=is_of_patient(condition.asserter or condition.recorder),
        word=word_of(condition.code, reading.terminology),
    )


# -------------------------------------------------------------------------------------------------- status


def status_code(concept: CodeableConcept | None, system: str) -> str | None:
    """The code of a status concept: that of its own code system, or one without a system."""
    if concept is None:
        return None
    own = (c.code for c in concept.coding if c.system is None or normalise_system(c.system) == system)
    return next((code for code in own if code), None)


def _is_void(condition: Condition) -> bool:
    return status_code(condition.verification_status, _VERIFICATION) in _VOID


def _clinical(concept: CodeableConcept | None) -> ClinicalStatus:
    """A status that R4 does not have ("unknown") says nothing: not recorded."""
    code = status_code(concept, _CLINICAL)
    if code in _PAST:
        return ClinicalStatus.PAST
    return ClinicalStatus.PRESENT if code in _PRESENT else ClinicalStatus.ABSENT


def _verification(entry: Entry[Condition], reading: Reading) -> Verification:
    """What is recorded with a status that cannot be understood is not taken as certain."""
    concept = entry.resource.verification_status
    if concept is None:
        return Verification.REPORTED
    certainty = _CERTAINTY.get(status_code(concept, _VERIFICATION) or "")
    if certainty is None:
        reading.report(entry, "unknown verificationStatus, read as suspected")
        return Verification.SUSPECTED
    return certainty


# --------------------------------------------------------------------------------------------------- times


def _onset(entry: Entry[Condition], reading: Reading) -> Moment | None:
    condition = entry.resource
    if condition.onset_date_time is not None:
        return reading.moment(condition.onset_date_time, entry, "unreadable onset")
    if condition.onset_period is not None:
        return reading.moment(condition.onset_period.start, entry, "unreadable onset")
    if condition.onset_age is not None:
        return read_age(condition.onset_age, reading.birth)
    if condition.onset_string is not None or condition.onset_range is not None:
        reading.report(entry, "onset as words or range, not read")
    return None


def _end(entry: Entry[Condition], reading: Reading) -> tuple[Moment | None, bool]:
    """The abatement, and whether it is over: a future abatement is not, one without a readable date is.

    A Period without an end is an abatement that goes on.
    """
    condition = entry.resource
    period = condition.abatement_period
    if period is not None and period.end is None:
        return None, False
    given = (
        condition.abatement_date_time,
        condition.abatement_age,
        condition.abatement_range,
        condition.abatement_string,
        period,
    )
    if all(one is None for one in given):
        return None, False
    text = condition.abatement_date_time or (period.end if period is not None else None)
    ended = reading.moment(text, entry, "unreadable abatement")
    if condition.abatement_age is not None:
        ended = read_age(condition.abatement_age, reading.birth)
    return ended, ended is None or ended.earliest <= reading.as_of


# ------------------------------------------------------------------------------------------------- details


@by_codings
def grade_of(codings: Codings, terminology: Terminology) -> int | None:
    """The modified WHO grade of Condition.severity; None where it has none that is known."""
    found = {member.set_id for pair in pairs_of(codings) for member in members_of(pair, terminology)}
    grades = [grade for grade, set_id in enumerate(_GRADES, start=1) if set_id in found]
    return max(grades, default=None)


def is_of_patient(reference: Reference | None) -> bool:
    """Whether the person named is the patient or a relative."""
    if reference is None:
        return False
    named = (reference.reference or "").split("/")
    return reference.type in _LAY or (len(named) > 1 and named[-2] in _LAY)


_LAY: Final = frozenset({"Patient", "RelatedPerson"})


@by_codings
def word_of(codings: Codings, terminology: Terminology) -> str | None:
    """The key of our word for the first code that has one (bleeding findings)."""
    words = (member.code.word for pair in pairs_of(codings) for member in members_of(pair, terminology))
    return next((word for word in words if word is not None), None)

"""Findings that an Observation records: its code is one and its value says "present", or its value is one.

Bleeding, signs, refusals and exposures may be values; diagnoses and infections only count as codes with a value that
says so (an organism as value is a test result, and "family history of" has a diagnosis as value too).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from cards.record import ClinicalStatus, Finding, Membership, Moment, PregnancyEvidence, Verification
from cards.valuesets import Membership as CodeMembership
from cds_service.facts.codes import sets_of
from cds_service.facts.conditions import grade_of, is_of_patient, word_of
from cds_service.facts.context import Reading
from cds_service.facts.observed import Seen
from cds_service.facts.results import NEGATIVE, OPEN, POSITIVE
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import CodeableConcept, Observation

_AS_VALUE: Final = ("bleed-", "sign-", "refusal-of-blood", "exposure-", "care-comfort")
_AS_CODE: Final = (*_AS_VALUE, "inf-", "mimic-", "risk-", "cond-", "status-")
_PREGNANCY, _PREGNANT, _NOT_PREGNANT = "obs-pregnancy", "result-pregnant", "result-not-pregnant"


def read_findings_observed(seen: Iterable[Seen], reading: Reading) -> tuple[Finding, ...]:
    """Every finding that is recorded as present. One that is coded and has no value is reported, not assumed."""
    named = [
        one for one in seen if one.status is not None and (one.value_members or _names_finding(one.set_ids))
    ]
    return tuple([one for one in reading.each(_observed, named) if one is not None])


def _observed(one: Seen, reading: Reading) -> Finding | None:
    members, named_by = _meaning(one, reading)
    if not members:
        return None
    if one.time_unreadable:
        reading.report(one.entry, "a finding whose time cannot be read")
    return _finding(one, members, named_by, reading)


def _meaning(one: Seen, reading: Reading) -> tuple[tuple[CodeMembership, ...], CodeableConcept | None]:
    """The sets that it is in, and the concept (code or value) that says so; () where it says nothing."""
    part = one.part
    value = part.value_codeable_concept
    as_value = _only(one.value_members, _AS_VALUE)
    if as_value:
        return as_value, value
    as_code = _only(one.members, _AS_CODE)
    if not as_code:
        return (), None
    if _is_present(one, reading):
        return as_code, part.code
    if not one.has_value and part.data_absent_reason is None:
        reading.report(one.entry, "a finding without a value, not read as present")
    return (), None


@lru_cache(maxsize=1024)
def _names_finding(set_ids: frozenset[str]) -> bool:
    """Whether a code of these sets is that of a finding: most are measurements."""
    return any(_begins(set_id, _AS_CODE) for set_id in set_ids)


def _only(members: tuple[CodeMembership, ...], starts: tuple[str, ...]) -> tuple[CodeMembership, ...]:
    return tuple([m for m in members if _begins(m.set_id, starts)]) if members else ()


@cache
def _begins(set_id: str, starts: tuple[str, ...]) -> bool:
    return set_id.startswith(starts)


def _is_present(one: Seen, reading: Reading) -> bool:
    """Present, positive, true, or a severity; nothing else, and no text, says so."""
    part = one.part
    if part.value_boolean is not None:
        return part.value_boolean
    value = part.value_codeable_concept
    if value is None:
        return False
    sets = sets_of(value, reading.terminology)
    if not sets.isdisjoint({NEGATIVE, OPEN}):
        return False
    return POSITIVE in sets or grade_of(value, reading.terminology) is not None


def _finding(
    one: Seen, members: tuple[CodeMembership, ...], named_by: CodeableConcept | None, reading: Reading
) -> Finding:
    try:
        performers = one.entry.resource.performer
    except ValueError as error:
        reading.report(one.entry, str(error))
        performers = ()
    return Finding(
        reference=one.reference,
        memberships=tuple(Membership(m.set_id, m.code.status) for m in members),
        clinical=ClinicalStatus.PRESENT,
        verification=Verification.REPORTED,
        onset=one.time,
        recorded=Moment.instant(one.issued) if one.issued is not None else None,
        severity=grade_of(one.part.value_codeable_concept, reading.terminology),
        observed=True,
        patient_reported=bool(performers) and all(is_of_patient(one) for one in performers),
        word=word_of(named_by, reading.terminology),
    )


def read_pregnancy(seen: Iterable[Seen], reading: Reading) -> tuple[PregnancyEvidence, ...]:
    """What Observations of the pregnancy status say; a pregnancy test proves nothing (tumours, loss)."""
    evidence = []
    for one in seen:
        if _PREGNANCY not in one.set_ids or one.status is None:
            continue
        sets = sets_of(one.part.value_codeable_concept, reading.terminology)
        pregnant, not_pregnant = _PREGNANT in sets, _NOT_PREGNANT in sets
        if pregnant != not_pregnant:
            evidence.append(PregnancyEvidence(one.reference, pregnant, one.time))
        elif one.has_value:
            reading.report(one.entry, "a pregnancy status that is not understood")
    return tuple(evidence)


def voided_by_error(entries: Iterable[Entry[Observation]], reading: Reading) -> frozenset[str]:
    """The sets of findings and tests that were entered in error (DATA-07)."""
    return frozenset(
        set_id
        for entry in entries
        for set_id in sets_of(entry.resource.code, reading.terminology)
        if set_id.startswith((*_AS_CODE, "lab-", "obs-platelet-count"))
    )

"""Findings that an Observation records, the pregnancy status, and what was entered in error."""

from __future__ import annotations

from typing import Any

import pytest

from cards.record import ClinicalStatus, Finding, PregnancyEvidence, Verification
from cards.valuesets import Terminology
from cds_service.facts.findings_observed import read_findings_observed, read_pregnancy, voided_by_error
from cds_service.facts.observed import look_at
from tests.service.build import (
    LOCAL,
    LOINC,
    SNOMED,
    TERMINOLOGY,
    Json,
    coded,
    concept,
    observation,
    quantity,
    reading,
    reasons,
)

PRESENT = concept((SNOMED, "52101004"))
ABSENT = concept((SNOMED, "2667000"))
COMPLAINT = concept((LOINC, "75325-1"))  # "Symptom"


def read(*resources: Json) -> tuple[tuple[Finding, ...], list[tuple[str, str]]]:
    context = reading(*resources)
    return read_findings_observed(look_at(context)[0], context), reasons(context)


def found(code: Json, **members: Any) -> tuple[Finding, ...]:
    return read(observation(code=code, **members))[0]


def first_snomed(set_id: str, terminology: Terminology = TERMINOLOGY) -> Json:
    code = next(c for c in terminology[set_id].codes if c.system == SNOMED)
    return concept((code.system, code.code))


@pytest.mark.parametrize(
    "set_id", ["bleed-mucosal", "bleed-skin", "sign-headache", "sign-fever", "inf-dengue"]
)
@pytest.mark.parametrize("value", [{"valueCodeableConcept": PRESENT}, {"valueBoolean": True}])
def test_a_coded_finding_that_is_present_is_one(set_id: str, value: Json) -> None:
    [finding] = found(first_snomed(set_id), **value)
    assert finding.is_in(set_id)
    assert finding.observed
    assert finding.clinical is ClinicalStatus.PRESENT
    assert finding.verification is Verification.REPORTED
    assert finding.onset is not None
    assert finding.onset.text == "2026-06-15T09:00:00Z"


@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": ABSENT},
        {"valueBoolean": False},
        {"valueString": "present"},
        {"valueQuantity": quantity(3, "mL")},
        {"valueCodeableConcept": concept((SNOMED, "82334004"))},
        {"dataAbsentReason": {"text": "x"}},
        {"status": "banana", "valueBoolean": True},
    ],
)
def test_what_is_absent_or_not_said_in_a_code_is_no_finding(value: Json) -> None:
    assert found(first_snomed("bleed-mucosal"), **value) == ()


def test_a_finding_code_without_a_value_is_reported_and_not_assumed() -> None:
    findings, reported = read(observation(code=first_snomed("bleed-mucosal")))
    assert findings == ()
    assert reported == [("Observation/o", "a finding without a value, not read as present")]


@pytest.mark.parametrize("set_id", ["bleed-mucosal", "sign-headache", "refusal-of-blood"])
def test_a_finding_may_be_the_value_of_another_question(set_id: str) -> None:
    [finding] = found(COMPLAINT, valueCodeableConcept=first_snomed(set_id))
    assert finding.is_in(set_id)


@pytest.mark.parametrize("set_id", ["inf-dengue", "mimic-tma", "risk-cancer"])
def test_a_diagnosis_as_value_of_another_question_is_no_fact(set_id: str) -> None:
    value = (
        first_snomed(set_id) if any(c.system == SNOMED for c in TERMINOLOGY[set_id].codes) else coded(set_id)
    )
    assert found(COMPLAINT, valueCodeableConcept=value) == ()


def test_a_severity_as_value_is_present_and_graded() -> None:
    [finding] = found(first_snomed("bleed-mucosal"), valueCodeableConcept=concept((SNOMED, "24484000")))
    assert finding.severity == 3


def test_a_finding_keeps_the_word_of_its_code() -> None:
    code = next(c for c in TERMINOLOGY["bleed-mucosal"].codes if c.word is not None)
    [as_code] = found(concept((code.system, code.code)), valueBoolean=True)
    [as_value] = found(COMPLAINT, valueCodeableConcept=concept((code.system, code.code)))
    assert as_code.word == as_value.word == code.word


@pytest.mark.parametrize(
    ("performers", "theirs"),
    [
        ([], False),
        (["Patient/p1"], True),
        (["RelatedPerson/r"], True),
        (["Patient/p1", "Practitioner/a"], False),
        (["Practitioner/a"], False),
    ],
)
def test_patient_reported_is_what_nobody_else_performed(performers: list[str], theirs: bool) -> None:
    [finding] = found(
        first_snomed("bleed-skin"), valueBoolean=True, performer=[{"reference": one} for one in performers]
    )
    assert finding.patient_reported is theirs


def test_a_component_may_be_a_finding() -> None:
    part = {"code": first_snomed("bleed-skin"), "valueBoolean": True}
    [finding] = found(concept((LOCAL, "EXAM")), component=[part])
    assert finding.is_in("bleed-skin")


def test_a_finding_whose_time_cannot_be_read_stays_without_one_and_is_reported() -> None:
    findings, reported = read(
        observation(code=first_snomed("bleed-skin"), valueBoolean=True, effectiveDateTime="now")
    )
    assert [f.onset for f in findings] == [None]
    assert ("Observation/o", "a finding whose time cannot be read") in reported


# ---------------------------------------------------------------------------------------- pregnancy, in error


def pregnancy(**members: Any) -> tuple[PregnancyEvidence, ...]:
    context = reading(observation(code=concept((LOINC, "82810-3")), **members))
    return read_pregnancy(look_at(context)[0], context)


def test_the_pregnancy_status_is_read_from_its_codes() -> None:
    [yes] = pregnancy(valueCodeableConcept=coded("result-pregnant"))
    [no] = pregnancy(valueCodeableConcept=coded("result-not-pregnant"))
    assert (yes.pregnant, no.pregnant) == (True, False)
    assert yes.time is not None


@pytest.mark.parametrize(
    "value", [{"valueString": "pregnant"}, {"valueCodeableConcept": PRESENT}, {}, {"valueBoolean": True}]
)
def test_any_other_status_tells_nothing(value: Json) -> None:
    assert pregnancy(**value) == ()


def test_a_pregnancy_test_is_no_status() -> None:
    context = reading(observation(code=coded("obs-pregnancy-test"), valueString="positive"))
    assert read_pregnancy(look_at(context)[0], context) == ()


def test_what_was_entered_in_error_leaves_the_names_of_its_sets() -> None:
    context = reading(
        observation("a", first_snomed("bleed-mucosal"), status="entered-in-error", valueBoolean=True),
        observation("b", status="entered-in-error", valueQuantity=quantity(4)),
    )
    seen, in_error = look_at(context)
    assert seen == []
    assert {"bleed-mucosal", "obs-platelet-count"} <= voided_by_error(in_error, context)

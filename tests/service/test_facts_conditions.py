"""Conditions and consents as findings: status, certainty, times, severity, words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cards.record import ClinicalStatus, Finding, Membership, Verification
from cards.valuesets import load
from cds_service.facts.conditions import read_conditions
from tests.service.build import (
    HL7,
    ICD_10_CM,
    LOCAL,
    NOW,
    SNOMED,
    coded,
    concept,
    parsed,
    reading,
    reasons,
    resource,
)

NOSEBLEED = coded("bleed-mucosal")
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-03-01"}


def clinical(code: str) -> dict[str, Any]:
    return concept((HL7 + "condition-clinical", code))


def verified(code: str) -> dict[str, Any]:
    return concept((HL7 + "condition-ver-status", code))


def condition(**members: Any) -> dict[str, Any]:
    return resource("Condition", **({"code": NOSEBLEED} | members))


def finding(**members: Any) -> Finding:
    (found,), _ = read_conditions(reading(PATIENT, condition(**members)))
    return found


# ----------------------------------------------------------------------------------------- which sets, which word


def test_a_condition_is_the_sets_of_its_codes_and_has_our_word() -> None:
    found = finding(code=concept((LOCAL, "EPI"), (SNOMED, "249366005"), text="Nasenbluten"))
    assert found.reference == "Condition/x"
    assert found.is_in("bleed-mucosal")
    assert found.word == "nosebleed"
    assert not found.observed
    assert (found.onset, found.recorded, found.ended, found.has_ended) == (None, None, None, False)


def test_a_set_is_told_under_every_status_that_its_codes_have() -> None:
    history_and_now = concept((SNOMED, "271558008"), (ICD_10_CM, "B27.00"), (SNOMED, "50711007"))
    found = finding(code=history_and_now)
    assert Membership("inf-ebv") in found.memberships
    assert Membership("inf-hcv", "parent") in found.memberships
    assert list(found.memberships) == sorted(found.memberships, key=lambda m: (m.set_id, m.status or ""))


def test_a_plain_code_stands_before_one_with_a_status_of_the_same_set() -> None:
    both = concept((SNOMED, "50711007"), (SNOMED, "128302006"))  # hepatitis C: a group, and the chronic one
    assert finding(code=both).status_in("inf-hcv") is None
    assert {m.status for m in finding(code=both).memberships if m.set_id == "inf-hcv"} == {None, "parent"}


def test_codes_without_dots_and_in_older_systems_are_the_same_codes() -> None:
    mimic = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10"
    assert finding(code=concept((mimic, "A419"))).is_in("inf-sepsis")


def test_a_site_s_own_code_counts_where_it_is_mapped() -> None:
    local = load({"bleed-mucosal": [(LOCAL, "EPI")]})
    read = reading(condition(code=concept((LOCAL, "EPI"))), terminology=local)
    (found,), _ = read_conditions(read)
    assert found.is_in("bleed-mucosal")
    assert reasons(read) == []


@pytest.mark.parametrize(
    "code",
    [
        {"text": "severe nosebleed"},
        concept((LOCAL, "4711"), text="nosebleed"),
        concept(("http://hl7.org/fhir/sid/icd-9-cm", "784.7")),
        None,
        {"coding": [{"code": "249366005", "display": "Bleeding from nose"}]},
    ],
)
def test_words_and_unknown_systems_are_never_read_but_reported(code: Any) -> None:
    read = reading(condition(code=code))
    assert read_conditions(read) == ((), ())
    assert reasons(read) == [("Condition/x", "unmapped condition")]


def test_a_code_in_no_set_is_no_fact_and_no_noise() -> None:
    read = reading(condition(code=concept((SNOMED, "38341003"), text="Hypertension")))
    assert read_conditions(read) == ((), ())
    assert reasons(read) == []


def test_a_family_history_is_nobody_s_fact_here() -> None:
    relative = resource(
        "FamilyMemberHistory", patient={"reference": "Patient/p1"}, condition=[{"code": NOSEBLEED}]
    )
    assert read_conditions(reading(relative)) == ((), ())


# --------------------------------------------------------------------------------------------------------- status


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("active", ClinicalStatus.PRESENT),
        ("recurrence", ClinicalStatus.PRESENT),
        ("relapse", ClinicalStatus.PRESENT),
        ("inactive", ClinicalStatus.PAST),
        ("remission", ClinicalStatus.PAST),
        ("resolved", ClinicalStatus.PAST),
        ("unknown", ClinicalStatus.ABSENT),
    ],
)
def test_clinical_status(code: str, status: ClinicalStatus) -> None:
    assert finding(clinicalStatus=clinical(code)).clinical is status


def test_no_clinical_status_is_not_recorded() -> None:
    assert finding().clinical is ClinicalStatus.ABSENT
    assert finding(clinicalStatus={"text": "resolved"}).clinical is ClinicalStatus.ABSENT
    assert finding(clinicalStatus=concept((LOCAL, "resolved"))).clinical is ClinicalStatus.ABSENT


def test_a_status_is_read_in_its_own_system_among_others_or_without_one() -> None:
    both = concept((LOCAL, "active"), (HL7 + "condition-clinical", "resolved"))
    assert finding(clinicalStatus=both).clinical is ClinicalStatus.PAST
    assert finding(clinicalStatus={"coding": [{"code": "resolved"}]}).clinical is ClinicalStatus.PAST
    older = concept(("http://hl7.org/fhir/condition-clinical", "resolved"))
    assert finding(clinicalStatus=older).clinical is ClinicalStatus.PAST


@pytest.mark.parametrize(
    ("code", "certainty"),
    [
        ("confirmed", Verification.CONFIRMED),
        ("provisional", Verification.SUSPECTED),
        ("differential", Verification.SUSPECTED),
        ("unconfirmed", Verification.SUSPECTED),
    ],
)
def test_verification_status(code: str, certainty: Verification) -> None:
    assert finding(verificationStatus=verified(code)).verification is certainty


def test_no_verification_status_is_reported() -> None:
    assert finding().verification is Verification.REPORTED


@pytest.mark.parametrize("status", [concept((LOCAL, "sure")), {"text": "confirmed"}, verified("probable")])
def test_a_verification_that_is_not_understood_is_a_suspicion_and_reported(status: Any) -> None:
    read = reading(condition(verificationStatus=status))
    (found,), _ = read_conditions(read)
    assert found.verification is Verification.SUSPECTED
    assert reasons(read) == [("Condition/x", "unknown verificationStatus, read as suspected")]


@pytest.mark.parametrize("code", ["refuted", "entered-in-error"])
def test_what_is_void_leaves_only_the_names_of_its_sets(code: str) -> None:
    void = condition(
        code=concept((SNOMED, "271558008"), (SNOMED, "249366005")), verificationStatus=verified(code)
    )
    read = reading(void, resource("Condition", "y", code=NOSEBLEED, verificationStatus=verified(code)))
    assert read_conditions(read) == ((), ("bleed-mucosal", "inf-ebv"))
    assert reasons(read) == []


def test_a_status_as_a_string_is_of_another_release_and_reported() -> None:
    read = reading(condition(clinicalStatus="active"))
    assert read_conditions(read) == ((), ())
    assert reasons(read) == [("Condition/x", "not FHIR R4: clinicalStatus")]


# ---------------------------------------------------------------------------------------------------------- times


def test_onset_as_dates_of_every_length() -> None:
    exact = finding(onsetDateTime="2026-06-15T11:00:00+02:00").onset
    assert exact is not None
    assert exact.earliest == exact.latest == datetime(2026, 6, 15, 9, tzinfo=UTC)
    day = finding(onsetDateTime="2026-06-14").onset
    assert day is not None
    assert day.latest - day.earliest == timedelta(days=1, microseconds=-1)


def test_onset_as_a_period_is_its_start() -> None:
    onset = finding(onsetPeriod={"start": "2026-06-01", "end": "2026-06-03"}).onset
    assert onset is not None
    assert onset.text == "2026-06-01"
    assert finding(onsetPeriod={"end": "2026-06-03"}).onset is None


@pytest.mark.parametrize("unit", [{"code": "a"}, {"unit": "years"}, {"code": "a", "unit": "Jahre"}])
def test_onset_as_an_age_is_the_year_of_life(unit: dict[str, str]) -> None:
    onset = finding(onsetAge={"value": 30, "system": "http://unitsofmeasure.org"} | unit).onset
    assert onset is not None
    assert onset.earliest == datetime(2020, 3, 1, tzinfo=UTC)
    assert onset.latest == datetime(2021, 3, 1, tzinfo=UTC) - timedelta(microseconds=1)
    assert onset.text == "2020"


@pytest.mark.parametrize(
    "age",
    [
        {"value": 30, "code": "kg"},
        {"value": 30},
        {"value": 30, "comparator": "<", "code": "a"},
        {"value": -1, "code": "a"},
        {"value": 4000, "code": "a"},
        {"code": "a"},
    ],
)
def test_an_age_that_is_none_gives_no_onset(age: dict[str, Any]) -> None:
    assert finding(onsetAge=age).onset is None


def test_an_age_says_nothing_without_a_birth_date() -> None:
    (found,), _ = read_conditions(reading(condition(onsetAge={"value": 30, "code": "a"})))
    assert found.onset is None


@pytest.mark.parametrize("onset", [{"onsetString": "last week"}, {"onsetRange": {"low": {"value": 1}}}])
def test_onset_in_words_is_reported_and_the_finding_stays(onset: dict[str, Any]) -> None:
    read = reading(condition(**onset))
    (found,), _ = read_conditions(read)
    assert found.onset is None
    assert reasons(read) == [("Condition/x", "onset as words or range, not read")]


@pytest.mark.parametrize("text", ["15.06.2026", "2026-06-31", "2026-06-15T10:00:00", "", "yesterday"])
def test_an_unreadable_date_is_reported_and_the_finding_stays(text: str) -> None:
    read = reading(condition(onsetDateTime=text, recordedDate="2026-06-15"))
    (found,), _ = read_conditions(read)
    assert found.onset is None
    assert found.recorded is not None
    assert reasons(read) == [("Condition/x", "unreadable onset")]


def test_an_unreadable_recorded_date_is_reported() -> None:
    read = reading(condition(recordedDate="soon"))
    (found,), _ = read_conditions(read)
    assert found.recorded is None
    assert reasons(read) == [("Condition/x", "unreadable recordedDate")]


def test_an_abatement_in_the_past_or_at_this_moment_has_ended() -> None:
    for text in ("2026-06-14", NOW.isoformat(), "2026"):
        found = finding(abatementDateTime=text)
        assert found.ended is not None
        assert found.has_ended, text


def test_an_abatement_in_the_future_has_not() -> None:
    found = finding(abatementDateTime=(NOW + timedelta(seconds=1)).isoformat())
    assert found.ended is not None
    assert not found.has_ended


def test_an_abatement_as_a_period_ends_with_it_and_goes_on_without_an_end() -> None:
    over = finding(abatementPeriod={"start": "2026-06-01", "end": "2026-06-03"})
    assert over.ended is not None
    assert (over.ended.text, over.has_ended) == ("2026-06-03", True)
    going_on = finding(abatementPeriod={"start": "2026-06-01"})
    assert (going_on.ended, going_on.has_ended) == (None, False)


@pytest.mark.parametrize(
    "abatement",
    [
        {"abatementString": "gone"},
        {"abatementRange": {}},
        {"abatementDateTime": "gone"},
        {"abatementAge": {}},
    ],
)
def test_an_abatement_without_a_readable_date_has_ended_all_the_same(abatement: dict[str, Any]) -> None:
    found = finding(**abatement)
    assert (found.ended, found.has_ended) == (None, True)


def test_an_abatement_as_an_age() -> None:
    past, future = (finding(abatementAge={"value": age, "code": "a"}) for age in (30, 60))
    assert (past.has_ended, future.has_ended) == (True, False)


@pytest.mark.parametrize("value", [True, False])
def test_an_abatement_as_a_boolean_is_of_another_release(value: bool) -> None:
    read = reading(condition(abatementBoolean=value))
    assert read_conditions(read) == ((), ())
    assert reasons(read) == [("Condition/x", "not FHIR R4: abatementBoolean")]


# --------------------------------------------------------------------------------------------------------- details


@pytest.mark.parametrize(
    ("code", "grade"),
    [
        ("255604002", 1),
        ("6736007", 2),
        ("24484000", 3),
        ("442452003", 4),
        ("399166001", 4),
        ("38341003", None),
    ],
)
def test_severity_is_the_modified_who_grade(code: str, grade: int | None) -> None:
    assert finding(severity=concept((SNOMED, code))).severity == grade


def test_no_severity_and_severity_in_words_are_no_grade() -> None:
    assert finding().severity is None
    assert finding(severity={"text": "severe"}).severity is None


def test_of_two_severities_the_worse() -> None:
    assert finding(severity=concept((SNOMED, "255604002"), (SNOMED, "24484000"))).severity == 3


@pytest.mark.parametrize(
    ("members", "by_patient"),
    [
        ({"asserter": {"reference": "Patient/p1"}}, True),
        ({"asserter": {"reference": "RelatedPerson/r"}}, True),
        ({"asserter": {"reference": "https://ehr.example.org/fhir/Patient/p1"}}, True),
        ({"asserter": {"type": "Patient", "display": "herself"}}, True),
        ({"asserter": {"reference": "Practitioner/d"}, "recorder": {"reference": "Patient/p1"}}, False),
        ({"recorder": {"reference": "Patient/p1"}}, True),
        ({"recorder": {"reference": "PractitionerRole/d"}}, False),
        ({"recorder": {"reference": "#Patient"}}, False),
        ({}, False),
    ],
)
def test_who_told_it(members: dict[str, Any], by_patient: bool) -> None:
    assert finding(**members).patient_reported is by_patient


def test_another_patient_s_condition_is_set_aside() -> None:
    other = condition(subject={"reference": "Patient/p2"})
    assert parsed(other).rejected[0].reason == "belongs to another patient"
    assert read_conditions(reading(other)) == ((), ())


# --------------------------------------------------------------------------------------------------------- consent


def consent(**members: Any) -> dict[str, Any]:
    return resource("Consent", **({"status": "active", "dateTime": "2026-01-10"} | members))


def deny(code: str = "116859006", **members: Any) -> dict[str, Any]:
    return {"type": "deny", "code": [concept((SNOMED, code))], **members}


@pytest.mark.parametrize("code", ["116859006", "116762002", "12719002", "699054003"])
def test_a_consent_that_denies_blood_is_a_refusal(code: str) -> None:
    (found,), _ = read_conditions(reading(consent(provision=deny(code))))
    assert found.memberships == (Membership("refusal-of-blood"),)
    assert found.reference == "Consent/x"
    assert found.clinical is ClinicalStatus.PRESENT
    assert found.recorded is not None


@pytest.mark.parametrize(
    "members",
    [
        {"provision": deny("71493000")},  # red cells alone
        {"provision": deny("116861002")},  # plasma alone
        {"provision": deny() | {"type": "permit"}},
        {"provision": {"type": "deny"}},
        {"provision": deny(), "status": "inactive"},
        {"provision": deny(), "status": "entered-in-error"},
        {"provision": deny(), "status": None},
        {"provision": deny(period={"end": "2026-06-14"})},
        {"provision": deny(period={"start": "2026-06-16"})},
        {"category": [coded("refusal-of-blood")], "provision": {"type": "permit"}},
        {},
    ],
)
def test_what_is_no_refusal_of_blood(members: dict[str, Any]) -> None:
    assert read_conditions(reading(consent(**members))) == ((), ())


def test_a_refusal_in_an_exception_in_force_and_by_category() -> None:
    excepted = consent(provision={"type": "permit", "provision": [deny(period={"end": "2026-06-15"})]})
    for one in (excepted, consent(category=[coded("refusal-of-blood")])):
        (found,), _ = read_conditions(reading(one))
        assert found.is_in("refusal-of-blood")

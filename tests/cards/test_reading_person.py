"""Age, weight, pregnancy, gestation (rulebook A.9), and what is recorded about care."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cards.facts import Known, Person
from cards.record import PersonRecord, PregnancyEvidence
from tests.cards.build import LIMITS, ago, condition, done, facts, measured, on, planned

MINUTE = timedelta(minutes=1)
HOUR = 3600


def person(**members: object) -> Person:
    return facts(**members).person


# -------------------------------------------------------------------------------------------------------- age


@pytest.mark.parametrize(
    ("birth", "years", "days"),
    [
        ("2008-06-15", 18, 6574),
        ("2008-06-16", 17, 6573),
        ("2026-06-15", 0, 0),
        ("2026-05-18", 0, 28),
        ("2026-05-19", 0, 27),
        ("2024-02-29", 2, 837),
        ("2026-06-16", None, None),
        ("1990-06", 35, None),
        ("1990", 35, None),
        ("2024-06", None, None),
        ("2024", None, None),
        ("2023", 2, None),
    ],
)
def test_age(birth: str, years: int | None, days: int | None) -> None:
    """Completed years; of a year alone the youngest possible, unless under two is possible."""
    found = person(birth=on(birth))
    assert (found.age_years, found.age_days) == (years, days)


def test_without_a_birth_date() -> None:
    found = person(age=None)
    assert (found.age_years, found.age_days, found.is_adult) == (None, None, None)
    assert not found.is_neonate
    assert not found.is_child


def test_neonates_and_adults() -> None:
    assert person(birth=on("2026-05-19")).is_neonate
    assert not person(birth=on("2026-05-18")).is_neonate
    assert person(birth=on("2008-06-15")).is_adult
    assert person(birth=on("2008-06-16")).is_child


# ----------------------------------------------------------------------------------------------------- weight


def test_a_weight_of_the_last_30_days() -> None:
    window = LIMITS.span("weight_days").total_seconds()

    def weight(**members: object) -> Decimal | None:
        found = person(weight=None, measurements=[measured("obs-body-weight", 12, **members)]).weight
        return None if found is None else found.value

    assert weight(seconds=window) == 12
    assert weight(seconds=window + 60) is None
    assert weight(undated=True) is None


def test_the_newest_exact_weight() -> None:
    weights = [measured("obs-body-weight", v, days=d) for v, d in ((70, 20), (68, 2), ("<60", 1), (0, 1))]
    found = person(weight=None, measurements=weights).weight
    assert found is not None
    assert found.value == 68


# -------------------------------------------------------------------------------------------------- pregnancy


@pytest.mark.parametrize(
    ("sex", "age", "known"),
    [
        ("male", 30, Known.NO),
        ("female", 30, Known.UNKNOWN),
        ("female", 11, Known.NO),
        ("female", 12, Known.UNKNOWN),
        ("female", 55, Known.UNKNOWN),
        ("female", 56, Known.NO),
        ("female", None, Known.UNKNOWN),
        ("other", 30, Known.UNKNOWN),
        (None, 30, Known.UNKNOWN),
    ],
)
def test_without_a_record_of_pregnancy(sex: str | None, age: int | None, known: Known) -> None:
    assert person(sex=sex, age=age).pregnancy is known


def woman(*findings: object, evidence: tuple[PregnancyEvidence, ...] = ()) -> Person:
    return person(
        person=PersonRecord("Patient/p1", on("1990-01-10"), "female", evidence), findings=list(findings)
    )


def test_a_recorded_pregnancy_is_known_for_294_days() -> None:
    window = LIMITS.span("pregnancy_days").total_seconds()
    assert woman(condition("risk-pregnancy", seconds=window)).pregnancy is Known.YES
    assert woman(condition("risk-pregnancy", seconds=window + 60)).pregnancy is Known.UNKNOWN


def test_a_record_of_no_pregnancy_is_known_for_30_days() -> None:
    window = LIMITS.span("not_pregnant_days").total_seconds()

    def known(seconds: float) -> Known:
        return woman(evidence=(PregnancyEvidence("Observation/1", False, ago(seconds=seconds)),)).pregnancy

    assert known(window) is Known.NO
    assert known(window + 60) is Known.UNKNOWN


def test_the_newest_evidence_decides() -> None:
    pregnant = PregnancyEvidence("Observation/1", True, ago(days=60))
    not_any_more = PregnancyEvidence("Observation/2", False, ago(days=2))
    assert woman(evidence=(pregnant, not_any_more)).pregnancy is Known.NO
    later = PregnancyEvidence("Observation/3", True, ago(days=1))
    found = woman(evidence=(later, not_any_more))
    assert (found.pregnancy, found.pregnancy_reference) == (Known.YES, "Observation/3")


def test_the_end_of_a_pregnancy() -> None:
    pregnancy = condition("risk-pregnancy", days=270)
    assert woman(pregnancy, condition("risk-postpartum", days=3)).pregnancy is Known.NO
    assert woman(condition("risk-pregnancy", days=270, ended=ago(days=3))).pregnancy is Known.NO
    assert woman(condition("risk-pregnancy", days=270, ended=ago(days=60))).pregnancy is Known.UNKNOWN


def test_undated_records() -> None:
    assert woman(condition("risk-pregnancy", undated=True)).pregnancy is Known.YES
    assert woman(condition("risk-pregnancy", undated=True, code="undated")).pregnancy is Known.UNKNOWN
    assert woman(condition("risk-pregnancy", suspected=True)).pregnancy is Known.UNKNOWN


def test_lactation() -> None:
    assert woman(condition("risk-lactation")).lactating
    assert not woman(condition("risk-lactation", past=True)).lactating


def test_gestation_goes_on_in_pregnancy() -> None:
    weeks = [measured("obs-gestational-age", 14, days=20)]
    assert person(sex="female", pregnant=True, measurements=weeks).gestation_weeks == 16
    assert person(birth=on("2026-06-01"), measurements=weeks).gestation_weeks == 14


# ------------------------------------------------------------------------------------------------------- care


def test_comfort_care() -> None:
    assert facts(findings=[condition("care-comfort")]).comfort_care is not None
    assert facts(planned=[planned("care-comfort")]).comfort_care is not None
    assert facts(performed=[done("care-comfort", status="in-progress")]).comfort_care is not None


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [condition("care-comfort", past=True)]},
        {"findings": [condition("care-palliative-consultation")]},
        {"planned": [planned("care-comfort", status="draft")]},
        {"performed": [done("care-comfort")]},
    ],
)
def test_no_comfort_care(members: dict[str, object]) -> None:
    assert facts(**members).comfort_care is None


def test_refusal_of_blood() -> None:
    refusal = condition("refusal-of-blood")
    assert facts(findings=[refusal]).blood_refused == refusal.reference
    assert facts(findings=[condition("refusal-of-blood", past=True)]).blood_refused is None
    assert facts(findings=[condition("refusal-of-blood-unspecific")]).blood_refused is None


# ------------------------------------------------------------------------------------- the parts by value set


def test_the_newest_measurement() -> None:
    values = [measured("obs-hemoglobin", v, days=d) for v, d in ((9, 1), (11, 3), (10, 2))]
    p = facts(measurements=values)
    newest = p.newest("obs-hemoglobin")
    assert newest is not None
    assert newest.value == 9
    assert p.newest("obs-hemoglobin", timedelta(days=1)) is not None
    assert p.newest("obs-hemoglobin", timedelta(hours=23)) is None
    assert p.newest("obs-wbc") is None


def test_findings_by_set() -> None:
    p = facts(
        findings=[
            condition("risk-ckd"),
            condition("risk-ckd", suspected=True),
            condition("risk-ckd", past=True),
        ]
    )
    assert (len(p.present("risk-ckd")), len(p.suspected("risk-ckd")), len(p.findings("risk-ckd"))) == (
        1,
        1,
        3,
    )
    assert p.present("mimic-tma") == ()
    assert not facts(findings=[condition("risk-ckd", code="remission")]).present("risk-ckd")


def test_whether_a_finding_is_recent() -> None:
    p = facts()
    day = timedelta(days=1)
    assert p.is_recent(condition("risk-acs", hours=24), day) is True
    assert p.is_recent(condition("risk-acs", hours=25), day) is False
    assert p.is_recent(condition("risk-acs", undated=True), day) is None


def test_what_was_done() -> None:
    window = timedelta(hours=6)
    performed = [done("proc-platelet-transfusion", seconds=7 * HOUR)]
    assert facts(performed=performed).done_within(window, "proc-platelet-transfusion")
    late = [done("proc-platelet-transfusion", seconds=7 * HOUR + 60)]
    assert not facts(performed=late).done_within(window, "proc-platelet-transfusion")
    going_on = [done("proc-platelet-transfusion", days=1, status="in-progress", end=None)]
    assert facts(performed=going_on).done_within(window, "proc-platelet-transfusion")
    assert not facts(performed=[done("proc-platelet-transfusion", status="not-done")]).done_within(
        window, "proc-platelet-transfusion"
    )

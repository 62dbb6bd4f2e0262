"""Signs of the day and organ failure (rulebook A.9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cards.facts import Signs
from cards.reasons import Fact
from cards.record import Finding, Measurement
from tests.cards.build import LIMITS, ago, condition, done, drug, facts, measured, near, on, whole_day

MINUTE = timedelta(minutes=1)
DAY = LIMITS.span("sign_window").total_seconds()


def signs(*parts: object, **members: object) -> Signs:
    """The signs of these findings and measurements."""
    return facts(
        22,
        findings=[p for p in parts if isinstance(p, Finding)],
        measurements=[p for p in parts if isinstance(p, Measurement)],
        **members,
    ).signs


def over(set_id: str, limit: object, field: str, step: str = "0.1", **members: object) -> list[bool]:
    """Whether the sign is there just below, at and just above a limit."""
    return [bool(getattr(signs(measured(set_id, v), **members), field)) for v in near(limit, step)]


OF_THE_LAST_DAY = (
    ("sign-fever", "fever"),
    ("sign-shock", "shock"),
    ("inf-septic-shock", "shock"),
    ("sign-meningism", "meningism"),
    ("sign-headache", "headache"),
    ("sign-thunderclap-headache", "severe_headache"),
    ("sign-vomiting", "vomiting"),
    ("sign-altered-consciousness", "altered_consciousness"),
    ("sign-seizure", "seizure"),
    ("sign-focal-neurological", "focal_neurological"),
    ("sign-papilloedema", "papilloedema"),
)
"""Conditions, and the signs that they are."""


@pytest.mark.parametrize(
    ("set_id", "field"),
    [
        *OF_THE_LAST_DAY,
        ("sign-head-injury", "head_injury"),
        ("risk-liver-failure", "organ_failure"),
        ("risk-respiratory-failure", "organ_failure"),
        ("risk-kidney-failure-acute", "organ_failure"),
    ],
)
def test_each_sign_is_seen_where_nothing_else_is_recorded(set_id: str, field: str) -> None:
    assert getattr(signs(condition(set_id)), field)


# ------------------------------------------------------------------------------------------------ vital signs


def test_fever_and_hypothermia() -> None:
    assert over("obs-temperature", LIMITS.fever, "fever") == [False, True, True]
    assert over("obs-temperature", LIMITS.hypothermia, "hypothermia") == [True, False, False]


def test_any_temperature_of_the_last_day_counts() -> None:
    high = measured("obs-temperature", "38.4", seconds=DAY)
    assert signs(high, measured("obs-temperature", "36.9")).fever
    assert not signs(measured("obs-temperature", "38.4", seconds=DAY + 60)).fever


def test_a_sign_says_what_shows_it() -> None:
    (sign,) = signs(measured("obs-temperature", "38.4", reference="Observation/t")).fever
    assert (sign.reference, str(sign.value), sign.unit) == ("Observation/t", "38.4", "Cel")


@pytest.mark.parametrize(
    ("birth", "limit"),
    [
        ("1990-01-10", LIMITS.shock_sbp),
        ("2016-06-15", LIMITS.shock_sbp),  # 10 years today
        ("2016-06-16", LIMITS.shock_sbp_child + 18),  # 9 years
        ("2025-06-15", LIMITS.shock_sbp_child + 2),  # 1 year today
        ("2025-06-16", LIMITS.shock_sbp_infant),
    ],
)
def test_shock_by_age(birth: str, limit: object) -> None:
    assert over("obs-systolic", limit, "shock", "1", birth=on(birth)) == [True, False, False]


def test_mean_pressure_from_ten_years() -> None:
    assert over("obs-map", LIMITS.shock_map, "shock", "1") == [True, False, False]
    assert over("obs-map", LIMITS.shock_map, "shock", "1", birth=on("2016-06-16")) == [False, False, False]


def test_without_an_age_the_limits_of_adults() -> None:
    assert over("obs-systolic", LIMITS.shock_sbp, "shock", "1", age=None) == [True, False, False]


def test_the_latest_pressure_decides() -> None:
    low, better = measured("obs-systolic", 80, hours=5), measured("obs-systolic", 110, hours=1)
    assert not signs(low, better).shock
    assert signs(measured("obs-systolic", 80, hours=1), measured("obs-systolic", 110, hours=5)).shock


def test_lactate() -> None:
    assert over("obs-lactate", LIMITS.lactate_high, "lactate_high") == [False, False, True]
    assert over("obs-lactate", LIMITS.lactate_organ_failure, "organ_failure") == [False, True, True]
    assert signs(measured("obs-lactate", ">2")).lactate_high
    assert not signs(measured("obs-lactate", "<2")).lactate_high


def test_coma_scale() -> None:
    assert over("obs-gcs", LIMITS.gcs_red_flag, "altered_consciousness", "1") == [True, False, False]
    assert over("obs-gcs", LIMITS.gcs_organ_failure, "organ_failure", "1") == [True, True, False]


# ------------------------------------------------------------------------------------------------- conditions


EVENTS = {"sign-seizure"}
"""What happened in the window is a sign also when it is over."""


@pytest.mark.parametrize(("set_id", "field"), OF_THE_LAST_DAY)
def test_sign_conditions_of_the_last_day(set_id: str, field: str) -> None:
    """Onset or record; a suspected sign counts; a past one does not, but for what happened (`EVENTS`)."""
    assert getattr(signs(condition(set_id, seconds=DAY)), field)
    assert getattr(signs(condition(set_id, suspected=True)), field)
    assert getattr(signs(condition(set_id, days=3, recorded=ago(hours=2))), field)
    assert not getattr(signs(condition(set_id, seconds=DAY + 60)), field)
    assert bool(getattr(signs(condition(set_id, past=True)), field)) is (set_id in EVENTS)
    assert not getattr(signs(condition(set_id, past=True, days=5, recorded=ago(hours=2))), field)
    assert not getattr(signs(condition(set_id, undated=True)), field)


def test_a_whole_day_counts_to_its_end() -> None:
    assert signs(condition("sign-fever", at=whole_day(1))).fever
    assert not signs(condition("sign-fever", at=whole_day(2))).fever


def test_severe_headache() -> None:
    assert signs(condition("sign-headache", severity=3)).severe_headache
    assert not signs(condition("sign-headache", severity=2)).severe_headache
    assert not signs(condition("sign-headache")).severe_headache


def test_a_headache_of_long_ago_is_not_new() -> None:
    window = LIMITS.span("headache_new").total_seconds()
    assert signs(condition("sign-headache", seconds=window, recorded=ago(hours=1))).headache
    assert not signs(condition("sign-headache", seconds=window + 60, recorded=ago(hours=1))).headache


def test_nausea_and_vomiting_in_one_code_is_no_vomiting() -> None:
    assert not signs(condition("sign-vomiting", code="parent")).vomiting


def test_head_injury_of_the_last_72_hours() -> None:
    window = LIMITS.span("head_injury_hours").total_seconds()
    assert signs(condition("sign-head-injury", seconds=window)).head_injury
    assert not signs(condition("sign-head-injury", seconds=window + 60)).head_injury
    assert signs(condition("sign-head-injury", seconds=window, past=True)).head_injury
    assert not signs(condition("sign-head-injury", seconds=window + 60, past=True)).head_injury


def test_ventilation_alone_is_organ_failure() -> None:
    assert signs(performed=[done("status-ventilation", status="in-progress")]).organ_failure


def test_a_vasopressor_in_use_is_shock() -> None:
    found = signs(medications=[drug("med-vasopressor")])
    assert found.shock
    assert found.organ_failure
    assert not signs(medications=[drug("med-vasopressor", status="stopped")]).shock


# ---------------------------------------------------------------------------------------------------- unknown


def test_what_was_not_measured_is_unknown() -> None:
    nothing = {Fact.TEMPERATURE, Fact.BLOOD_PRESSURE, Fact.LACTATE}
    assert signs().unknown == nothing
    assert signs(measured("obs-temperature", "36.9")).unknown == nothing - {Fact.TEMPERATURE}
    assert signs(condition("sign-fever")).unknown == nothing - {Fact.TEMPERATURE}
    assert signs(measured("obs-map", 80)).unknown == nothing - {Fact.BLOOD_PRESSURE}
    assert signs(measured("obs-lactate", 1)).unknown == nothing - {Fact.LACTATE}
    assert signs(measured("obs-temperature", "36.9", days=2)).unknown == nothing


# ---------------------------------------------------------------------------------------------- organ failure


def test_shock_and_liver_failure_are_organ_failure() -> None:
    assert signs(condition("sign-shock")).organ_failure
    assert signs(condition("risk-liver-failure")).organ_failure
    assert not signs(condition("risk-liver-failure", suspected=True)).organ_failure


def test_creatinine_without_kidney_disease() -> None:
    assert over("obs-creatinine", LIMITS.creatinine_organ_failure, "organ_failure", "1") == [
        False,
        True,
        True,
    ]
    assert not signs(measured("obs-creatinine", 400), condition("risk-ckd")).organ_failure


def test_creatinine_against_its_own_past() -> None:
    past = [measured("obs-creatinine", v, days=d) for v, d in ((80, 30), (60, 100), (70, 300))]
    assert signs(*past, measured("obs-creatinine", 140), condition("risk-ckd")).organ_failure
    assert not signs(*past, measured("obs-creatinine", 139)).organ_failure


def test_creatinine_of_last_week_shows_nothing() -> None:
    assert not signs(measured("obs-creatinine", 400, days=4)).organ_failure


def test_bilirubin_needs_a_raised_inr() -> None:
    raised = measured("obs-pt-inr", LIMITS.inr_raised)
    found = [
        bool(signs(measured("obs-bilirubin", v), raised).organ_failure)
        for v in near(LIMITS.bilirubin_organ_failure)
    ]
    assert found == [False, True, True]
    assert not signs(measured("obs-bilirubin", 50)).organ_failure
    assert not signs(measured("obs-bilirubin", 50), measured("obs-pt-inr", "1.4")).organ_failure

"""Which platelet count is in use, and whether it may decide (rulebook A.1, B.1, B.3, B.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cards.facts import Blocker
from cards.record import Answer, Kind, PlateletResult, ResultStatus, Specimen, UnitProblem
from cards.thresholds import Thresholds
from tests.cards.build import (
    LIMITS,
    NOW,
    ON_ICU,
    ON_WARD,
    ago,
    blood_blister,
    condition,
    count,
    dengue,
    drug,
    facts,
    near,
    nosebleed,
    on,
    order,
    platelets_given,
    purpura,
    sepsis,
    service_order,
    unread,
    whole_day,
)

MINUTE = timedelta(minutes=1)


def aged(age: timedelta, value: str = "22") -> PlateletResult:
    """A count of that age."""
    return count(value, seconds=age.total_seconds())


# --------------------------------------------------------------------------------------------------- versions


def test_no_count_at_all() -> None:
    platelets = facts().platelets
    assert (platelets.current, platelets.blocker) == (None, Blocker.NONE_EVER)


def test_the_latest_valid_count_decides() -> None:
    p = facts([count(40, days=3), count(22)]).platelets
    assert p.decisive is not None
    assert p.decisive.value == 22
    assert p.previous is not None
    assert p.previous.value == 40
    assert p.blocker is None


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        (ResultStatus.PRELIMINARY, ResultStatus.FINAL),
        (ResultStatus.FINAL, ResultStatus.AMENDED),
        (ResultStatus.AMENDED, ResultStatus.CORRECTED),
    ],
)
def test_versions_of_one_sample(lower: ResultStatus, higher: ResultStatus) -> None:
    """The more authoritative status wins, also when it was issued earlier."""
    versions = [
        count(12, status=lower, issued=NOW - timedelta(hours=1)),
        count(120, status=higher, issued=NOW - timedelta(hours=2)),
    ]
    assert [c.value for c in facts(versions).platelets.series] == [120]


def test_the_later_issue_of_the_same_status_wins() -> None:
    early, late = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    assert facts([count(30, issued=late), count(12, issued=early)]).platelets.current.value == 30  # type: ignore[union-attr]


def test_a_correction_replaces_the_earlier_value_in_the_trend_too() -> None:
    p = facts([count(100, days=1), count(12), count(99, status=ResultStatus.CORRECTED)]).platelets
    assert p.trend.rapid_fall is None
    assert not p.trend.falling


def test_a_correction_without_a_usable_number_takes_the_number_away() -> None:
    unusable = count(None, problem=UnitProblem.NO_UNIT, status=ResultStatus.CORRECTED)
    p = facts([count(40, days=1), count(22), unusable]).platelets
    assert (p.blocker, p.decisive) == (Blocker.NO_UNIT, None)
    assert p.current is not None
    assert p.current.value == 40


def test_a_usable_version_beside_an_unusable_one_stands() -> None:
    assert facts([count(22), count(None, problem=UnitProblem.NO_UNIT)]).platelets.blocker is None


def test_the_same_fact_under_two_ids_counts_once() -> None:
    p = facts([count(22), count(22)]).platelets
    assert len(p.series) == 1
    assert p.conflict is None
    assert p.blocker is None


def test_two_values_that_nothing_tells_apart_are_a_conflict() -> None:
    p = facts([count(19), count(88)]).platelets
    assert p.blocker is Blocker.CONFLICT
    assert p.last_known == 19


def test_a_small_difference_of_one_sample_uses_the_lower() -> None:
    p = facts([count(23), count(22)]).platelets
    assert p.decisive is not None
    assert p.decisive.value == 22


# ---------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("reported", "decides", "shown"),
    [
        ("<5", "4.9", "<5"),
        ("<=5", "5", "<=5"),
        (">1000", "1000", ">1000"),
        ("22", "22", "22"),
        ("22.0", "22.0", "22"),
        ("29.9", "29.9", "29.9"),
        ("29.96", "29.96", "29.9"),
        ("25.000", "25.000", "25"),
        ("<0", "0.9", "<1"),
    ],
)
def test_what_decides_and_what_is_shown(reported: str, decides: str, shown: str) -> None:
    current = facts(reported).platelets.current
    assert current is not None
    assert (current.value, current.shown) == (Decimal(decides), shown)


@pytest.mark.parametrize(
    ("name", "grade"),
    [
        ("normal", 1),
        ("mild", 2),
        ("bleeding_transfuse", 3),
        ("skin_only_defer", 4),
        ("low_high_risk", 5),
        ("very_low", 6),
    ],
)
def test_grades_are_half_open(name: str, grade: int) -> None:
    """B.1: 29.9 is below 30, 30.0 is not."""
    below, at, above = near(getattr(LIMITS, name))
    assert [facts(str(v)).platelets.grade for v in (below, at, above)] == [grade, grade - 1, grade - 1]


def test_limits_of_a_site_move_the_grades() -> None:
    assert facts("24", limits=replace(Thresholds(), skin_only_defer=Decimal(20))).platelets.grade == 3


def zero(**members: object) -> PlateletResult:
    return count(None, problem=UnitProblem.ZERO, shown=Decimal(0), **members)


def test_a_zero_is_not_used() -> None:
    """V-32: the count of yesterday does not decide either."""
    p = facts([count(96, days=1), zero()]).platelets
    assert (p.blocker, p.decisive) == (Blocker.IMPLAUSIBLE, None)
    assert p.problem is not None
    assert p.problem.problem is UnitProblem.ZERO


def test_a_zero_that_another_sample_repeats_is_below_one() -> None:
    p = facts([zero(hours=5), zero(hours=3)]).platelets
    assert p.decisive is not None
    assert (p.decisive.value, p.decisive.shown) == (Decimal("0.9"), "<1")


def test_a_zero_that_was_repeated_too_late_is_not() -> None:
    late = LIMITS.span("zero_repeat") + timedelta(hours=3) + MINUTE
    assert facts([zero(seconds=late.total_seconds()), zero()]).platelets.decisive is None


# ---------------------------------------------------------------------------------------------- newer results


@pytest.mark.parametrize(
    ("problem", "blocker"),
    [
        (UnitProblem.NO_UNIT, Blocker.NO_UNIT),
        (UnitProblem.IMPLAUSIBLE, Blocker.IMPLAUSIBLE),
        (UnitProblem.CONTRADICTORY, Blocker.IMPLAUSIBLE),
        (UnitProblem.UNKNOWN_UNIT, Blocker.IMPLAUSIBLE),
    ],
)
def test_a_newer_result_without_a_number_blocks(problem: UnitProblem, blocker: Blocker) -> None:
    p = facts([count(40, hours=6), count(None, problem=problem)]).platelets
    assert (p.blocker, p.decisive) == (blocker, None)


def test_an_older_result_without_a_number_does_not() -> None:
    p = facts([count(40), count(None, problem=UnitProblem.NO_UNIT, hours=6)]).platelets
    assert (p.blocker, p.problem) == (None, None)


def test_a_result_without_a_number_stands_alone() -> None:
    assert facts(count(None, problem=UnitProblem.NO_UNIT)).platelets.blocker is Blocker.NO_UNIT


@pytest.mark.parametrize(("hours", "blocks"), [(2, True), (4, False)])
def test_unread_results_that_may_be_newer(hours: float, blocks: bool) -> None:
    p = facts(22, unread_platelets=[unread(hours=hours)]).platelets
    assert (p.blocker is Blocker.UNREAD) is blocks


def test_an_unread_version_of_the_sample_in_use_blocks_unless_issued_before() -> None:
    known = count(22, issued=NOW - timedelta(hours=2))
    later = unread(hours=3, issued=NOW - timedelta(hours=1))
    earlier = unread(hours=3, issued=NOW - timedelta(hours=2))
    assert facts(known, unread_platelets=[later]).platelets.blocker is Blocker.UNREAD
    assert facts(known, unread_platelets=[earlier]).platelets.blocker is None


@pytest.mark.parametrize(("hours", "blocks"), [(None, True), (2, True), (4, False)])
def test_an_unread_date_counts_as_newer_unless_issued_before(hours: int | None, blocks: bool) -> None:
    issued = None if hours is None else NOW - timedelta(hours=hours)
    p = facts(22, unread_platelets=[unread(undated=True, issued=issued)]).platelets
    assert (p.blocker is Blocker.UNREAD) is blocks
    p = facts([count(22), count(9, undated=True, issued=issued)]).platelets
    assert (p.blocker is Blocker.UNDATED) is blocks
    assert (p.undated is not None) is blocks


def test_only_unreadable_results() -> None:
    assert facts(unread_platelets=[unread()]).platelets.blocker is Blocker.UNREAD


def test_an_undated_count_is_shown_and_never_used() -> None:
    p = facts(count("<5", undated=True)).platelets
    assert (p.current, p.blocker) == (None, Blocker.UNDATED)
    assert p.undated is not None
    assert p.undated.shown == "<5"


@pytest.mark.parametrize("answer", [Answer.FAILED, Answer.ABSENT])
def test_a_failed_search_blocks_whatever_came_by_another_way(answer: Answer) -> None:
    p = facts(22, unanswered={Kind.PLATELETS: answer}).platelets
    assert (p.blocker, p.decisive) == (Blocker.FAILED, None)
    assert p.last_known == 22


# ------------------------------------------------------------------------------------------------------- time


def test_counts_older_than_30_days_are_history() -> None:
    window = LIMITS.span("history_only")
    assert facts(aged(window)).platelets.current is not None
    p = facts(aged(window + MINUTE)).platelets
    assert (p.current, p.blocker) == (None, Blocker.TOO_OLD)


def test_a_sample_time_ahead_is_ignored_beyond_the_tolerance() -> None:
    tolerance = LIMITS.span("future_tolerance")
    ahead = count(9, at=ago(seconds=-tolerance.total_seconds()))
    assert facts([count(22), ahead]).platelets.current.value == 9  # type: ignore[union-attr]
    too_far = count(9, at=ago(seconds=-(tolerance + MINUTE).total_seconds()))
    p = facts([count(22), too_far]).platelets
    assert p.decisive is not None
    assert p.decisive.value == 22
    assert p.future is not None
    assert p.future.value == 9


def test_a_date_without_time_counts_from_its_beginning() -> None:
    """B.3: the earlier end of the day is the age: 10:00 today is 3 days and 10 hours after the 12th began."""
    assert facts(count(22, day=3)).platelets.blocker is Blocker.STALE
    assert facts(count(22, day=2)).platelets.blocker is None


def test_where_the_order_cannot_be_told_the_lower_is_in_use() -> None:
    p = facts([count(30, at=whole_day(0)), count(40)]).platelets
    assert p.current is not None
    assert p.current.value == 30


STALENESS = {
    "bleeding": ("stale_acute", "22", {"findings": [nosebleed()]}),
    "minor bleeding": ("stale_acute", "22", {"findings": [blood_blister()]}),
    "intensive care": ("stale_acute", "120", {"stay": ON_ICU}),
    "sepsis": ("stale_acute", "120", {"findings": [sepsis()]}),
    "suspected sepsis": ("stale_acute", "120", {"findings": [sepsis(suspected=True)]}),
    "dengue": ("stale_dengue_dic", "120", {"findings": [dengue(suspected=True)]}),
    "DIC": ("stale_dengue_dic", "120", {"findings": [condition("mimic-dic")]}),
    "inpatient": ("stale_acute", "120", {"stay": ON_WARD}),
    "platelets selected": (
        "stale_acute",
        "120",
        {"hook": "order-select", "orders": [service_order("proc-platelet-transfusion")]},
    ),
    "anticoagulant selected": (
        "stale_acute",
        "120",
        {"hook": "order-select", "orders": [order("med-anticoagulant")]},
    ),
    "outpatient below 50": ("stale_outpatient_low", "49.9", {}),
    "skin findings only": ("stale_outpatient_low", "49.9", {"findings": [purpura()]}),
    "outpatient from 50": ("stale_outpatient", "50", {}),
    "NSAID selected": ("stale_outpatient", "120", {"hook": "order-select", "orders": [order("med-nsaid")]}),
    "TPO-RA for long": ("stale_chronic", "60", {"medications": [drug("med-tpo-ra", days=29)]}),
    "TPO-RA, dose being found": ("stale_outpatient", "60", {"medications": [drug("med-tpo-ra", days=27)]}),
    "TPO-RA below 50": ("stale_outpatient_low", "40", {"medications": [drug("med-tpo-ra", days=200)]}),
    "normal": ("history_only", "150", {}),
}


@pytest.mark.parametrize("name", STALENESS)
def test_staleness_by_situation(name: str) -> None:
    """B.3, closed: exactly the limit is usable, a minute more is not."""
    limit, value, members = STALENESS[name]
    span = LIMITS.span(limit)
    at_limit = facts(aged(span, value), **members).platelets
    beyond = facts(aged(span + MINUTE, value), **members).platelets
    assert (at_limit.limit, at_limit.blocker) == (span, None)
    assert beyond.blocker is (Blocker.TOO_OLD if limit == "history_only" else Blocker.STALE) or (
        span >= LIMITS.span("history_only") and beyond.blocker is Blocker.TOO_OLD
    )


def test_dic_of_long_ago_does_not_shorten_the_limit() -> None:
    window = LIMITS.span("dic_days") + MINUTE
    p = facts(120, findings=[condition("mimic-dic", seconds=window.total_seconds())])
    assert p.platelets.limit == LIMITS.span("stale_outpatient")


def test_a_falling_count_is_not_stable() -> None:
    p = facts([count(90, days=6), count(60, days=5)]).platelets
    assert p.limit == LIMITS.span("stale_outpatient_low")


def test_chronic_stable_with_cirrhosis() -> None:
    counts = [count(60, at=on("2025-06-01")), count(62, at=on("2026-01-01")), count(58, days=20)]
    cirrhosis = condition("risk-liver", days=900)
    assert facts(counts, findings=[cirrhosis]).platelets.blocker is None
    assert facts(counts).platelets.blocker is Blocker.STALE
    acute_spleen = condition("risk-splenomegaly", code="cause", days=20)
    assert facts(counts, findings=[acute_spleen]).platelets.blocker is Blocker.STALE


# --------------------------------------------------------------------------------------- specimens, estimates


def test_cord_blood_counts_for_newborns_only() -> None:
    cord = count(22, specimen=Specimen.CORD)
    assert facts(cord).platelets.current is None
    assert facts(cord, birth=on("2026-06-13")).platelets.current is not None


def test_an_estimate_is_never_the_higher_of_two_conflicting_counts() -> None:
    p = facts([count(19, hours=3), count(88, hours=1, estimate=True)]).platelets
    assert p.decisive is not None
    assert p.decisive.value == 19
    assert p.conflict is None


def test_an_estimate_that_agrees_is_a_count() -> None:
    p = facts([count(19, hours=3), count(25, hours=1, estimate=True)]).platelets
    assert p.decisive is not None
    assert p.decisive.value == 25


def test_a_citrate_count_alone_stands_beside_none() -> None:
    assert facts(count(80, specimen=Specimen.CITRATE)).platelets.decisive is not None


def test_a_citrate_count_beside_an_edta_count_is_only_compared() -> None:
    p = facts([count(80, hours=3), count(84, hours=2, specimen=Specimen.CITRATE)]).platelets
    assert p.decisive is not None
    assert p.decisive.value == 80


@pytest.mark.parametrize(("hours", "marked"), [(31, False), (29.5, True), (5, True), (4.9, False)])
def test_counts_after_platelets_are_marked(hours: float, marked: bool) -> None:
    """From the start of the transfusion (30 h ago) until 24 h after its end (29 h ago)."""
    current = facts(count(40, hours=hours), performed=[platelets_given(hours=30)]).platelets.current
    assert current is not None
    assert current.transfused is marked

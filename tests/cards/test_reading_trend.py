"""The course of the counts (rulebook B.2, PLT-03, PLT-07, A.9 onset)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cards.facts import Trend
from cards.record import Stay
from tests.cards.build import (
    LIMITS,
    NOW,
    ago,
    count,
    facts,
    near,
    on,
    platelets_given,
)


def trend(*counts: object, **members: object) -> Trend:
    return facts(list(counts), **members).platelets.trend


# -------------------------------------------------------------------------------------------- falling, rising


@pytest.mark.parametrize(
    ("previous", "value", "falling"), [(50, 40, True), (50, "40.1", False), (40, 31, False)]
)
def test_falling_needs_both_share_and_number(previous: int, value: object, falling: bool) -> None:
    """At least 20 % and at least 10: 50 to 40.1 misses both, 40 to 31 is 22 % but only 9."""
    assert trend(count(previous, days=1), count(value)).falling is falling


def test_counts_within_six_hours_are_one_point() -> None:
    gap = LIMITS.span("trend_gap").total_seconds()
    close = [count(100, seconds=3 * 3600 + gap - 60), count(60)]
    apart = [count(100, seconds=3 * 3600 + gap), count(60)]
    assert not trend(*close).falling
    assert trend(*apart).falling


def test_counts_older_than_14_days_make_no_trend() -> None:
    window = LIMITS.span("trend_window").total_seconds()
    assert trend(count(100, seconds=window), count(60)).falling
    assert not trend(count(100, seconds=window + 60), count(60)).falling


def test_recovering_after_two_rises() -> None:
    """V-130."""
    assert trend(count(28, days=12), count(61, days=6), count(112)).recovering


@pytest.mark.parametrize("values", [(28, 61), (60, 50, 61), (100, 104, 110)])
def test_not_recovering(values: tuple[int, ...]) -> None:
    """One rise; a fall before it; two rises that end less than 20 % above the nadir."""
    assert not trend(*(count(v, days=2 * (len(values) - i)) for i, v in enumerate(values))).recovering


def test_recovering_starts_at_20_percent_above_the_nadir() -> None:
    below, at, above = near(Decimal(100) + LIMITS.recovering_percent)
    found = [trend(count(100, days=4), count(110, days=2), count(v)).recovering for v in (below, at, above)]
    assert found == [False, True, True]


def test_counts_after_platelets_make_no_trend() -> None:
    given = platelets_given(hours=30)
    found = trend(count(60, days=3), count(20, hours=31), count(90, hours=20), count(30), performed=[given])
    assert not found.falling
    assert found.rapid_fall is not None
    assert found.rapid_fall.before.value == 60


def test_the_count_in_use_after_platelets_has_no_trend() -> None:
    assert trend(count(60, days=1), count(20), performed=[platelets_given(hours=5)]) == Trend()


# ------------------------------------------------------------------------------------------------- rapid fall


def test_rapid_fall_in_14_days() -> None:
    """At least 50 % below the highest; the count between does not matter."""
    below, at, above = near(Decimal("50.0"))
    falls = [trend(count(100, days=13), count(70, days=5), count(v)).rapid_fall for v in (below, at, above)]
    assert [f is not None for f in falls] == [True, True, False]
    assert falls[1] is not None
    assert (falls[1].percent, falls[1].days) == (50, Decimal("12.9"))


def test_rapid_fall_in_48_hours() -> None:
    window = LIMITS.span("rapid_fall_short").total_seconds()
    assert trend(count(100, seconds=window), count(70)).rapid_fall is not None
    assert trend(count(100, seconds=window), count("70.1")).rapid_fall is None
    assert trend(count(100, seconds=window + 60), count(70)).rapid_fall is None


def test_a_fall_of_hours_is_rapid_though_it_makes_no_trend_point() -> None:
    assert trend(count(120, hours=5), count(80, hours=1)).rapid_fall is not None


def test_a_slower_fall_is_not_rapid() -> None:
    """V-47: 180 to 110 in 72 hours on a ward."""
    assert trend(count(180, days=3, hours=3), count(110)).rapid_fall is None


def test_rapid_fall_since_admission_to_intensive_care() -> None:
    counts = [count(170, days=6), count(150, days=4), count(100)]
    icu = Stay("Encounter/icu", inpatient=True, intensive=True, start=ago(days=5))
    ward = Stay("Encounter/ward", inpatient=True, intensive=False, start=ago(days=5))
    fall = trend(*counts, stay=icu).rapid_fall
    assert fall is not None
    assert (fall.before.value, fall.percent) == (150, 33)
    assert trend(*counts, stay=ward).rapid_fall is None


def test_a_normal_count_is_no_rapid_fall() -> None:
    assert trend(count(400, days=1), count(LIMITS.normal)).rapid_fall is None
    assert trend(count(400, days=1), count("149.9")).rapid_fall is not None


# ------------------------------------------------------------------------------------------------ long course


def test_the_low_series_begins_with_its_first_count_below_100() -> None:
    counts = [count(80, days=300), count(100, days=200), count(99, days=90), count(40, days=30), count(26)]
    low_since = facts(counts).platelets.low_since
    assert low_since is not None
    assert low_since == ago(days=90)


def test_a_count_after_platelets_does_not_break_the_low_series() -> None:
    given = platelets_given(days=10)
    counts = [count(20, days=20), count(110, days=9, hours=20), count(26)]
    low_since = facts(counts, performed=[given]).platelets.low_since
    assert low_since == ago(days=20)


def test_no_low_series_from_100() -> None:
    assert facts(100).platelets.low_since is None


@pytest.mark.parametrize(
    ("values", "first", "stable"),
    [
        ((55, 62, 58), "2025-06-01", True),
        ((50, 50, 50), "2025-12-14", True),
        ((50, 50, 50), "2025-12-15T07:00:00Z", False),
        (("49.9", 55, 55), "2025-06-01", False),
        ((60, 80, 60), "2025-06-01", False),
        ((60, 72, 60), "2025-06-01", True),
        ((150, 140, 140), "2025-06-01", False),
    ],
)
def test_chronic_stable(values: tuple[object, ...], first: str, stable: bool) -> None:
    """PLT-07: 50 to 149 for over six calendar months, none outside 20 % of the median."""
    counts = [count(values[0], at=on(first)), count(values[1], days=30), count(values[2])]
    assert facts(counts).platelets.chronic_stable is stable


def test_ages_are_exact() -> None:
    assert facts(22).platelets.age == timedelta(hours=3)
    assert facts(count(22, day=0)).platelets.age == NOW - NOW.replace(hour=0)

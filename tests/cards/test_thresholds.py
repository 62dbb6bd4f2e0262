"""What a threshold is made of, its bounds, and windows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cards.thresholds import Described, Thresholds, described, number
from tests.refusals import refusal


def test_a_number_holds_its_value_and_what_it_is() -> None:
    made = number("10", "10*9/L", "AABB25", "5", "12", "urgent below")
    assert made.default == Decimal(10)
    assert made.metadata == {
        "described": Described("10*9/L", "AABB25", Decimal(5), Decimal(12), "urgent below", "2026-11")
    }


def test_every_number_is_described_and_nothing_else() -> None:
    about = described()
    assert about["very_low"].meaning == "below: TRF-06, urgent review"
    assert set(about) == {name for name in vars(Thresholds)["__slots__"] if name != "spans"}


@pytest.mark.parametrize("value", ["4.9", "10.1"])
def test_a_number_outside_its_bounds_is_refused_by_name(value: str) -> None:
    said = refusal(lambda: Thresholds(very_low=Decimal(value)))
    assert said == f"threshold very_low = {value}: expected 5 to 10 10*9/L"


@pytest.mark.parametrize("value", ["5", "10"])
def test_the_bounds_themselves_are_allowed(value: str) -> None:
    assert Thresholds(very_low=Decimal(value)).very_low == Decimal(value)


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("future_tolerance", timedelta(minutes=15)),
        ("stale_acute", timedelta(hours=24)),
        ("stale_outpatient", timedelta(days=7)),
        ("mon_default_weeks", timedelta(weeks=6)),
    ],
)
def test_a_window_is_as_long_as_its_unit_says(name: str, window: timedelta) -> None:
    limits = Thresholds()
    assert limits.span(name) == window
    assert limits.span(name) == window  # remembered


def test_a_window_of_a_site_is_its_own() -> None:
    limits = Thresholds(stale_outpatient=Decimal(3))
    assert limits.span("stale_outpatient") == timedelta(days=3)
    assert Thresholds().span("stale_outpatient") == timedelta(days=7)

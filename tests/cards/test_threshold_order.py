"""The order of the thresholds: the shipped numbers keep it, and one that is moved across its neighbour does not."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cards.threshold_order import ASCENDING, DAYS, disordered
from cards.thresholds import SECONDS, Thresholds, described

PAIRS = [pair for row in ASCENDING for pair in pairwise(row)]


def kind(name: str) -> str:
    unit = described()[name].unit
    return "time" if unit in SECONDS or unit in DAYS else unit


@pytest.mark.parametrize("row", ASCENDING, ids=lambda row: row[0])
def test_a_row_compares_like_with_like(row: tuple[str, ...]) -> None:
    assert len({kind(name) for name in row}) == 1


def test_the_shipped_numbers_are_in_order() -> None:
    assert list(disordered(Thresholds())) == []


def crossing() -> list[tuple[str, str]]:
    """Neighbours that a site could move across each other within their bounds."""
    about = described()
    return [
        (lower, higher)
        for lower, higher in PAIRS
        if about[lower].unit == about[higher].unit and about[lower].high > about[higher].low
    ]


@pytest.mark.parametrize(("lower", "higher"), crossing())
def test_neighbours_that_change_places_are_found(lower: str, higher: str) -> None:
    about = described()
    moved = Thresholds(**{lower: about[lower].high, higher: about[higher].low})
    assert (lower, higher) in list(disordered(moved))


def test_hours_are_compared_with_days() -> None:
    moved = Thresholds(
        stale_outpatient_low=described()["stale_outpatient_low"].high,
        stale_outpatient=described()["stale_outpatient"].low,
    )
    assert ("stale_outpatient_low", "stale_outpatient") in list(disordered(moved))


def test_equal_neighbours_are_allowed() -> None:
    about = described()
    value = about["bleeding_transfuse"].low
    assert about["skin_only_defer"].low <= value <= about["skin_only_defer"].high
    assert list(disordered(Thresholds(bleeding_transfuse=value, skin_only_defer=value))) == []

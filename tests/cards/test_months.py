"""Calendar months, to the end of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cards.months import add_months, whole_months


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2024, 1, 31), 1, (2024, 2, 29)),
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2026, 6, 15), -12, (2025, 6, 15)),
        ((2026, 3, 31), -1, (2026, 2, 28)),
        ((9999, 11, 30), 1, (9999, 12, 30)),
    ],
)
def test_months_are_calendar_months(start: tuple[int, ...], months: int, end: tuple[int, ...]) -> None:
    assert add_months(datetime(*start, tzinfo=UTC), months) == datetime(*end, tzinfo=UTC)


def test_after_the_end_of_the_calendar_there_is_only_its_last_moment() -> None:
    assert add_months(datetime(9999, 6, 30, tzinfo=UTC), 12) == datetime.max.replace(tzinfo=UTC)


def test_completed_months() -> None:
    march = datetime(2026, 3, 15, tzinfo=UTC)
    assert whole_months(march, datetime(2026, 6, 15, tzinfo=UTC)) == 3
    assert whole_months(march, datetime(2026, 6, 14, 23, tzinfo=UTC)) == 2
    assert whole_months(march, march) == 0
    assert whole_months(datetime(9999, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)) == 11

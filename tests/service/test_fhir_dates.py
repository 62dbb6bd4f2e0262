"""FHIR dates become intervals; what is none is refused with a reason in our words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.dates import is_exact_time, read_instant, read_moment


def at_utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


EARLY, LATE = (datetime.fromisoformat(year) for year in ("1900-01-01", "2200-01-01"))
BIT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-06-15", "2026-06-15T00:00:00Z", "2026-06-16T00:00:00Z"),
        ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("1980", "1980-01-01T00:00:00Z", "1981-01-01T00:00:00Z"),
    ],
)
def test_a_date_stands_for_all_of_its_time(text: str, first: str, after: str) -> None:
    moment = read_moment(text)
    assert moment.earliest == at_utc(first)
    assert moment.latest == at_utc(after) - BIT
    assert moment.text == text
    assert not moment.is_exact


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-06-15T10:00:00Z", "2026-06-15T10:00:00Z"),
        ("2026-06-15T10:00:00+02:00", "2026-06-15T08:00:00Z"),
        ("2026-06-15T23:30:00.250-04:00", "2026-06-16T03:30:00.250000Z"),
        ("2026-06-15T10:00Z", "2026-06-15T10:00:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("2026-06-15T10:00:00+14:00", "2026-06-14T20:00:00Z"),
    ],
)
def test_an_instant_is_exact_in_utc_and_keeps_its_text(text: str, at: str) -> None:
    moment = read_moment(text)
    assert moment.is_exact
    assert moment.earliest == at_utc(at)
    assert moment.text == text
    assert read_instant(text) == moment.earliest


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-06-15T10:00:00", "time without offset"),
        ("2026-02-30", "impossible date"),
        ("2026-13", "impossible date"),
        ("2026-06-15T24:00:00Z", "impossible date"),
        ("2026-06-15T10:00:61Z", "impossible date"),
        ("2026-06-15T10:00:00+15:00", "impossible date"),
        ("0000", "impossible date"),
        ("0001-01-01T00:00:00+14:00", "impossible date"),
        ("15.06.2026", "unreadable date"),
        ("2026-6-5", "unreadable date"),
        ("2026-06-15 10:00:00Z", "unreadable date"),
        ("2026-06-15T10:00:00Z\n", "unreadable date"),
        ("٢٠٢٦", "unreadable date"),
        ("", "unreadable date"),
    ],
)
def test_what_is_no_date_says_why_and_never_quotes_it(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        read_moment(text)


def test_the_end_of_the_calendar_is_no_crash() -> None:
    with pytest.raises(ValueError, match="impossible date"):
        read_moment("9999")
    with pytest.raises(ValueError, match="impossible date"):
        read_moment("9999-12-31")
    assert read_moment("9999-11-30").latest.year == 9999


def test_issued_has_to_be_a_time() -> None:
    with pytest.raises(ValueError, match="date without time"):
        read_instant("2026-06-15")


@given(st.text(max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        moment = read_moment(text)
    except ValueError:
        return
    assert moment.earliest <= moment.latest


@given(st.datetimes(timezones=st.just(UTC), min_value=EARLY, max_value=LATE), st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_in_every_zone(at: datetime, minutes: int) -> None:
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    there = (at + timedelta(minutes=minutes)).replace(tzinfo=None)
    text = there.isoformat(timespec="microseconds") + offset
    assert read_moment(text).earliest == at


@given(
    st.text(max_size=30)
    | st.datetimes().map(lambda at: at.isoformat() + "Z")
    | st.from_regex(
        r"[12]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(\.\d{1,9})?(Z|[+-][01]\d:[0-6]\d)", fullmatch=True
    )
)
def test_an_exact_time_is_told_as_it_is_read(text: str) -> None:
    try:
        exact = read_moment(text).is_exact
    except ValueError:
        exact = False
    assert is_exact_time(text) is exact


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-06-15T08:00:00.123456789+02:00", "2026-06-15T06:00:00.123456+00:00"),
        ("2024-02-29T23:59:59-13:30", "2024-03-01T13:29:59+00:00"),
        ("2023-11-30T00:00:00Z", "2023-11-30T00:00:00+00:00"),
    ],
)
def test_the_usual_form_is_read_exactly(text: str, at: str) -> None:
    assert read_moment(text).earliest.isoformat() == at
    assert read_moment(text).text == text

"""FHIR decimals: exact, and bounded before any arithmetic sees them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cds_service.fhir.numbers import read_decimal


@pytest.mark.parametrize(
    "text", ["7.10", "0", "-3.5", "29.999999999999999999", "1.5e3", "247.35437810000001", "0E-5"]
)
def test_a_number_keeps_every_digit(text: str) -> None:
    assert str(read_decimal(Raw(text.encode()))) == str(Decimal(text))


@pytest.mark.parametrize("text", ["1E1000000", "1e999999999", "1e-999", "9" * 60, "1" * 40, "1e26", "-1e26"])
def test_a_number_of_absurd_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        read_decimal(Raw(text.encode()))


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "true", "null", "+3.0", "01", ".5", "5.", "{}", "[1]", "", "1 2"]
)
def test_what_is_no_json_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a usable number"):
        read_decimal(Raw(text.encode()))


def test_a_number_written_as_text_is_named_so() -> None:
    with pytest.raises(ValueError, match="a number written as text"):
        read_decimal(Raw(b'"107"'))


@given(st.binary(max_size=60))
def test_nothing_else_is_ever_raised(text: bytes) -> None:
    try:
        value = read_decimal(Raw(text))
    except ValueError:
        return
    assert value.is_finite()

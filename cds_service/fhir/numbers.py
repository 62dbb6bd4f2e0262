"""FHIR decimals: exact, and bounded before any arithmetic sees them."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from msgspec import Raw

# JSON numbers with a modest exponent. 32 digits and 10**±24 hold every laboratory value; 1E1000000 does not get in.
_LONGEST: Final = 48
_NUMBER: Final = re.compile(rb"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?0*\d{1,2})?")
_MAX_DIGITS: Final = 32
_MAX_MAGNITUDE: Final = 24


def read_decimal(raw: Raw) -> Decimal:
    """A JSON number as exact Decimal. ValueError for text, other JSON, and numbers of absurd length or size."""
    text = bytes(raw).strip()
    if text[:1] == b'"':
        raise ValueError("a number written as text")
    if len(text) > _LONGEST:
        raise ValueError("not a usable number")
    return _exact(text)


@lru_cache(maxsize=4096)
def _exact(text: bytes) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a usable number")
    value = Decimal(text.decode("ascii"))
    digits = value.as_tuple().digits
    if len(digits) > _MAX_DIGITS or (value and abs(value.adjusted()) > _MAX_MAGNITUDE):
        raise ValueError("a number beyond any measurement")
    return value

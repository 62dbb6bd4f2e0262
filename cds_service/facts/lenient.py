"""Drafts as they really come: real clients send draft orders that are not quite FHIR, and none of it may be lost.

A draft stays the plain JSON that the client sent (an `update` gives it back), with exact numbers. These functions read
members of it: a member of another shape than expected is as good as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Raw
from msgspec.json import Decoder

from cards.record import Amount
from cds_service.fhir.numbers import read_decimal
from cds_service.fhir.shapes import CodeableConcept, Coding

Json = Mapping[str, Any]
"""A JSON object."""

EMPTY: Final[Json] = {}
_LARGEST: Final = 10**24


def _exact(text: str) -> Decimal | Raw:
    """A decimal as it was written; one beyond any measurement stays text, and is never computed with."""
    raw = Raw(text.encode("ascii"))
    try:
        return read_decimal(raw)
    except ValueError:
        return raw


_DECODER: Final = Decoder(float_hook=_exact)


def decode_draft(raw: Raw | bytes) -> Any:
    """Plain JSON. Raises msgspec.DecodeError or RecursionError."""
    return _DECODER.decode(raw)


def text_of(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def object_of(value: Any) -> Json:
    """An object; {} for anything else."""
    return value if isinstance(value, dict) else EMPTY


def objects_of(value: Any) -> tuple[Json, ...]:
    """The objects of an array, or the one object where an array is expected."""
    if isinstance(value, dict):
        return (value,)
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def number_of(value: Any) -> Decimal | None:
    """A number, never text and never a boolean."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return Decimal(value)
    return None


def concept_of(value: Any) -> CodeableConcept:
    """The codings of a CodeableConcept; its text only tells that there is one."""
    member = object_of(value)
    codings = tuple(
        Coding(text_of(coding.get("system")), text_of(coding.get("code")))
        for coding in objects_of(member.get("coding"))
    )
    return CodeableConcept(codings, text_of(member.get("text")))


def amount_of(value: Any) -> Amount | None:
    """A Quantity of a draft in a unit by our name; None without a number or with a comparator."""
    quantity = object_of(value)
    number = number_of(quantity.get("value"))
    if number is None or quantity.get("comparator") is not None:
        return None
    named = (_UNITS.get(written.strip().lower()) for written in _written(quantity))
    return Amount(number, next((unit for unit in named if unit is not None), None))


def _written(quantity: Json) -> tuple[str, ...]:
    return tuple(text for name in ("code", "unit") if (text := text_of(quantity.get(name))) is not None)


_NAMES: Final[Mapping[str, str]] = {
    "mg": "mg milligram milligrams",
    "g": "g gram grams",
    "ug": "ug mcg µg μg microgram micrograms",
    "mL": "ml milliliter milliliters millilitre millilitres",
    "L": "l liter litre",
    "unit": "unit units {unit} {units} u [u] iu [iu] {bag} bag",
    "adult-dose": "adult-dose {adult-dose} {adult_dose} dose doses {dose} pool {pool}",
    "tablet": "tablet tablets {tablet} {tbl} tab {pill} pill capsule capsules {capsule} cap",
    "mg/kg": "mg/kg",
    "g/kg": "g/kg",
    "ug/kg": "ug/kg mcg/kg",
    "mL/kg": "ml/kg",
    "unit/kg": "unit/kg units/kg u/kg [u]/kg iu/kg [iu]/kg",
}
_UNITS: Final[Mapping[str, str]] = {
    **{word: unit for unit, words in _NAMES.items() for word in words.split()},
    "adult dose": "adult-dose",
    "adult doses": "adult-dose",
    "{adult dose}": "adult-dose",
    "international unit": "unit",
    "international units": "unit",
}
"""Our name by exact UCUM code or word, in lower case."""

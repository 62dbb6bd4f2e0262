"""Viral loads: copies or international units per mL, log10 loads raised before any limit is applied."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from cds_service.facts.units import LONGEST, spelling
from cds_service.fhir.shapes import Quantity

_PER_ML: Final = frozenset(
    {"copies/ml", "{copies}/ml", "[copies]/ml", "copy/ml", "cp/ml", "cps/ml", "c/ml", "{copies/ml}", "/ml"}
    | {"iu/ml", "[iu]/ml", "u/ml", "{iu}/ml", "genomecopies/ml", "{copies}iu/ml"}
)
_PER_LITRE: Final = frozenset({"[iu]/l", "iu/l", "copies/l", "{copies}/l", "[copies]/l"})
_THOUSANDS: Final = frozenset(
    {"k[iu]/ml", "kiu/ml", "kcopies/ml", "10*3copies/ml", "10*3[iu]/ml", "10*3iu/ml"}
)
_LARGEST_LOG: Final = Decimal(15)  # no assay reads 10**15 per mL: such a number is not a logarithm


def read_load(value: Decimal, quantity: Quantity, names: Iterable[str]) -> Decimal | None:
    """Copies or IU per mL (None where the unit does not tell); raised where code or unit say that it is a logarithm."""
    units = {spelling(text) for text in (quantity.code, quantity.unit) if text and len(text) <= LONGEST}
    by_unit = any("log" in unit for unit in units)
    plain = units & (_PER_ML | _PER_LITRE | _THOUSANDS)
    by_code = any("[log " in name.lower() for name in names)
    if by_unit or by_code:
        if plain or not 0 <= value <= _LARGEST_LOG:  # the code says log10, the unit copies
            return None
        return Decimal(10) ** value
    if units & _PER_ML:
        return value
    if units & _PER_LITRE:
        return value / 1000
    return value * 1000 if units & _THOUSANDS else None

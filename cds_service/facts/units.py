"""Units of platelet counts, by exact code or exact text in a table; those of other values: `cds_service.facts.scales`.

A unit library would read K/uL as kelvin and G/L as gauss. A unit that no table holds is not guessed.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from cards.code_systems import UCUM
from cards.frozen import dataclass
from cards.valuesets import Terminology, normalise_system
from cds_service.fhir.shapes import Quantity

PLATELET_UNITS: Final = "ucum-platelet-units"
LONGEST: Final = 64
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", string.digits)

# What laboratories write, made one: order matters, every step works on the result of the one before.
_SPELLINGS: Final = (
    (re.compile(r"\s+per\s+"), "/"),
    (re.compile(r"\s+"), ""),
    (re.compile(r"[µμ]"), "u"),
    (re.compile(r"(?<=[/\d])(mcl|microliters?|microlitres?)$"), "ul"),
    (re.compile(r"(nanoliters?|nanolitres?)$"), "nl"),
    (re.compile(r"(milliliters?|millilitres?)$"), "ml"),
    (re.compile(r"(?<=/)(liters?|litres?)$"), "l"),
    (re.compile(r"(?<=/)(cumm|cmm|mm\^3|mm\*3|cubicmillimet(er|re))$"), "mm3"),
    (re.compile(r"^[x×]"), ""),
    (re.compile(r"^10(\^|\*\*|e\+?|\+|x)(?=\d)"), "10*"),
    (re.compile(r"^10(?=[3-9]/|1[012]/)"), "10*"),  # superscripts, read as digits: 10⁹/L
    (re.compile(r"^(\{?(platelets|plt|plaquettes|cells|cell|#)\}?)/"), "/"),
    (re.compile(r"mcl$"), "ul"),
    (re.compile(r"mcg|(?<=^)ug"), "ug"),
)

# Texts (made one as above) to the UCUM code of `ucum-platelet-units` that they mean for a count of platelets.
_COUNT_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(
        ("10*9/l", "/nl", "g/l", "giga/l", "gpt/l", "billion/l", "billions/l", "milliard/l", "mrd/l"),
        "10*9/L",
    )
    | dict.fromkeys(
        ("10*3/ul", "10*3/mm3", "k/ul", "k/mm3", "thou/ul", "thou/mm3", "thousand/ul", "thousand/mm3"),
        "10*3/uL",
    )
    | dict.fromkeys(
        ("thousands/ul", "thousands/mm3", "1000/ul", "1000/mm3", "tys/ul", "tys./ul", "tsd/ul", "tsd./ul"),
        "10*3/uL",
    )
    | dict.fromkeys(("10*6/ml", "million/ml", "millions/ml", "mio/ml"), "10*6/mL")
    | dict.fromkeys(("10*4/ul", "10*4/mm3", "man/ul", "万/ul"), "10*4/uL")
    | dict.fromkeys(("10*10/l",), "10*10/L")
    | dict.fromkeys(
        ("10*5/ul", "10*5/mm3", "lakh/ul", "lakhs/ul", "lakh/mm3", "lakhs/mm3", "lac/mm3", "lacs/mm3"),
        "10*5/uL",
    )
    | dict.fromkeys(("10*11/l",), "10*11/L")
    | dict.fromkeys(("/ul",), "/uL")
    | dict.fromkeys(("/mm3",), "/mm3")
    | dict.fromkeys(("10*6/l", "m/l", "million/l", "millions/l", "mio/l"), "10*6/L")
    | dict.fromkeys(("10*3/ml",), "10*3/mL")
    | dict.fromkeys(("10*3/l",), "10*3/L")
    | dict.fromkeys(("/ml",), "/mL")
    | dict.fromkeys(("/l",), "/L")
    | dict.fromkeys(("10*12/l", "t/l", "tera/l", "tpt/l", "trillion/l"), "10*12/L")
    | dict.fromkeys(
        ("10*6/ul", "10*6/mm3", "m/ul", "m/mm3", "mio/ul", "million/ul", "million/mm3"), "10*6/uL"
    )
    | dict.fromkeys(("10*9/ml",), "10*9/mL")
)


@dataclass(frozen=True, slots=True)
class CountUnit:
    """A unit of a count: our name (a UCUM code) and what takes a value to 10*9/L."""

    name: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class UnitRead:
    """What the unit of a Quantity is: `unit` if known; `is_missing` without any; `disagrees` if code and text do."""

    unit: CountUnit | None = None
    is_missing: bool = False
    disagrees: bool = False


@lru_cache(maxsize=1024)
def spelling(text: str) -> str:
    """A unit's text in the one spelling that the tables use: lower case, no blanks, u for micro, 10* for powers."""
    plain = text.strip().lower().translate(_SUPERSCRIPTS)
    for found, better in _SPELLINGS:
        plain = found.sub(better, plain)
    return plain


def read_count_unit(quantity: Quantity, terminology: Terminology) -> UnitRead:
    """The unit of a platelet count: the UCUM code first, then the texts; two that differ decide nothing (B.4)."""
    code, text, system = quantity.code or "", quantity.unit or "", quantity.system or ""
    if len(code) > LONGEST or len(text) > LONGEST or len(system) > LONGEST:
        return _read_count_unit.__wrapped__(code, text, system, terminology)
    return _read_count_unit(code, text, system, terminology)


@lru_cache(maxsize=1024)
def _read_count_unit(code: str, text: str, system: str, terminology: Terminology) -> UnitRead:
    if not (code.strip() or text.strip()):
        return UnitRead(is_missing=True)
    by_code, by_text = _count_unit(code, terminology), _count_unit(text, terminology)
    if by_code is not None and by_text is not None and by_code.factor != by_text.factor:
        return UnitRead(disagrees=True)
    is_ucum = normalise_system(system) == UCUM
    if is_ucum and code.strip() and by_code is None and by_text is not None:  # a UCUM code of something else
        return UnitRead(disagrees=True)
    return UnitRead(by_code or by_text)


def _count_unit(text: str, terminology: Terminology) -> CountUnit | None:
    if not text or len(text) > LONGEST:
        return None
    for name in (text, _COUNT_TEXTS.get(spelling(text), "")):
        for member in terminology.sets_of(UCUM, name) if name else ():
            if member.set_id == PLATELET_UNITS and member.code.factor is not None:
                return CountUnit(member.code.code, member.code.factor)
    return None

"""Units of measurements, by value set: the one that the rules compare in, and what takes a value there.

By exact code or exact text in a table. A unit that it does not hold is not guessed: its value is reported, not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from cards.frozen import dataclass
from cds_service.facts.units import LONGEST, spelling
from cds_service.fhir.shapes import Quantity

_ONE: Final = Decimal(1)
_THOUSANDTH: Final = Decimal("0.001")
_LARGE: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Scale:
    """Takes a value to the canonical `unit`: less `offset` (degrees Fahrenheit), times `factor`, by `divisor`."""

    unit: str
    factor: Decimal = _ONE
    divisor: Decimal = _ONE
    offset: Decimal = Decimal(0)

    def convert(self, value: Decimal) -> Decimal:
        """The value in the canonical unit. One that is there already comes back as it was written.

        A division that does not come out even keeps three decimals, one more than any limit has: a card shows it.
        """
        value = value - self.offset if self.offset else value
        value = value if self.factor == 1 else value * self.factor
        return value if self.divisor == 1 else _cut(value / self.divisor)


def _cut(value: Decimal) -> Decimal:
    """At most three decimals, and no zeros at the end."""
    if abs(value) >= _LARGE:
        return value
    rounded = value.quantize(_THOUSANDTH)
    return rounded.quantize(_ONE) if rounded == rounded.to_integral_value() else rounded.normalize()


def _scales(unit: str, *same: str) -> dict[str, Scale]:
    """The canonical unit under its own and other names."""
    return dict.fromkeys((spelling(unit), *same), Scale(unit))


def _times(unit: str, factor: str, *texts: str) -> dict[str, Scale]:
    """Other units, with what takes them to the canonical one."""
    return dict.fromkeys(texts, Scale(unit, Decimal(factor)))


_CELLS = (
    _scales(
        "10*9/L",
        "10*3/ul",
        "10*3/mm3",
        "/nl",
        "k/ul",
        "k/mm3",
        "g/l",
        "gpt/l",
        "giga/l",
        "1000/ul",
        "1000/mm3",
    )
    | _scales("10*9/L", "thou/ul", "thousand/ul", "thousands/ul", "billion/l", "10*6/ml")
    | _times("10*9/L", "0.001", "/ul", "/mm3", "10*6/l")
)
_PER_CENT = _scales(
    "%", "%{cells}", "{percent}", "percent", "/100", "/100{cells}", "/100{leukocytes}", "/100{wbcs}"
)
_ENZYME = _scales("U/L", "iu/l", "[iu]/l", "units/l", "unit/l", "u/ltr") | _times("U/L", "60", "ukat/l")
_PRESSURE = _scales("mm[Hg]", "mmhg", "mm(hg)", "torr") | _times("mm[Hg]", "7.50062", "kpa")
_PER_MINUTE = _scales("/min", "{beats}/min", "bpm", "beats/min", "{beats}/minute", "beats/minute", "/minute")
_BILIRUBIN = (
    _scales("umol/L", "micromol/l") | _times("umol/L", "17.1", "mg/dl") | _times("umol/L", "1.71", "mg/l")
)
_KILOGRAMS = (
    _scales("kg", "kgs", "kilogram", "kilograms")
    | _times("kg", "0.001", "g", "gram", "grams")
    | _times("kg", "0.45359237", "[lb_av]", "lb", "lbs", "pound", "pounds")
    | _times("kg", "0.028349523125", "[oz_av]", "oz")
)
_NO_UNIT = ("", "1", "{ratio}", "ratio", "{inr}", "inr", "{score}", "score")
_D_DIMER = (
    _scales(
        "ug/L",
        "ng/ml",
        "ug{feu}/l",
        "ng{feu}/ml",
        "ug/l{feu}",
        "ng/ml{feu}",
        "ug/lfeu",
        "ng/mlfeu",
        "{feu}ng/ml",
    )
    | _scales("ug/L", "ug/l(feu)", "ng/ml(feu)", "[feu]ng/ml")
    | _times(
        "ug/L",
        "1000",
        "mg/l",
        "ug/ml",
        "mg{feu}/l",
        "ug{feu}/ml",
        "mg/l{feu}",
        "ug/ml{feu}",
        "mg/lfeu",
        "ug/mlfeu",
    )
    | _times("ug/L", "1000", "mg/l(feu)", "ug/ml(feu)")
)
_D_DIMER_UNITS = _scales(
    "ug/L", "ng/ml", "ug{ddu}/l", "ng{ddu}/ml", "ng/ml{ddu}", "ng/mlddu", "ug/lddu", "ng/ml(ddu)"
) | _times("ug/L", "1000", "mg/l", "ug/ml", "ug/ml{ddu}", "mg/l{ddu}", "ug/mlddu", "mg/lddu")
_MASS_PER_LITRE = _scales("g/L") | _times("g/L", "0.01", "mg/dl") | _times("g/L", "10", "g/dl")

# By value set. Molar factors: haemoglobin x1.611 g/dL per mmol/L (its value set), creatinine 88.4, bilirubin 17.1
# (585 g/mol), triglycerides 88.57, lactate 9.01 mg/dL per mmol/L.
SCALES: Final[Mapping[str, Mapping[str, Scale]]] = MappingProxyType(
    {
        "obs-adamts13": _PER_CENT | _times("%", "100", "[iu]/ml", "iu/ml", "u/ml"),
        "obs-albumin": _MASS_PER_LITRE,
        "obs-alt": _ENZYME,
        "obs-ast": _ENZYME,
        "obs-aptt": _scales("s", "sec", "secs", "second", "seconds"),
        "obs-bilirubin": _BILIRUBIN,
        "obs-bilirubin-indirect": _BILIRUBIN,
        "obs-blasts": _PER_CENT | _CELLS,
        "obs-body-weight": _KILOGRAMS,
        "obs-cd4": _scales("/uL", "10*6/l", "/mm3") | _times("/uL", "1000", "10*9/l", "10*3/ul"),
        "obs-creatinine": _scales("umol/L", "micromol/l")
        | _times("umol/L", "88.4", "mg/dl")
        | _times("umol/L", "8.84", "mg/l")
        | _times("umol/L", "1000", "mmol/l"),
        "obs-crp-pct": _scales("mg/L", "ug/ml") | _times("mg/L", "10", "mg/dl"),
        "obs-d-dimer": _D_DIMER,
        "obs-d-dimer-ddu": _D_DIMER_UNITS,
        "obs-diastolic": _PRESSURE,
        "obs-egfr": _scales("mL/min/{1.73_m2}", "ml/min")  # the area is in the codes of this set
        | _scales("mL/min/{1.73_m2}", "ml/min/1.73m2", "ml/min/1.73m^2", "ml/min/1.73")
        | _scales("mL/min/{1.73_m2}", "ml/min/{1.73m2}", "ml/min/1.73_m2", "ml/min/1.73sqm", "ml/min/1.73*m2")
        | _times("mL/min/{1.73_m2}", "60", "ml/s/{1.73_m2}", "ml/s/1.73m2"),
        "obs-parasitaemia": _PER_CENT,
        "obs-ferritin": _scales("ug/L", "ng/ml")
        | _times("ug/L", "10", "ug/dl")
        | _times("ug/L", "1000", "mg/l"),
        "obs-fibrinogen": _MASS_PER_LITRE | _times("g/L", "1", "mg/ml"),
        "obs-g6pd": _scales("U/g{Hb}", "u/ghb", "u/g", "iu/ghb", "u/ghgb", "u/g{hgb}", "u/(ghb)"),
        "obs-gcs": dict.fromkeys((*_NO_UNIT, "{gcs}", "points"), Scale("{score}")),
        "obs-gestational-age": _scales("wk", "weeks", "week", "w")
        | dict.fromkeys(("d", "day", "days"), Scale("wk", divisor=Decimal(7))),
        "obs-glucose": _scales("mmol/L") | {"mg/dl": Scale("mmol/L", divisor=Decimal("18.016"))},
        "obs-haptoglobin": _MASS_PER_LITRE | _times("g/L", "0.001", "mg/l"),
        "obs-heart-rate": _PER_MINUTE,
        "obs-hematocrit": _PER_CENT | _times("%", "100", "l/l", "1", "{ratio}"),
        "obs-hemoglobin": _scales("g/dL", "g%", "gm/dl", "gms/dl", "g/100ml")
        | _times("g/dL", "0.1", "g/l")
        | _times("g/dL", "1.611", "mmol/l"),
        "obs-lactate": _scales("mmol/L", "meq/l") | _times("mmol/L", "0.111", "mg/dl"),
        "obs-ldh": _ENZYME,
        "obs-lymphocytes": _CELLS,
        "obs-map": _PRESSURE,
        "obs-mcv": _scales("fL", "um3", "femtoliter"),
        "obs-neutrophils": _CELLS,
        "obs-platelet-indices": _scales("fL", "um3") | _PER_CENT,
        "obs-pt-inr": dict.fromkeys(_NO_UNIT, Scale("{INR}")),
        "obs-pt-seconds": _scales("s", "sec", "secs", "second", "seconds"),
        "obs-reticulocytes": _PER_CENT
        | _CELLS
        | _times("10*9/L", "1000", "10*12/l", "10*6/ul", "10*6/mm3", "m/ul"),
        "obs-schistocytes": _PER_CENT,
        "obs-spo2": _PER_CENT,
        "obs-systolic": _PRESSURE,
        "obs-temperature": _scales("Cel", "°c", "c", "degc", "celsius", "degreescelsius", "degreec", "℃")
        | dict.fromkeys(
            ("[degf]", "°f", "f", "degf", "fahrenheit", "degreesfahrenheit", "degreef", "℉"),
            Scale("Cel", Decimal(5), Decimal(9), Decimal(32)),
        ),
        "obs-triglyceride": _scales("mmol/L") | {"mg/dl": Scale("mmol/L", divisor=Decimal("88.57"))},
        "obs-wbc": _CELLS,
    }
)


def read_scale(set_id: str, quantity: Quantity) -> tuple[Scale | None, bool]:
    """The scale of a Quantity for its value set, by code and by text; and whether the two disagree."""
    code, text = quantity.code or "", quantity.unit or ""
    if len(code) > LONGEST or len(text) > LONGEST:
        return None, False
    return _scale_of(set_id, code, text)


@lru_cache(maxsize=4096)
def _scale_of(set_id: str, code: str, text: str) -> tuple[Scale | None, bool]:
    table = SCALES.get(set_id, {})
    if not (code.strip() or text.strip()):
        return table.get(""), False
    by_code = table.get(spelling(code)) if code.strip() else None
    by_text = table.get(spelling(text)) if text.strip() else None
    if by_code is not None and by_text is not None and by_code != by_text:
        return None, True
    return by_code or by_text, False

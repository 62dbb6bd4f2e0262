"""Laboratory values as the mimics compare them: three-valued where a bound tells too little.

A value has the one unit in which its set is read, whatever unit it was sent in. One that is counted in another way
(reticulocytes by volume) is not used. Ranges are those of the laboratory that measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from cards.facts import Known, PatientFacts
from cards.record import Comparator, Measurement

_ONE = Decimal(1)
_OPPOSITE = {Known.YES: Known.NO, Known.NO: Known.YES, Known.UNKNOWN: Known.UNKNOWN}

UNITS: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        "obs-adamts13": ("%", _ONE),
        "obs-bilirubin-indirect": ("umol/L", Decimal("17.1")),
        "obs-creatinine": ("umol/L", Decimal("88.4")),
        "obs-d-dimer": ("ug/L", _ONE),
        "obs-ferritin": ("ug/L", _ONE),
        "obs-fibrinogen": ("g/L", _ONE),
        "obs-haptoglobin": ("g/L", _ONE),
        "obs-hemoglobin": ("g/dL", _ONE),
        "obs-ldh": ("U/L", _ONE),
        "obs-mcv": ("fL", _ONE),
        "obs-neutrophils": ("10*9/L", _ONE),
        "obs-pt-inr": ("{INR}", _ONE),
        "obs-reticulocytes": ("%", _ONE),
        "obs-schistocytes": ("%", _ONE),
        "obs-triglyceride": ("mmol/L", _ONE),
        "obs-wbc": ("10*9/L", _ONE),
    }
)
"""By set: the unit in which its values are read, and what takes a limit to it (those in mg/dL of the scores).

The conditions of pathogens are worded with it too.
"""


def is_seen(m: Measurement, limit: Decimal | None = None) -> bool:
    """Cells of the film at or above a limit, or above none; a bound from above (`<1 %`) shows nothing."""
    if m.comparator in (Comparator.LESS, Comparator.AT_MOST):
        return False
    return m.value > 0 if limit is None else m.value >= limit


def newest(p: PatientFacts, set_id: str, within: timedelta) -> Measurement | None:
    """The newest value at most `within` old that is in the unit of its set (None: not measured)."""
    if set_id not in p.sets_measured:
        return None
    values = p.measured(set_id)
    unit, _ = UNITS[set_id]
    recent = [m for m in values if m.unit == unit and m.time is not None and m.time.age(p.as_of) <= within]
    return max(recent, key=lambda m: m.time.earliest if m.time else p.as_of, default=None)


def _in_unit_of(m: Measurement, limit: Decimal) -> Decimal:
    _, factor = UNITS.get(m.set_id, ("", _ONE))
    return limit * factor


def below(m: Measurement | None, limit: Decimal) -> Known:
    """Whether the value is below the limit; a bound such as `<5` may tell, one such as `>5` may not."""
    return Known.UNKNOWN if m is None else _is_below(m, _in_unit_of(m, limit))


def above(m: Measurement | None, limit: Decimal) -> Known:
    """Whether the value is above the limit."""
    return Known.UNKNOWN if m is None else _is_above(m, _in_unit_of(m, limit))


def _is_below(m: Measurement, limit: Decimal) -> Known:
    match m.comparator:
        case None:
            return Known.YES if m.value < limit else Known.NO
        case Comparator.LESS:
            return Known.YES if m.value <= limit else Known.UNKNOWN
        case Comparator.AT_MOST:
            return Known.YES if m.value < limit else Known.UNKNOWN
    return Known.NO if m.value >= limit else Known.UNKNOWN


def _is_above(m: Measurement, limit: Decimal) -> Known:
    match m.comparator:
        case None:
            return Known.YES if m.value > limit else Known.NO
        case Comparator.GREATER:
            return Known.YES if m.value >= limit else Known.UNKNOWN
        case Comparator.AT_LEAST:
            return Known.YES if m.value > limit else Known.UNKNOWN
    return Known.NO if m.value <= limit else Known.UNKNOWN


def at_least(m: Measurement | None, limit: Decimal) -> Known:
    """Whether the value is at or above the limit."""
    return negated(below(m, limit))


def at_most(m: Measurement | None, limit: Decimal) -> Known:
    """Whether the value is at or below the limit."""
    return negated(above(m, limit))


def negated(answer: Known) -> Known:
    """The opposite; unknown stays unknown."""
    return _OPPOSITE[answer]


def above_range(m: Measurement | None, factor: Decimal = _ONE, upper: Decimal | None = None) -> Known:
    """Above `factor` times the upper limit of its range (`upper` where it has none); else by its flag."""
    if m is None:
        return Known.UNKNOWN
    if m.high is not None:
        return _is_above(m, factor * m.high)
    if upper is not None:
        return above(m, factor * upper)
    if m.flagged is None:
        return Known.UNKNOWN
    if m.flagged != "high":
        return Known.NO
    return Known.YES if factor == 1 else Known.UNKNOWN


def below_range(m: Measurement | None, lower: Decimal) -> Known:
    """Below the lower limit of its range, `lower` where it has none."""
    if m is not None and m.low is not None:
        return _is_below(m, m.low)
    return below(m, lower)


def any_of(*answers: Known) -> Known:
    """Yes if one is yes, no if all are no, else unknown."""
    if Known.YES in answers:
        return Known.YES
    return Known.UNKNOWN if Known.UNKNOWN in answers else Known.NO

"""Lines of a story that tell a count, a measurement or a result, to facts.

22 · 25,000 /uL, 9 days ago · <5 · 28, no unit, range 150-400
temperature 38.6 Cel, 2 h ago · blood pressure 82/40 · EBV VCA IgM positive, yesterday
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from cds_service.stories.coding import split_term
from cds_service.stories.story import Amount, Observed, Term
from cds_service.stories.times import When, read_when

PLATELETS: Final = Term("obs-platelet-count")
COUNT_AGE: Final = When(timedelta(hours=3))
COUNT_UNIT: Final = "10*9/L"

_NUMBER = r"(?P<comparator><=|>=|<|>)?(?P<value>\d[\d,]*(?:\.\d+)?)"
_AMOUNT = re.compile(rf"{_NUMBER}(?: (?P<unit>\S.*))?")
_PRESSURE = re.compile(r"(\d+)/(\d+)")
_RANGE = re.compile(r"range ([\d.]*)-([\d.]*)")
_STATUSES = ("preliminary", "final", "amended", "corrected", "registered", "entered in error", "unknown")


def not_understood(clause: str) -> ValueError:
    """The error for a clause that no rule of the notation explains."""
    return ValueError(f"{clause!r} is not understood")


def read_count(line: str) -> Observed:
    """A platelet count: "29.9", "25,000 /uL, 9 days ago", "28, no unit, range 150-400", "8, entered in error"."""
    head, *clauses = line.split(", ")
    no_unit = "no unit" in clauses
    amount = _amount(head)
    if amount.unit is None and not no_unit:
        amount = replace(amount, unit=COUNT_UNIT)
    count = Observed(PLATELETS, amount, at=COUNT_AGE)
    return _observed(count, [c for c in clauses if c != "no unit"])


def read_observed(line: str) -> Observed:
    """ "haemoglobin 7.9 g/dL, 2 h ago", "blood pressure 82/40", "EBV VCA IgM positive, yesterday"."""
    head, *clauses = line.split(", ")
    what, value = split_term(head)
    pressure = _PRESSURE.fullmatch(value)
    if pressure is not None:
        amount = Amount(Decimal(pressure[1]), unit="mm[Hg]")
        return _observed(Observed(what, amount, diastolic=Decimal(pressure[2]), at=COUNT_AGE), clauses)
    if _AMOUNT.fullmatch(value) is not None:
        return _observed(Observed(what, _amount(value), at=COUNT_AGE), clauses)
    if not value:
        raise ValueError("a value or a result is missing")
    return _observed(Observed(what, word=value, at=COUNT_AGE), clauses)


def _amount(text: str) -> Amount:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise not_understood(text)
    return Amount(Decimal(found["value"].replace(",", "")), found["comparator"], found["unit"])


def _observed(one: Observed, clauses: list[str]) -> Observed:
    for clause in clauses:
        when = read_when(clause.removeprefix("issued "))
        if when is not None:
            one = replace(one, issued=when) if clause.startswith("issued ") else replace(one, at=when)
        elif (limits := _RANGE.fullmatch(clause)) is not None and one.amount is not None:
            low, high = (Decimal(limit) if limit else None for limit in limits.groups())
            one = replace(one, amount=replace(one.amount, low=low, high=high))
        elif clause in _STATUSES:
            one = replace(one, status=clause.replace(" ", "-"))
        elif clause == "undated":
            one = replace(one, at=None)
        elif clause == "unreadable":
            one = replace(one, broken=True)
        elif clause in ("high", "low"):
            one = replace(one, interpretation=clause)
        elif clause.startswith("coded ") and one.amount is not None:
            one = replace(one, amount=replace(one.amount, code=clause.removeprefix("coded ")))
        elif clause in ("citrate", "heparin", "cord blood") or clause.startswith("sample "):
            one = replace(one, sample=clause)
        else:
            raise not_understood(clause)
    return one

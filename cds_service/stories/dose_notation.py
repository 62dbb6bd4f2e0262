"""The clauses of a drug or an order that tell its dose: "50 mg", "twice daily", "for 6 weeks", "IM"."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from cds_service.stories.story import Dose

_DOSE: Final = re.compile(r"(\d+(?:\.\d+)?) (mg|ug|g|mL|\[IU\]|unit|adult dose)")
_FOR: Final = re.compile(r"for (\d+) (days?|weeks?)")
_TIMES_A_DAY: Final = {
    "daily": "1",
    "twice daily": "2",
    "3 times daily": "3",
    "4 times daily": "4",
}
_ROUTES: Final = {
    "oral": "route-oral",
    "IV": "route-intravenous",
    "IM": "route-intramuscular",
    "SC": "route-subcutaneous",
}


def add_clause(dose: Dose, clause: str) -> Dose:
    """The dose with what the clause tells. ValueError for a clause that is something else."""
    if (amount := _DOSE.fullmatch(clause)) is not None:
        return replace(dose, amount=Decimal(amount[1]), unit=amount[2])
    if (length := _FOR.fullmatch(clause)) is not None:
        return replace(dose, days=int(length[1]) * (7 if length[2].startswith("week") else 1))
    if clause in _ROUTES:
        return replace(dose, route=_ROUTES[clause])
    per_day = _TIMES_A_DAY.get(clause)
    if per_day is None:
        raise ValueError(f"{clause!r} is not understood")
    return replace(dose, per_day=Decimal(per_day))

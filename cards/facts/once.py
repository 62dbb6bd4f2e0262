"""What several rules ask of one patient, worked out once for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from cards.facts.patient import PatientFacts
    from cards.thresholds import Thresholds

T = TypeVar("T")
Asked = Callable[["PatientFacts", "Thresholds"], T]


def once(function: Asked[T]) -> Asked[T]:
    """A pure function of facts and limits whose answer is kept with the facts, and ends with them."""

    @wraps(function)
    def asked(p: PatientFacts, limits: Thresholds) -> T:
        known = p.once.get(function)
        if known is not None and known[0] is limits:
            kept: T = known[1]
            return kept
        found = function(p, limits)
        p.once[function] = (limits, found)
        return found

    return asked

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
        answers = p.once
        if function in answers:
            of, kept = answers[function]
            if of is limits:
                answer: T = kept
                return answer
        found = function(p, limits)
        answers[function] = (limits, found)
        return found

    return asked

"""The blood-borne viruses that a work-up asks for: which of them have no result (rulebook PLT-04, E.4, ORD-25)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cards.reasons import Fact

VIRUSES: Mapping[Fact, tuple[str, ...]] = MappingProxyType(
    {
        Fact.HIV_TEST: ("lab-hiv",),
        Fact.HEPATITIS_C_TEST: ("lab-hcv",),
        Fact.HEPATITIS_B_TEST: ("lab-hbv", "lab-hbv-surface-antigen", "lab-hbv-core-antibody"),
    }
)
"""What is missing without a result of one of these sets."""


def untested(has: Callable[..., bool]) -> tuple[Fact, ...]:
    """The viruses of which `has(*sets)` knows no result, in one line where it knows none of all."""
    missing = tuple(fact for fact, sets in VIRUSES.items() if not has(*sets))
    return (Fact.BLOOD_BORNE_VIRUSES,) if len(missing) == len(VIRUSES) else missing

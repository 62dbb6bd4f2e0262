"""Which mimics hold for this patient: the gate that transfusion, TPO-RA and order rules ask (rulebook A.2).

A SAFE rule decides once, here and in its own stem by the same function; other families ask `mimics`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cards.facts import PatientFacts
from cards.safety import hit, purpura_sepsis, ttp
from cards.safety.recorded import current
from cards.thresholds import Thresholds

NO_PLATELETS = frozenset({"SAFE-01", "SAFE-02", "SAFE-04"})
"""TTP, HIT, VITT-like: platelets only for life-threatening bleeding."""


def mimics(p: PatientFacts, limits: Thresholds) -> frozenset[str]:
    """The SAFE rules that gate others and hold now: SAFE-01 to 04, 07 and 12."""
    return frozenset(rule for rule, holds in GATES.items() if holds(p, limits))


def _by_record(rule: str) -> Callable[[PatientFacts, Thresholds], bool]:
    return lambda p, limits: bool(current(p, rule, limits))


GATES: Mapping[str, Callable[[PatientFacts, Thresholds], bool]] = MappingProxyType(
    {
        "SAFE-01": lambda p, limits: isinstance(ttp.suspect(p, limits), ttp.Suspicion),
        "SAFE-02": lambda p, limits: isinstance(hit.suspect(p, limits), hit.Suspicion),
        "SAFE-03": _by_record("SAFE-03"),
        "SAFE-04": _by_record("SAFE-04"),
        "SAFE-07": _by_record("SAFE-07"),
        "SAFE-12": lambda p, limits: isinstance(purpura_sepsis.suspect(p, limits), purpura_sepsis.Suspicion),
    }
)
"""By rule: whether it holds."""

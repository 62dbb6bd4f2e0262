"""Which mimics hold for this patient: the gate that transfusion, TPO-RA and order rules ask (rulebook A.2).

A SAFE rule decides once, here and in its own stem by the same function; other families ask `mimics`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cards.facts import PatientFacts
from cards.facts.once import once
from cards.safety import dic, hit, purpura_sepsis, stec_hus, ttp, vitt
from cards.thresholds import Thresholds

NO_PLATELETS = frozenset({"SAFE-01", "SAFE-02", "SAFE-04"})
"""TTP, HIT, VITT-like: platelets only for life-threatening bleeding."""

GATES: Mapping[str, Callable[[PatientFacts, Thresholds], bool]] = MappingProxyType(
    {
        "SAFE-01": ttp.holds,
        "SAFE-02": hit.holds,
        "SAFE-03": stec_hus.holds,
        "SAFE-04": vitt.holds,
        "SAFE-07": dic.holds,
        "SAFE-12": purpura_sepsis.holds,
    }
)
"""By rule: whether it holds."""


@once
def mimics(p: PatientFacts, limits: Thresholds) -> frozenset[str]:
    """The SAFE rules that gate others and hold now: SAFE-01 to 04, 07 and 12.

    A dozen rules ask this of one patient: it is worked out once for each `PatientFacts` and `limits`.
    """
    return frozenset([rule for rule, holds in GATES.items() if holds(p, limits)])

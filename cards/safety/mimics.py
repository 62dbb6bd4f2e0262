"""Which mimics hold for this patient: the gate that transfusion, TPO-RA and order rules ask (rulebook A.2).

A SAFE rule decides once, here and in its own stem by the same function; other families ask `mimics`.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.thresholds import Thresholds

NO_PLATELETS = frozenset({"SAFE-01", "SAFE-02", "SAFE-04"})
"""TTP, HIT, VITT-like: platelets only for life-threatening bleeding."""


def mimics(p: PatientFacts, limits: Thresholds) -> frozenset[str]:
    """The SAFE rules that gate others and hold now: SAFE-01 to 04, 07 and 12."""
    return frozenset()

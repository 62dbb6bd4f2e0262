"""Which mimics hold for this patient: the gate that transfusion, TPO-RA and order rules ask (rulebook A.2).

A SAFE rule decides once, here and in its own stem by the same function; other families ask `mimics`.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.safety.recorded import RECORDED, current
from cards.thresholds import Thresholds

NO_PLATELETS = frozenset({"SAFE-01", "SAFE-02", "SAFE-04"})
"""TTP, HIT, VITT-like: platelets only for life-threatening bleeding."""

GATES = ("SAFE-01", "SAFE-02", "SAFE-03", "SAFE-04", "SAFE-07")


def mimics(p: PatientFacts, limits: Thresholds) -> frozenset[str]:
    """The SAFE rules that gate others and hold now: SAFE-01 to 04, 07 and 12."""
    found = {rule for rule in GATES if rule in RECORDED and current(p, rule, limits)}
    signs = p.signs
    septic = (
        signs.fever or signs.hypothermia or signs.shock or signs.meningism or signs.lactate_high
    ) or p.sepsis_recorded
    if septic and p.bleeding.skin:
        found.add("SAFE-12")
    return frozenset(found)

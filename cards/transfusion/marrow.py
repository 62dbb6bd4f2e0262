"""Low production for which platelets are no prophylaxis."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.thresholds import Thresholds


def without_prophylaxis(p: PatientFacts, limits: Thresholds) -> bool:
    """Aplastic anaemia, or own stem cells of the last 30 days: AABB 2.1 advises no prophylactic platelets."""
    within = limits.span("hypoproliferative_days")
    return bool(p.present("mimic-aplastic") or p.done_within(within, "proc-autologous-transplant"))

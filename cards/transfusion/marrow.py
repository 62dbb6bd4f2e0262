"""Marrow failure for which platelets are no prophylaxis."""

from __future__ import annotations

from cards.facts import PatientFacts


def without_prophylaxis(p: PatientFacts) -> bool:
    """Aplastic anaemia: AABB 2.1 advises no prophylactic platelets."""
    return bool(p.present("mimic-aplastic"))

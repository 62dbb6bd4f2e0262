"""Who is a newborn for transfusion (rulebook POP-01): the rows of adults and children do not hold for them."""

from __future__ import annotations

from decimal import Decimal

from cards.facts import PatientFacts
from cards.thresholds import Thresholds

WEEK = 7


def is_newborn(p: PatientFacts, limits: Thresholds) -> bool:
    """Under 28 days of life, or born before 37 weeks and not yet 44 weeks of postmenstrual age."""
    return p.person.is_neonate or is_preterm(p, limits)


def is_preterm(p: PatientFacts, limits: Thresholds) -> bool:
    """Born before 37 weeks as recorded, and not yet 44 weeks of postmenstrual age."""
    days, weeks = p.person.age_days, p.person.gestation_weeks
    if days is None or weeks is None or weeks >= limits.preterm_weeks:
        return False
    return weeks + Decimal(days) / WEEK < limits.preterm_until_weeks

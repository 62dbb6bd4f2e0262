"""MON-07: which paragraphs of advice for the patient belong to the count."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.thresholds import Thresholds

SPLEEN = ("INF-EBV",)
"""The spleen can rupture weeks after the infection."""


def has_advice(p: PatientFacts, limits: Thresholds) -> bool:
    """Below 100, and not while serious bleeding is treated."""
    count = p.platelets.decisive
    return count is not None and count.value < limits.mild and not (p.bleeding.serious or p.bleeding.major)


def advice_keys(p: PatientFacts, limits: Thresholds) -> tuple[str, ...]:
    """Keys of MON-07; some wherever there is advice."""
    count = p.platelets.decisive
    if count is None or not has_advice(p, limits):
        return ()
    low = count.value < limits.mon_sport
    menses = low and p.person.pregnancy_matters and p.person.pregnancy is not Known.YES
    general = ("low.child" if p.person.is_child else "low") if low else "moderate"
    keys = (
        (general, True),
        ("menses", menses),
        ("spleen", bool(p.infections.current(*SPLEEN))),
    )
    return tuple(f"MON-07/{key}" for key, applies in keys if applies)

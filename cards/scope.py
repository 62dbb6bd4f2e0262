"""Whether the rules have anything to say of a patient at all (rulebook A.3)."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.facts.once import once
from cards.precedence import BLOOD_PRODUCTS
from cards.record import Result
from cards.scope_sets import ANTI_PF4, HEPARINS, PF4_TEST, TPO_RA
from cards.thresholds import Thresholds


@once
def is_in_scope(p: PatientFacts, limits: Thresholds) -> bool:
    """A.3: a count below normal (or unknown) in 30 days, bleeding, a listed infection, TPO-RA or blood product.

    And a heparin that is selected after HIT: ORD-05 has no count, and HIT in the history is found at normal ones.
    """
    return (
        _is_low_or_unknown(p, limits)
        or bool(p.bleeding.findings)
        or bool(p.infections.current())
        or has_tpo_ra(p, limits)
        or bool(p.done_within(limits.span("scope_days"), *BLOOD_PRODUCTS))
        or bool(p.selected(TPO_RA, *BLOOD_PRODUCTS))
        or _is_heparin_after_hit(p)
    )


def has_tpo_ra(p: PatientFacts, limits: Thresholds) -> bool:
    """In use (A.9): active, or ended so short a time ago that the count may fall again (TPO-12)."""
    return bool(p.used_within(limits.span("tpo_rebound_weeks"), TPO_RA))


def _is_heparin_after_hit(p: PatientFacts) -> bool:
    """A heparin is selected, and HIT or its like was ever recorded, or its antibodies were found."""
    if not p.selected(*HEPARINS):
        return False
    found = any(test.result is Result.POSITIVE for test in p.tests(PF4_TEST))
    return found or bool(p.findings(*ANTI_PF4))


def _is_low_or_unknown(p: PatientFacts, limits: Thresholds) -> bool:
    platelets = p.platelets
    if platelets.current is None or platelets.problem or platelets.unread or platelets.undated:
        return True
    recent = limits.span("scope_days")
    return any(
        c.value < limits.normal and c.time.since(p.as_of) <= recent for c in reversed(platelets.series)
    )

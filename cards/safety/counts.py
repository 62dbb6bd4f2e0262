"""The platelet count as the mimics read it: the last known one, and whether it may be older than the truth.

A mimic is no decision by number: it speaks on a stale count too (the card shows when it was drawn). But a newer
result that could not be read, or an undated one, may be anything: the count is then unknown (rulebook A.9).
"""

from __future__ import annotations

from decimal import Decimal

from cards.facts import Blocker, Known, PatientFacts

NEWER_IS_UNKNOWN = frozenset(
    {Blocker.NO_UNIT, Blocker.IMPLAUSIBLE, Blocker.UNDATED, Blocker.UNREAD, Blocker.FAILED}
)
"""Why the last known count may not be the last one."""

NOT_FOR_A_SCORE = NEWER_IS_UNKNOWN | {Blocker.CLUMPING}
"""And one that may be an artefact of the tube gives no points (DATA-05)."""


def is_below(p: PatientFacts, limit: Decimal) -> Known:
    """Whether the last known count (10*9/L, at most 30 days old) is below the limit."""
    last = p.platelets.last_known
    if last is not None and last < limit:
        return Known.YES
    if last is None or p.platelets.blocker in NEWER_IS_UNKNOWN:
        return Known.UNKNOWN
    return Known.NO

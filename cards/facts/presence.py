"""Whether something that is recorded holds now: the readings of rulebook A.1 that facts and rules share."""

from __future__ import annotations

from datetime import datetime, timedelta

from cards.record import (
    ClinicalStatus,
    Finding,
    Medication,
    MedicationSource,
    Moment,
    Performed,
    Verification,
)

PAST_CODES = frozenset({"history", "remission"})
"""Code statuses that say by themselves that the fact is over."""

GOING_ON = frozenset({"active", "intended", "in-progress", "unknown"})
NEVER_TAKEN = frozenset({"not-taken", "cancelled", "not-done", "entered-in-error", "draft", "on-hold"})


def is_under_way(event: Performed) -> bool:
    """Begun, and no end is recorded."""
    return event.status == "in-progress" and event.end is None


def has_past_code(finding: Finding, *set_ids: str) -> bool:
    """Every code by which the finding belongs to these sets says history or remission."""
    return all(m.status in PAST_CODES for m in finding.memberships if m.set_id in set_ids)


def is_past(finding: Finding) -> bool:
    """By its clinical status or an abatement: history only (A.1)."""
    return finding.clinical is ClinicalStatus.PAST or finding.has_ended


def lacks_status(finding: Finding) -> bool:
    """A Condition without a clinicalStatus that has not ended: it counts as present, and the card says so (A.1)."""
    is_open = finding.clinical is ClinicalStatus.ABSENT and not finding.has_ended
    return is_open and finding.reference.startswith("Condition/")


def is_present(finding: Finding, *set_ids: str) -> bool:
    """Present now: not suspected, not past, and the code itself does not say history or remission."""
    if finding.verification is Verification.SUSPECTED or is_past(finding):
        return False
    return bool([m for m in finding.memberships if m.set_id in set_ids and m.status not in PAST_CODES])


def is_suspected(finding: Finding) -> bool:
    """Recorded as provisional, differential or unconfirmed, and not past."""
    return finding.verification is Verification.SUSPECTED and not is_past(finding)


def later_of(one: Moment | None, other: Moment | None) -> Moment | None:
    """The later of two times by their later ends; the one that is known if only one is."""
    if one is None or other is None:
        return one or other
    return one if one.latest >= other.latest else other


def reference_time(finding: Finding) -> Moment | None:
    """The later of onset and recordedDate (B.6); the effective time of an Observation."""
    return later_of(finding.onset, finding.recorded)


def in_use(medication: Medication, as_of: datetime, given_within: timedelta = timedelta(0)) -> bool:
    """Contract: request active, or completed with a treatment period that covers `as_of`; statement;
    administration.

    An administration counts while it runs and for `given_within` after it.
    """
    if medication.start is not None and medication.start.earliest > as_of:
        return False
    if medication.source is MedicationSource.ADMINISTRATION:
        return _was_given(medication, as_of, given_within)
    if medication.end is not None and medication.end.latest < as_of:
        return False
    if medication.status in GOING_ON:
        return True
    return medication.status == "completed" and medication.start is not None and medication.end is not None


def _was_given(medication: Medication, as_of: datetime, within: timedelta) -> bool:
    if medication.status == "in-progress":
        return medication.end is None or medication.end.since(as_of) <= within
    given = medication.end or medication.start
    return (
        medication.status in ("completed", "unknown") and given is not None and given.since(as_of) <= within
    )


def last_use(medication: Medication) -> Moment | None:
    """The end of its use as far as it is recorded, else its start; None for what was never taken."""
    if medication.status in NEVER_TAKEN:
        return None
    return medication.end or medication.start

"""Bleeding findings judged: site, weight, activity; one finding under several records once (B.5, B.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cards.facts import Activity, Bleed, Bleeding, Person, Site, has_past_code
from cards.facts.presence import lacks_status, reference_time
from cards.frozen import replace
from cards.reading.bleeding_kinds import KINDS, SKIN_MOST, Kind, Lasts
from cards.reading.bleeding_severity import Worsening, find_worsening
from cards.reading.windows import is_recent
from cards.record import ClinicalStatus, Finding, Record, Verification
from cards.thresholds import Thresholds

NONE = Bleeding()
BY_ACTIVITY = (Activity.ACTIVE, Activity.STOPPED, Activity.UNCLEAR, Activity.HISTORY)
MODERATE, SEVERE = 2, 3


def read_bleeding(record: Record, person: Person, limits: Thresholds) -> Bleeding:
    """All bleeding findings; suspected ones and those without a site are questions (UNCLEAR)."""
    if record.finding_sets.isdisjoint(KINDS):
        return NONE
    bleeds: list[Bleed] = []
    worsening: Worsening | None = None
    for finding in record.findings:
        set_id = _bleeding_set(finding)
        if set_id is None or not _is_of_this_age(KINDS[set_id], person):
            continue
        if worsening is None:
            worsening = find_worsening(record, limits)
        bleeds.append(read_finding(finding, set_id, worsening, person, record.as_of, limits))
    if not bleeds:
        return NONE
    merged = merge_same(bleeds)
    return Bleeding(
        findings=tuple(b for b in merged if b.activity is not Activity.HISTORY),
        history=tuple(b for b in bleeds if b.activity is Activity.HISTORY),
    )


def _bleeding_set(finding: Finding) -> str | None:
    """The set that says most: a bleed before a question, the heavier kind before the lighter."""
    known = [m.set_id for m in finding.memberships if m.set_id in KINDS]
    if len(known) < 2:
        return known[0] if known else None
    return max(known, key=lambda s: (not KINDS[s].question, KINDS[s].weight))


def _is_of_this_age(kind: Kind, person: Person) -> bool:
    """Codes of newborn bleeding count only where the patient may be one (TRF-13, POP-01)."""
    return not kind.newborn or person.age_years is None or person.age_years == 0


def read_finding(
    finding: Finding, set_id: str, worsening: Worsening, person: Person, as_of: datetime, limits: Thresholds
) -> Bleed:
    """One record of a finding as a bleed."""
    kind = KINDS[set_id]
    weight = weigh(finding, kind, set_id)
    raised_by = () if kind.question else worsening.raises(kind.site, weight, minor=kind.minor)
    weight = max(weight, SEVERE) if raised_by else weight
    activity = judge_activity(finding, set_id, weight, as_of, limits)
    suspected = finding.verification is Verification.SUSPECTED
    unlocated = kind.unlocated and (finding.severity or 0) < MODERATE and not raised_by
    if activity is Activity.ACTIVE and (unlocated or (suspected and kind.site is not Site.SKIN)):
        activity = Activity.UNCLEAR
    return Bleed(
        name=finding.word or kind.name,
        set_id=set_id,
        site=kind.site,
        activity=activity,
        grade=finding.severity,
        weight=weight,
        reference=finding.reference,
        since=reference_time(finding),
        patient_reported=finding.patient_reported,
        minor_by_kind=kind.minor and weight == 1,
        question_only=kind.question or (kind.newborn and not person.is_neonate),
        life_threatening_site=kind.life_threatening or (kind.posterior_eye and weight >= SEVERE),
        graded_up_by=raised_by,
        posterior_eye=kind.posterior_eye,
        unlocated=unlocated,
        suspected=suspected,
        lacks_status=lacks_status(finding),
        ended_lately=activity is Activity.HISTORY and _ended_lately(finding, kind, set_id, as_of, limits),
    )


def weigh(finding: Finding, kind: Kind, set_id: str) -> int:
    """The recorded grade within what its kind can be; without one the grade of the kind (B.5)."""
    grade = finding.severity
    if grade is None or finding.status_in(set_id) == "tendency":
        return kind.weight
    if kind.site is Site.SKIN:
        return grade if grade > SEVERE else min(grade, SKIN_MOST)
    return min(max(grade, kind.least), kind.most)


# --------------------------------------------------------------------------------------------------- activity


def judge_activity(
    finding: Finding, set_id: str, weight: int, as_of: datetime, limits: Thresholds
) -> Activity:
    """B.6, on the later of onset and recordedDate; without either unclear, of the skin present."""
    kind = KINDS[set_id]
    if has_past_code(finding, set_id):
        return Activity.HISTORY
    if has_ended(finding, as_of):
        return _after_end(finding, kind, weight, as_of, limits)
    when = reference_time(finding)
    if set_id == "bleed-unspecific":  # a tendency, not an event: it has no active time
        return Activity.ACTIVE
    if when is None:
        return Activity.ACTIVE if kind.lasts is Lasts.SKIN else Activity.UNCLEAR
    if kind.lasts is Lasts.SKIN:
        return Activity.ACTIVE if is_recent(when, as_of, limits.span("skin_present")) else Activity.HISTORY
    open_time = limits.span("bleed_open")
    began_long_ago = finding.onset is not None and not is_recent(finding.onset, as_of, open_time)
    lasts = "bleed_observed" if finding.observed and kind.lasts is Lasts.DAYS else kind.lasts.value
    if is_recent(when, as_of, limits.span(lasts)) and not began_long_ago:
        return Activity.ACTIVE
    return Activity.UNCLEAR if is_recent(when, as_of, open_time) else Activity.HISTORY


def has_ended(finding: Finding, as_of: datetime) -> bool:
    """By clinical status or an abatement that is not in the future."""
    if finding.clinical is ClinicalStatus.PAST:
        return True
    return finding.has_ended and not (finding.ended is not None and finding.ended.earliest > as_of)


def _after_end(finding: Finding, kind: Kind, weight: int, as_of: datetime, limits: Thresholds) -> Activity:
    """WHO 3-4 ended <= 24 h ago: still active; graded WHO 1-2: stopped; else history.

    Without a date of its end a bleed that began within the window also ended within it.
    """
    if kind.site is Site.SKIN or kind.question or not _is_end_recent(finding, as_of, limits):
        return Activity.HISTORY
    if weight >= SEVERE:
        return Activity.ACTIVE
    return Activity.STOPPED if finding.severity is not None or kind.minor else Activity.HISTORY


def _is_end_recent(finding: Finding, as_of: datetime, limits: Thresholds) -> bool:
    return is_recent(finding.ended or finding.onset, as_of, limits.span("bleed_ended"))


def _ended_lately(finding: Finding, kind: Kind, set_id: str, as_of: datetime, limits: Thresholds) -> bool:
    """Mucosal or organ bleeding without a grade that ended <= 24 h ago: history by B.6, yet no skin alone (A.9)."""
    if kind.site is Site.SKIN or kind.question or has_past_code(finding, set_id):
        return False
    return has_ended(finding, as_of) and _is_end_recent(finding, as_of, limits)


# -------------------------------------------------------------------------------------------- several records


def merge_same(bleeds: Iterable[Bleed]) -> tuple[Bleed, ...]:
    """The same finding under several records once: the active one, then the heaviest.

    It is patient-reported only where every record of it is (A.9); records of earlier bleeds do not count for
    that.
    """
    groups: dict[tuple[str, str], list[Bleed]] = {}
    for bleed in bleeds:
        if bleed.activity is not Activity.HISTORY:
            groups.setdefault((bleed.set_id, bleed.name), []).append(bleed)
    return tuple(_merge(group) for group in groups.values())


def _merge(group: list[Bleed]) -> Bleed:
    best = min(group, key=lambda b: (BY_ACTIVITY.index(b.activity), b.patient_reported, -b.weight))
    if best.patient_reported and not all(b.patient_reported for b in group):
        return replace(best, patient_reported=False)
    return best

"""The person: age, weight, pregnancy, lactation, gestation, ancestry (rulebook A.9, contract section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from datetime import date, datetime
from decimal import Decimal

from cards.facts import Known, Person, has_past_code, is_past, is_present
from cards.facts.presence import reference_time
from cards.reading.windows import is_fresh, is_recent
from cards.record import Finding, Measurement, Moment, PregnancyEvidence, Record
from cards.thresholds import Thresholds

WEIGHT, GESTATION = "obs-body-weight", "obs-gestational-age"
PREGNANCY, POSTPARTUM, LACTATION = "risk-pregnancy", "risk-postpartum", "risk-lactation"
FERTILE = range(12, 56)
YOUNGEST = 2
"""A birth date that leaves an age below this open gives no age at all (A.9)."""


def read_person(record: Record, limits: Thresholds) -> Person:
    """Age in completed years and days of life; unknown stays unknown."""
    years, days = read_age(record.person.birth, record.as_of)
    pregnancy, evidence = read_pregnancy(record, years, limits)
    return Person(
        reference=record.person.reference,
        age_years=years,
        age_days=days,
        sex=record.person.sex,
        weight=_weight(record, limits),
        pregnancy=pregnancy,
        pregnancy_reference=None if evidence is None else evidence.reference,
        pregnancy_time=None if evidence is None else evidence.time,
        lactating=bool([f for f in record.findings_of(LACTATION) if is_present(f, LACTATION)]),
        gestation_weeks=read_gestation(record, pregnancy, limits),
        ancestry=record.person.ancestry,
    )


# -------------------------------------------------------------------------------------------------------- age


def read_age(birth: Moment | None, as_of: datetime) -> tuple[int | None, int | None]:
    """Completed years and days of life (day of birth = 0).

    Of a year or month the youngest possible age is taken, without days; below 2 years, or born in the future:
    unknown.
    """
    if birth is None:
        return None, None
    today = as_of.date()
    exact = _day(birth)
    if exact is not None:
        days = (today - exact).days
        return (None, None) if days < 0 else (completed_years(exact, today), days)
    youngest = completed_years(birth.latest.date(), today)
    return (youngest if youngest >= YOUNGEST else None), None


def _day(birth: Moment) -> date | None:
    """The day of birth as recorded, whatever the time zone; None for a year or a month."""
    if len(birth.text) >= len("2026-06-15"):
        return date.fromisoformat(birth.text[:10])
    return None


def completed_years(born: date, today: date) -> int:
    """Birthdays that have passed; a leap-day child has hers on 1 March in other years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


# ----------------------------------------------------------------------------------------------------- weight


def _weight(record: Record, limits: Thresholds) -> Measurement | None:
    """The newest body weight, at most 30 days old, with an exact positive value."""
    values = record.measured(WEIGHT)
    if not values:
        return None
    within = limits.span("weight_days")
    recent = [
        m for m in values if m.comparator is None and m.value > 0 and is_fresh(m.time, record.as_of, within)
    ]
    return max(recent, key=_sampled, default=None)


def _sampled(measured: Measurement) -> float:
    return 0.0 if measured.time is None else measured.time.earliest.timestamp()


# -------------------------------------------------------------------------------------------------- pregnancy


def read_pregnancy(
    record: Record, years: int | None, limits: Thresholds
) -> tuple[Known, PregnancyEvidence | None]:
    """By the newest evidence that is still known; else men and females outside 12 to 55 years are not pregnant.

    A recorded pregnancy without an end is known up to 294 days, a record of none for 30.
    """
    evidence = [e for e in _evidence(record) if _still_known(e, record.as_of, limits)]
    if evidence:
        newest = max(evidence, key=_recorded)
        return (Known.YES if newest.pregnant else Known.NO), newest
    sex = record.person.sex
    if sex == "male" or (sex == "female" and years is not None and years not in FERTILE):
        return Known.NO, None
    return Known.UNKNOWN, None


def _evidence(record: Record) -> Iterable[PregnancyEvidence]:
    told, findings = record.person.pregnancy, record.findings_of(PREGNANCY, POSTPARTUM)
    return (*told, *_by_conditions(findings, {e.reference for e in told})) if findings else told


def _by_conditions(findings: Iterable[Finding], known: Set[str]) -> Iterator[PregnancyEvidence]:
    """What Conditions tell beside the Observations that are known."""
    for finding in findings:
        if finding.reference in known:
            continue
        if is_present(finding, PREGNANCY) and not _is_timeless(finding):
            yield PregnancyEvidence(finding.reference, True, reference_time(finding))
        elif finding.is_in(PREGNANCY) and _has_dated_end(finding):
            yield PregnancyEvidence(finding.reference, False, finding.ended)
        elif is_present(finding, POSTPARTUM):
            yield PregnancyEvidence(finding.reference, False, reference_time(finding))


def _is_timeless(finding: Finding) -> bool:
    """A supervision or weeks code without any date: when that pregnancy was cannot be told."""
    return finding.status_in(PREGNANCY) == "undated" and reference_time(finding) is None


def _has_dated_end(finding: Finding) -> bool:
    return is_past(finding) and finding.ended is not None and not has_past_code(finding, PREGNANCY)


def _still_known(evidence: PregnancyEvidence, as_of: datetime, limits: Thresholds) -> bool:
    """Undated evidence of a pregnancy counts as present (A.1); undated evidence of none tells nothing."""
    if evidence.time is None:
        return evidence.pregnant
    return is_recent(
        evidence.time, as_of, limits.span("pregnancy_days" if evidence.pregnant else "not_pregnant_days")
    )


def _recorded(evidence: PregnancyEvidence) -> tuple[float, bool]:
    """Newest last; undated pregnancy before every dated record, and at the same time the pregnancy."""
    return (0.0 if evidence.time is None else evidence.time.latest.timestamp()), evidence.pregnant


def read_gestation(record: Record, pregnancy: Known, limits: Thresholds) -> Decimal | None:
    """Weeks of gestation; in a pregnancy those of today, else as recorded (of a newborn: at birth)."""
    values = [m for m in record.measured(GESTATION) if m.time is not None]
    if not values:
        return None
    newest = max(values, key=_sampled)
    if newest.time is None or pregnancy is not Known.YES:
        return newest.value
    if not is_fresh(newest.time, record.as_of, limits.span("pregnancy_days")):
        return None
    return newest.value + max((record.as_of - newest.time.latest).days, 0) // 7

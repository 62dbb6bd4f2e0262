"""How often to count (MON-01): a literal table by count, with its exceptions; when the next count is due.

`low` and `high` are the ends of the interval: a draft is dated by the shorter one, an order that is due by the longer
one is enough. Where B.3 lets a count stand for a day at most, none is longer than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from cards.facts import Bleed, PatientFacts, PlateletCount, Site
from cards.frozen import dataclass
from cards.outcome import Advise, Indicator
from cards.precedence import DISCHARGE
from cards.record import Stay
from cards.safety import hellp, high_consequence, hlh, splenic_rupture
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds

ROWS: tuple[tuple[str, str], ...] = (
    ("mon_frequent", "hours"),
    ("mon_daily", "daily"),
    ("mon_two_days", "days"),
    ("mon_weekly", "weekly"),
    ("normal", "fortnight"),
)
"""Below the threshold: the interval. From normal on: none."""

SPANS: Mapping[str, tuple[str, str]] = {
    "hours": ("mon_hours_low", "mon_hours_high"),
    "dengue": ("mon_dengue_low", "mon_dengue_high"),
    "daily": ("mon_day", "mon_day"),
    "days": ("mon_days_low", "mon_days_high"),
    "twice-weekly": ("mon_falling_low", "mon_falling_high"),
    "weekly": ("mon_week", "mon_week"),
    "fortnight": ("mon_mild_low", "mon_mild_high"),
}
"""The ends of each interval by threshold, the shortest interval first."""

STRICTER: Mapping[str, str] = {
    "daily": "hours",
    "days": "daily",
    "twice-weekly": "days",
    "weekly": "twice-weekly",
    "fortnight": "weekly",
}
"""MON-03: the interval after a fall that has not reached another row by itself."""

CRITICAL_MIMICS = (hellp, hlh, high_consequence, splenic_rupture)
"""Mimics that gate no other rule, and that can be critical (SAFE-08, SAFE-05, SAFE-13, SAFE-14)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """`key` names its words in MON-01."""

    key: str
    low: timedelta
    high: timedelta

    def due(self, p: PatientFacts, count: PlateletCount) -> datetime:
        """When the next count is due, never in the past."""
        return max(count.time.earliest + self.low, p.as_of)

    def is_due(self, p: PatientFacts, count: PlateletCount) -> bool:
        """The longer end has passed."""
        return count.time.earliest + self.high <= p.as_of


def make_interval(key: str, limits: Thresholds) -> Interval:
    """The interval of this key with the numbers in force."""
    low, high = SPANS[key]
    return Interval(key, limits.span(low), limits.span(high))


def row_of(value: Decimal, limits: Thresholds) -> str | None:
    """The row of the table by the count alone; None from normal on."""
    return next((key for name, key in ROWS if value < getattr(limits, name)), None)


def usual(p: PatientFacts, count: PlateletCount, limits: Thresholds) -> str | None:
    """MON-01: by bleeding, dengue, DIC, what is watched, count and fall; the shorter one where several apply."""
    key = row_of(count.value, limits)
    if key is None:
        return None
    keys = [key]
    if p.bleeding.serious or p.bleeding.major:
        keys.append("hours")
    if active_minor(p):
        keys.append("hours" if count.value < limits.low_high_risk else "daily")
    keys += _as_transfusion_says(p, count, limits)
    if p.dengue_current:
        keys.append("dengue")
    if has_dic(p, limits):
        keys.append("hours")
    if is_watched(p, limits):
        keys.append("daily")
    if key == "weekly" and p.platelets.trend.falling:
        keys.append("twice-weekly")
    return min(keys, key=list(SPANS).index)


def _as_transfusion_says(p: PatientFacts, count: PlateletCount, limits: Thresholds) -> list[str]:
    """Where TRF-03 (bleeding that has just ended) and TRF-04 (close to the limit) ask for a count themselves."""
    ended = bool(p.bleeding.minor) and count.value < limits.low_high_risk
    close = p.bleeding.only_skin and limits.skin_only_defer <= count.value < limits.skin_only_close
    return [*(["hours"] if ended else []), *(["daily"] if close else [])]


def has_dic(p: PatientFacts, limits: Thresholds) -> bool:
    """SAFE-07 holds; B.3 lets a count stand for 12 hours then."""
    return "SAFE-07" in mimics(p, limits)


def is_watched(p: PatientFacts, limits: Thresholds) -> bool:
    """A count stands for a day at most (B.3: sepsis, a stay that does not end now), or a mimic may progress."""
    return p.sepsis_recorded or going_on(p) is not None or bool(mimics(p, limits)) or _is_critical(p, limits)


def _is_critical(p: PatientFacts, limits: Thresholds) -> bool:
    """Another mimic asks for care at once."""
    answers = (mimic.decide(p, limits) for mimic in CRITICAL_MIMICS)
    return any(isinstance(a, Advise) and a.indicator is Indicator.CRITICAL for a in answers)


def going_on(p: PatientFacts) -> Stay | None:
    """The stay in hospital, unless it ends now."""
    stay = p.stay
    is_inpatient = stay is not None and (stay.inpatient or stay.intensive)
    return stay if is_inpatient and p.hook != DISCHARGE else None


def active_minor(p: PatientFacts) -> tuple[Bleed, ...]:
    """Active WHO 1 bleeding of mucosa or organs, and what the patient alone reports."""
    return tuple(
        b for b in p.bleeding.active if b.site is not Site.SKIN and (b.weight == 1 or b.patient_reported)
    )


def count_before(p: PatientFacts, limits: Thresholds) -> PlateletCount | None:
    """The count before that a fall is measured from: at least 6 h earlier, 14 days at most, not after platelets."""
    current = p.platelets.current
    if current is None or current.transfused:
        return None
    earlier = [
        c
        for c in p.platelets.series
        if not c.transfused
        and current.time.earliest - c.time.earliest >= limits.span("trend_gap")
        and c.time.since(p.as_of) <= limits.span("trend_window")
    ]
    return max(earlier, key=lambda c: c.time.earliest, default=None)

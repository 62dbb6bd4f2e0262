"""The signs of the day (rulebook A.9): vital signs over their limit, sign Conditions, organ failure.

Windows are danger windows: the later end of a date counts. Suspected signs count, they are no diagnosis. What
was not measured is in `unknown`. Sedation and ventilation have no confirmed code: a coma score is taken as it
stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from cards.facts import Person, Sign, Signs, has_past_code, is_past
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.reading.organ_failure import FAILING, LABORATORY, VENTILATION, find_organ_failure
from cards.reading.windows import is_recent
from cards.reasons import Fact
from cards.record import Comparator, Finding, Measurement, Medication, Record
from cards.thresholds import Thresholds

TEMPERATURE, SYSTOLIC, MEAN = "obs-temperature", "obs-systolic", "obs-map"
LACTATE, GCS = "obs-lactate", "obs-gcs"
THUNDERCLAP, VASOPRESSOR = "sign-thunderclap-headache", "med-vasopressor"
HEADACHES = ("sign-headache", THUNDERCLAP)
SHOCK = ("sign-shock", "inf-septic-shock")
OTHERS = FEVER, MENINGISM, VOMITING, CONSCIOUSNESS, FOCAL, PAPILLOEDEMA = (
    "sign-fever",
    "sign-meningism",
    "sign-vomiting",
    "sign-altered-consciousness",
    "sign-focal-neurological",
    "sign-papilloedema",
)
EVENTS = SEIZURE, HEAD_INJURY = "sign-seizure", "sign-head-injury"
MEASURED = (TEMPERATURE, SYSTOLIC, MEAN, LACTATE, GCS, *LABORATORY)
RECORDED = (*HEADACHES, *SHOCK, *OTHERS, *EVENTS, *FAILING)
"""What shows a sign; beside it the drug and the procedure that stand for one."""
SEVERE = 3
ADULT_PRESSURE, TODDLER = 10, 1
LEAST_STEP = Decimal("0.001")
UNKNOWN = frozenset({Fact.TEMPERATURE, Fact.BLOOD_PRESSURE, Fact.LACTATE})
NO_SIGNS = Signs(unknown=UNKNOWN)


def read_signs(record: Record, person: Person, in_use: Sequence[Medication], limits: Thresholds) -> Signs:
    """All signs of the last 24 hours; head injuries of the last 72."""
    if _shows_none(record):
        return NO_SIGNS
    today = _Today(record, record.as_of, limits)
    temperatures = today.readings(TEMPERATURE)
    fever = today.over(temperatures, lambda v: v >= limits.fever) + today.conditions(FEVER)
    pressure = today.newest(SYSTOLIC), today.newest(MEAN)
    shock = (
        today.low_pressure(person.age_years, *pressure)
        + today.conditions(*SHOCK)
        + tuple(Sign(m.reference, time=m.start) for m in in_use if VASOPRESSOR in m.set_ids)
    )
    lactate, gcs = today.newest(LACTATE), today.newest(GCS)
    headaches = today.new_headaches()
    return Signs(
        fever=fever,
        hypothermia=today.over(temperatures, lambda v: v < limits.hypothermia),
        shock=shock,
        meningism=today.conditions(MENINGISM),
        lactate_high=today.over(lactate, lambda v: v > limits.lactate_high),
        headache=tuple(_sign_of(f) for f in headaches),
        severe_headache=tuple(_sign_of(f) for f in headaches if _is_severe(f)),
        vomiting=today.conditions(VOMITING),
        altered_consciousness=today.over(gcs, lambda v: v < limits.gcs_red_flag)
        + today.conditions(CONSCIOUSNESS),
        seizure=today.events(SEIZURE),
        focal_neurological=today.conditions(FOCAL),
        papilloedema=today.conditions(PAPILLOEDEMA),
        head_injury=today.events(HEAD_INJURY, within=limits.span("head_injury_hours")),
        organ_failure=shock
        + today.over(gcs, lambda v: v <= limits.gcs_organ_failure)
        + today.over(lactate, lambda v: v >= limits.lactate_organ_failure)
        + find_organ_failure(record, limits),
        unknown=_unknown(bool(temperatures or fever), any(pressure), bool(lactate)),
    )


def _shows_none(record: Record) -> bool:
    """Most records name nothing that a sign could be: that is told at a glance."""
    return (
        record.measured_sets.isdisjoint(MEASURED)
        and record.finding_sets.isdisjoint(RECORDED)
        and VASOPRESSOR not in record.drug_sets
        and VENTILATION not in record.performed_sets
    )


def _unknown(temperature: bool, pressure: bool, lactate: bool) -> frozenset[Fact]:
    known = ((Fact.TEMPERATURE, temperature), (Fact.BLOOD_PRESSURE, pressure), (Fact.LACTATE, lactate))
    return frozenset([fact for fact, is_known in known if not is_known])


@dataclass(frozen=True, slots=True)
class _Today:
    """The record seen through the window of the signs."""

    record: Record
    as_of: datetime
    limits: Thresholds

    @property
    def window(self) -> timedelta:
        return self.limits.span("sign_window")

    def readings(self, set_id: str) -> tuple[Measurement, ...]:
        """All readings of the window."""
        values = self.record.measured(set_id)
        return tuple([m for m in values if is_recent(m.time, self.as_of, self.window)]) if values else ()

    def newest(self, set_id: str) -> tuple[Measurement, ...]:
        """The latest reading of the window, if any."""
        readings = self.readings(set_id)
        if len(readings) < 2:
            return readings
        return (max(readings, key=lambda m: m.time.latest if m.time else self.as_of - self.window),)

    def over(self, readings: tuple[Measurement, ...], is_over: Callable[[Decimal], bool]) -> tuple[Sign, ...]:
        """The readings beyond a limit; a bound such as "<36" is judged by its number."""
        if not readings:
            return ()
        return tuple([Sign(m.reference, m.value, m.unit, m.time) for m in readings if is_over(_deciding(m))])

    def conditions(self, *set_ids: str, within: timedelta | None = None) -> tuple[Sign, ...]:
        """Sign Conditions with onset or record in the window."""
        if self.record.finding_sets.isdisjoint(set_ids):
            return ()
        return tuple([_sign_of(f) for f in self._recorded(set_ids, within or self.window)])

    def events(self, *set_ids: str, within: timedelta | None = None) -> tuple[Sign, ...]:
        """What happened in the window: it counts also where its record says that it is over."""
        if self.record.finding_sets.isdisjoint(set_ids):
            return ()
        window = within or self.window
        over = (
            f for f in self.record.findings_of(*set_ids) if is_past(f) and not _is_only_group(f, *set_ids)
        )
        dated = ((f, f.onset or f.ended) for f in over)
        return self.conditions(*set_ids, within=window) + tuple(
            [Sign(f.reference, time=when) for f, when in dated if is_recent(when, self.as_of, window)]
        )

    def _recorded(self, set_ids: tuple[str, ...], within: timedelta) -> Iterator[Finding]:
        for finding in self.record.findings_of(*set_ids):
            if is_past(finding) or _is_only_group(finding, *set_ids):
                continue
            if is_recent(reference_time(finding), self.as_of, within):
                yield finding

    def new_headaches(self) -> tuple[Finding, ...]:
        """Headaches of the window that did not begin long ago."""
        if self.record.finding_sets.isdisjoint(HEADACHES):
            return ()
        old = self.limits.span("headache_new")
        found = self._recorded(HEADACHES, self.window)
        return tuple(f for f in found if f.onset is None or is_recent(f.onset, self.as_of, old))

    def low_pressure(
        self, years: int | None, systolic: tuple[Measurement, ...], mean: tuple[Measurement, ...]
    ) -> tuple[Sign, ...]:
        """Shock by the latest reading; without an age the limits of adults, the more sensitive ones."""
        limits = self.limits
        if years is None or years >= ADULT_PRESSURE:
            return self.over(systolic, lambda v: v < limits.shock_sbp) + self.over(
                mean, lambda v: v < limits.shock_map
            )
        if years >= TODDLER:
            return self.over(systolic, lambda v: v < limits.shock_sbp_child + 2 * years)
        return self.over(systolic, lambda v: v < limits.shock_sbp_infant)


def _deciding(measured: Measurement) -> Decimal:
    """A strict bound lies beyond its number by the least possible step."""
    match measured.comparator:
        case Comparator.LESS:
            return measured.value - LEAST_STEP
        case Comparator.GREATER:
            return measured.value + LEAST_STEP
    return measured.value


def _is_only_group(finding: Finding, *set_ids: str) -> bool:
    """A group code (nausea and vomiting in one) or a history code does not show the sign."""
    if has_past_code(finding, *set_ids):
        return True
    return all(m.status == "parent" for m in finding.memberships if m.set_id in set_ids)


def _is_severe(headache: Finding) -> bool:
    """By its severity or its code."""
    return (headache.severity or 0) >= SEVERE or headache.is_in(THUNDERCLAP)


def _sign_of(finding: Finding) -> Sign:
    return Sign(finding.reference, time=finding.onset or finding.recorded)

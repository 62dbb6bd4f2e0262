"""Falls and rises that mimics ask for: haemoglobin within 72 hours, creatinine against its own past (rulebook A.9)."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.outcome import Input
from cards.reading.organ_failure import KIDNEY_DISEASE
from cards.reading.trend import median
from cards.record import Measurement
from cards.rows import measurement_row
from cards.safety.haemolysis import Shown
from cards.safety.laboratory import above_range, newest
from cards.thresholds import Thresholds


def find_haemoglobin_drop(p: PatientFacts, limits: Thresholds) -> Shown:
    """At least 2 g/dL below another value of the 72 hours before; unknown with fewer than two values."""
    within = limits.span("hb_fall_hours")
    values = [m for m in p.measured("obs-hemoglobin") if m.time is not None]
    last = newest(p, "obs-hemoglobin", within)
    if last is None:
        return Shown(Known.UNKNOWN)
    before = [m for m in values if m.unit == last.unit and _is_before(m, last, p, limits)]
    if not before:
        return Shown(Known.UNKNOWN)
    highest = max(before, key=lambda m: m.value)
    answer = Known.YES if highest.value - last.value >= limits.hb_fall else Known.NO
    rows = (measurement_row("haemoglobin", last), measurement_row("haemoglobin before", highest))
    return Shown(answer, rows)


def _is_before(m: Measurement, last: Measurement, p: PatientFacts, limits: Thresholds) -> bool:
    if m.time is None or last.time is None or m.time.earliest >= last.time.earliest:
        return False
    return last.time.earliest - m.time.latest <= limits.span("hb_fall_hours")


def find_creatinine_rise(p: PatientFacts, limits: Thresholds) -> Shown:
    """At least 1.5 times the median of 7 to 365 days before; without one: above its range and no kidney disease."""
    last = newest(p, "obs-creatinine", limits.span("organ_failure_hours"))
    if last is None or last.time is None:
        return Shown(Known.UNKNOWN)
    near, far = limits.span("creatinine_from"), limits.span("creatinine_to")
    before = [
        m.value
        for m in p.record.measurements["obs-creatinine"]
        if m.unit == last.unit and m.time is not None and near <= last.time.earliest - m.time.earliest <= far
    ]
    row: tuple[Input, ...] = (measurement_row("creatinine", last),)
    if before:
        middle = median(before)
        risen = last.value >= limits.creatinine_rise_hus * middle
        shown = Input("creatinine before (median)", middle, last.unit)
        return Shown(Known.YES if risen else Known.NO, (*row, shown))
    if p.present(*KIDNEY_DISEASE):
        return Shown(Known.UNKNOWN, row)
    return Shown(above_range(last), row)

"""Organ failure by laboratory and Condition (rulebook A.9); shock, coma and lactate: with the signs."""

from __future__ import annotations

from datetime import timedelta

from cards.facts import Sign, is_present
from cards.facts.patient import DONE
from cards.facts.presence import is_under_way
from cards.reading.trend import median
from cards.reading.windows import is_recent
from cards.record import Measurement, Record
from cards.thresholds import Thresholds

CREATININE, BILIRUBIN, INR = "obs-creatinine", "obs-bilirubin", "obs-pt-inr"
KIDNEY_DISEASE = ("risk-ckd", "status-dialysis")
FAILING = ("risk-liver-failure", "risk-respiratory-failure", "risk-kidney-failure-acute")
VENTILATION = "status-ventilation"
LABORATORY = (CREATININE, BILIRUBIN)
"""What tells it; the INR only beside bilirubin."""


def find_organ_failure(record: Record, limits: Thresholds) -> tuple[Sign, ...]:
    """Kidney, liver, present Conditions of acute organ failure, ventilation of the last 24 hours."""
    failing = [
        Sign(f.reference, time=f.onset or f.recorded)
        for f in record.findings_of(*FAILING)
        if is_present(f, *FAILING)
    ]
    failing += _ventilated(record, limits)
    within = limits.span("organ_failure_hours")
    creatinine = _newest(record, CREATININE, within)
    if creatinine is not None and _kidney_fails(record, creatinine, limits):
        failing.append(_sign(creatinine))
    bilirubin, inr = _newest(record, BILIRUBIN, within), _newest(record, INR, within)
    clots_badly = inr is not None and inr.value >= limits.inr_raised
    if bilirubin is not None and clots_badly and bilirubin.value >= limits.bilirubin_organ_failure:
        failing.append(_sign(bilirubin))
    return tuple(failing)


def _ventilated(record: Record, limits: Thresholds) -> list[Sign]:
    """Artificial ventilation that is under way, or ended a day ago at most."""
    within = limits.span("sign_window")
    events = (e for e in record.performed if VENTILATION in e.set_ids and e.status in DONE)
    return [
        Sign(e.reference, time=e.start)
        for e in events
        if is_under_way(e) or is_recent(e.end or e.start, record.as_of, within)
    ]


def _kidney_fails(record: Record, creatinine: Measurement, limits: Thresholds) -> bool:
    """At least twice the median of 7 to 365 days before, or >= 177 umol/L without known kidney disease."""
    near, far = limits.span("creatinine_from"), limits.span("creatinine_to")
    time = creatinine.time
    before = [
        m.value
        for m in record.measured(CREATININE)
        if m.time is not None and time is not None and near <= time.earliest - m.time.earliest <= far
    ]
    if before and creatinine.value >= limits.creatinine_rise * median(before):
        return True
    known = any(is_present(f, *KIDNEY_DISEASE) for f in record.findings_of(*KIDNEY_DISEASE))
    return creatinine.value >= limits.creatinine_organ_failure and not known


def _newest(record: Record, set_id: str, within: timedelta) -> Measurement | None:
    values = record.measured(set_id)
    if not values:
        return None
    recent = [m for m in values if is_recent(m.time, record.as_of, within)]
    return max(recent, key=lambda m: m.time.latest if m.time else record.as_of, default=None)


def _sign(measured: Measurement) -> Sign:
    return Sign(measured.reference, measured.value, measured.unit, measured.time)

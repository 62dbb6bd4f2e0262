"""Procedures of the next days while the count may not decide: no card speaks of them, so those of the doubt do."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.outcome import Input
from cards.rows import event_row
from cards.thresholds import Thresholds
from cards.transfusion.bleeding_risk import INVASIVE, is_coming


def planned_procedures(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Their rows. A selected procedure is judged by the last known count instead (ORD-27)."""
    within = limits.span("procedure_days")
    plans = (e for e in p.planned if not e.set_ids.isdisjoint(INVASIVE) and is_coming(p, e, within))
    return tuple(event_row("planned procedure", plan) for plan in plans)

"""Why platelets may be needed although nothing bleeds, and whether a bleed is life-threatening (for ORD-08 to 11)."""

from __future__ import annotations

from decimal import Decimal

from cards.facts import PatientFacts
from cards.host import hypoproliferative
from cards.outcome import Advise, Indicator, Input
from cards.procedures.limits import decide as planned_procedures
from cards.procedures.limits import selected_procedures
from cards.rows import bleeding_rows, sign_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.transfusion.bleeding_risk import high_bleeding_risk
from cards.transfusion.case import Row, find_row

PROCEDURES = (
    "proc-lumbar-puncture",
    "proc-cvc",
    "proc-organ-biopsy",
    "proc-endoscopy",
    "proc-endoscopy-biopsy",
    "proc-ir-low-risk",
    "proc-major-surgery",
    "proc-neurosurgery",
    "proc-neuraxial",
    "proc-delivery",
    "proc-tooth-extraction",
    "proc-generic",
)
ALLOIMMUNE = ("mimic-alloimmune", "cond-thrombocytopenia-neonatal")


def life_threatening(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """TRF-01: the two worst rows of the transfusion matrix, and a count that is low for the row or not known."""
    row = find_row(p, mimics(p, limits))
    if row not in (Row.SEVERE, Row.CNS):
        return ()
    last = p.platelets.last_known
    limit = limits.cns_transfuse if row is Row.CNS else limits.bleeding_transfuse
    if last is not None and last >= limit:
        return ()
    signs = tuple(sign_row("shock", s) for s in p.signs.shock)
    return (*bleeding_rows(p.bleeding.deep or p.bleeding.active), *signs)


def procedure_below_limit(p: PatientFacts, limits: Thresholds) -> bool:
    """A procedure is planned or selected, and the count is below its usual limit (PROC; more than information)."""
    planned = (o for o in planned_procedures(p, limits).values() if isinstance(o, Advise))
    return any(o.indicator > Indicator.INFO for o in (*planned, *selected_procedures(p, limits)))


def added_risk(p: PatientFacts, limits: Thresholds, count: Decimal) -> bool:
    """Platelets may be considered without bleeding: TRF-07 and TRF-12 below 20, TRF-09 below 50."""
    risk = bool(high_bleeding_risk(p, limits))
    if "SAFE-07" in mimics(p, limits) and risk and count < limits.bleeding_transfuse:
        return True
    if count >= limits.low_high_risk:
        return False
    critically_ill = p.sepsis_recorded or (p.stay is not None and p.stay.intensive)
    marrow = bool(hypoproliferative(p, limits))
    return (risk and (critically_ill or marrow)) or (marrow and bool(p.sepsis_recorded or p.signs.fever))


def alloimmune(p: PatientFacts) -> bool:
    """A neonatal alloimmune thrombocytopenia, recorded or suspected."""
    return bool(p.present(*ALLOIMMUNE) or p.suspected(*ALLOIMMUNE))

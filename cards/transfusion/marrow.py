"""A marrow that makes no platelets (rulebook A.9, hypoproliferative), and signs against an immune cause (PLT-05)."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.outcome import Input
from cards.record import Result
from cards.rows import event_row, finding_row, measurement_row, medication_row, result_row
from cards.thresholds import Thresholds

FAILING = ("mimic-acute-leukaemia", "mimic-aplastic")
CHEMOTHERAPY, STEM_CELLS = ("proc-chemotherapy",), ("status-transplant",)
"""Only the codes of stem-cell transplantation in `status-transplant` are procedures."""

FOREIGN_CELLS = (("obs-blasts", "blasts"), ("obs-schistocytes", "schistocytes"))


def hypoproliferative(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Chemotherapy or stem cells in the last 30 days, or a present leukaemia, MDS, aplastic anaemia, marrow failure."""
    within = limits.span("hypoproliferative_days")
    return (
        *(finding_row("marrow disease", f) for f in p.present(*FAILING)),
        *(event_row("chemotherapy", e) for e in p.done_within(within, *CHEMOTHERAPY)),
        *(medication_row("chemotherapy", m) for m in p.used_within(within, "med-chemotherapy")),
        *(event_row("stem-cell transplantation", e) for e in p.done_within(within, *STEM_CELLS)),
    )


def without_prophylaxis(p: PatientFacts) -> bool:
    """Aplastic anaemia: AABB 2.1 advises no prophylactic platelets."""
    return bool(p.present("mimic-aplastic"))


def not_isolated(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """What makes an immune cause alone unlikely: anaemia that no bleeding explains, neutropenia, foreign cells."""
    within = limits.span("not_isolated_hb_fall_days")
    hb, neutrophils = p.newest("obs-hemoglobin", within), p.newest("obs-neutrophils", within)
    rows = [
        result_row(name, t)
        for set_id, name in FOREIGN_CELLS
        for t in p.tests(set_id)
        if t.result is Result.POSITIVE and t.time is not None and t.time.since(p.as_of) <= within
    ]
    if hb is not None and hb.value < limits.not_isolated_hb and not p.bleeding.deep:
        rows.append(measurement_row("haemoglobin", hb))
    if neutrophils is not None and neutrophils.value < limits.not_isolated_neutrophils:
        rows.append(measurement_row("neutrophils", neutrophils))
    return tuple(rows)

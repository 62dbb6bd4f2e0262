"""A marrow that makes no platelets (rulebook A.9, hypoproliferative)."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.outcome import Input
from cards.rows import event_row, finding_row, medication_row
from cards.thresholds import Thresholds

FAILING = ("mimic-acute-leukaemia", "mimic-aplastic")
CHEMOTHERAPY, STEM_CELLS = ("proc-chemotherapy",), ("status-transplant",)
"""Only the codes of stem-cell transplantation in `status-transplant` are procedures."""


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

"""Who is a newborn or immunocompromised, whose marrow makes no platelets, who has no working spleen, who is dialysed.

Rulebook A.9, POP-01, POP-05, POP-08. Asked by all families: it stands above them.
"""

from __future__ import annotations

from decimal import Decimal

from cards.facts import Known, PatientFacts
from cards.facts.once import once
from cards.facts.patient import DONE
from cards.months import add_months
from cards.outcome import Input
from cards.record import Medication, Moment, Performed
from cards.rows import event_row, finding_row, measurement_row, medication_row
from cards.steroid_dose import Dose, courses_in_use, dose_of_all, rows_of
from cards.thresholds import Thresholds

WEEK = 7
RITUXIMAB = "med-rituximab"
HIV_CONDITION, HIV_ID = ("inf-hiv",), "INF-HIV"
TRANSPLANT, ASPLENIA, SPLENECTOMY = ("status-transplant",), ("risk-asplenia",), ("proc-splenectomy",)
DIALYSIS = "status-dialysis"
FAILING = ("mimic-acute-leukaemia", "mimic-aplastic")
CHEMOTHERAPY, STEM_CELLS = ("proc-chemotherapy",), ("status-transplant",)
"""Only the codes of stem-cell transplantation in `status-transplant` are procedures."""


@once
def is_newborn(p: PatientFacts, limits: Thresholds) -> bool:
    """Under 28 days of life, or born before 37 weeks and not yet 44 weeks of postmenstrual age."""
    return p.person.is_neonate or is_preterm(p, limits)


def is_preterm(p: PatientFacts, limits: Thresholds) -> bool:
    """Born before 37 weeks as recorded, and not yet 44 weeks of postmenstrual age."""
    days, weeks = p.person.age_days, p.person.gestation_weeks
    if days is None or weeks is None or p.person.pregnancy is Known.YES or weeks >= limits.preterm_weeks:
        return False
    return weeks + Decimal(days) / WEEK < limits.preterm_until_weeks


def dialysis(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Rows of dialysis: recorded as a status, or carried out in the last days."""
    recorded = [finding_row("dialysis", f) for f in p.present(DIALYSIS)]
    return (
        *recorded,
        *[event_row("dialysis", e) for e in p.done_within(limits.span("dialysis_days"), DIALYSIS)],
    )


def kidney_disease(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Rows of a kidney disease that is recorded, and of dialysis."""
    return (*[finding_row("kidney disease", f) for f in p.present("risk-ckd")], *dialysis(p, limits))


def immunocompromised(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Rows of every item of A.9; empty where none is recorded.

    A steroid in use for 14 days counts unless its dose is known to be below the limit.
    """
    return (
        *hiv(p, limits),
        *(finding_row("transplant", f) for f in p.findings(*TRANSPLANT)),
        *(event_row("transplant", e) for e in transplantations(p)),
        *hypoproliferative(p, limits),
        *rituximab(p, limits),
        *weakening_steroids(p, limits),
    )


def transplantations(p: PatientFacts) -> tuple[Performed, ...]:
    """Transplantations that were done, whenever that was."""
    return _ever_done(p, TRANSPLANT)


def _ever_done(p: PatientFacts, sets: tuple[str, ...]) -> tuple[Performed, ...]:
    if p.record.performed_sets.isdisjoint(sets):
        return ()
    return tuple(e for e in p.given if e.status in DONE and not e.set_ids.isdisjoint(sets))


@once
def hypoproliferative(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Chemotherapy or stem cells in the last 30 days, or a present leukaemia, MDS, aplastic anaemia, marrow failure."""
    record = p.record
    done = not record.performed_sets.isdisjoint((*CHEMOTHERAPY, *STEM_CELLS))
    if not (done or "med-chemotherapy" in record.drug_sets) and record.finding_sets.isdisjoint(FAILING):
        return ()
    within = limits.span("hypoproliferative_days")
    return (
        *(finding_row("marrow disease", f) for f in p.present(*FAILING)),
        *(event_row("chemotherapy", e) for e in p.done_within(within, *CHEMOTHERAPY)),
        *(medication_row("chemotherapy", m) for m in p.used_within(within, "med-chemotherapy")),
        *(event_row("stem-cell transplantation", e) for e in p.done_within(within, *STEM_CELLS)),
    )


def hiv(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """HIV with CD4 below 200 or without a CD4 count."""
    findings = p.present(*HIV_CONDITION)
    if not findings and not p.infections.current(HIV_ID, suspected=False):
        return ()
    cd4 = p.newest("obs-cd4")
    if cd4 is not None and cd4.value >= limits.cd4_low:
        return ()
    shown = () if cd4 is None else (measurement_row("CD4 cells", cd4),)
    return (*(finding_row("HIV infection", f) for f in findings), *shown) or (Input("HIV", "recorded"),)


def weakening_steroids(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Systemic steroids in use for 14 days or more, or without a recorded start; none in a dose known to be lower."""
    courses = courses_in_use(p, limits)
    return () if not courses or dose_of_all(p, courses, limits) is Dose.LOW else rows_of(courses)


def rituximab(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Rituximab of the last six months."""
    return tuple(
        medication_row("rituximab", m) for m in p.record.medications if _recent_rituximab(p, m, limits)
    )


def _recent_rituximab(p: PatientFacts, drug: Medication, limits: Thresholds) -> bool:
    if RITUXIMAB not in drug.set_ids or drug.status in ("not-taken", "cancelled", "draft", "on-hold"):
        return False
    last: Moment | None = drug.end or drug.start
    return last is None or add_months(last.latest, int(limits.rituximab_months)) >= p.as_of


def asplenia(p: PatientFacts) -> tuple[Input, ...]:
    """No spleen or one without function, also as history; a spleen that was removed, whenever that was."""
    return (
        *(finding_row("asplenia", f) for f in p.findings(*ASPLENIA)),
        *(event_row("spleen removed", e) for e in _ever_done(p, SPLENECTOMY)),
    )

"""The bleeding risks of TPO-02 (TPO-01 asks for one from 30 to 49), each with the rows that show it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from cards.facts import PatientFacts, PlateletCount, Site
from cards.facts.once import once
from cards.frozen import dataclass
from cards.outcome import Input
from cards.reading.organ_failure import KIDNEY_DISEASE
from cards.record import Medication, Moment, Planned, Route
from cards.rows import bleeding_rows, count_row, event_row, finding_row, medication_row
from cards.thresholds import Thresholds
from cards.tpo_ra.phase import find_onset

ANTITHROMBOTICS = ("med-anticoagulant", "med-heparin", "med-antiplatelet")
ATRIAL_FIBRILLATION = ("risk-atrial-fibrillation",)
MAJOR_PROCEDURES = ("proc-major-surgery", "proc-neurosurgery")
FIRST_LINE = STEROID, IVIG = "med-corticosteroid", "med-ivig"
SYSTEMIC = (None, Route.ORAL, Route.INTRAVENOUS, Route.INTRAMUSCULAR)
"""Routes of a steroid that treats; unknown counts, for creams and drops name theirs."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One item of the list: `risk.<key>` are its words."""

    key: str
    rows: tuple[Input, ...]


@once
def find_risks(p: PatientFacts, limits: Thresholds) -> tuple[Risk, ...]:
    """Every item that the record shows, in the order of the rulebook."""
    found = ((key, rows(p, limits)) for key, rows in _ITEMS)
    return tuple(Risk(key, rows) for key, rows in found if rows)


def _age(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    age = p.person.age_years
    if age is None or age < limits.elderly:
        return ()
    return (Input("age", age, "a", None, p.person.reference),)


def _previous_bleed(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """A.9 major: WHO 3-4, or a site that is life-threatening by itself."""
    if not p.bleeding.history:
        return ()
    return bleeding_rows(
        tuple(
            b for b in p.bleeding.history if b.weight >= 3 or b.life_threatening_site or b.site is Site.CNS
        ),
    )


def _antithrombotic(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    drugs = tuple([medication_row("antithrombotic drug", m) for m in p.using(*ANTITHROMBOTICS)])
    return drugs or tuple(
        [finding_row("reason for an anticoagulant", f) for f in p.present(*ATRIAL_FIBRILLATION)]
    )


def _kidney(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    return tuple([finding_row("chronic kidney disease", f) for f in p.present(*KIDNEY_DISEASE)])


def _bleeding_on_treatment(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Active WHO 2 and more while a steroid, IVIG or the therapy of the infection is under way."""
    if not p.bleeding.serious:
        return ()
    treated = p.using(*FIRST_LINE) or any(i.is_under_therapy for i in p.infections.found)
    return bleeding_rows(p.bleeding.serious) if treated else ()


def _no_response(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """A steroid for two weeks, or IVIG a week ago, since the onset, and the count is still this low."""
    if p.record.drug_sets.isdisjoint(FIRST_LINE):
        return ()
    current, onset = p.platelets.current, find_onset(p, limits)
    if current is None or onset is None:
        return ()
    trials = ((STEROID, limits.span("tpo_steroid_days")), (IVIG, limits.span("tpo_ivig_days")))
    return tuple(
        medication_row("first-line treatment without a lasting rise", m)
        for set_id, span in trials
        for m in p.record.medications
        if set_id in m.set_ids and _has_failed(m, onset, current.time, span)
    )


def _has_failed(m: Medication, onset: Moment, counted: Moment, span: timedelta) -> bool:
    if m.start is None or m.route not in SYSTEMIC or (m.end is not None and m.end.latest < onset.earliest):
        return False
    return counted.earliest - max(m.start.latest, onset.earliest) >= span


def _procedure(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    if not p.planned:
        return ()
    coming = (
        plan for plan in p.planned if not plan.set_ids.isdisjoint(MAJOR_PROCEDURES) and is_coming(p, plan)
    )
    return tuple(event_row("planned major procedure", plan) for plan in coming)


def is_coming(p: PatientFacts, plan: Planned) -> bool:
    """Planned and not in the past; without a date it may be."""
    return plan.occurrence is None or plan.occurrence.latest >= p.as_of


def _very_low(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Below 20 for two weeks without a count at or above it between."""
    first: PlateletCount | None = None
    for count in reversed(p.platelets.series):
        if count.value >= limits.tpo_very_low:
            break
        first = count
    current = p.platelets.current
    if first is None or current is None:
        return ()
    lasting = current.time.earliest - first.time.latest >= limits.span("tpo_very_low_weeks")
    return (count_row(first, "first platelet count of the very low series"),) if lasting else ()


_ITEMS: tuple[tuple[str, Callable[[PatientFacts, Thresholds], tuple[Input, ...]]], ...] = (
    ("age", _age),
    ("previous-bleed", _previous_bleed),
    ("antithrombotic", _antithrombotic),
    ("kidney", _kidney),
    ("bleeding", _bleeding_on_treatment),
    ("no-response", _no_response),
    ("procedure", _procedure),
    ("very-low", _very_low),
)

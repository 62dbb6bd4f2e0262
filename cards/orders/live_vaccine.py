"""ORD-21: a live vaccine is selected in weak defence, pregnancy, or while donor antibodies would defeat it."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.facts.presence import NEVER_TAKEN
from cards.host import hiv, hypoproliferative, rituximab, transplantations
from cards.months import add_months
from cards.orders.selection import none_chosen, read_count, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Medication, Moment
from cards.rows import event_row, finding_row, medication_row, pregnancy_row
from cards.steroid_dose import (
    Dose,
    courses_ended,
    courses_in_use,
    courses_ordered,
    dose_of,
    dose_of_all,
    length_of,
    rows_of,
)
from cards.thresholds import Thresholds

LIVE, MMR_VARICELLA = ("vax-live", "vax-mmr-varicella"), ("vax-mmr-varicella",)
IVIG = "med-ivig"
BLOOD = ("proc-platelet-transfusion", "product-platelets", "proc-other-blood-product")
ITP = ("cond-thrombocytopenia-immune", "cond-thrombocytopenia-secondary")


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Weak defence, high-dose steroid, pregnancy critical; unknown dose, donor antibodies, vaccine ITP a warning."""
    orders = p.selected(*LIVE)
    if not orders:
        return none_chosen(p)
    measles = any(o.is_in(*MMR_VARICELLA) for o in orders)
    reasons = (
        *_defence(p, limits),
        *(_donor_antibodies(p, limits) if measles else ()),
        *_vaccine_itp(p, limits),
    )
    if not reasons:
        return _silent(p)
    judged = Judged("ORD-21", "selected live vaccine", orders, read_count(p), by_count=False)
    critical = any(r.indicator is Indicator.CRITICAL for r in reasons)
    pregnant = any(r.key == "pregnancy" for r in reasons)
    also = (
        *(("POP-05",) if any(r.key in ("defence", "steroid-dose") for r in reasons) else ()),
        *(("POP-03",) if pregnant else ()),
    )
    buttons = (remove(orders, recommended=critical),)
    return order_card(p, judged, reasons, also=also, more=("history",), buttons=buttons)


def _defence(p: PatientFacts, limits: Thresholds) -> tuple[Reason, ...]:
    marrow = hypoproliferative(p, limits)
    transplant = (
        *(finding_row("transplant", f) for f in p.findings("status-transplant")),
        *(event_row("transplant", e) for e in transplantations(p)),
    )
    weak = (*marrow, *transplant, *hiv(p, limits), *rituximab(p, limits))
    courses = _steroids(p, limits)
    dose, rows = _dose(p, courses, limits), rows_of(courses)
    pregnant = p.person.pregnancy is Known.YES
    shown = (pregnancy_row(p),) if pregnant else ()
    found = (
        ("defence", Indicator.CRITICAL, weak),
        ("pregnancy", Indicator.CRITICAL, shown),
        ("steroid-dose", Indicator.CRITICAL, rows if dose is Dose.HIGH else ()),
        ("steroid", Indicator.WARNING, rows if dose is Dose.UNKNOWN else ()),
    )
    return tuple(Reason(key, indicator, rows) for key, indicator, rows in found if rows)


def _steroids(p: PatientFacts, limits: Thresholds) -> tuple[Medication, ...]:
    """A course of two weeks or more that goes on, ended within a month, or is selected beside the vaccine."""
    ended = courses_ended(p, limits, int(limits.live_vaccine_steroid_months))
    return tuple(dict.fromkeys((*courses_in_use(p, limits), *ended, *courses_ordered(p, limits))))


def _dose(p: PatientFacts, courses: tuple[Medication, ...], limits: Thresholds) -> Dose:
    """HIGH where one course is surely in that dose for that time; a length that is not stated leaves it UNKNOWN."""
    if not courses:
        return Dose.LOW
    sure = (m for m in courses if length_of(p, m, limits) is Dose.HIGH)
    if any(dose_of(p, m, limits) is Dose.HIGH for m in sure):
        return Dose.HIGH
    return Dose.LOW if dose_of_all(p, courses, limits) is Dose.LOW else Dose.UNKNOWN


def _donor_antibodies(p: PatientFacts, limits: Thresholds) -> tuple[Reason, ...]:
    """MMR and varicella fail for months after immunoglobulin (dose unknown: 11) and after platelets or plasma (7)."""
    ivig = tuple(
        medication_row("immunoglobulin", m)
        for m in p.record.medications
        if IVIG in m.set_ids
        and m.status not in NEVER_TAKEN
        and _is_within(p, m.end or m.start, int(limits.live_vaccine_ivig_months))
    )
    blood = tuple(
        event_row("platelets or plasma", e)
        for e in p.given
        if not e.set_ids.isdisjoint(BLOOD)
        and _is_within(p, e.end or e.start, int(limits.live_vaccine_blood_months))
    )
    found = (("ivig", ivig), ("blood", blood))
    return tuple(Reason(key, Indicator.WARNING, rows) for key, rows in found if rows)


def _is_within(p: PatientFacts, when: Moment | None, months: int) -> bool:
    """Less than so many months ago; without a date it may be."""
    return when is None or add_months(when.latest, months) > p.as_of


def _vaccine_itp(p: PatientFacts, limits: Thresholds) -> tuple[Reason, ...]:
    """A thrombocytopenia that began within six weeks after such a vaccine. ITP alone is no reason."""
    within = limits.span("vaccine_itp_weeks")
    vaccines = [e for e in p.record.immunizations if not e.set_ids.isdisjoint(MMR_VARICELLA) and e.start]
    rows = tuple(
        finding_row("thrombocytopenia after a vaccine", f)
        for f in p.findings(*ITP)
        for v in vaccines
        if f.onset is not None
        and v.start is not None
        and f.onset.latest >= v.start.earliest
        and f.onset.earliest - v.start.latest <= within
    )
    return (Reason("vaccine-itp", Indicator.WARNING, tuple(dict.fromkeys(rows))),) if rows else ()


def _silent(p: PatientFacts) -> NoAdvice | CannotTell:
    person = p.person
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    if not p.answered(Kind.MEDICATIONS):
        return CannotTell(Fact.MEDICATIONS)
    if person.pregnancy is Known.UNKNOWN and person.pregnancy_matters:
        return CannotTell(Fact.PREGNANCY)
    return NoAdvice(Why.ALLOWED)


ADVICE = Advice(
    stem="orders/live_vaccine",
    ids=("ORD-21",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

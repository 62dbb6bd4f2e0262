"""What a pathogen's file asks of the record: values, drugs, conditions, tests, vaccines, bleeding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from cards.anti_infective.applied import NO, YES, Applied, answer, limit_of
from cards.anti_infective.content import Agent, Caution
from cards.facts import Bleed, Infection, Known, PatientFacts, Site
from cards.facts.patient import DONE
from cards.outcome import CannotTell, Input
from cards.reasons import Fact
from cards.record import Comparator, Kind, Measurement, Performed, Result
from cards.rows import (
    bleeding_row,
    event_row,
    finding_row,
    infection_row,
    measurement_row,
    medication_row,
    order_row,
    result_row,
    stay_row,
)
from cards.thresholds import Thresholds

MEASURED: Mapping[str, tuple[str, Fact]] = MappingProxyType(
    {
        "obs-hemoglobin": ("haemoglobin", Fact.HAEMOGLOBIN),
        "obs-neutrophils": ("neutrophils", Fact.NEUTROPHILS),
        "obs-creatinine": ("creatinine", Fact.CREATININE),
        "obs-lactate": ("lactate", Fact.LACTATE),
        "obs-glucose": ("glucose", Fact.GLUCOSE),
        "obs-parasitaemia": ("parasitaemia", Fact.PARASITAEMIA),
    }
)
"""Values that a file may ask for: our name for them, and the fact that is missing without one."""


_MARKERS: Mapping[str, Fact] = MappingProxyType(
    {"lab-hbv-surface-antigen": Fact.HBSAG, "lab-hbv-core-antibody": Fact.ANTI_HBC}
)
"""Tests that a file may ask for by their result: what is missing without one."""


def egfr_below(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    newest = p.newest("obs-egfr", limits.span("egfr_days"))
    below = None if newest is None else _is_below(newest, limit_of(caution))
    if newest is None or below is None:
        return Applied(Known.UNKNOWN, missing=Fact.EGFR)
    return Applied(Known.YES, (measurement_row("eGFR", newest),)) if below else NO


def egfr_known_below(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    found = egfr_below(p, caution, infection, limits)
    return NO if found.answer is Known.UNKNOWN else found


def measured_below(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    return _measured(p, caution, _is_below)


def measured_above(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    return _measured(p, caution, _is_above)


def _measured(
    p: PatientFacts, caution: Caution, judge: Callable[[Measurement, Decimal], bool | None]
) -> Applied:
    set_id = caution.sets[0]
    name, fact = MEASURED[set_id]
    newest = p.newest(set_id, timedelta(days=caution.days or 0))
    holds = None if newest is None else judge(newest, limit_of(caution))
    if newest is None or holds is None:
        return Applied(Known.UNKNOWN, missing=fact)
    return Applied(Known.YES if holds else Known.NO, (measurement_row(name, newest),))


def _is_below(measured: Measurement, limit: Decimal) -> bool | None:
    """Three-valued: `>15` tells nothing about a limit of 30, `>60` does."""
    if measured.comparator in (Comparator.GREATER, Comparator.AT_LEAST):
        return False if measured.value >= limit else None
    if measured.comparator is Comparator.LESS:
        return True if measured.value <= limit else None
    if measured.comparator is Comparator.AT_MOST:
        return True if measured.value < limit else None
    return measured.value < limit


def _is_above(measured: Measurement, limit: Decimal) -> bool | None:
    if measured.comparator in (Comparator.LESS, Comparator.AT_MOST):
        return False if measured.value <= limit else None
    if measured.comparator is Comparator.GREATER:
        return True if measured.value >= limit else None
    if measured.comparator is Comparator.AT_LEAST:
        return True if measured.value > limit else None
    return measured.value > limit


def platelets_below(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    last = p.platelets.last_known
    if last is None:
        return Applied(Known.UNKNOWN, missing=Fact.PLATELETS)
    return YES if last < limit_of(caution) else NO


def using(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    rows = tuple(medication_row("medicine named in the cautions", m) for m in p.using(*caution.sets))
    return answer(rows, p.answered(Kind.MEDICATIONS), Fact.MEDICATIONS)


def using_or_selected(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    selected = tuple(order_row("medicine named in the cautions", o) for o in p.selected(*caution.sets))
    used = using(p, caution)
    return Applied(Known.YES, (*selected, *used.rows)) if selected else used


def used(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    """In use, or ended in the last `days`."""
    drugs = p.used_within(timedelta(days=caution.days or 0), *caution.sets)
    rows = tuple(medication_row("medicine named in the cautions", m) for m in drugs)
    return answer(rows, p.answered(Kind.MEDICATIONS), Fact.MEDICATIONS)


def finding(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    rows = tuple(finding_row("condition named in the cautions", f) for f in p.present(*caution.sets))
    rows = rows or _proven(p, caution, suspected=False)
    return answer(rows, p.answered(Kind.CONDITIONS), Fact.CONDITIONS)


def _proven(p: PatientFacts, caution: Caution, *, suspected: bool) -> tuple[Input, ...]:
    """An infection of the sets that tests alone show: HIV by its RNA is HIV."""
    found = p.infections.current(suspected=suspected)
    sets = set(caution.sets)
    return tuple(
        infection_row(p, i) for i in found if not sets.isdisjoint(p.pathogens[i.pathogen].condition_sets)
    )


def finding_or_suspected(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    """What a suspicion is enough for: a drug that would hide it, or be too weak for it."""
    found = (*p.present(*caution.sets), *p.suspected(*caution.sets))
    rows = tuple(finding_row("condition named in the cautions", f) for f in found)
    rows = rows or _proven(p, caution, suspected=True)
    return answer(rows, p.answered(Kind.CONDITIONS), Fact.CONDITIONS)


def inpatient(p: PatientFacts, *_: object) -> Applied:
    stay = p.stay
    if stay is None or not stay.inpatient:
        return NO
    return Applied(Known.YES, (stay_row(stay),))


def disseminated_coagulation(
    p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds
) -> Applied:
    """As SAFE-07 sees it. Imported late: that family asks this one for its buttons."""
    from cards.safety.dic import Suspicion, suspect

    found = suspect(p, limits)
    if isinstance(found, Suspicion):
        return Applied(Known.YES, (*found.score.rows, *found.rows))
    return Applied(Known.UNKNOWN, missing=found.missing[0]) if isinstance(found, CannotTell) else NO


def possible_stec_hus(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    """As SAFE-03 sees it, without what is a question only. Imported late, as above."""
    from cards.safety.stec_hus import Suspicion, suspect

    found = suspect(p, limits)
    if not isinstance(found, Suspicion) or found.is_question:
        return NO
    return Applied(Known.YES, found.rows)


def test_positive(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    """By the newest result; without one it is unknown."""
    settled = [t for t in p.tests(*caution.sets) if t.result is not Result.INDETERMINATE]
    newest = max(settled, key=lambda t: t.time.earliest.timestamp() if t.time else 0.0, default=None)
    if newest is None:
        return Applied(Known.UNKNOWN, missing=_MARKERS.get(caution.sets[0], Fact.BLOOD_BORNE_VIRUSES))
    positive = newest.result is Result.POSITIVE
    return Applied(Known.YES, (result_row("test named in the cautions", newest),)) if positive else NO


def vaccinated(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    """Rows of the vaccines, newest last."""
    within = timedelta(days=caution.days or 0)
    given = [
        e
        for e in p.record.immunizations
        if e.status in DONE
        and not e.set_ids.isdisjoint(caution.sets)
        and e.start is not None
        and e.start.earliest <= p.as_of
        and e.start.since(p.as_of) <= within
    ]
    rows = tuple(event_row("vaccine", e) for e in sorted(given, key=_started))
    return answer(rows, p.answered(Kind.IMMUNIZATIONS), Fact.IMMUNIZATIONS)


def _started(event: Performed) -> float:
    return 0.0 if event.start is None else event.start.earliest.timestamp()


def bleeding(p: PatientFacts, *_: object) -> Applied:
    """Active bleeding that is not of the skin, whoever reported it."""
    active = tuple(b for b in p.bleeding.active if b.site is not Site.SKIN)
    if not active and _unclear(p):
        return Applied(Known.UNKNOWN, missing=Fact.BLEEDING_ACTIVITY)
    return answer(tuple(bleeding_row(b) for b in active), p.answered(Kind.CONDITIONS), Fact.CONDITIONS)


def _unclear(p: PatientFacts) -> tuple[Bleed, ...]:
    return tuple(b for b in p.bleeding.unclear if b.site is not Site.SKIN)


def viral_below_age(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    age = p.person.age_years
    if age is not None and age >= limit_of(caution):
        return NO
    viral = [i for i in p.infections.current() if p.pathogens[i.pathogen].agent is Agent.VIRUS]
    if not viral:
        return answer((), p.answered(Kind.CONDITIONS), Fact.CONDITIONS)
    return Applied(Known.UNKNOWN, missing=Fact.AGE) if age is None else YES

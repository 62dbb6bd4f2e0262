"""The parts that transfusion cards share: rows, dose and product, cautions, what is not known, populations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from datetime import datetime, timedelta
from decimal import Decimal

from cards.anti_infective.ordering import is_ordered
from cards.facts import Bleed, Known, PatientFacts
from cards.finding_words import FINDING_WORDS
from cards.frozen import dataclass
from cards.monitoring.interval import make_interval, usual
from cards.outcome import Action, ActionType, Advise, Indicator, Input, Suggestion, Values
from cards.reasons import Fact
from cards.record import Kind, Measurement, Moment
from cards.rows import (
    bleeding_rows,
    count_row,
    event_row,
    infection_row,
    measurement_row,
    medication_row,
    platelet_rows,
    sign_row,
)
from cards.safety import high_consequence
from cards.thresholds import Thresholds
from cards.transfusion.adjuncts import Adjunct
from cards.transfusion.bleeding_risk import ANTITHROMBOTIC
from cards.transfusion.case import Case
from cards.transfusion.earlier_mimics import earlier_mimics
from cards.transfusion.platelet_order import child_volumes, missing_for_dose
from cards.transfusion.populations import Addition, Asked, additions

FILM = ("obs-schistocytes", "obs-blasts", "obs-platelet-morphology", "obs-platelet-artefact")
LABORATORY = (("obs-hemoglobin", "haemoglobin"), ("obs-pt-inr", "INR"), ("obs-fibrinogen", "fibrinogen"))


@dataclass(frozen=True, slots=True)
class Head:
    """What is told of a card at once: how urgent it is, what it is about, and whose words join it.

    `names_given`: platelets that were given are named, and with them the count after them (TRF-11).
    """

    rule: str
    indicator: Indicator
    asked: Asked
    adjuncts: tuple[Adjunct, ...] = ()
    also: tuple[str, ...] = ()
    names_given: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """The rest of it, before what all cards have is added; `values` fill holes of its own."""

    title: str
    say: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    unknown: tuple[Fact, ...] = ()
    rows: tuple[Input, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    values: Values = field(default_factory=dict)


def compose(case: Case, head: Head, body: Callable[[], Body]) -> Advise:
    """The card: its head now; its own words, adjuncts, populations and dose where they are read."""
    parts: tuple[Adjunct | Addition, ...] = (*head.adjuncts, *additions(case.p, head.asked, case.limits))
    has_dose = head.asked.platelets and case.p.blood_refused is None
    also = _merged(case, head, [part.rule for part in parts], has_dose=has_dose)
    return Advise.later(
        head.rule, head.indicator, also, lambda: _whole(case, head, body(), parts, also, has_dose=has_dose)
    )


def _merged(case: Case, head: Head, rules: list[str], *, has_dose: bool) -> tuple[str, ...]:
    """The ids whose words stand in the card."""
    if has_dose:
        rules.append("TRF-16")
    if head.names_given and case.given is not None and not case.given.only_ordered:
        rules.append("TRF-11")
    return tuple(dict.fromkeys((*head.also, *rules)))


def _whole(
    case: Case,
    head: Head,
    body: Body,
    parts: tuple[Adjunct | Addition, ...],
    also: tuple[str, ...],
    *,
    has_dose: bool,
) -> Advise:
    """Every list without repetition."""
    p = case.p
    earlier = earlier_mimics(p, case.limits)
    cautions = (*body.cautions, *_drug_cautions(case), *(c for part in parts for c in part.cautions))
    cautions += (*earlier.cautions, *_before_samples(case))
    unknown = (
        *body.unknown,
        *(missing_for_dose(p) if has_dose else ()),
        *(fact for part in head.adjuncts for fact in part.unknown),
        *_not_looked_for(p, head.asked, case.limits),
    )
    rows = (*_case_rows(case), *body.rows, *(row for part in parts for row in part.rows), *earlier.rows)
    dose = dose_words(case) if has_dose else ()
    return Advise(
        head.rule,
        head.indicator,
        title=body.title,
        say=(*body.say, *(key for part in parts for key in part.say), *dose),
        cautions=tuple(dict.fromkeys(cautions)),
        unknown=tuple(dict.fromkeys(unknown)),
        values={**_values(case), **({"earlier": earlier.names} if earlier.names else {}), **body.values},
        inputs=_distinct(rows),
        suggestions=body.suggestions,
        also=also,
    )


def finding_words(bleed: Bleed) -> str:
    """Our word for the finding."""
    return FINDING_WORDS.get(bleed.name, "bleeding")


def reasons(case: Case) -> tuple[str, ...]:
    """References on which a draft rests: the count and the bleeding."""
    count = case.p.platelets.current
    return (*(() if count is None else (count.reference,)), *(b.reference for b in case.bleeds))


def orders(
    case: Case, label: str, templates: tuple[str, ...], priority: str, due: datetime | None = None
) -> tuple[Suggestion, ...]:
    """One button for what no active order covers; `due` dates the next count."""
    why = reasons(case)
    actions = tuple(
        Action(
            ActionType.CREATE,
            name,
            priority,
            due=due if name.startswith("cbc") else None,
            reasons=why,
        )
        for name in templates
        if not is_ordered(case.p, name)
    )
    return (Suggestion(label, actions, recommended=True),) if actions else ()


def due_after(case: Case, window: str) -> datetime:
    """So long after the sample in use, but never in the past, nor later than MON-01 tells in the same card."""
    p, limits, count = case.p, case.limits, case.p.platelets.current
    if count is None:
        return p.as_of
    after, key = limits.span(window), usual(p, count, limits)
    if key is not None:
        after = min(after, make_interval(key, limits).high)
    return max(count.time.latest + after, p.as_of)


def dose_words(case: Case) -> tuple[str, ...]:
    """TRF-16: how much, and which product."""
    person = case.p.person
    if person.age_years is None:
        return ("TRF-16/dose.no-age", "TRF-16/product")
    if not person.is_child:
        return ("TRF-16/dose.adult", "TRF-16/product")
    volumes = child_volumes(case.p, case.limits)
    key = "no-weight" if volumes is None else "child-unit" if volumes[0] == volumes[1] else "child"
    return (f"TRF-16/dose.{key}", "TRF-16/product")


# ---------------------------------------------------------------------------------------------- rows


def _values(case: Case) -> dict[str, str | int | Decimal | Moment]:
    values: dict[str, str | int | Decimal | Moment] = {}
    if case.bleeds:
        values["finding"] = finding_words(case.bleeds[0])
    volumes = child_volumes(case.p, case.limits) if case.p.person.is_child else None
    if volumes is not None:
        values |= {"volume_low": f"{volumes[0]:f}", "volume_high": f"{volumes[1]:f}"}
    if case.given is not None:
        values["given"] = case.given.time
    return values


def _case_rows(case: Case) -> tuple[Input, ...]:
    """Counts, bleeding and what made it severe, infections, signs, platelets given."""
    p = case.p
    return (
        *_count_rows(case),
        *bleeding_rows(case.bleeds),
        *(row for b in case.bleeds for row in _worsening(p, b)),
        *(infection_row(p, i) for i in p.infections.current()),
        *(sign_row("shock", s) for s in p.signs.shock),
        *(sign_row("fever", s) for s in p.signs.fever),
        *((case.given.row,) if case.given is not None else ()),
    )


def _count_rows(case: Case) -> tuple[Input, ...]:
    """A count that may not decide is called the last known one."""
    platelets = case.p.platelets
    if case.count is not None:
        return platelet_rows(case.p)
    if platelets.conflict is not None:
        both = (platelets.conflict.lower, platelets.conflict.higher)
        return tuple(count_row(c, "platelet count, conflicting") for c in both)
    current = platelets.current
    return () if current is None else (count_row(current, "last known platelet count, not relied on"),)


def _worsening(p: PatientFacts, bleed: Bleed) -> tuple[Input, ...]:
    """The haemoglobins and red cells that raised a bleed to WHO 3 (B.5)."""
    values = (m for m in p.measured("obs-hemoglobin") if m.reference in bleed.graded_up_by)
    given = (e for e in p.given if e.reference in bleed.graded_up_by)
    return (
        *(measurement_row("haemoglobin", m) for m in values),
        *(event_row("red cells given", e) for e in given),
    )


def laboratory_rows(case: Case) -> tuple[Input, ...]:
    """Haemoglobin, INR and fibrinogen of the last 72 hours."""
    within = case.limits.span("organ_failure_hours")
    found = ((name, case.p.newest(set_id, within)) for set_id, name in LABORATORY)
    return tuple(measurement_row(name, m) for name, m in found if m is not None)


def _drug_cautions(case: Case) -> tuple[str, ...]:
    """Drugs that impair clotting or platelets; with bleeding also INR and fibrinogen."""
    p, limits = case.p, case.limits
    within = limits.span("organ_failure_hours")
    inr, fibrinogen = p.newest("obs-pt-inr", within), p.newest("obs-fibrinogen", within)
    found = (
        ("antithrombotic", bool(p.using(*ANTITHROMBOTIC))),
        ("nsaid", bool(p.using("med-nsaid"))),
        ("inr", bool(p.bleeding.deep) and _at_least(inr, limits.inr_raised)),
        ("low-fibrinogen", bool(p.bleeding.deep) and _below(fibrinogen, limits.fibrinogen_low)),
    )
    return tuple(f"TRF-16/caution.{key}" for key, applies in found if applies)


def drug_rows(case: Case) -> tuple[Input, ...]:
    """The drugs behind those cautions."""
    p = case.p
    return (
        *(medication_row("antithrombotic drug", m) for m in p.using(*ANTITHROMBOTIC)),
        *(medication_row("NSAID", m) for m in p.using("med-nsaid")),
    )


def _before_samples(case: Case) -> tuple[str, ...]:
    """SAFE-13: nothing is drawn before the call, whatever a card asks for."""
    possible = isinstance(high_consequence.decide(case.p, case.limits), Advise)
    return ("SAFE-13/caution.call-first",) if possible else ()


def _at_least(measured: Measurement | None, limit: Decimal) -> bool:
    return measured is not None and measured.value >= limit


def _below(measured: Measurement | None, limit: Decimal) -> bool:
    return measured is not None and measured.value < limit


# ---------------------------------------------------------------------------------------------- not known


def _not_looked_for(p: PatientFacts, asked: Asked, limits: Thresholds) -> tuple[Fact, ...]:
    """What a specialist would ask next and the record does not hold."""
    within = limits.span("organ_failure_hours")
    clotting = _has(p, "obs-fibrinogen", within) and _has(p, "obs-pt-inr", within)
    checklist = (
        (not (p.tests(*FILM) or any(p.newest(cells) for cells in FILM)), Fact.BLOOD_FILM),
        (asked.bleeding and not _has(p, "obs-hemoglobin", within), Fact.HAEMOGLOBIN),
        (asked.bleeding and not clotting, Fact.COAGULATION),
        (p.person.pregnancy_matters and p.person.pregnancy is Known.UNKNOWN, Fact.PREGNANCY),
        (not p.answered(Kind.CONDITIONS), Fact.CONDITIONS),
        (not p.answered(Kind.MEDICATIONS), Fact.MEDICATIONS),
        (asked.platelets and not p.answered(Kind.PROCEDURES), Fact.PROCEDURES),
    )
    return tuple(fact for is_missing, fact in checklist if is_missing)


def _has(p: PatientFacts, set_id: str, within: timedelta) -> bool:
    return p.newest(set_id, within) is not None


def _distinct(rows: Iterable[Input]) -> tuple[Input, ...]:
    """Rows once; the same resource under the same name once."""
    seen: dict[tuple[str, str | None], Input] = {}
    for row in rows:
        seen.setdefault((row.fact, row.reference), row)
    return tuple(seen.values())

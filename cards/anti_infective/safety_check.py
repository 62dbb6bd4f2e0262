"""INF-GEN-06: what has to be known and looked at before any anti-infective draft is offered.

A regimen is offered only when nothing excludes it and nothing that could exclude it is unknown: age,
allergy list, pregnancy where it matters, weight where the dose needs it, and whatever its exclusions in the
pathogen's file ask for (renal function, bleeding). What is unknown is named, and the card offers the test
or the referral instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cards.anti_infective.content import Agent, Caution, Pathogen, Regimen, When
from cards.anti_infective.course import is_untreated
from cards.facts import Bleed, Infection, Known, PatientFacts, Site
from cards.outcome import Advice, CannotTell, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Comparator, Kind, Measurement
from cards.rows import bleeding_row, finding_row, measurement_row, medication_row
from cards.thresholds import Thresholds

OWN_TOXICITY = "INF-GEN-06/caution.own-toxicity"
SAME_SUBSTANCE = "INF-GEN-06/caution.same-substance"
TOXIC_SETS = ("med-drug-induced-thrombocytopenia",)


@dataclass(frozen=True, slots=True)
class Applied:
    """Whether a caution applies, what shows it, and what would have to be known to tell."""

    answer: Known
    rows: tuple[Input, ...] = ()
    missing: Fact | None = None


@dataclass(frozen=True, slots=True)
class CheckedRegimen:
    """A regimen against this patient. `offered`: a draft may be made of it."""

    regimen: Regimen
    excluded: bool
    missing: tuple[Fact, ...]

    @property
    def offered(self) -> bool:
        return bool(self.regimen.drugs) and not self.excluded and not self.missing


@dataclass(frozen=True, slots=True)
class SafetyCheck:
    """The whole check. `cautions` are keys of words, `missing` what keeps a draft from being offered."""

    regimens: tuple[CheckedRegimen, ...]
    cautions: tuple[str, ...]
    unknown: tuple[Fact, ...]
    rows: tuple[Input, ...]

    @property
    def offered(self) -> tuple[Regimen, ...]:
        return tuple(c.regimen for c in self.regimens if c.offered)

    @property
    def missing(self) -> tuple[Fact, ...]:
        """What keeps every drafted regimen that is not excluded from being offered."""
        if self.offered:
            return ()
        return tuple(
            dict.fromkeys(f for c in self.regimens if c.regimen.drugs and not c.excluded for f in c.missing)
        )


def check_safety(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds
) -> SafetyCheck:
    """Every caution and every regimen of the pathogen's file against the record."""
    found = [(c, applies(p, c, infection, limits)) for c in pathogen.cautions]
    cautions = [f"caution.{c.key}" for c, a in found if a.answer is Known.YES]
    unknown = [a.missing for _, a in found if a.missing is not None]
    rows = [row for _, a in found if a.answer is Known.YES for row in a.rows]
    checked = []
    for regimen in pathogen.regimens:
        exclusions = [(c, applies(p, c, infection, limits)) for c in regimen.excluded]
        hits = [(c, a) for c, a in exclusions if a.answer is Known.YES]
        same = _same_substance(p, regimen)
        cautions += [f"caution.{c.key}" for c, _ in hits] + ([SAME_SUBSTANCE] if same else [])
        rows += [row for _, a in hits for row in a.rows] + list(same)
        missing = [*_needed(p, regimen), *(a.missing for _, a in exclusions if a.missing is not None)]
        excluded = bool(hits or same)
        checked.append(CheckedRegimen(regimen, excluded, tuple(dict.fromkeys(missing))))
        if not excluded and regimen.drugs:
            unknown += missing
            cautions += _own_toxicity(p, regimen, limits)
    unique = dict.fromkeys
    return SafetyCheck(tuple(checked), tuple(unique(cautions)), tuple(unique(unknown)), tuple(unique(rows)))


def _needed(p: PatientFacts, regimen: Regimen) -> tuple[Fact, ...]:
    """Rulebook A.4: age, allergy list, pregnancy where relevant, weight where the dose needs it."""
    pregnancy = _pregnant(p)
    needs = (
        (p.person.age_years is None, Fact.AGE),
        (not allergies_known(p), Fact.ALLERGIES),
        (pregnancy.answer is Known.UNKNOWN, pregnancy.missing or Fact.PREGNANCY),
        (regimen.by_weight and p.person.weight is None, Fact.WEIGHT),
    )
    return tuple(fact for is_missing, fact in needs if is_missing)


def allergies_known(p: PatientFacts) -> bool:
    """Rulebook A.9: the allergy search was answered, or "no known allergy" is recorded."""
    return p.answered(Kind.ALLERGIES) or any(a.denies_all for a in p.allergies)


def _same_substance(p: PatientFacts, regimen: Regimen) -> tuple[Input, ...]:
    codes = {drug.coding for drug in regimen.drugs if drug.coding is not None}
    return tuple(_allergy_row(a.reference) for a in p.allergies if not codes.isdisjoint(a.codes))


def _own_toxicity(p: PatientFacts, regimen: Regimen, limits: Thresholds) -> list[str]:
    low = p.platelets.last_known is not None and p.platelets.last_known < limits.mild
    toxic = any(not drug.classes.isdisjoint(TOXIC_SETS) for drug in regimen.drugs)
    return [OWN_TOXICITY] if low and toxic else []


# ---------------------------------------------------------------------------------------------- one caution


def applies(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    """Whether the caution applies to this patient; UNKNOWN where the record cannot tell."""
    return _TESTS[caution.when](p, caution, infection, limits)


def _allergy(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    rows = tuple(_allergy_row(a.reference) for a in p.allergies if not a.set_ids.isdisjoint(caution.sets))
    return _answer(rows, allergies_known(p), Fact.ALLERGIES)


def _pregnant(p: PatientFacts, *_: object) -> Applied:
    """Unknown matters for females of 12 to 55 years (rulebook A.9), and where sex or age is not known."""
    person = p.person
    if person.pregnancy is Known.YES:
        return Applied(Known.YES, (Input("pregnancy", "recorded", reference=person.pregnancy_reference),))
    if person.pregnancy is Known.NO or person.sex == "male":
        return Applied(Known.NO)
    if person.age_years is None:
        return Applied(Known.UNKNOWN, missing=Fact.AGE)
    if person.sex != "female":
        return Applied(Known.UNKNOWN, missing=Fact.SEX)
    return Applied(Known.UNKNOWN, missing=Fact.PREGNANCY) if person.pregnancy_matters else Applied(Known.NO)


def _lactating(p: PatientFacts, *_: object) -> Applied:
    return Applied(Known.YES if p.person.lactating else Known.NO)


def _age_below(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    age = p.person.age_years
    if age is None:
        return Applied(Known.UNKNOWN, missing=Fact.AGE)
    row = Input("age", age, "a", None, p.person.reference)
    return Applied(Known.YES, (row,)) if age < _limit(caution) else Applied(Known.NO)


def _egfr_below(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    newest = p.newest("obs-egfr", limits.span("egfr_days"))
    below = None if newest is None else _is_below(newest, _limit(caution))
    if newest is None or below is None:
        return Applied(Known.UNKNOWN, missing=Fact.EGFR)
    return Applied(Known.YES, (measurement_row("eGFR", newest),)) if below else Applied(Known.NO)


def _is_below(measured: Measurement, limit: Decimal) -> bool | None:
    """Three-valued: `>15` tells nothing about a limit of 30, `>60` does."""
    if measured.comparator in (Comparator.GREATER, Comparator.AT_LEAST):
        return False if measured.value >= limit else None
    if measured.comparator is Comparator.LESS:
        return True if measured.value <= limit else None
    if measured.comparator is Comparator.AT_MOST:
        return True if measured.value < limit else None
    return measured.value < limit


def _platelets_below(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    last = p.platelets.last_known
    if last is None:
        return Applied(Known.UNKNOWN, missing=Fact.PLATELETS)
    return Applied(Known.YES if last < _limit(caution) else Known.NO)


def _using(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    rows = tuple(medication_row("medicine named in the cautions", m) for m in p.using(*caution.sets))
    return _answer(rows, p.answered(Kind.MEDICATIONS), Fact.MEDICATIONS)


def _finding(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    rows = tuple(finding_row("condition named in the cautions", f) for f in p.present(*caution.sets))
    return _answer(rows, p.answered(Kind.CONDITIONS), Fact.CONDITIONS)


def _bleeding(p: PatientFacts, *_: object) -> Applied:
    """Active bleeding that is not of the skin, whoever reported it."""
    active = tuple(b for b in p.bleeding.active if b.site is not Site.SKIN)
    if not active and _unclear(p):
        return Applied(Known.UNKNOWN, missing=Fact.BLEEDING_ACTIVITY)
    return _answer(tuple(bleeding_row(b) for b in active), p.answered(Kind.CONDITIONS), Fact.CONDITIONS)


def _unclear(p: PatientFacts) -> tuple[Bleed, ...]:
    return tuple(b for b in p.bleeding.unclear if b.site is not Site.SKIN)


def _viral_below_age(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    age = p.person.age_years
    if age is not None and age >= _limit(caution):
        return Applied(Known.NO)
    viral = [i for i in p.infections.current() if p.pathogens[i.pathogen].agent is Agent.VIRUS]
    if not viral:
        return _answer((), p.answered(Kind.CONDITIONS), Fact.CONDITIONS)
    return Applied(Known.UNKNOWN, missing=Fact.AGE) if age is None else Applied(Known.YES)


def _severe(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    return Applied(Known.YES if infection.severe else Known.NO)


def _answer(rows: tuple[Input, ...], is_answered: bool, fact: Fact) -> Applied:
    if rows:
        return Applied(Known.YES, rows)
    return Applied(Known.NO) if is_answered else Applied(Known.UNKNOWN, missing=fact)


def _limit(caution: Caution) -> Decimal:
    assert caution.limit is not None, "the loader refuses such a caution without a limit"
    return caution.limit


def _allergy_row(reference: str) -> Input:
    return Input("allergy named in the cautions", "recorded", reference=reference)


_TESTS: Mapping[When, Callable[[PatientFacts, Caution, Infection, Thresholds], Applied]] = {
    When.ALLERGY: _allergy,
    When.PREGNANT: _pregnant,
    When.LACTATING: _lactating,
    When.AGE_BELOW: _age_below,
    When.EGFR_BELOW: _egfr_below,
    When.PLATELETS_BELOW: _platelets_below,
    When.USING: _using,
    When.FINDING: _finding,
    When.BLEEDING: _bleeding,
    When.VIRAL_BELOW_AGE: _viral_below_age,
    When.SEVERE: _severe,
}


# ---------------------------------------------------------------------------------------------- INF-GEN-06


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """INF-GEN-06 has no card: it answers whether the drafts of the infection cards could be checked."""
    missing: list[Fact] = []
    drafted = False
    for infection in p.infections.found:
        pathogen = p.pathogens[infection.pathogen]
        if is_untreated(p, infection) and pathogen.drugs:
            drafted = True
            missing += check_safety(p, pathogen, infection, limits).missing
    if missing:
        return CannotTell(*dict.fromkeys(missing))
    return NoAdvice(Why.CLASSIFIED if drafted else Why.NO_INFECTION)


ADVICE = Advice(
    stem="anti_infective/safety_check",
    ids=("INF-GEN-06",),
    topic=Topic.ANTI_INFECTIVE,
    decide=decide,
)

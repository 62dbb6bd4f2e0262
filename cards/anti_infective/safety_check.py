"""INF-GEN-06: what has to be known and looked at before any anti-infective draft is offered.

A regimen is offered only when nothing excludes it and nothing that could exclude it is unknown: age,
allergy list, pregnancy where it matters, weight where the dose needs it, and whatever its exclusions in the
pathogen's file ask for (renal function, bleeding). What is unknown is named, and the card offers the test
or the referral instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from cards.anti_infective.asked import applies
from cards.anti_infective.asked_person import allergies_known, named_allergy_row, pregnant
from cards.anti_infective.content import Caution, Pathogen, Regimen, When
from cards.anti_infective.course import is_untreated
from cards.facts import Infection, Known, PatientFacts
from cards.frozen import dataclass
from cards.outcome import Advice, CannotTell, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.thresholds import Thresholds

__all__ = [
    "CheckedRegimen",
    "SafetyCheck",
    "allergies_known",
    "applies",
    "check_safety",
    "own_populations",
    "regimen_populations",
]

OWN_TOXICITY = "INF-GEN-06/caution.own-toxicity"
SAME_SUBSTANCE = "INF-GEN-06/caution.same-substance"
NEWBORN, CHILD = "POP-01", "POP-02"
TOXIC_SETS = ("med-drug-induced-thrombocytopenia",)


@dataclass(frozen=True, slots=True)
class CheckedRegimen:
    """A regimen that is for this patient. `offered`: a draft may be made of it.

    `against`: a row of its exclusions applies; `same`: the allergies to a substance of it; `allergic`: one of both is
    an allergy.
    """

    regimen: Regimen
    against: bool
    allergic: bool
    same: tuple[Input, ...]
    missing: tuple[Fact, ...]

    @property
    def excluded(self) -> bool:
        return self.against or bool(self.same)

    @property
    def offered(self) -> bool:
        return bool(self.regimen.drugs) and not self.excluded and not self.missing


@dataclass(frozen=True, slots=True)
class SafetyCheck:
    """The whole check. `cautions` are keys of words, `missing` what keeps a draft from being offered; `own_unknown` is
    what the card's own cautions ask for, `unknown` what its regimens ask for too.
    """

    regimens: tuple[CheckedRegimen, ...]
    cautions: tuple[str, ...]
    unknown: tuple[Fact, ...]
    rows: tuple[Input, ...]
    own_unknown: tuple[Fact, ...] = ()

    @property
    def offered(self) -> tuple[Regimen, ...]:
        return tuple(c.regimen for c in self.regimens if c.offered)

    @property
    def is_allergic(self) -> bool:
        """Whether an allergy stands against each regimen that could have been drafted."""
        drafted = [c for c in self.regimens if c.regimen.drugs]
        return bool(drafted) and all(c.allergic for c in drafted)

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
    hits = [(c, a) for c, a in found if a.answer is Known.YES]
    unknown = [a.missing for _, a in found if a.missing is not None]
    own_unknown = tuple(dict.fromkeys(unknown))
    checked = []
    for regimen in pathogen.regimens:
        wanted = [applies(p, one, infection, limits) for one in regimen.only]
        if any(a.answer is Known.NO for a in wanted):
            continue
        exclusions = [(c, applies(p, c, infection, limits)) for c in regimen.excluded]
        against = [(c, a) for c, a in exclusions if a.answer is Known.YES]
        same = _same_substance(p, regimen)
        asked = (*wanted, *(a for _, a in exclusions))
        missing = [*_needed(p, regimen), *(a.missing for a in asked if a.missing is not None)]
        hits += against
        allergic = bool(same) or any(c.when is When.ALLERGY for c, _ in against)
        checked.append(CheckedRegimen(regimen, bool(against), allergic, same, tuple(dict.fromkeys(missing))))
        if not checked[-1].excluded and regimen.drugs:
            unknown += missing
    return SafetyCheck(
        tuple(checked),
        tuple(dict.fromkeys((*(f"caution.{c.key}" for c, _ in hits), *_of_drugs(p, checked, limits)))),
        tuple(dict.fromkeys(unknown)),
        tuple(dict.fromkeys((*(r for _, a in hits for r in a.rows), *(r for c in checked for r in c.same)))),
        own_unknown,
    )


def own_populations(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds
) -> tuple[str, ...]:
    """POP ids of the card's own rows that apply."""
    return _populations(p, pathogen.cautions, infection, limits)


def regimen_populations(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds
) -> tuple[str, ...]:
    """POP ids of what applies of the exclusions of the regimens that are for this patient."""
    asked = [
        caution
        for regimen in pathogen.regimens
        if any(c.population is not None for c in regimen.excluded)
        and not any(applies(p, one, infection, limits).answer is Known.NO for one in regimen.only)
        for caution in regimen.excluded
    ]
    return _populations(p, asked, infection, limits)


def _populations(
    p: PatientFacts, asked: Sequence[Caution], infection: Infection, limits: Thresholds
) -> tuple[str, ...]:
    """A newborn is no child of POP-02."""
    hits = [
        c.population
        for c in asked
        if c.population is not None and applies(p, c, infection, limits).answer is Known.YES
    ]
    return tuple([NEWBORN if p.person.is_neonate and one == CHILD else one for one in dict.fromkeys(hits)])


def _of_drugs(p: PatientFacts, checked: Sequence[CheckedRegimen], limits: Thresholds) -> list[str]:
    """What is said of drugs whichever pathogen they are for."""
    same = [SAME_SUBSTANCE] if any(c.same for c in checked) else []
    drafted = (c.regimen for c in checked if c.regimen.drugs and not c.excluded)
    return same + [key for regimen in drafted for key in _own_toxicity(p, regimen, limits)]


def _needed(p: PatientFacts, regimen: Regimen) -> tuple[Fact, ...]:
    """Rulebook A.4: age, allergy list, pregnancy where relevant, weight where the dose needs it."""
    pregnancy = pregnant(p)
    needs = (
        (p.person.age_years is None, Fact.AGE),
        (not allergies_known(p), Fact.ALLERGIES),
        (pregnancy.answer is Known.UNKNOWN and not regimen.in_pregnancy, pregnancy.missing or Fact.PREGNANCY),
        (regimen.by_weight and p.person.weight is None, Fact.WEIGHT),
    )
    return tuple(fact for is_missing, fact in needs if is_missing)


def _same_substance(p: PatientFacts, regimen: Regimen) -> tuple[Input, ...]:
    codes = {drug.coding for drug in regimen.drugs if drug.coding is not None}
    return tuple(named_allergy_row(a) for a in p.allergies if not codes.isdisjoint(a.codes))


def _own_toxicity(p: PatientFacts, regimen: Regimen, limits: Thresholds) -> list[str]:
    low = p.platelets.last_known is not None and p.platelets.last_known < limits.mild
    toxic = any(not drug.classes.isdisjoint(TOXIC_SETS) for drug in regimen.drugs)
    return [OWN_TOXICITY] if low and toxic else []


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

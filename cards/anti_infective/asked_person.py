"""What a pathogen's file asks of the person: allergies, pregnancy, age, weight, defence."""

from __future__ import annotations

from cards.anti_infective.applied import NO, Applied, answer, limit_of
from cards.anti_infective.content import Caution
from cards.facts import Infection, Known, PatientFacts
from cards.host import asplenia, immunocompromised
from cards.outcome import Input
from cards.reasons import Fact
from cards.record import Allergy, Kind
from cards.rows import allergy_row, finding_row, measurement_row, pregnancy_row
from cards.thresholds import Thresholds


def allergies_known(p: PatientFacts) -> bool:
    """Rulebook A.9: the allergy search was answered, or "no known allergy" is recorded."""
    return p.answered(Kind.ALLERGIES) or any(a.denies_all for a in p.allergies)


def named_allergy_row(allergy: Allergy) -> Input:
    """A recorded allergy; its words stand in a caution."""
    return allergy_row("allergy named in the cautions", "recorded", allergy)


def allergy(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    rows = tuple(named_allergy_row(a) for a in p.allergies if not a.set_ids.isdisjoint(caution.sets))
    return answer(rows, allergies_known(p), Fact.ALLERGIES)


def pregnant(p: PatientFacts, *_: object) -> Applied:
    """Unknown matters for females of 12 to 55 years (rulebook A.9), and where their sex or the age is not known."""
    person = p.person
    if person.pregnancy is Known.YES:
        return Applied(Known.YES, (pregnancy_row(p),))
    if person.pregnancy is Known.NO or person.sex == "male":
        return NO
    if person.age_years is None:
        return Applied(Known.UNKNOWN, missing=Fact.AGE)
    if not person.is_of_childbearing_age:
        return NO
    return Applied(Known.UNKNOWN, missing=Fact.PREGNANCY if person.sex == "female" else Fact.SEX)


def lactating(p: PatientFacts, *_: object) -> Applied:
    rows = tuple(finding_row("breastfeeding", f) for f in p.present("risk-lactation"))
    return Applied(Known.YES, rows) if p.person.lactating else NO


def age_below(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    age = p.person.age_years
    if age is None:
        return Applied(Known.UNKNOWN, missing=Fact.AGE)
    row = Input("age", age, "a", None, p.person.reference)
    return Applied(Known.YES if age < limit_of(caution) else Known.NO, (row,))


def neonate(p: PatientFacts, *_: object) -> Applied:
    days = p.person.age_days
    if days is None:
        return Applied(Known.UNKNOWN, missing=Fact.AGE)
    row = Input("age", days, "d", None, p.person.reference)
    return Applied(Known.YES, (row,)) if p.person.is_neonate else NO


def weight_below(p: PatientFacts, caution: Caution, *_: object) -> Applied:
    weight = p.person.weight
    if weight is None:
        return Applied(Known.UNKNOWN, missing=Fact.WEIGHT)
    below = weight.value < limit_of(caution)
    return Applied(Known.YES, (measurement_row("body weight", weight),)) if below else NO


def weak_defence(p: PatientFacts, caution: Caution, infection: Infection, limits: Thresholds) -> Applied:
    rows = immunocompromised(p, limits)
    unread = p.unread(Kind.CONDITIONS, Kind.MEDICATIONS)
    return answer(rows, not unread, unread[0] if unread else Fact.CONDITIONS)


def no_spleen(p: PatientFacts, *_: object) -> Applied:
    return answer(asplenia(p), p.answered(Kind.CONDITIONS), Fact.CONDITIONS)

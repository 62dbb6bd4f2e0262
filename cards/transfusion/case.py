"""One patient as the transfusion matrix sees him: the row of the bleeding, and what the cells ask besides."""

from __future__ import annotations

from enum import Enum

from cards.facts import Activity, Bleed, Bleeding, Blocker, Infection, PatientFacts, PlateletCount, Site
from cards.frozen import dataclass
from cards.host import hypoproliferative
from cards.outcome import Input
from cards.reading.situation import DENGUE, has_current_dic
from cards.safety import dic
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.transfusion.bleeding_risk import INVASIVE, coming_procedures, high_bleeding_risk
from cards.transfusion.given import Given, find_given

MODERATE = 2
"""Modified WHO grade of bleeding that has to be treated; ungraded mucosal and organ bleeding is taken as such."""


class Row(Enum):
    """The rows of rulebook A.6, worst last."""

    NONE = "no bleeding"
    SKIN = "skin only"
    SKIN_SEPTIC = "skin with fever or shock"
    MINOR = "mucosal or organ, WHO 1 or ended"
    MUCOSAL = "mucosal or organ, active, WHO 2 or ungraded"
    SEVERE = "WHO 3-4, not CNS"
    CNS = "CNS, posterior eye"


@dataclass(frozen=True, slots=True)
class Case:
    """Facts of the decision. `count` may decide; None: it is not known or not to be trusted (`blocker` says why).

    `bleeds` are the findings that a card of this row rests on, the heaviest first.
    """

    p: PatientFacts
    limits: Thresholds
    row: Row
    count: PlateletCount | None
    mimics: frozenset[str]
    dengue: tuple[Infection, ...]
    bleeds: tuple[Bleed, ...]

    @property
    def blocker(self) -> Blocker | None:
        return self.p.platelets.blocker

    @property
    def given(self) -> Given | None:
        """Platelets given or ordered just now."""
        return find_given(self.p, self.limits)

    @property
    def has_dic(self) -> bool:
        """Recorded (also as suspected) in the last 14 days, or by score (SAFE-07)."""
        return "SAFE-07" in self.mimics or has_current_dic(self.p.record, self.limits)

    @property
    def dic_rows(self) -> tuple[Input, ...]:
        """What shows it: the record, the items of the score."""
        found = dic.suspect(self.p, self.limits)
        if not isinstance(found, dic.Suspicion):
            return ()
        return (*found.rows, *(found.score.rows if "score" in found.ways else ()))

    @property
    def is_dengue_only_suspected(self) -> bool:
        return all(i.is_suspected_only for i in self.dengue)

    @property
    def risks(self) -> tuple[Input, ...]:
        return high_bleeding_risk(self.p, self.limits)

    @property
    def procedures(self) -> tuple[Input, ...]:
        """Selected, or planned within 7 days."""
        return coming_procedures(self.p, self.limits.span("procedure_days"), *INVASIVE)

    @property
    def marrow(self) -> tuple[Input, ...]:
        return hypoproliferative(self.p, self.limits)

    @property
    def is_septic_or_critical(self) -> bool:
        """Sepsis (also suspected) or intensive care, in an adult (TRF-07)."""
        p = self.p
        intensive = p.stay is not None and p.stay.intensive
        return bool(p.person.is_adult) and (p.sepsis_recorded or intensive)


def read_case(p: PatientFacts, limits: Thresholds) -> Case:
    """The case of one call."""
    found = mimics(p, limits)
    row = find_row(p, found)
    return Case(
        p=p,
        limits=limits,
        row=row,
        count=p.platelets.decisive,
        mimics=found,
        dengue=p.infections.current(DENGUE),
        bleeds=_heaviest_first(_of_the_row(p.bleeding, row)),
    )


def _of_the_row(bleeding: Bleeding, row: Row) -> tuple[Bleed, ...]:
    match row:
        case Row.SEVERE | Row.CNS:
            return tuple(b for b in bleeding.active if b.site is not Site.SKIN or b.weight > MODERATE)
        case Row.MUCOSAL:
            return bleeding.serious
        case Row.MINOR:
            return (*bleeding.minor, *bleeding.patient_reported)
    return bleeding.skin


def _heaviest_first(bleeds: tuple[Bleed, ...]) -> tuple[Bleed, ...]:
    """Each once; where they weigh the same, by the site."""
    if not bleeds:
        return ()
    order = (Site.CNS, Site.ORGAN, Site.MUCOSAL, Site.SKIN)
    return tuple(sorted(dict.fromkeys(bleeds), key=lambda b: (-b.weight, order.index(b.site))))


def find_row(p: PatientFacts, found: frozenset[str]) -> Row:
    """The worst row that applies."""
    b = p.bleeding
    if not b.findings:
        return Row.NONE
    if b.cns or any(x.posterior_eye for x in b.active):
        return Row.CNS
    if b.major or (p.signs.shock and _is_more_than_minor(p)):
        return Row.SEVERE
    if b.serious:
        return Row.MUCOSAL
    if b.minor or b.patient_reported:
        return Row.MINOR
    if b.skin and ("SAFE-12" in found or has_septic_signs(p)):
        return Row.SKIN_SEPTIC
    return Row.SKIN if b.only_skin and not b.withholds_reassurance else Row.NONE


def _is_more_than_minor(p: PatientFacts) -> bool:
    """Bleeding that may explain a shock: recorded by anybody, but not WHO 1."""
    return any(x.site is not Site.SKIN and x.weight >= MODERATE for x in p.bleeding.active)


def has_septic_signs(p: PatientFacts) -> bool:
    """The signs that make purpura a question of sepsis (SAFE-12)."""
    s = p.signs
    return bool(s.fever or s.hypothermia or s.shock or s.meningism or s.lactate_high or p.sepsis_recorded)


def to_be_located(p: PatientFacts, limits: Thresholds) -> tuple[Bleed, ...]:
    """Bleeding of an unknown site, recorded as if active: a question, but with an unknown count an urgent one."""
    within = limits.span("bleed_active")
    return tuple(
        b
        for b in p.bleeding.findings
        if b.unlocated
        and not b.suspected
        and b.activity is Activity.UNCLEAR
        and b.since is not None
        and b.since.since(p.as_of) <= within
    )

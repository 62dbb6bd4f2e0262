"""The cards of an infection: a test, care without a drug draft, treatment with drafts, therapy under way.

What each reads like is made later, where it is read; how urgent it is and whose words join it is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from cards.anti_infective.asked import applies, first_of, missing_of
from cards.anti_infective.ceftriaxone import draft_ceftriaxone
from cards.anti_infective.content import CriticalSign, Deferral, Pathogen, Regimen
from cards.anti_infective.dosing import dosage_of
from cards.anti_infective.ordering import order, priority_of
from cards.anti_infective.pathogen import template_name
from cards.anti_infective.safety_check import SafetyCheck, check_safety, own_populations, regimen_populations
from cards.facts import Infection, Known, PatientFacts
from cards.frozen import dataclass, replace
from cards.outcome import Action, ActionType, Advise, Indicator, Input, NoAdvice, Suggestion
from cards.reasons import Fact, Why
from cards.record import Moment
from cards.rows import infection_row, platelet_row
from cards.thresholds import Thresholds

TESTS_FOR_MISSING: Mapping[Fact, str] = {Fact.EGFR: "creatinine", Fact.WEIGHT: "body-weight"}
"""What can be ordered for a fact that keeps a draft from being offered."""


@dataclass(frozen=True, slots=True)
class Situation:
    """How a card reads: the general rule whose form it takes, and the key of the pathogen's words."""

    general: str
    words: str


TREAT = Situation("INF-GEN-01", "treat")
UNDER_WAY = Situation("INF-GEN-01", "under-way")
SUPPORTIVE = Situation("INF-GEN-02", "supportive")
SUSPECTED = Situation("INF-GEN-03", "suspected")
UNEXPLAINED = Situation("INF-GEN-03", "unexplained")
VACCINATED = Situation("INF-GEN-02", "vaccinated")
THERAPY = Situation("INF-GEN-04", "therapy")


@dataclass(frozen=True, slots=True)
class Head:
    """What is told of a card at once."""

    rule: str
    indicator: Indicator
    also: tuple[str, ...]

    def with_body(self, make: Callable[[], Advise]) -> Advise:
        """The card, whose other members `make` makes where they are read."""
        return Advise.later(self.rule, self.indicator, self.also, make)


@dataclass(frozen=True, slots=True)
class Care:
    """A recorded infection whose care a card tells; `critical` are the rows that make it critical."""

    p: PatientFacts
    pathogen: Pathogen
    infection: Infection
    situation: Situation
    critical: tuple[Input, ...]
    limits: Thresholds


_TITLES: Mapping[str, str] = {
    UNEXPLAINED.words: "unexplained",
    VACCINATED.words: "vaccinated",
    SUSPECTED.words: "exposure",
}


def test_card(p: PatientFacts, pathogen: Pathogen, situation: Situation, rows: tuple[Input, ...]) -> Advise:
    """A test is suggested for an infection that is not recorded; `rows` say why."""
    head = Head(pathogen.test_rule, Indicator.INFO, (situation.general,))

    def make() -> Advise:
        base = _base(p, pathogen, situation, head, pathogen.first_step(situation.words))
        reasons = tuple(row.reference for row in rows if row.reference is not None)
        return replace(
            base,
            title=f"{situation.general}/title.{_TITLES[situation.words]}",
            inputs=(*base.inputs, *rows),
            suggestions=order(p, "test", pathogen.test_orders, reasons, "routine"),
        )

    return head.with_body(make)


def suspicion_card(p: PatientFacts, pathogen: Pathogen, infection: Infection) -> Advise:
    """INF-GEN-03: the tests of a suspicion, no drug."""
    head = Head(pathogen.test_rule, pathogen.suspected, (SUSPECTED.general,))

    def make() -> Advise:
        base = _base(p, pathogen, SUSPECTED, head, pathogen.first_step(SUSPECTED.words))
        priority = priority_of(pathogen.suspected)
        return replace(
            base,
            inputs=(infection_row(p, infection), *base.inputs),
            unknown=tuple(dict.fromkeys((*base.unknown, *_unread_signs(p, pathogen)))),
            suggestions=order(p, "test", pathogen.test_orders, infection.references, priority),
        )

    return head.with_body(make)


def care_card(care: Care) -> Advise:
    """Without a drug draft: supportive care, or a severe infection under a therapy that may not be enough."""
    p, pathogen, infection, limits = care.p, care.pathogen, care.infection, care.limits
    populations = own_populations(p, pathogen, infection, limits)
    head = Head(pathogen.treat_rule, _indicator(care), (care.situation.general, *populations))
    return head.with_body(lambda: _care(care, head, check_safety(p, pathogen, infection, limits)))


def _care(care: Care, head: Head, check: SafetyCheck) -> Advise:
    p, pathogen, infection = care.p, care.pathogen, care.infection
    situation, limits = care.situation, care.limits
    step = pathogen.critical_step if care.critical else pathogen.first_step
    base = _base(p, pathogen, situation, head, step(situation.words))
    urgent = f"{situation.words}.critical" if care.critical else situation.words
    asked = missing_of(p, (*pathogen.critical, *pathogen.warn_when, *pathogen.treat_when), infection, limits)
    treated = first_of(p, pathogen.treat_when, infection, limits) if situation is TREAT else ()
    reasons = (*care.critical, *_raising_rows(care), *(row for one in treated for row in one.rows))
    rows = (infection_row(p, infection), *base.inputs, *reasons, *check.rows)
    unknown = check.unknown if situation is TREAT else check.own_unknown
    form = SUSPECTED.general if infection.is_suspected_only else situation.general
    priority = priority_of(head.indicator)
    return replace(
        base,
        title=base.title.replace(situation.general, form),
        say=(urgent if urgent in pathogen.words else situation.words,),
        inputs=tuple(dict.fromkeys(rows)),
        cautions=_own_cautions(pathogen, check),
        unknown=tuple(dict.fromkeys((*base.unknown, *_unread_signs(p, pathogen), *asked, *unknown))),
        suggestions=order(p, "treat", pathogen.treat_orders, infection.references, priority),
    )


def _indicator(care: Care) -> Indicator:
    """Critical by a sign or criterion; else what the file says of this certainty, raised by its rows."""
    pathogen = care.pathogen
    if care.critical:
        return Indicator.CRITICAL
    if care.infection.is_suspected_only:
        return pathogen.suspected
    if _raising_rows(care):
        return max(pathogen.recorded, Indicator.WARNING)
    return pathogen.treated if care.situation is TREAT else pathogen.recorded


def _raising_rows(care: Care) -> tuple[Input, ...]:
    """What makes the card a warning; a low count alone shows itself."""
    found = first_of(care.p, care.pathogen.warn_when, care.infection, care.limits)
    return tuple(row for one in found for row in (one.rows or platelet_row(care.p)))


def is_treated_here(p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds) -> bool:
    """Whether a therapy is for this patient: a row of `treat_when`, or the file as a whole."""
    if pathogen.treat_when:
        return bool(first_of(p, pathogen.treat_when, infection, limits))
    return not pathogen.supportive


def treat_card(care: Care) -> Advise:
    """INF-GEN-01, with a draft for every regimen that the safety check lets through."""
    p, pathogen, infection, limits = care.p, care.pathogen, care.infection, care.limits
    for deferral in pathogen.deferrals:
        if applies(p, deferral.caution, infection, limits).answer is Known.YES:
            return _deferred(p, pathogen, infection, deferral)
    also: tuple[str, ...] = (TREAT.general,)
    if pathogen.names_populations:
        own = own_populations(p, pathogen, infection, limits)
        of_regimens = () if pathogen.first_dose else regimen_populations(p, pathogen, infection, limits)
        also = tuple(dict.fromkeys((*also, *own, *of_regimens)))
    if pathogen.first_dose or pathogen.drugs:
        also = (*also, "INF-GEN-06")
    head = Head(pathogen.treat_rule, _indicator(care), also)
    return head.with_body(lambda: _treat(care, head))


def _treat(care: Care, head: Head) -> Advise:
    p, pathogen, infection = care.p, care.pathogen, care.infection
    check = check_safety(p, pathogen, infection, care.limits)
    card = _care(care, head, check)
    if check.is_allergic:
        card = _past_allergy(pathogen, card)
    if pathogen.first_dose:
        card = draft_ceftriaxone(p, card, infection.references, care.limits)
        return _past_allergy(pathogen, card) if "SAFE-12/caution.allergy" in card.cautions else card
    drafts = tuple(
        _draft(p, pathogen, infection, regimen, card.indicator, recommended=number == 0)
        for number, regimen in enumerate(check.offered)
    )
    paragraphs = (
        *card.say,
        *(f"regimen.{c.regimen.key}" for c in check.regimens if not c.excluded),
        *(f"dose.{regimen.key}" for regimen in check.offered),
    )
    say = tuple(key for key in paragraphs if key in pathogen.words)
    return replace(
        card,
        say=say if drafts or not pathogen.drugs else (*say, "INF-GEN-06/withheld"),
        cautions=check.cautions,
        suggestions=(*card.suggestions, *(drafts or _instead(p, pathogen, infection, check, card.indicator))),
        one_of=len(drafts) > 1,
    )


def _past_allergy(pathogen: Pathogen, card: Advise) -> Advise:
    """The title does not name as the first step what an allergy stands against."""
    step = pathogen.first_step("treat.allergy")
    return replace(card, values={**card.values, "first_step": step})


def therapy_card(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds
) -> Advise | NoAdvice:
    """INF-GEN-04: therapy under way, and the day by which the platelets should have recovered.

    After that day MON-05 speaks of a count that is still low, and of one that is not nobody has to.
    """
    started = infection.therapy_started
    expected = None if started is None else _day(started.latest + timedelta(weeks=pathogen.window_weeks))
    if expected is not None and expected.latest < p.as_of:
        last = p.platelets.last_known
        return NoAdvice(Why.COUNT_NOT_LOW if last is None or last >= limits.mild else Why.SUPPRESSED)
    head = Head(pathogen.id, Indicator.INFO, (THERAPY.general,))
    return head.with_body(lambda: _therapy(p, pathogen, infection, head, expected, limits))


def _therapy(
    p: PatientFacts,
    pathogen: Pathogen,
    infection: Infection,
    head: Head,
    expected: Moment | None,
    limits: Thresholds,
) -> Advise:
    base = _base(p, pathogen, THERAPY, head, "")
    started, values = infection.therapy_started, {**base.values, "weeks": pathogen.window_weeks}
    recovery, title = "INF-GEN-04/recovery.no-start", base.title.replace("/title", "/title.no-start")
    if started is not None and expected is not None:
        values |= {"started": started, "expected": expected}
        recovery, title = "INF-GEN-04/recovery", base.title
    drugs = (
        Input("drug of its therapy", f"recorded ({m.source.value})", None, m.start, m.reference)
        for m in infection.therapy
    )
    check = check_safety(p, pathogen, infection, limits)
    return replace(
        base,
        title=base.title if p.platelets.current is None else title,
        say=(*base.say, recovery),
        values=values,
        inputs=(infection_row(p, infection), *base.inputs, *drugs, *check.rows),
        cautions=_own_cautions(pathogen, check),
    )


# ---------------------------------------------------------------------------------------------- parts


def _base(p: PatientFacts, pathogen: Pathogen, situation: Situation, head: Head, first_step: str) -> Advise:
    """What all cards of a pathogen have in common: the form of the title, the count."""
    has_count = p.platelets.current is not None
    return Advise(
        rule=head.rule,
        indicator=head.indicator,
        title=f"{situation.general}/title" if has_count else f"{situation.general}/title.no-count",
        say=(situation.words,),
        values={"infection": pathogen.name, "first_step": first_step, "weeks": pathogen.window_weeks},
        inputs=platelet_row(p),
        unknown=() if p.platelets.decisive is not None else (Fact.PLATELETS,),
        also=head.also,
    )


def _draft(
    p: PatientFacts,
    pathogen: Pathogen,
    infection: Infection,
    regimen: Regimen,
    indicator: Indicator,
    *,
    recommended: bool,
) -> Suggestion:
    """All drugs of one regimen, together; as urgent as the card where it is critical or the infection cannot wait."""
    is_urgent = indicator is Indicator.CRITICAL or pathogen.time_critical
    priority = priority_of(indicator) if is_urgent else "routine"
    actions = tuple(
        Action(
            ActionType.CREATE,
            template_name(pathogen, drug),
            priority,
            reasons=infection.references,
            dosage=dosage_of(drug, p.person.weight),
        )
        for drug in regimen.drugs
    )
    return Suggestion(regimen.key, actions, recommended)


def _instead(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, check: SafetyCheck, indicator: Indicator
) -> tuple[Suggestion, ...]:
    """Where no drug may be drafted: the tests for what is missing, and the referral, as urgent as the card (A.8)."""
    priority = priority_of(indicator)
    wanted = (TESTS_FOR_MISSING[fact] for fact in check.missing if fact in TESTS_FOR_MISSING)
    tests = tuple(test for test in wanted if test not in pathogen.treat_orders)
    asked = order(p, "INF-GEN-06/missing", tests, infection.references, priority)
    return asked + order(p, "refer", pathogen.refer_orders, infection.references, priority)


def _deferred(p: PatientFacts, pathogen: Pathogen, infection: Infection, deferral: Deferral) -> Advise:
    """Infected, but not treated now (pregnancy, childhood): info, without a draft."""
    population = (deferral.population,) if deferral.population else ()
    head = Head(pathogen.treat_rule, Indicator.INFO, (TREAT.general, *population))

    def make() -> Advise:
        base = _base(p, pathogen, TREAT, head, pathogen.first_step(f"defer.{deferral.key}"))
        return replace(
            base,
            say=(f"defer.{deferral.key}",),
            inputs=(infection_row(p, infection), *base.inputs),
            suggestions=order(p, "refer", pathogen.refer_orders, infection.references, "routine"),
        )

    return head.with_body(make)


def _own_cautions(pathogen: Pathogen, check: SafetyCheck) -> tuple[str, ...]:
    """The cautions of the card itself, without those of regimens that are not on it."""
    own = {f"caution.{c.key}" for c in pathogen.cautions}
    return tuple(key for key in check.cautions if key in own)


def _unread_signs(p: PatientFacts, pathogen: Pathogen) -> tuple[Fact, ...]:
    asks = CriticalSign.SHOCK in pathogen.critical_when and not p.signs.shock
    return (Fact.BLOOD_PRESSURE,) if asks and Fact.BLOOD_PRESSURE in p.signs.unknown else ()


def _day(at: datetime) -> Moment:
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(start, start + timedelta(days=1, microseconds=-1), start.date().isoformat())

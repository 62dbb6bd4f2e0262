"""INF-GEN-01 to 04: one card for each pathogen, led by the pathogen's id; its content stands in the pathogen's file.

The situations, in the order in which they are asked: therapy under way, treated before, suspected only, supportive
care, treatment. A pathogen that is not recorded may still be worth a test: antibodies without a proof (A.1), or a
thrombocytopenia that nothing explains (INF-HP-01).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cards.anti_infective.course import was_treated
from cards.anti_infective.pathogen import CriticalSign, Pathogen, template_name
from cards.anti_infective.safety_check import SafetyCheck, applies, check_safety
from cards.anti_infective.unexplained import look_for_exposure, look_for_unexplained
from cards.drafts import TEMPLATES
from cards.facts import Infection, Known, PatientFacts
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    Answers,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind, Moment
from cards.rows import infection_row, platelet_row, result_row, sign_row
from cards.thresholds import Thresholds

GENERAL = ("INF-GEN-01", "INF-GEN-02", "INF-GEN-03", "INF-GEN-04")

TESTS_FOR_MISSING: Mapping[Fact, str] = {Fact.EGFR: "creatinine", Fact.WEIGHT: "body-weight"}
"""What can be ordered for a fact that keeps a draft from being offered."""


@dataclass(frozen=True, slots=True)
class Situation:
    """How a card of a pathogen reads: the general rule that it follows, and the key of the pathogen's words."""

    general: str
    words: str


TREAT = Situation("INF-GEN-01", "treat")
UNDER_WAY = Situation("INF-GEN-01", "under-way")
SUPPORTIVE = Situation("INF-GEN-02", "supportive")
SUSPECTED = Situation("INF-GEN-03", "suspected")
UNEXPLAINED = Situation("INF-GEN-03", "unexplained")
THERAPY = Situation("INF-GEN-04", "therapy")


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One outcome for each pathogen; the general rules answer where their words stand."""
    answers: dict[str, Outcome] = {}
    for pathogen in p.pathogens.values():
        outcome = _outcome(p, pathogen, limits)
        if isinstance(outcome, Advise):
            answers |= {rule: NoAdvice(Why.OTHER_ROW) for rule in pathogen.card_rules} | {outcome.rule: outcome}
        else:
            answers |= {rule: outcome for rule in pathogen.card_rules}
    return answers | {rule: _general(rule, answers.values()) for rule in GENERAL}


def _general(rule: str, outcomes: Iterable[Outcome]) -> Outcome:
    unknown = CannotTell(Fact.CONDITIONS)
    if any(isinstance(o, Advise) and rule in o.also for o in outcomes):
        return NoAdvice(Why.MERGED)
    return unknown if unknown in outcomes else NoAdvice(Why.NO_INFECTION)


def _outcome(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Outcome:
    found = p.infections.of(pathogen.id)
    if not found:
        return _not_found(p, pathogen, limits)
    infection = found[0]
    critical = _critical_rows(p, pathogen, infection)
    if not infection.current:
        return NoAdvice(Why.INFECTION_NOT_CURRENT)
    if infection.cured:
        return NoAdvice(Why.INFECTION_TREATED)
    if infection.is_under_therapy:
        if pathogen.time_critical and critical:
            return _card(p, pathogen, infection, UNDER_WAY, limits)
        return _therapy(p, pathogen, infection, limits)
    if was_treated(p, infection) and not critical:
        return NoAdvice(Why.INFECTION_TREATED)
    if infection.is_suspected_only and not (pathogen.time_critical and critical):
        return _unless_ordered(p, _card(p, pathogen, infection, SUSPECTED, limits), pathogen)
    if pathogen.supportive:
        return _card(p, pathogen, infection, SUPPORTIVE, limits)
    return _treat(p, pathogen, infection, limits)


def _not_found(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Outcome:
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    exposure = look_for_exposure(p, pathogen, limits)
    if exposure is not None:
        rows = (result_row("antibody test", exposure),)
        return _unless_ordered(p, _test(p, pathogen, SUSPECTED, rows), pathogen)
    reason = look_for_unexplained(p, pathogen, limits)
    if isinstance(reason, tuple):
        return _unless_ordered(p, _test(p, pathogen, UNEXPLAINED, reason), pathogen)
    return reason


# ---------------------------------------------------------------------------------------------- cards


def _base(p: PatientFacts, pathogen: Pathogen, situation: Situation, rule: str, first_step: str) -> Advise:
    """What every card of a pathogen has in common: the title's form, the count."""
    has_count = p.platelets.current is not None
    return Advise(
        rule=rule,
        indicator=pathogen.recorded,
        title=f"{situation.general}/title" if has_count else f"{situation.general}/title.no-count",
        say=(situation.words,),
        values={"infection": pathogen.name, "first_step": first_step},
        inputs=platelet_row(p),
        unknown=() if has_count else (Fact.PLATELETS,),
        also=(situation.general,),
    )


def _test(p: PatientFacts, pathogen: Pathogen, situation: Situation, rows: tuple[Input, ...]) -> Advise:
    """A test is suggested for an infection that is not recorded."""
    base = _base(p, pathogen, situation, pathogen.test_rule, pathogen.first_step(situation.words))
    orders = _orders(p, "test", pathogen.test_orders, tuple(r.reference for r in rows if r.reference), "routine")
    return replace(
        base,
        indicator=Indicator.INFO,
        title=f"{situation.general}/title.{'unexplained' if situation is UNEXPLAINED else 'exposure'}",
        inputs=(*base.inputs, *rows),
        suggestions=orders,
    )


def _card(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, situation: Situation, limits: Thresholds
) -> Advise:
    """A card without a drug draft: tests, supportive care, or a critical infection whose therapy is under way."""
    suspected = situation is SUSPECTED
    check = check_safety(p, pathogen, infection, limits)
    critical = _critical_rows(p, pathogen, infection)
    indicator = pathogen.suspected if infection.is_suspected_only else pathogen.recorded
    rule = pathogen.test_rule if suspected else pathogen.treat_rule
    base = _base(p, pathogen, situation, rule, pathogen.first_step(situation.words))
    key = "test" if suspected else "treat"
    templates = pathogen.test_orders if suspected else pathogen.treat_orders
    indicator = Indicator.CRITICAL if critical else indicator
    return replace(
        base,
        indicator=indicator,
        inputs=(infection_row(p, infection), *base.inputs, *critical, *check.rows),
        cautions=() if suspected else _own_cautions(pathogen, check),
        unknown=tuple(dict.fromkeys((*base.unknown, *_unknown(p, pathogen, check, suspected)))),
        suggestions=_orders(p, key, templates, infection.references, _priority(indicator)),
    )


def _treat(p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds) -> Advise:
    """INF-GEN-01, with drafts for every regimen that the safety check lets through."""
    for deferral in pathogen.deferrals:
        if applies(p, deferral.caution, infection, limits).answer is Known.YES:
            return _deferred(p, pathogen, infection, deferral.key, deferral.population)
    check = check_safety(p, pathogen, infection, limits)
    card = _card(p, pathogen, infection, TREAT, limits)
    open_regimens = [c.regimen.key for c in check.regimens if not c.excluded]
    shown = [f"regimen.{key}" for key in open_regimens]
    doses = [f"dose.{regimen.key}" for regimen in check.offered]
    drafts = tuple(
        Suggestion(
            regimen.key,
            tuple(
                Action(ActionType.CREATE, template_name(pathogen, drug), reasons=infection.references, dosage=drug.dosage)
                for drug in regimen.drugs
            ),
            recommended=number == 0,
        )
        for number, regimen in enumerate(check.offered)
    )
    withheld = bool(pathogen.drugs) and not drafts
    return replace(
        card,
        say=tuple(key for key in (*card.say, *shown, *doses) if key in pathogen.words)
        + (("INF-GEN-06/withheld",) if withheld else ()),
        cautions=check.cautions,
        suggestions=(*card.suggestions, *(drafts or _instead(p, pathogen, infection, check))),
        one_of=len(drafts) > 1,
        also=(*card.also, "INF-GEN-06") if pathogen.drugs else card.also,
    )


def _instead(
    p: PatientFacts, pathogen: Pathogen, infection: Infection, check: SafetyCheck
) -> tuple[Suggestion, ...]:
    """Without a draft: the tests for what is missing, and the referral."""
    tests = tuple(TESTS_FOR_MISSING[f] for f in check.missing if f in TESTS_FOR_MISSING)
    asked = _orders(p, "INF-GEN-06/missing", tests, infection.references, "routine")
    return asked + _orders(p, "refer", pathogen.refer_orders, infection.references, "routine")


def _deferred(p: PatientFacts, pathogen: Pathogen, infection: Infection, key: str, population: str) -> Advise:
    """Infected, but not treated now: pregnancy, childhood."""
    base = _base(p, pathogen, TREAT, pathogen.treat_rule, pathogen.first_step(f"defer.{key}"))
    return replace(
        base,
        indicator=Indicator.INFO,
        say=(f"defer.{key}",),
        inputs=(infection_row(p, infection), *base.inputs),
        suggestions=_orders(p, "refer", pathogen.refer_orders, infection.references, "routine"),
        also=(*base.also, population),
    )


def _therapy(p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds) -> Outcome:
    """INF-GEN-04: therapy under way, with the day by which the platelets should have recovered (MON-05 then)."""
    started = infection.therapy_started
    base = _base(p, pathogen, THERAPY, pathogen.id, "")
    values = {**base.values, "weeks": pathogen.window_weeks}
    recovery = "INF-GEN-04/recovery.no-start"
    if started is not None:
        expected = _day(started.latest + timedelta(weeks=pathogen.window_weeks))
        if expected.latest < p.as_of:
            is_low = p.platelets.last_known is not None and p.platelets.last_known < limits.mild
            return NoAdvice(Why.SUPPRESSED if is_low else Why.COUNT_NOT_LOW)
        values |= {"started": started, "expected": expected}
        recovery = "INF-GEN-04/recovery"
    elif base.title.endswith("/title"):
        base = replace(base, title=f"{base.title}.no-start")
    therapy = tuple(
        Input("drug of its therapy", f"recorded ({m.source.value})", None, m.start, m.reference)
        for m in infection.therapy
    )
    check = check_safety(p, pathogen, infection, limits)
    return replace(
        base,
        indicator=Indicator.INFO,
        say=(*base.say, recovery),
        values=values,
        inputs=(infection_row(p, infection), *base.inputs, *therapy, *check.rows),
        cautions=_own_cautions(pathogen, check),
    )


# ---------------------------------------------------------------------------------------------- parts


def _critical_rows(p: PatientFacts, pathogen: Pathogen, infection: Infection) -> tuple[Input, ...]:
    """The signs that make the card critical; empty where there is none."""
    severe = (Input("severity of the infection", "severe", None, infection.onset, infection.references[0]),)
    rows: Mapping[CriticalSign, tuple[Input, ...]] = {
        CriticalSign.SHOCK: tuple(sign_row("shock", s) for s in p.signs.shock),
        CriticalSign.ORGAN_FAILURE: tuple(sign_row("organ failure", s) for s in p.signs.organ_failure),
        CriticalSign.BLEEDING: tuple(
            Input("bleeding", f"WHO grade {b.weight}", None, b.since, b.reference) for b in p.bleeding.serious
        ),
        CriticalSign.SEVERE: severe if infection.severe else (),
    }
    return tuple(row for sign in pathogen.critical_when for row in rows[sign])


def _own_cautions(pathogen: Pathogen, check: SafetyCheck) -> tuple[str, ...]:
    """The cautions of the card itself, without those of regimens that are not on it."""
    own = {f"caution.{c.key}" for c in pathogen.cautions}
    return tuple(key for key in check.cautions if key in own)


def _unknown(p: PatientFacts, pathogen: Pathogen, check: SafetyCheck, suspected: bool) -> tuple[Fact, ...]:
    shock = CriticalSign.SHOCK in pathogen.critical_when and Fact.BLOOD_PRESSURE in p.signs.unknown
    return ((Fact.BLOOD_PRESSURE,) if shock else ()) + (() if suspected else check.unknown)


def _orders(
    p: PatientFacts, label: str, templates: tuple[str, ...], reasons: tuple[str, ...], priority: str
) -> tuple[Suggestion, ...]:
    """One button for the orders that no active order already covers."""
    actions = tuple(
        Action(ActionType.CREATE, name, priority, reasons=reasons) for name in templates if not _is_ordered(p, name)
    )
    return (Suggestion(label, actions, recommended=True),) if actions else ()


def _is_ordered(p: PatientFacts, template: str) -> bool:
    set_id = TEMPLATES[template].set_id
    return set_id is not None and any(o.status == "active" and set_id in o.set_ids for o in p.planned)


def _unless_ordered(p: PatientFacts, card: Advise, pathogen: Pathogen) -> Outcome:
    """Rulebook A.3: the same advice is not repeated when an active order already does it."""
    ordered = bool(pathogen.test_orders) and all(_is_ordered(p, t) for t in pathogen.test_orders)
    return NoAdvice(Why.ALREADY_DONE) if ordered and card.indicator is Indicator.INFO else card


def _priority(indicator: Indicator) -> str:
    return {Indicator.CRITICAL: "stat", Indicator.WARNING: "urgent", Indicator.INFO: "routine"}[indicator]


def _day(at: datetime) -> Moment:
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(start, start + timedelta(days=1, microseconds=-1), start.date().isoformat())


ADVICE = Advice(
    stem="anti_infective/infection",
    ids=(*GENERAL, "INF-HP", "INF-HP-01", "INF-HP-02", "INF-EBV", "INF-DEN", "INF-SEP"),
    topic=Topic.ANTI_INFECTIVE,
    decide=decide,
    otherwise=Why.NO_INFECTION,
)

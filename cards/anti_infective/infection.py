"""INF-GEN-01 to 04: one card for each pathogen, led by its id; the content stands in the pathogen's file.

The situations, in the order in which they are asked: therapy under way, treated before, suspected only,
supportive care, treatment. A pathogen that is not recorded may still be worth a test: antibodies without a
proof (rulebook A.1), or a thrombocytopenia that nothing explains (INF-HP-01).
"""

from __future__ import annotations

from collections.abc import Iterable

from cards.anti_infective.content import Pathogen
from cards.anti_infective.course import was_treated
from cards.anti_infective.infection_cards import (
    SUPPORTIVE,
    SUSPECTED,
    UNDER_WAY,
    UNEXPLAINED,
    care_card,
    critical_rows,
    test_card,
    therapy_card,
    treat_card,
)
from cards.anti_infective.ordering import is_ordered
from cards.anti_infective.unexplained import look_for_exposure, look_for_unexplained
from cards.facts import Infection, PatientFacts
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import result_row
from cards.thresholds import Thresholds

GENERAL = ("INF-GEN-01", "INF-GEN-02", "INF-GEN-03", "INF-GEN-04")


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One outcome for each pathogen; the general rules answer where their words stand."""
    answers: dict[str, Outcome] = {}
    for pathogen in p.pathogens.values():
        outcome = _outcome(p, pathogen, limits)
        if isinstance(outcome, Advise):
            answers |= {rule: NoAdvice(Why.OTHER_ROW) for rule in pathogen.card_rules}
            answers[outcome.rule] = outcome
        else:
            answers |= dict.fromkeys(pathogen.card_rules, outcome)
    return answers | {rule: _general(rule, tuple(answers.values())) for rule in GENERAL}


def _general(rule: str, outcomes: Iterable[Outcome]) -> Outcome:
    if any(isinstance(o, Advise) and rule in o.also for o in outcomes):
        return NoAdvice(Why.MERGED)
    unable = CannotTell(Fact.CONDITIONS)
    return unable if unable in outcomes else NoAdvice(Why.NO_INFECTION)


def _outcome(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Outcome:
    found = p.infections.of(pathogen.id)
    return _found(p, pathogen, found[0], limits) if found else _not_found(p, pathogen, limits)


def _found(p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds) -> Outcome:
    """The situation of a recorded infection. A time-critical one with a critical sign has its own card."""
    urgent = pathogen.time_critical and bool(critical_rows(p, pathogen, infection))
    if not infection.current:
        return NoAdvice(Why.INFECTION_NOT_CURRENT)
    if infection.cured:
        return NoAdvice(Why.INFECTION_TREATED)
    if infection.is_under_therapy:
        if urgent:
            return care_card(p, pathogen, infection, UNDER_WAY, limits)
        return therapy_card(p, pathogen, infection, limits)
    if was_treated(infection) and not urgent:
        return NoAdvice(Why.INFECTION_TREATED)
    if infection.is_suspected_only and not urgent:
        return _unless_ordered(p, care_card(p, pathogen, infection, SUSPECTED, limits), pathogen)
    if pathogen.supportive:
        return care_card(p, pathogen, infection, SUPPORTIVE, limits)
    return treat_card(p, pathogen, infection, limits)


def _not_found(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Outcome:
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    exposure = look_for_exposure(p, pathogen, limits)
    if exposure is not None:
        card = test_card(p, pathogen, SUSPECTED, (result_row("antibody test", exposure),))
        return _unless_ordered(p, card, pathogen)
    reason = look_for_unexplained(p, pathogen, limits)
    if isinstance(reason, tuple):
        return _unless_ordered(p, test_card(p, pathogen, UNEXPLAINED, reason), pathogen)
    return reason


def _unless_ordered(p: PatientFacts, card: Advise, pathogen: Pathogen) -> Outcome:
    """Rulebook A.3: the same advice is not repeated when an active order already does it."""
    ordered = bool(pathogen.test_orders) and all(is_ordered(p, t) for t in pathogen.test_orders)
    return NoAdvice(Why.ALREADY_DONE) if ordered and card.indicator is Indicator.INFO else card


ADVICE = Advice(
    stem="anti_infective/infection",
    ids=(*GENERAL, "INF-HP", "INF-HP-01", "INF-HP-02", "INF-EBV", "INF-DEN", "INF-SEP"),
    topic=Topic.ANTI_INFECTIVE,
    decide=decide,
    otherwise=Why.NO_INFECTION,
)

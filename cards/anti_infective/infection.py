"""INF-GEN-01 to 04: one card for each pathogen, led by its id; the content stands in the pathogen's file.

The situations, in the order in which they are asked: therapy under way, treated before, suspected only,
supportive care, treatment. A pathogen that is not recorded may still be worth a test: antibodies without a
proof (rulebook A.1), or a thrombocytopenia that nothing explains (INF-HP-01); a live vaccine of the last weeks
can stand for its infection (INF-MMR).
"""

from __future__ import annotations

from collections.abc import Iterable

from cards.anti_infective.asked import applies, critical_rows
from cards.anti_infective.content import Agent, Caution, Pathogen, TreatSuspected, When
from cards.anti_infective.course import was_treated
from cards.anti_infective.infection_cards import (
    SUPPORTIVE,
    SUSPECTED,
    TREAT,
    UNDER_WAY,
    UNEXPLAINED,
    VACCINATED,
    Care,
    care_card,
    is_treated_here,
    suspicion_card,
    test_card,
    therapy_card,
    treat_card,
)
from cards.anti_infective.ordering import is_ordered
from cards.anti_infective.pathogen import card_rules_of_files
from cards.anti_infective.unexplained import look_for_exposure, look_for_unexplained
from cards.facts import Certainty, Infection, PatientFacts
from cards.frozen import replace
from cards.host import asplenia
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import result_row, sign_row
from cards.thresholds import Thresholds

GENERAL = ("INF-GEN-01", "INF-GEN-02", "INF-GEN-03", "INF-GEN-04")
CANNOT_TELL = CannotTell(Fact.CONDITIONS)
NOT_FOUND, MERGED = NoAdvice(Why.NO_INFECTION), NoAdvice(Why.MERGED)
OTHER_SITUATION = NoAdvice(Why.OTHER_ROW)


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One outcome for each pathogen that the record names or that may be worth a test; the others have none."""
    answers: dict[str, Outcome] = {}
    merged: set[str] = set()
    unsaid: Outcome = NOT_FOUND
    for pathogen in _in_question(p):
        outcome = _outcome(p, pathogen, limits)
        if isinstance(outcome, Advise):
            answers.update(dict.fromkeys(pathogen.card_rules, OTHER_SITUATION))
            answers[outcome.rule] = outcome
            merged.update(outcome.also)
            continue
        answers.update(dict.fromkeys(pathogen.card_rules, outcome))
        if outcome == CANNOT_TELL:
            unsaid = CANNOT_TELL
    for rule in GENERAL:
        answers[rule] = MERGED if rule in merged else unsaid
    return answers


def _in_question(p: PatientFacts) -> Iterable[Pathogen]:
    """All where the record is open: no problem list, antibodies, vaccines; else the named ones, at little cost."""
    if p.infections.exposures or p.record.immunizations or not p.answered(Kind.CONDITIONS):
        return p.pathogens.values()
    named = {infection.pathogen for infection in p.infections.found}
    return [one for id_, one in p.pathogens.items() if id_ in named or one.tested_when_unexplained]


def _outcome(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Outcome:
    found = p.infections.of(pathogen.id)
    outcome = _found(p, pathogen, found[0], limits) if found else _not_found(p, pathogen, limits)
    return _mind_the_spleen(p, pathogen, outcome) if isinstance(outcome, Advise) else outcome


def _mind_the_spleen(p: PatientFacts, pathogen: Pathogen, card: Advise) -> Advise:
    """POP-08: fever without a working spleen asks for antibiotics now, whatever virus or parasite is recorded."""
    no_spleen = asplenia(p) if pathogen.agent is not Agent.BACTERIUM and p.signs.fever else ()
    if not no_spleen:
        return card
    also = tuple(dict.fromkeys((*card.also, "POP-08")))

    def warned(card: Advise) -> Advise:
        rows = (*card.inputs, *(sign_row("fever", s) for s in p.signs.fever), *no_spleen)
        return replace(
            card,
            cautions=("INF-GEN-05/caution.asplenia", *card.cautions),
            inputs=tuple(dict.fromkeys(rows)),
            also=also,
        )

    return card.changed(warned, also=also)


def _found(p: PatientFacts, pathogen: Pathogen, infection: Infection, limits: Thresholds) -> Outcome:
    """The situation of a recorded infection."""
    if not infection.current:
        return NoAdvice(Why.INFECTION_NOT_CURRENT)
    if infection.cured:
        return NoAdvice(Why.INFECTION_TREATED)
    critical = critical_rows(p, pathogen, infection, limits)
    grave = bool(critical)
    if infection.is_under_therapy:
        if grave and pathogen.reviews_therapy and not _is_adequate(pathogen, infection):
            return care_card(Care(p, pathogen, infection, UNDER_WAY, critical, limits))
        return therapy_card(p, pathogen, infection, limits)
    if was_treated(infection) and not (grave and pathogen.reviews_therapy):
        return NoAdvice(Why.INFECTION_TREATED)
    if infection.is_suspected_only and not _treats_suspicion(pathogen, grave):
        return _unless_ordered(p, suspicion_card(p, pathogen, infection), pathogen)
    if is_treated_here(p, pathogen, infection, limits):
        return treat_card(Care(p, pathogen, infection, TREAT, critical, limits))
    return care_card(Care(p, pathogen, infection, SUPPORTIVE, critical, limits))


def _treats_suspicion(pathogen: Pathogen, grave: bool) -> bool:
    """Rulebook A.1: a suspicion alone is treated where waiting is worse."""
    wanted = pathogen.treat_suspected
    return wanted is TreatSuspected.ALWAYS or (wanted is TreatSuspected.CRITICAL and grave)


def _is_adequate(pathogen: Pathogen, infection: Infection) -> bool:
    """Whether a drug is in use that is for the severe form; where the file names none, nobody can tell."""
    return any(not drug.set_ids.isdisjoint(pathogen.therapy_urgent) for drug in infection.therapy)


def _not_found(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Outcome:
    if not p.answered(Kind.CONDITIONS):
        return CANNOT_TELL
    exposure = look_for_exposure(p, pathogen, limits) if p.infections.exposures else None
    if exposure is not None:
        card = test_card(p, pathogen, SUSPECTED, (result_row("antibody test", exposure),))
        return _unless_ordered(p, card, pathogen)
    if pathogen.vaccines and p.record.immunizations:
        vaccinated = _after_vaccine(p, pathogen, limits)
        if vaccinated is not None:
            return vaccinated
    if not pathogen.tested_when_unexplained:
        return NOT_FOUND
    reason = look_for_unexplained(p, pathogen, limits)
    if isinstance(reason, tuple):
        return _unless_ordered(p, test_card(p, pathogen, UNEXPLAINED, reason), pathogen)
    return reason


def _after_vaccine(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Advise | None:
    """A low count in the weeks after a live vaccine against the infection."""
    count = p.platelets.decisive
    if count is None or count.value >= limits.mild:
        return None
    asked = Caution("", When.VACCINATED, pathogen.vaccines, days=pathogen.vaccine_days)
    nobody = Infection(pathogen.id, Certainty.SUSPECTED, current=False, onset=None, references=())
    rows = applies(p, asked, nobody, limits).rows
    if not rows:
        return None
    when = "no date" if rows[-1].time is None else rows[-1].time
    card = test_card(p, pathogen, VACCINATED, rows)
    return card.changed(
        lambda card: replace(card, suggestions=(), values={**card.values, "vaccinated": when})
    )


def _unless_ordered(p: PatientFacts, card: Advise, pathogen: Pathogen) -> Outcome:
    """Rulebook A.3: the same advice is not repeated when an active order already does it."""
    ordered = bool(pathogen.test_orders) and all(is_ordered(p, t) for t in pathogen.test_orders)
    return NoAdvice(Why.ALREADY_DONE) if ordered and card.indicator is Indicator.INFO else card


ADVICE = Advice(
    stem="anti_infective/infection",
    ids=(*GENERAL, *card_rules_of_files()),
    topic=Topic.ANTI_INFECTIVE,
    decide=decide,
    otherwise=Why.NO_INFECTION,
)

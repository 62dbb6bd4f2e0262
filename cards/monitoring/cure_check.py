"""INF-HP-03: the test of cure of H. pylori after therapy is due (MON-06 of others: `cards.monitoring.tests_due`).

Due from 4 weeks after the documented end of therapy, while no test since then is recorded, for a year. On discharge the
card says from when.
"""

from __future__ import annotations

from cards.anti_infective.course import end_row
from cards.anti_infective.ordering import is_ordered, order
from cards.anti_infective.pathogen import Pathogen
from cards.facts import Infection, PatientFacts
from cards.monitoring.discharge import day_of
from cards.monitoring.tests_due import end_of_therapy
from cards.months import add_months
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.precedence import DISCHARGE
from cards.reasons import Fact, Why
from cards.record import Kind, Moment, Result
from cards.rows import infection_row, medication_row, platelet_row
from cards.thresholds import Thresholds

H_PYLORI = "INF-HP"
NO_INFECTION = NoAdvice(Why.NO_INFECTION)
STILL_SUPPRESSING = ("med-antibacterial", "med-bismuth")


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Every treated patient: a stool antigen or breath test, proton pump inhibitor stopped for 2 weeks."""
    pathogen = p.pathogens.get(H_PYLORI)
    if pathogen is not None and p.hook == DISCHARGE:
        coming = _coming(p, pathogen, limits)
        if coming is not None:
            return coming
    found = p.infections.of(H_PYLORI)
    treated = [i for i in found if i.therapy_ended is not None]
    if pathogen is None or not treated:
        return NO_INFECTION if found or p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)
    infection, ended = treated[0], treated[0].therapy_ended
    if ended is None or infection.is_under_therapy:
        return NoAdvice(Why.THERAPY_ACTIVE)
    if infection.cured or _is_tested(p, pathogen, ended):
        return NoAdvice(Why.ALREADY_DONE)
    if ended.since(p.as_of) < limits.span("cure_test_weeks"):
        return NoAdvice(Why.TOO_EARLY)
    if add_months(ended.latest, int(limits.proven_chronic_months)) < p.as_of:
        return NoAdvice(Why.INFECTION_NOT_CURRENT)
    if all(is_ordered(p, template) for template in pathogen.test_orders):
        return NoAdvice(Why.ALREADY_DONE)
    if not p.answered(Kind.OBSERVATIONS):
        return CannotTell(Fact.OBSERVATIONS)
    return _card(p, pathogen, infection, ended)


def _coming(p: PatientFacts, pathogen: Pathogen, limits: Thresholds) -> Advise | None:
    """On discharge the day from which the test will be due: the end of a therapy is documented, or ordered."""
    infection = next((i for i in p.infections.of(H_PYLORI) if not i.cured), None)
    ended = None if infection is None else end_of_therapy(infection)
    if infection is None or ended is None:
        return None
    due = ended.latest + limits.span("cure_test_weeks")
    left = [one for one in pathogen.test_orders if not is_ordered(p, one)]
    if due <= p.as_of or not left:
        return None
    actions = tuple(
        Action(ActionType.CREATE, one, "routine", reasons=infection.references, due=due) for one in left
    )
    return Advise(
        "INF-HP-03",
        Indicator.INFO,
        title="title.coming",
        say=("suggestion.coming",),
        values={"due": day_of(due)},
        inputs=(
            infection_row(p, infection),
            *(medication_row("drug of its therapy", m) for m in infection.therapy),
            end_row(p, infection, ended),
            *platelet_row(p),
        ),
        suggestions=(Suggestion("test", actions, recommended=True),),
        also=("MON-06",),
    )


def _is_tested(p: PatientFacts, pathogen: Pathogen, ended: Moment) -> bool:
    """A proving test gave a result after the end of therapy."""
    return any(
        t.proves == "current"
        and t.result in (Result.POSITIVE, Result.NEGATIVE)
        and t.time is not None
        and t.time.latest >= ended.earliest
        for t in p.tests(*pathogen.test_sets)
    )


def _card(p: PatientFacts, pathogen: Pathogen, infection: Infection, ended: Moment) -> Advise:
    acid = p.using("med-ppi")
    suppressing = p.using(*STILL_SUPPRESSING)
    cautions = (("caution.ppi", bool(acid)), ("caution.antibacterial", bool(suppressing)))
    return Advise(
        "INF-HP-03",
        Indicator.INFO,
        cautions=tuple(key for key, applies in cautions if applies),
        unknown=() if p.answered(Kind.MEDICATIONS) else (Fact.MEDICATIONS,),
        values={"ended": ended},
        inputs=(
            infection_row(p, infection),
            end_row(p, infection, ended),
            *(medication_row("proton pump inhibitor", m) for m in acid),
            *(medication_row("antibiotic or bismuth", m) for m in suppressing),
            *platelet_row(p),
        ),
        suggestions=order(p, "test", pathogen.test_orders, infection.references, "routine"),
        also=("MON-06",),
    )


ADVICE = Advice(
    stem="monitoring/cure_check",
    ids=("INF-HP-03",),
    topic=Topic.MONITORING,
    decide=decide,
)

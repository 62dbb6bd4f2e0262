"""MON-05: is the time over in which the platelets should have recovered (windows of section D)?

The window runs from the start of therapy, from the onset where care is supportive or the therapy of an acute infection
is not recorded. Without any recorded infection it runs from the first count below 100.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cards.anti_infective.course import SUPPRESSED_ON_THERAPY, drug_of, is_untreated, was_treated
from cards.anti_infective.pathogen import Pathogen
from cards.anti_infective.recorded import is_infection_recorded, unfiled_infections
from cards.anti_infective.unexplained import EXPLANATIONS
from cards.facts import Infection, PatientFacts
from cards.frozen import dataclass
from cards.monitoring.count_grade import is_known_and_stable
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Kind, Moment
from cards.thresholds import Thresholds

OTHER_CAUSES = tuple(s for s in EXPLANATIONS if s != "cond-thrombocytopenia-secondary")
"""Where no infection is recorded: causes that explain the count. "Secondary" names none."""

TOO_EARLY = NoAdvice(Why.TOO_EARLY)
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Exceeded:
    """The window of `infection` (None: no pathogen recorded) is over since `weeks` weeks from its start."""

    start: Moment
    weeks: int
    infection: Infection | None = None


def find_exceeded(p: PatientFacts, limits: Thresholds) -> Exceeded | NoAdvice | CannotTell:
    """The exceeded window that began last; the count must be below 100 now."""
    count = p.platelets.decisive
    if count is None:
        return CannotTell(Fact.PLATELETS)
    if count.value >= limits.mild:
        return NoAdvice(Why.COUNT_NOT_LOW)
    if is_known_and_stable(p, limits):
        return NoAdvice(Why.EXPLAINED)
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    known = [i for i in p.infections.found if not i.is_suspected_only]
    if not known:
        return _without_infection(p, limits)
    answers = [_of(p, infection, limits) for infection in known]
    exceeded = [one for one in answers if isinstance(one, Exceeded)]
    if TOO_EARLY in answers:
        return TOO_EARLY
    if exceeded:
        return max(exceeded, key=lambda one: one.start.latest)
    return next((one for one in answers if isinstance(one, CannotTell)), answers[0])


def _without_infection(p: PatientFacts, limits: Thresholds) -> Exceeded | NoAdvice | CannotTell:
    """No pathogen recorded: 6 weeks from the first count below 100, up to 26 weeks."""
    if unfiled_infections(p, limits):
        return CannotTell(Fact.INFECTION_TYPE)
    if is_infection_recorded(p, limits):
        return NoAdvice(Why.INFECTION_RECORDED)
    if p.present(*OTHER_CAUSES) or p.suspected(*OTHER_CAUSES):
        return NoAdvice(Why.EXPLAINED)
    since = p.platelets.low_since
    if since is None:
        return CannotTell(Fact.ONSET)
    age = since.since(p.as_of)
    if age <= limits.span("mon_default_weeks"):
        return NoAdvice(Why.TOO_EARLY)
    if age > limits.span("mon_question_weeks"):
        return NoAdvice(Why.INFECTION_NOT_CURRENT)
    return Exceeded(since, _weeks(p, since))


def _of(p: PatientFacts, infection: Infection, limits: Thresholds) -> Exceeded | NoAdvice | CannotTell:
    """One infection: not begun, still in its window, exceeded, or long over."""
    pathogen = p.pathogens[infection.pathogen]
    if infection.pathogen in SUPPRESSED_ON_THERAPY and infection.cured and infection.is_under_therapy:
        # with a load that is not detected, the low count is another question
        return NoAdvice(Why.INFECTION_TREATED)
    if pathogen.chronic and is_untreated(p, infection):
        return NoAdvice(Why.NOT_TREATED)
    start = recovery_start(infection, pathogen)
    if start is None:
        return CannotTell(Fact.THERAPY if pathogen.chronic else Fact.ONSET)
    age, window = start.since(p.as_of), timedelta(weeks=pathogen.window_weeks)
    if age <= window:
        return TOO_EARLY
    stays = limits.span("mon_question_weeks") + (window if pathogen.chronic else timedelta(0))
    if age > stays:
        return NoAdvice(Why.INFECTION_NOT_CURRENT)
    if _fell_anew(p, start.latest + window, start, limits):
        return NoAdvice(Why.OTHER_ROW)
    return Exceeded(start, _weeks(p, start), infection)


def recovery_start(infection: Infection, pathogen: Pathogen) -> Moment | None:
    """Where the window begins: start of its therapy; for an acute infection without one the onset."""
    treated = infection.is_under_therapy or was_treated(infection)
    if treated and infection.therapy_started is not None and not pathogen.supportive:
        return infection.therapy_started
    return None if pathogen.chronic else infection.onset


def begun_by(p: PatientFacts, exceeded: Exceeded) -> str | None:
    """The resource that tells the start of the window: a drug, the infection, or the first low count."""
    infection = exceeded.infection
    if infection is None:
        return next((c.reference for c in p.platelets.series if c.time == exceeded.start), None)
    if exceeded.start == infection.onset:
        return next(iter(infection.references), None)
    return drug_of(p, infection, start=exceeded.start)


def _fell_anew(p: PatientFacts, end: datetime, start: Moment, limits: Thresholds) -> bool:
    """The platelets had recovered after the infection, and the present low series began after its window."""
    since = p.platelets.low_since
    if since is None or since.earliest <= end:
        return False
    recovered = (c for c in p.platelets.series if c.value >= limits.mild and not c.transfused)
    return any(c.time.earliest >= start.latest for c in recovered)


def _weeks(p: PatientFacts, start: Moment) -> int:
    """Completed weeks."""
    return start.since(p.as_of).days // WEEK_DAYS

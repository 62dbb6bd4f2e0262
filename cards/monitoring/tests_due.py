"""MON-06: the tests that follow an infection's therapy, when they are due; on discharge also those that are to come.

One card for all of them. H. pylori has a card of its own (`cards.monitoring.cure_check`). What was done is told by a
result of its own time: a haemoglobin of the day before counts for the day on which it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cards.anti_infective.course import end_row
from cards.anti_infective.ordering import is_ordered
from cards.facts import Infection, PatientFacts
from cards.facts.presence import NEVER_TAKEN
from cards.frozen import dataclass
from cards.monitoring.discharge import day_of
from cards.months import add_months
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.precedence import DISCHARGE
from cards.reasons import Fact, Why
from cards.record import Kind, Medication, Moment, Result, Route
from cards.rows import infection_row, measurement_row, medication_row, platelet_row
from cards.thresholds import Thresholds

HCV, HBV, HIV, B19 = "INF-HCV", "INF-HBV", "INF-HIV", "INF-B19"
FOLLOWED = frozenset({HCV, HBV, HIV, B19})
ARTESUNATE, HAEMOGLOBIN, RETICULOCYTES = "med-artesunate", "obs-hemoglobin", "obs-reticulocytes"
NOTHING_DUE = NoAdvice(Why.NOTHING_DUE)
A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """A test that is not done: `key` names its words, `days` when it falls due, each with its draft."""

    key: str
    template: str
    days: tuple[datetime, ...]
    rows: tuple[Input, ...]
    reasons: tuple[str, ...] = ()


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """One info card for the tests that are due now, or, on discharge, at any time to come."""
    if ARTESUNATE not in p.record.drug_sets and not any(i.pathogen in FOLLOWED for i in p.infections.found):
        return _silent(p)
    found = [due for look in LOOKS if (due := look(p, limits)) is not None]
    found = [due for due in found if p.hook == DISCHARGE or due.days[0] <= p.as_of]
    found = [due for due in found if not _is_ordered(p, due)]
    if found and not p.answered(Kind.OBSERVATIONS):  # what falls due later is not done yet
        found = [due for due in found if due.days[0] > p.as_of]
        if not found:
            return CannotTell(Fact.OBSERVATIONS)
    if not found:
        return _silent(p)
    found.sort(key=lambda due: due.days[0])
    first = found[0]
    return Advise(
        "MON-06",
        Indicator.INFO,
        title=f"title.{first.key}" if first.days[0] <= p.as_of else f"title.coming.{first.key}",
        say=tuple(f"suggestion.{due.key}" for due in found),
        values={"due": day_of(first.days[0])},
        inputs=tuple(dict.fromkeys((*(row for due in found for row in due.rows), *platelet_row(p)))),
        unknown=() if p.answered(Kind.MEDICATIONS) else (Fact.MEDICATIONS,),
        suggestions=tuple(_button(due, p.as_of) for due in found),
    )


def _is_ordered(p: PatientFacts, due: Due) -> bool:
    """An order covers what is due now; of several counts to come it covers one at most."""
    return is_ordered(p, due.template) and not (p.hook == DISCHARGE and len(due.days) > 1)


def _button(due: Due, now: datetime) -> Suggestion:
    """A draft for each day; none of them lies in the past."""
    actions = tuple(
        Action(ActionType.CREATE, due.template, "routine", reasons=due.reasons, due=max(day, now))
        for day in due.days
    )
    return Suggestion(due.key, actions, recommended=True)


def _silent(p: PatientFacts) -> NoAdvice | CannotTell:
    unread = p.unread(Kind.MEDICATIONS, Kind.CONDITIONS)
    return CannotTell(unread[0]) if unread else NOTHING_DUE


# --------------------------------------------------------------------------------------------- what is looked for


def _cure_of_hcv(p: PatientFacts, limits: Thresholds) -> Due | None:
    """RNA 12 weeks after the end that is documented, or ordered; for a year."""
    infection = next(iter(p.infections.of(HCV)), None)
    ended = None if infection is None else end_of_therapy(infection)
    if infection is None or ended is None or infection.cured:
        return None
    due = ended.latest + limits.span("svr_weeks")
    if add_months(ended.latest, int(limits.proven_chronic_months)) < p.as_of:
        return None
    done = any(
        t.proves == "current" and t.time is not None and t.time.latest >= due for t in p.tests("lab-hcv")
    )
    return None if done else _of(p, infection, "svr", "hcv-rna", due)


def _load(
    p: PatientFacts, pathogen: str, key: str, template: str, test_set: str, wait: timedelta
) -> Due | None:
    """The first load after therapy began, while it goes on."""
    infection = next((i for i in p.infections.of(pathogen) if i.is_under_therapy), None)
    started = None if infection is None else infection.therapy_started
    if infection is None or started is None or infection.cured:
        return None
    done = any(
        t.proves == "current"
        and (t.copies is not None or t.result is Result.NEGATIVE)
        and t.time is not None
        and t.time.latest >= started.earliest + A_DAY
        for t in p.tests(test_set)
    )
    return None if done else _of(p, infection, key, template, started.latest + wait)


def _load_of_hiv(p: PatientFacts, limits: Thresholds) -> Due | None:
    return _load(p, HIV, "hiv", "hiv-rna", "lab-hiv", limits.span("hiv_load_weeks"))


def _load_of_hbv(p: PatientFacts, limits: Thresholds) -> Due | None:
    return _load(p, HBV, "hbv", "hbv-dna", "lab-hbv", limits.span("hbv_load_weeks"))


def _after_artesunate(p: PatientFacts, limits: Thresholds) -> Due | None:
    """Haemoglobin weekly from day 7 to day 28 after the first dose into a vein; looked for a week longer."""
    if ARTESUNATE not in p.record.drug_sets:
        return None
    starts = [m for m in p.record.medications if _is_injected(m, p)]
    first = min(starts, key=lambda m: m.start.earliest if m.start else p.as_of, default=None)
    if first is None or first.start is None:
        return None
    begun, weeks = first.start.earliest, int(limits.artesunate_hb_weeks)
    days = [begun + A_WEEK * n for n in range(1, weeks + 1)]
    passed = [day for day in days if day <= p.as_of]
    newest = p.newest(HAEMOGLOBIN)
    last = None if newest is None or newest.time is None else newest.time.latest
    if passed and p.as_of - passed[-1] < A_WEEK and (last is None or last < passed[-1] - A_DAY):
        days = days[len(passed) - 1 :]
    else:
        days = days[len(passed) :]
    if not days:
        return None
    shown = () if newest is None else (measurement_row("haemoglobin", newest),)
    return Due("artesunate", "cbc", tuple(days), (medication_row("artesunate", first), *shown))


def _is_injected(m: Medication, p: PatientFacts) -> bool:
    """Begun, and not swallowed; a route that is not recorded may be the vein."""
    if ARTESUNATE not in m.set_ids or m.status in NEVER_TAKEN or m.route is Route.ORAL:
        return False
    return m.start is not None and m.start.earliest <= p.as_of


def _marrow_in_b19(p: PatientFacts, limits: Thresholds) -> Due | None:
    """Reticulocytes a week after a parvovirus infection began: does the marrow make cells again?"""
    infection = next(iter(p.infections.current(B19, suspected=False)), None)
    if infection is None or infection.onset is None:
        return None
    due = infection.onset.latest + limits.span("b19_reticulocyte_days")
    newest = p.newest(RETICULOCYTES)
    done = newest is not None and newest.time is not None and newest.time.latest >= due - A_DAY
    return None if done else _of(p, infection, "b19", "reticulocytes", due)


LOOKS: tuple[Callable[[PatientFacts, Thresholds], Due | None], ...] = (
    _after_artesunate,
    _cure_of_hcv,
    _load_of_hiv,
    _load_of_hbv,
    _marrow_in_b19,
)


def end_of_therapy(infection: Infection) -> Moment | None:
    """The documented end, or the last one of those that are ordered for a therapy that goes on."""
    if not infection.is_under_therapy:
        return infection.therapy_ended
    ends = [m.end for m in infection.therapy]
    known = [end for end in ends if end is not None]
    return max(known, key=lambda end: end.latest) if len(known) == len(ends) else None


def _of(p: PatientFacts, infection: Infection, key: str, template: str, due: datetime) -> Due:
    return Due(key, template, (due,), tuple(_rows(p, infection)), infection.references)


def _rows(p: PatientFacts, infection: Infection) -> Iterator[Input]:
    yield infection_row(p, infection)
    yield from (medication_row("drug of its therapy", m) for m in infection.therapy)
    if infection.therapy_ended is not None and not infection.is_under_therapy:
        yield end_row(p, infection, infection.therapy_ended)


ADVICE = Advice(stem="monitoring/tests_due", ids=("MON-06",), topic=Topic.MONITORING, decide=decide)

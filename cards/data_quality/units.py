"""DATA-03 missing unit, DATA-04 implausible or contradictory: a result that is shown and never used by number.

A likely reading is named where there is one; nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cards.data_quality.repeat import bleeds, find_repeat, is_asked, order_count
from cards.facts import PatientFacts
from cards.outcome import Advice, Advise, Answers, Indicator, Input, NoAdvice, Topic, Values
from cards.reasons import Fact, Why
from cards.record import Moment, PlateletResult, UnitProblem
from cards.rows import bleeding_rows, event_row, platelet_row
from cards.thresholds import Thresholds

TITLES: Mapping[UnitProblem, str] = {
    UnitProblem.NO_UNIT: "title",
    UnitProblem.UNKNOWN_UNIT: "title.unknown-unit",
    UnitProblem.IMPLAUSIBLE: "title",
    UnitProblem.ZERO: "title.zero",
    UnitProblem.CONTRADICTORY: "title.contradictory",
}
FACTORS: Mapping[str, Decimal] = {
    "10*9/L": Decimal(1),
    "10*3/uL": Decimal(1),
    "10*6/mL": Decimal(1),
    "/uL": Decimal("0.001"),
    "/mm3": Decimal("0.001"),
    "10*3/mL": Decimal("0.001"),
    "10*6/L": Decimal("0.001"),
    "/mL": Decimal("0.000001"),
    "10*3/L": Decimal("0.000001"),
    "/L": Decimal("0.000000001"),
    "10*4/uL": Decimal(10),
    "10*10/L": Decimal(10),
    "10*5/uL": Decimal(100),
    "10*11/L": Decimal(100),
    "10*12/L": Decimal(1000),
    "10*6/uL": Decimal(1000),
    "10*9/mL": Decimal(1000),
}
"""B.4: what one of the unit is in 10*9/L. Only to tell whether a result that is not used could be very low."""


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one of the two: the newest result without a usable number."""
    problem = p.platelets.problem
    if problem is None:
        return dict.fromkeys(ADVICE.ids, NoAdvice(Why.UNITS_FINE))
    if not is_asked(p):
        return dict.fromkeys(ADVICE.ids, NoAdvice(Why.NOT_SELECTED))
    rule = "DATA-03" if problem.problem is UnitProblem.NO_UNIT else "DATA-04"
    silent = dict.fromkeys(ADVICE.ids, NoAdvice(Why.UNITS_FINE))
    return {**silent, rule: _advise(rule, p, problem, limits)}


def _advise(rule: str, p: PatientFacts, problem: PlateletResult, limits: Thresholds) -> Advise:
    """A warning: verify, repeat; urgent review where it could be below 10."""
    ordered = find_repeat(p, limits)
    kind = problem.problem or UnitProblem.IMPLAUSIBLE
    say = ["suggestion.zero" if kind is UnitProblem.ZERO else "suggestion"]
    if rule == "DATA-04" and may_be_very_low(problem, limits):
        say.append("below-ten")
    if problem.likely is not None:
        say.append("DATA-04/likely")
    if ordered is not None:
        say.append("DATA-04/ordered")
    return Advise(
        rule,
        Indicator.WARNING,
        title=_title(kind, problem),
        say=tuple(say),
        unknown=(Fact.PLATELETS,),
        values=_values(problem),
        inputs=(
            result_row(problem),
            *platelet_row(p),
            *bleeding_rows(p.bleeding.active),
            *(() if ordered is None else (event_row("blood count ordered", ordered),)),
        ),
        suggestions=()
        if ordered is not None
        else order_count("count", "cbc-film", "stat" if bleeds(p) else "urgent", (problem.reference,)),
    )


def may_be_very_low(problem: PlateletResult, limits: Thresholds) -> bool:
    """A zero, or a value below the plausible range as far as its unit tells: if real, it is below 10."""
    if problem.problem is UnitProblem.ZERO:
        return True
    if problem.problem is not UnitProblem.IMPLAUSIBLE or problem.shown is None:
        return False
    factor = FACTORS.get(problem.shown_unit or "", Decimal(1))
    return problem.shown * factor < limits.plausible_low


def _title(kind: UnitProblem, problem: PlateletResult) -> str:
    """By the problem; the sample time where it is known."""
    key = "title.no-value" if problem.shown is None else TITLES[kind]
    return key if problem.time is not None else f"{key}.undated"


def _values(problem: PlateletResult) -> Values:
    values: dict[str, str | Moment] = {}
    if problem.time is not None:
        values["drawn"] = problem.time
    if problem.shown is not None:
        values["shown"] = f"{problem.shown:f}"
        values["unit"] = problem.shown_unit or ""
    if problem.likely is not None:
        values["likely"] = f"{problem.likely:f}"
    return values


def result_row(problem: PlateletResult) -> Input:
    """The result as it was reported, with what is wrong about it."""
    value = "no readable value" if problem.shown is None else problem.shown
    unit = None if problem.shown is None else problem.shown_unit
    reason = None if problem.problem is None else problem.problem.value
    return Input("platelet result, not used", value, unit, problem.time, problem.reference, reason)


ADVICE = Advice(
    stem="data_quality/units",
    ids=("DATA-03", "DATA-04"),
    topic=Topic.DATA_QUALITY,
    decide=decide,
)

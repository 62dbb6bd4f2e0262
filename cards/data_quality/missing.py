"""DATA-01 no count, DATA-02 stale or undated, DATA-08 not readable: there is no count to decide by.

Each says what is missing and offers the count; none delays emergency treatment. "Known to be none" (DATA-01) needs an
answer: a search that failed is DATA-08.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cards.data_quality.infection_rows import current_infection_rows
from cards.data_quality.planned_procedures import planned_procedures
from cards.data_quality.repeat import bleeds, find_repeat, is_asked, order_count
from cards.facts import Blocker, PatientFacts
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.rows import (
    UNIT,
    bleeding_rows,
    count_row,
    event_row,
    platelet_row,
)
from cards.thresholds import Thresholds

NOT_SELECTED, COUNT_PRESENT = NoAdvice(Why.NOT_SELECTED), NoAdvice(Why.COUNT_PRESENT)
COUNT_FRESH, READ = NoAdvice(Why.COUNT_FRESH), NoAdvice(Why.READ)
HOUR = timedelta(hours=1)
IN_DAYS_FROM = timedelta(hours=48)
"""An age below is told in hours."""


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """Each of the three on its own."""
    no_count = _no_count(p, limits)
    if not is_asked(p):
        return {"DATA-01": no_count, "DATA-02": NOT_SELECTED, "DATA-08": NOT_SELECTED}
    return {"DATA-01": no_count, "DATA-02": _stale(p, limits), "DATA-08": _unreadable(p, limits)}


# ---------------------------------------------------------------------------------------------------- DATA-01


def _no_count(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Bleeding, purpura or a listed infection, and no valid count ever or in 30 days."""
    blocker = p.platelets.blocker
    if blocker is Blocker.FAILED:
        return CannotTell(Fact.PLATELETS)
    if blocker not in (Blocker.NONE_EVER, Blocker.TOO_OLD):
        return COUNT_PRESENT
    infections = current_infection_rows(p, limits.span("mon_question_weeks"), limits)
    if not p.bleeding.findings and not infections:
        return NoAdvice(Why.NO_INFECTION)
    ordered = find_repeat(p, limits)
    bleeding = bleeds(p) or bool(p.bleeding.unclear)
    reasons = tuple(b.reference for b in p.bleeding.findings)
    old = p.platelets.series[-1:]
    return Advise(
        "DATA-01",
        Indicator.WARNING if bleeding and ordered is None else Indicator.INFO,
        say=(
            *(("suggestion",) if ordered is None else ("suggestion", "ordered")),
            *(("old",) if old else ()),
        ),
        inputs=(
            *bleeding_rows(p.bleeding.findings),
            *infections,
            *(count_row(c, "last platelet count, too old") for c in old),
            *(() if ordered is None else (event_row("blood count ordered", ordered),)),
        ),
        unknown=(Fact.PLATELETS, Fact.BLOOD_FILM),
        suggestions=()
        if ordered is not None
        else order_count("count", "cbc-film", "urgent" if bleeding else "routine", reasons),
    )


# ---------------------------------------------------------------------------------------------------- DATA-02


def _stale(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Older than the limit of its situation, or without a date."""
    match p.platelets.blocker:
        case Blocker.STALE:
            return _too_old(p, limits)
        case Blocker.UNDATED:
            return _undated(p, limits)
        case Blocker.FAILED:
            return CannotTell(Fact.PLATELETS)
    return COUNT_FRESH


def _too_old(p: PatientFacts, limits: Thresholds) -> Outcome:
    age, last = p.platelets.age, p.platelets.last_known
    if age is None or last is None:
        return CannotTell(Fact.PLATELET_TIME)
    in_days = age >= IN_DAYS_FROM
    return _repeat(
        p,
        limits,
        title="title" if in_days else "title.hours",
        say="suggestion",
        values={"age": age.days if in_days else age // HOUR},
        is_low=last < limits.stale_warning,
        rows=platelet_row(p),
    )


def _undated(p: PatientFacts, limits: Thresholds) -> Outcome:
    """The newest count has no sample time: shown, never used by number."""
    undated, last = p.platelets.undated, p.platelets.last_known
    if undated is None:
        return CannotTell(Fact.PLATELET_TIME)
    lowest = min(v for v in (Decimal(undated.shown.lstrip("<>=")), last) if v is not None)
    row = Input("platelet count without a date", undated.shown, UNIT, None, undated.reference)
    return _repeat(
        p,
        limits,
        title="title.undated",
        say="suggestion.undated",
        values={"shown": undated.shown},
        is_low=lowest < limits.stale_warning,
        rows=(row, *platelet_row(p)),
    )


def _repeat(
    p: PatientFacts,
    limits: Thresholds,
    *,
    title: str,
    say: str,
    values: dict[str, str | int],
    is_low: bool,
    rows: tuple[Input, ...],
) -> Advise:
    """DATA-02: a warning with bleeding or a low last value; one info line when the repeat is ordered already."""
    ordered = find_repeat(p, limits)
    serious = (bleeds(p) or is_low) and ordered is None
    reasons = tuple(row.reference for row in rows if row.reference is not None)
    procedures = planned_procedures(p, limits)
    return Advise(
        "DATA-02",
        Indicator.WARNING if serious else Indicator.INFO,
        title=title,
        say=(say,) if ordered is None else (say, "ordered"),
        cautions=("caution.procedure",) if procedures else (),
        unknown=(Fact.PLATELETS,) if title != "title.undated" else (Fact.PLATELETS, Fact.PLATELET_TIME),
        values=values,
        inputs=(
            *rows,
            *bleeding_rows(p.bleeding.active),
            *procedures,
            *(() if ordered is None else (event_row("blood count ordered", ordered),)),
        ),
        suggestions=()
        if ordered is not None
        else order_count("count", "cbc", "urgent" if serious else "routine", reasons),
    )


# ---------------------------------------------------------------------------------------------------- DATA-08


def _unreadable(p: PatientFacts, limits: Thresholds) -> Outcome:
    """The search failed, or a result that may be newer than the count in use was set aside."""
    unread = p.platelets.unread
    if p.platelets.blocker is Blocker.FAILED:
        return Advise("DATA-08", Indicator.INFO, unknown=(Fact.PLATELETS,))
    if unread is None:
        return READ
    row = Input("platelet result", "could not be read", None, unread.time, unread.reference)
    if p.platelets.current is None:
        return Advise("DATA-08", Indicator.INFO, say=("unread",), inputs=(row,), unknown=(Fact.PLATELETS,))
    last, procedures = p.platelets.last_known, planned_procedures(p, limits)
    serious = bleeds(p) or (last is not None and last < limits.stale_warning)
    return Advise(
        "DATA-08",
        Indicator.WARNING if serious else Indicator.INFO,
        title="title.newer",
        say=("newer",),
        cautions=("DATA-02/caution.procedure",) if procedures else (),
        unknown=(Fact.PLATELETS,),
        inputs=(row, *platelet_row(p), *bleeding_rows(p.bleeding.active), *procedures),
    )


ADVICE = Advice(
    stem="data_quality/missing",
    ids=("DATA-01", "DATA-02", "DATA-08"),
    topic=Topic.DATA_QUALITY,
    decide=decide,
)

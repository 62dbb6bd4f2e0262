"""MON-01 interval, MON-02 step-down, MON-03 step-up, MON-05 window exceeded, MON-07 advice: one card.

MON-05 leads as a warning; else the course leads (MON-03, MON-02), else the interval. The paragraphs are short, for they
are also read at the end of a transfusion card. Recovery is `cards.monitoring.recovery`.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.data_quality.repeat import find_ordered, order_count
from cards.facts import PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.monitoring.advice_for_patient import advice_keys
from cards.monitoring.count_grade import is_known_and_stable
from cards.monitoring.discharge import day_of, discharge_keys
from cards.monitoring.interval import (
    STRICTER,
    Interval,
    count_before,
    going_on,
    has_dic,
    is_watched,
    make_interval,
    row_of,
    usual,
)
from cards.monitoring.recovery import is_recovering
from cards.monitoring.window import Exceeded, begun_by, find_exceeded
from cards.outcome import (
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
from cards.precedence import DISCHARGE
from cards.reasons import Fact, Why
from cards.record import Kind, Moment, Planned
from cards.rows import (
    bleeding_rows,
    count_row,
    event_row,
    infection_row,
    medication_row,
    platelet_row,
    stay_row,
)
from cards.thresholds import Thresholds

TPO_RA = "med-tpo-ra"
LOWERING_DRUGS = ("med-drug-induced-thrombocytopenia", "med-drug-induced-thrombocytopenia-tier2")
COURSE_RULES = ("MON-01", "MON-02", "MON-03")


@dataclass(frozen=True, slots=True)
class Course:
    """The interval that applies, the rule that decided it, and the count that a fall is measured from."""

    rule: str
    interval: Interval
    before: PlateletCount | None = None
    percent: int = 0


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one of the ids has the card; the others say where their words stand."""
    unable = _unable(p, limits)
    count = p.platelets.decisive
    if unable is not None or count is None:
        return dict.fromkeys(ADVICE.ids, unable or CannotTell(Fact.PLATELETS))
    exceeded = find_exceeded(p, limits)
    course = find_course(p, count, limits)
    if isinstance(exceeded, Exceeded):
        card = _exceeded_card(p, count, exceeded, course, limits)
    elif course is None:
        return {**dict.fromkeys(ADVICE.ids, NoAdvice(Why.STABLE)), "MON-05": exceeded}
    else:
        card = _course_card(p, count, course, limits)
    merged: dict[str, Outcome] = {rule: NoAdvice(Why.MERGED) for rule in card.also if rule in ADVICE.ids}
    others = {rule: NoAdvice(Why.OTHER_ROW) for rule in ADVICE.ids}
    late = {} if isinstance(exceeded, Exceeded) else {"MON-05": exceeded}
    return {**others, **late, **merged, card.rule: card}


def _unable(p: PatientFacts, limits: Thresholds) -> NoAdvice | CannotTell | None:
    """What keeps all of them silent."""
    if is_newborn(p, limits):
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    count = p.platelets.decisive
    if count is None:
        return CannotTell(Fact.PLATELETS)
    if count.value >= limits.normal:
        return NoAdvice(Why.COUNT_NOT_LOW)
    if is_recovering(p, limits):
        return NoAdvice(Why.MERGED)
    if is_known_and_stable(p, limits):
        return NoAdvice(Why.EXPLAINED)
    if p.using(TPO_RA) and count.value >= limits.tpo_not_needed and not p.bleeding.active:
        return NoAdvice(Why.THERAPY_ACTIVE)
    return None


# ---------------------------------------------------------------------------------------------- the course


def find_course(p: PatientFacts, count: PlateletCount, limits: Thresholds) -> Course | None:
    """The interval and whether the course of the counts changes it; None from normal on, and for stable counts.

    Counts that are stable for over 6 months (PLT-07, whatever the cause) are not the course of an infection.
    """
    key = usual(p, count, limits)
    if key is None or (p.platelets.chronic_stable and not p.bleeding.findings):
        return None
    before = count_before(p, limits)
    percent = 0 if before is None else _fall_percent(before, count)
    if before is not None and percent >= limits.mon_step_up_percent:
        same_row = row_of(before.value, limits) == key
        return Course(
            "MON-03",
            make_interval(STRICTER[key] if same_row and key in STRICTER else key, limits),
            before,
            percent,
        )
    if is_stepping_down(p, count, key, limits):
        usual_one = make_interval(key, limits)
        return Course("MON-02", Interval(key, usual_one.low * 2, usual_one.high * 2))
    return Course("MON-01", make_interval(key, limits))


def is_stepping_down(p: PatientFacts, count: PlateletCount, key: str, limits: Thresholds) -> bool:
    """MON-02: recovering (B.2: two rises, 20 % above the lowest), no bleeding, nothing but the count; not below 10."""
    by_count = key == row_of(count.value, limits) and key != "hours" and not is_watched(p, limits)
    no_bleeding = p.answered(Kind.CONDITIONS) and not p.bleeding.findings
    return by_count and p.platelets.trend.recovering and no_bleeding


def _fall_percent(before: PlateletCount, count: PlateletCount) -> int:
    """By how many per cent the count lies below the one before, cut to a whole number; 0 for a rise."""
    if before.value <= 0 or count.value >= before.value:
        return 0
    return int((before.value - count.value) * 100 / before.value)


def _course_card(p: PatientFacts, count: PlateletCount, course: Course, limits: Thresholds) -> Advise:
    """MON-01, MON-02 or MON-03: information."""
    ordered = _ordered(p, count, course)
    advice = advice_keys(p, limits)
    lead = {"MON-03": ("fell",), "MON-02": ()}.get(course.rule, ())
    rows = () if course.before is None else (count_row(course.before, "platelet count before"),)
    also = () if course.rule == "MON-01" else ("MON-01",)
    return Advise(
        course.rule,
        Indicator.INFO,
        title=f"title.{course.interval.key}" if course.rule == "MON-01" else "title",
        say=(*lead, *_interval_words(p, count, course, ordered, limits), *advice),
        unknown=_unknown(p),
        values=_values(p, count, course),
        inputs=(*platelet_row(p), *rows, *_shared_rows(p, ordered), *_watched_rows(p, count, course, limits)),
        suggestions=_draft(p, count, course, ordered),
        also=(*also, *(("MON-07",) if advice else ())),
    )


def _ordered(p: PatientFacts, count: PlateletCount, course: Course) -> Planned | None:
    """A count that is ordered for the interval, or for today where that has passed."""
    return find_ordered(p, max(count.time.earliest + course.interval.high, p.as_of))


def _interval_words(
    p: PatientFacts, count: PlateletCount, course: Course, ordered: Planned | None, limits: Thresholds
) -> tuple[str, ...]:
    """The interval, then what the record says about the next count, and on discharge what follows it."""
    if course.rule == "MON-02":
        once = course.interval.low == course.interval.high
        interval = "MON-02/interval.one" if once else "MON-02/interval"
    elif course.interval.key == "hours" and has_dic(p, limits):
        interval = "MON-01/interval.dic"
    else:
        interval = f"MON-01/interval.{course.interval.key}"
    due = "MON-01/due" if course.interval.is_due(p, count) and ordered is None else None
    return tuple(
        key
        for key in (
            interval,
            due,
            "MON-01/ordered" if ordered is not None else None,
            "MON-01/unclear" if p.bleeding.unclear and course.interval.key != "hours" else None,
            *discharge_keys(p, count, course.interval.key, ordered is not None, limits),
        )
        if key is not None
    )


def _values(p: PatientFacts, count: PlateletCount, course: Course) -> dict[str, str | int | Moment]:
    values: dict[str, str | int | Moment] = {}
    if p.hook == DISCHARGE:
        values["next_count"] = day_of(course.interval.due(p, count))
    if course.rule == "MON-02":
        values |= {"every_low": course.interval.low.days, "every_high": course.interval.high.days}
    if course.before is not None:
        values |= {"fell_percent": course.percent, "fell_from": course.before.shown}
    return values


def _draft(
    p: PatientFacts, count: PlateletCount, course: Course, ordered: Planned | None
) -> tuple[Suggestion, ...]:
    """A dated count; with haematocrit in dengue; none when one is ordered for that time."""
    if ordered is not None:
        return ()
    template = "cbc-hematocrit" if p.dengue_current else "cbc"
    priority = "urgent" if course.interval.key == "hours" else "routine"
    due = course.interval.due(p, count)
    return order_count("MON-01/count", template, priority, (count.reference,), due)


def _shared_rows(p: PatientFacts, ordered: Planned | None) -> tuple[Input, ...]:
    return (
        *bleeding_rows(p.bleeding.findings),
        *(infection_row(p, i) for i in p.infections.current("INF-DEN")),
        *(() if ordered is None else (event_row("blood count ordered", ordered),)),
    )


def _watched_rows(
    p: PatientFacts, count: PlateletCount, course: Course, limits: Thresholds
) -> tuple[Input, ...]:
    """What makes it daily where the count alone would not."""
    if course.interval.key != "daily" or row_of(count.value, limits) == "daily":
        return ()
    stay = going_on(p)
    sepsis = (infection_row(p, i) for i in p.infections.current("INF-SEP"))
    return (*sepsis, *(() if stay is None else (stay_row(stay),)))


def _unknown(p: PatientFacts) -> tuple[Fact, ...]:
    missing = (
        (bool(p.bleeding.unclear), Fact.BLEEDING_ACTIVITY),
        (not p.answered(Kind.CONDITIONS), Fact.CONDITIONS),
        (not p.answered(Kind.ORDERS), Fact.ORDERS),
    )
    return tuple(fact for is_missing, fact in missing if is_missing)


# ---------------------------------------------------------------------------------------------- MON-05


def _exceeded_card(
    p: PatientFacts, count: PlateletCount, exceeded: Exceeded, course: Course | None, limits: Thresholds
) -> Advise:
    """A warning: re-evaluate the cause, refer; the interval and the advice stand in the same card."""
    infection = exceeded.infection
    ordered = None if course is None else _ordered(p, count, course)
    drugs = p.using(*LOWERING_DRUGS)
    advice = advice_keys(p, limits)
    words = () if course is None else _interval_words(p, count, course, ordered, limits)
    start = Input("start of the recovery window", "recorded", None, exceeded.start, begun_by(p, exceeded))
    return Advise(
        "MON-05",
        Indicator.WARNING,
        title="title" if infection is not None else "title.no-infection",
        say=(
            "suggestion",
            *(
                ("failure",)
                if infection is not None and not p.pathogens[infection.pathogen].supportive
                else ()
            ),
            *words,
            *advice,
        ),
        cautions=("caution.drug",) if drugs else (),
        unknown=_unknown(p),
        values={
            "weeks": exceeded.weeks,
            **_name(p, exceeded),
            **({} if course is None else _values(p, count, course)),
        },
        inputs=(
            *platelet_row(p),
            *(() if infection is None else (infection_row(p, infection),)),
            start,
            *(medication_row("drug that can lower platelets", m) for m in drugs),
            *_shared_rows(p, ordered),
            *(() if course is None else _watched_rows(p, count, course, limits)),
        ),
        suggestions=(
            *order(p, "refer", ("haematology",), (count.reference,), "urgent"),
            *(() if course is None else _draft(p, count, course, ordered)),
        ),
        also=(
            *(() if course is None else ("MON-01",) if course.rule == "MON-01" else (course.rule, "MON-01")),
            *(("MON-07",) if advice else ()),
        ),
    )


def _name(p: PatientFacts, exceeded: Exceeded) -> dict[str, str]:
    if exceeded.infection is None:
        return {}
    return {"infection": p.pathogens[exceeded.infection.pathogen].name}


ADVICE = Advice(
    stem="monitoring/follow_up",
    ids=(*COURSE_RULES, "MON-05", "MON-07"),
    topic=Topic.MONITORING,
    decide=decide,
)

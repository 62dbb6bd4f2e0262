"""MON-01 interval, MON-02 step-down, MON-03 step-up, MON-05 window exceeded, MON-07 advice: one card.

MON-05 leads as a warning; else the course leads (MON-03, MON-02), else the interval. The paragraphs are short, for they
are also read at the end of a transfusion card. Recovery is `cards.monitoring.recovery`.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import PatientFacts, PlateletCount
from cards.host import is_newborn
from cards.monitoring.advice_for_patient import advice_keys, has_advice
from cards.monitoring.count_grade import is_known_and_stable
from cards.monitoring.interval import count_before, is_watched, row_of, usual
from cards.monitoring.next_count import Course, find_next_count, shared_rows
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
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import count_row, infection_row, medication_row, platelet_row
from cards.thresholds import Thresholds

TPO_RA = "med-tpo-ra"
LOWERING_DRUGS = ("med-drug-induced-thrombocytopenia", "med-drug-induced-thrombocytopenia-tier2")
COURSE_RULES = ("MON-01", "MON-02", "MON-03")
IDS = (*COURSE_RULES, "MON-05", "MON-07")
MERGED, NO_COUNT = NoAdvice(Why.MERGED), CannotTell(Fact.PLATELETS)
OTHERS = dict.fromkeys(IDS, NoAdvice(Why.OTHER_ROW))
STEPS_DOWN, STAYS = Course("MON-02"), Course("MON-01")


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one of the ids has the card; the others say where their words stand."""
    unable = _unable(p, limits)
    count = p.platelets.decisive
    if unable is not None or count is None:
        return dict.fromkeys(IDS, unable or NO_COUNT)
    exceeded = find_exceeded(p, limits)
    course = find_course(p, count, limits)
    if isinstance(exceeded, Exceeded):
        card = _exceeded_card(p, count, exceeded, course, limits)
    elif course is None:
        return {**dict.fromkeys(IDS, NoAdvice(Why.STABLE)), "MON-05": exceeded}
    else:
        card = _course_card(p, count, course, limits)
    answers: dict[str, Outcome] = {**OTHERS}
    if not isinstance(exceeded, Exceeded):
        answers["MON-05"] = exceeded
    answers.update(dict.fromkeys(card.also, MERGED))
    answers[card.rule] = card
    return answers


def _unable(p: PatientFacts, limits: Thresholds) -> NoAdvice | CannotTell | None:
    """What keeps all of them silent."""
    if is_newborn(p, limits):
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    count = p.platelets.decisive
    if count is None:
        return NO_COUNT
    if count.value >= limits.normal:
        return NoAdvice(Why.COUNT_NOT_LOW)
    if is_recovering(p, limits):
        return MERGED
    if is_known_and_stable(p, limits):
        return NoAdvice(Why.EXPLAINED)
    if p.using(TPO_RA) and count.value >= limits.tpo_not_needed and not p.bleeding.active:
        return NoAdvice(Why.THERAPY_ACTIVE)
    return None


# ---------------------------------------------------------------------------------------------- the course


def find_course(p: PatientFacts, count: PlateletCount, limits: Thresholds) -> Course | None:
    """How the course of the counts changes the interval; None for stable counts.

    Counts that are stable for over 6 months (PLT-07, whatever the cause) are not the course of an infection.
    """
    if p.platelets.chronic_stable and not p.bleeding.findings:
        return None
    before = count_before(p, limits)
    percent = 0 if before is None else _fall_percent(before, count)
    if before is not None and percent >= limits.mon_step_up_percent:
        return Course("MON-03", before, percent)
    return STEPS_DOWN if is_stepping_down(p, count, limits) else STAYS


def is_stepping_down(p: PatientFacts, count: PlateletCount, limits: Thresholds) -> bool:
    """MON-02: recovering (B.2: two rises, 20 % above the lowest), no bleeding, nothing but the count; not below 10."""
    if not p.platelets.trend.recovering or p.bleeding.findings or not p.answered(Kind.CONDITIONS):
        return False
    key = usual(p, count, limits)
    return key == row_of(count.value, limits) and key != "hours" and not is_watched(p, limits)


def _fall_percent(before: PlateletCount, count: PlateletCount) -> int:
    """By how many per cent the count lies below the one before, cut to a whole number; 0 for a rise."""
    if before.value <= 0 or count.value >= before.value:
        return 0
    return int((before.value - count.value) * 100 / before.value)


def _course_card(p: PatientFacts, count: PlateletCount, course: Course, limits: Thresholds) -> Advise:
    """MON-01, MON-02 or MON-03: information."""
    also = (
        *(() if course.rule == "MON-01" else ("MON-01",)),
        *(("MON-07",) if has_advice(p, limits) else ()),
    )
    return Advise.later(
        course.rule, Indicator.INFO, also, lambda: _tell_course(p, count, course, also, limits)
    )


def _tell_course(
    p: PatientFacts, count: PlateletCount, course: Course, also: tuple[str, ...], limits: Thresholds
) -> Advise:
    following = find_next_count(p, count, course, limits)
    lead = {"MON-03": ("fell",), "MON-02": ()}.get(course.rule, ())
    rows = () if course.before is None else (count_row(course.before, "platelet count before"),)
    return Advise(
        course.rule,
        Indicator.INFO,
        title=f"title.{following.key}" if course.rule == "MON-01" else "title",
        say=(*lead, *following.say, *advice_keys(p, limits)),
        unknown=_unknown(p),
        values=following.values,
        inputs=(*platelet_row(p), *rows, *following.rows),
        suggestions=following.draft,
        also=also,
    )


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
    also = (
        *(() if course is None else ("MON-01",) if course.rule == "MON-01" else (course.rule, "MON-01")),
        *(("MON-07",) if has_advice(p, limits) else ()),
    )
    return Advise.later(
        "MON-05",
        Indicator.WARNING,
        also,
        lambda: _tell_exceeded(p, count, exceeded, course, also, limits),
    )


def _tell_exceeded(
    p: PatientFacts,
    count: PlateletCount,
    exceeded: Exceeded,
    course: Course | None,
    also: tuple[str, ...],
    limits: Thresholds,
) -> Advise:
    infection, drugs = exceeded.infection, p.using(*LOWERING_DRUGS)
    following = None if course is None else find_next_count(p, count, course, limits)
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
            *(() if following is None else following.say),
            *advice_keys(p, limits),
        ),
        cautions=("caution.drug",) if drugs else (),
        unknown=_unknown(p),
        values={
            "weeks": exceeded.weeks,
            **_name(p, exceeded),
            **({} if following is None else following.values),
        },
        inputs=(
            *platelet_row(p),
            *(() if infection is None else (infection_row(p, infection),)),
            start,
            *(medication_row("drug that can lower platelets", m) for m in drugs),
            *(shared_rows(p, None) if following is None else following.rows),
        ),
        suggestions=(
            *order(p, "refer", ("haematology",), (count.reference,), "urgent"),
            *(() if following is None else following.draft),
        ),
        also=also,
    )


def _name(p: PatientFacts, exceeded: Exceeded) -> dict[str, str]:
    if exceeded.infection is None:
        return {}
    return {"infection": p.pathogens[exceeded.infection.pathogen].name}


ADVICE = Advice(
    stem="monitoring/follow_up",
    ids=IDS,
    topic=Topic.MONITORING,
    decide=decide,
)

"""BLD-01 site and grade, BLD-02 skin only, BLD-04 activity unknown, BLD-05 out of proportion.

Site, grade and activity are judged where facts are read (rulebook B.5, B.6); here stands what has no card of its own,
and the question that an open record raises. A record of unknown activity is never taken for bleeding, nor for none.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.bleeding.red_flags import is_imaged
from cards.facts import Activity, Bleed, PatientFacts, Site
from cards.finding_words import FINDING_WORDS
from cards.host import is_newborn
from cards.months import days_in_words
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import bleeding_rows, platelet_row
from cards.thresholds import Thresholds

ASKED_ELSEWHERE = frozenset(
    {"bleed-skin-unspecific", "bleed-soft-tissue-unspecific", "bleed-purpura-fulminans"}
)
"""Questions of the skin: they need a look, not an answer about activity; purpura fulminans is read by SAFE-12."""


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """Three classifications and one question."""
    if not p.bleeding.findings and not p.answered(Kind.CONDITIONS):
        return dict.fromkeys(ADVICE.ids, CannotTell(Fact.CONDITIONS))
    found = NoAdvice(Why.CLASSIFIED if p.bleeding.findings else Why.NO_BLEEDING)
    return {
        "BLD-01": found,
        "BLD-02": NoAdvice(Why.CLASSIFIED if p.bleeding.only_skin else Why.NOT_SKIN_ONLY),
        "BLD-04": _ask(p, limits),
        "BLD-05": _out_of_proportion(p, limits),
    }


def _out_of_proportion(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Serious bleeding at 50 or above: TRF-10 says what else to look for."""
    if not p.bleeding.serious:
        return NoAdvice(Why.NO_BLEEDING)
    if p.platelets.decisive is None:
        return CannotTell(Fact.PLATELETS)
    low = p.platelets.decisive.value < limits.bleeding_transfuse
    return NoAdvice(Why.OTHER_ROW if low else Why.CLASSIFIED)


def _ask(p: PatientFacts, limits: Thresholds) -> Outcome:
    """BLD-04: a warning; unspecific codes ask as information from 50 on."""
    last = p.platelets.last_known
    if last is not None and last >= limits.normal and p.platelets.decisive is not None:
        return NoAdvice(Why.COUNT_NOT_LOW)
    asked = open_questions(p)
    if not asked:
        return NoAdvice(Why.NO_BLEEDING)
    first = asked[0]
    low = last is None or last < limits.bleeding_transfuse
    brain = _may_be_in_the_head(p, first, limits)
    return Advise(
        "BLD-04",
        Indicator.WARNING if not first.question_only or low else Indicator.INFO,
        title=_title(first),
        say=(*_words(p, first, limits), *(("brain",) if brain else ())),
        unknown=(Fact.BLEEDING_ACTIVITY, *((Fact.BLEEDING_GRADE,) if first.grade is None else ())),
        values={"bleed": FINDING_WORDS.get(first.name, FINDING_WORDS["generic"]), "age": _age(p, first)},
        inputs=(*bleeding_rows(asked), *platelet_row(p)),
        suggestions=order(p, "ct", ("ct-head",), (first.reference,), "urgent") if brain else (),
    )


def _may_be_in_the_head(p: PatientFacts, bleed: Bleed, limits: Thresholds) -> bool:
    """Bleeding of the brain that is recorded as suspected, and nothing but a look inside tells."""
    possible = bleed.site is Site.CNS and bleed.suspected and not bleed.question_only
    return possible and not is_newborn(p, limits) and not is_imaged(p, (bleed.since,), limits)


def open_questions(p: PatientFacts) -> tuple[Bleed, ...]:
    """Findings whose activity is not known, the gravest first, without those that an active one outweighs."""
    worst = p.bleeding.worst
    known = 0 if worst is None or worst.site is Site.SKIN or worst.patient_reported else worst.weight
    codes = (b for b in p.bleeding.findings if b.question_only and b.set_id not in ASKED_ELSEWHERE)
    questions = (*p.bleeding.unclear, *(b for b in codes if b.activity is not Activity.STOPPED))
    heavier = (b for b in questions if b.weight > known and b.site is not Site.SKIN)
    return tuple(sorted(heavier, key=lambda b: (b.question_only, b.suspected, -b.weight)))


def _title(bleed: Bleed) -> str:
    if bleed.question_only:
        return "title.code"
    if bleed.suspected:
        return "title.suspected"
    if bleed.unlocated:
        return "title.site"
    return "title" if bleed.since is not None else "title.undated"


def _words(p: PatientFacts, bleed: Bleed, limits: Thresholds) -> tuple[str, ...]:
    count = p.platelets.decisive
    first = "suggestion.code" if bleed.question_only else "suggestion"
    if count is not None and count.value < limits.bleeding_transfuse and not bleed.question_only:
        return (first, "low")
    return (first,)


def _age(p: PatientFacts, bleed: Bleed) -> str:
    """Whole days since the reference time, in words; "0 days" where it is not used."""
    days = 0 if bleed.since is None else bleed.since.since(p.as_of).days
    return days_in_words(days)


ADVICE = Advice(
    stem="bleeding/activity",
    ids=("BLD-01", "BLD-02", "BLD-04", "BLD-05"),
    topic=Topic.SAFETY,
    decide=decide,
)

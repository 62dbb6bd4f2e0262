"""PLT-01 grade, PLT-02 critically low, PLT-07 chronic and stable: classifications without a card of their own."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.facts.once import once
from cards.outcome import Advice, Answers, CannotTell, NoAdvice, Outcome, Topic
from cards.reading.situation import LOWERING, explains_low_counts
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.thresholds import Thresholds

IDS = ("PLT-01", "PLT-02", "PLT-07")
NO_COUNT, CLASSIFIED = CannotTell(Fact.PLATELETS), NoAdvice(Why.CLASSIFIED)
COUNT_NOT_LOW, OTHER_ROW = NoAdvice(Why.COUNT_NOT_LOW), NoAdvice(Why.OTHER_ROW)


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """What the grade (B.1) and the pattern lead to is said by the transfusion rules and the mimics."""
    return {
        "PLT-01": NO_COUNT if p.platelets.grade is None else CLASSIFIED,
        "PLT-02": _critical_low(p, limits),
        "PLT-07": _chronic(p, limits),
    }


def _critical_low(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Below 10, valid and fresh: TRF-06 (or TRF-01, TRF-08) speaks."""
    count = p.platelets.decisive
    if count is None:
        return NO_COUNT
    return CLASSIFIED if count.value < limits.very_low else COUNT_NOT_LOW


def _chronic(p: PatientFacts, limits: Thresholds) -> Outcome:
    """The pattern of a large spleen: SAFE-09 speaks."""
    if p.platelets.current is None:
        return NO_COUNT
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    return CLASSIFIED if has_stable_spleen_pattern(p, limits) else OTHER_ROW


@once
def has_stable_spleen_pattern(p: PatientFacts, limits: Thresholds) -> bool:
    """PLT-07: 50 to 149 for over 6 months without a swing, with cirrhosis or a large spleen, and no active bleeding."""
    if not p.platelets.chronic_stable or p.bleeding.active:
        return False
    return any(explains_low_counts(f, p.as_of, limits) for f in p.findings(*LOWERING))


def is_known_and_stable(p: PatientFacts, limits: Thresholds) -> bool:
    """A low count that PLT-07 or a recorded inherited thrombocytopenia explains: no monitoring of an infection.

    Below the range of PLT-07 an inherited one explains nothing: such a count is followed.
    """
    count = p.platelets.decisive
    inherited = bool(p.present("cond-thrombocytopenia-inherited")) and not p.bleeding.active
    in_range = count is not None and count.value >= limits.chronic_low
    return has_stable_spleen_pattern(p, limits) or (inherited and in_range)


ADVICE = Advice(
    stem="monitoring/count_grade",
    ids=IDS,
    topic=Topic.WORKUP,
    decide=decide,
)

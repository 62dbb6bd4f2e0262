"""SAFE-07: disseminated intravascular coagulation, recorded in the last 14 days or by the ISTH score of 5 and more.

The score speaks only where a cause is recorded (infection, cancer, trauma, pregnancy, birth); cirrhosis alone is none.
Newborns have the limits of TRF-13, which knows their clotting (POP-01).
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts
from cards.facts.once import once
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cards.safety.card_parts import mimic_card, references
from cards.safety.dic_score import CLOTTING, find_causes, has_cause, is_counted, is_overt, overt_dic
from cards.safety.recorded import current_rows
from cards.safety.score import Score
from cards.safety.silence import NO_MIMIC, NOT_FOR_THIS_PERSON, unless_unread
from cards.thresholds import Thresholds

CONFOUNDING = ("med-anticoagulant", "med-heparin")

UNTESTED = CannotTell(Fact.D_DIMER, Fact.INR, Fact.COAGULATION)
UNTESTED_AND_UNCOUNTED = CannotTell(Fact.PLATELETS, *UNTESTED.missing)
"""Without a test of clotting: the count gives 2 of the 5 points at most, and the tests may give the others."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """DIC is possible: by the record, by the score, or both."""

    ways: tuple[str, ...]
    rows: tuple[Input, ...]
    score: Score


@once
def suspect(p: PatientFacts, limits: Thresholds) -> Suspicion | NoAdvice | CannotTell:
    """Whether DIC is possible, and why not or what is missing."""
    if is_newborn(p, limits):
        return NOT_FOR_THIS_PERSON
    recorded = current_rows(p, "SAFE-07", limits)
    if not recorded:
        if not has_cause(p, limits):
            return unless_unread(p, NO_MIMIC)
        if p.sets_measured.isdisjoint(CLOTTING):
            return UNTESTED if is_counted(p, limits) else UNTESTED_AND_UNCOUNTED
    causes = find_causes(p, limits)
    score = overt_dic(p, limits)
    overt = is_overt(score, limits)
    scored = overt is Known.YES and bool(causes)
    if not recorded and not scored:
        return CannotTell(*score.missing) if overt is Known.UNKNOWN else NO_MIMIC
    ways = (*(("score",) if scored else ()), *(("recorded",) if recorded else ()))
    return Suspicion(ways, (*recorded, *(causes if scored else ())), score)


def holds(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether it gates other rules."""
    return isinstance(suspect(p, limits), Suspicion)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning: treat the cause, repeat the tests, platelets only with bleeding or a procedure."""
    found = suspect(p, limits)
    if not isinstance(found, Suspicion):
        return found
    rows = (*found.score.rows, *found.rows)
    tests = ("coagulation", "cbc")
    drugs = bool(p.using(*CONFOUNDING))
    return mimic_card(
        p,
        limits,
        "SAFE-07",
        Indicator.WARNING,
        rows,
        title=f"title.{found.ways[0]}",
        say=("suggestion", *(f"way.{key}" for key in found.ways), "bleeding"),
        cautions=("caution.anticoagulant",) if drugs else (),
        unknown=found.score.missing,
        values={"dic_score": found.score.shown},
        suggestions=order(p, "test", tests, references(rows), "urgent"),
    )


ADVICE = Advice(stem="safety/dic", ids=("SAFE-07",), topic=Topic.SAFETY, decide=decide)

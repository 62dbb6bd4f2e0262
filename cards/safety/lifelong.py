"""SAFE-11: counts that have always been low: inherited, or giant platelets with a long low series.

The family's history has no code that is read. A report of platelet shape counts together with a series in which every
count was low for more than 12 months, for "present" in that report may mean other shapes too.
"""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.facts.once import once
from cards.months import add_months
from cards.outcome import Advice, Indicator, Input, Outcome, Topic
from cards.record import Result
from cards.rows import count_row, finding_row, result_row
from cards.safety.card_parts import mimic_card
from cards.safety.counts import is_below
from cards.safety.silence import COUNT_NOT_LOW, NO_COUNT, NO_MIMIC, unless_unread
from cards.thresholds import Thresholds

INHERITED, SHAPE = "cond-thrombocytopenia-inherited", "obs-platelet-morphology"


@once
def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Info: the infection may be incidental."""
    low = is_below(p, limits.normal)
    if low is Known.UNKNOWN:
        return NO_COUNT
    if low is Known.NO:
        return COUNT_NOT_LOW
    if INHERITED not in p.record.finding_sets and SHAPE not in p.record.test_sets:
        return unless_unread(p, NO_MIMIC)
    inherited = tuple(
        finding_row("inherited thrombocytopenia", f) for f in (*p.present(INHERITED), *p.suspected(INHERITED))
    )
    shape = tuple(
        result_row("large or giant platelets", t) for t in p.tests(SHAPE) if t.result is Result.POSITIVE
    )
    series = _always_low(p, limits)
    if not inherited and not (shape and series):
        return unless_unread(p, NO_MIMIC)
    return mimic_card(
        p,
        limits,
        "SAFE-11",
        Indicator.INFO,
        (*inherited, *shape, *series),
        say=("suggestion", "way.inherited" if inherited else "way.series"),
        without=("refusal",),
    )


def _always_low(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """The first count of a series of more than 12 months without one of 150 or more; nothing otherwise."""
    counts = [c for c in p.platelets.series if not c.transfused]
    if len(counts) < 2 or any(c.value >= limits.normal for c in counts):
        return ()
    first, last = counts[0], counts[-1]
    if add_months(first.time.latest, int(limits.lifelong_months)) >= last.time.earliest:
        return ()
    return (count_row(first, "first platelet count on record"),)


ADVICE = Advice(stem="safety/lifelong", ids=("SAFE-11",), topic=Topic.SAFETY, decide=decide)

"""SAFE-09: a stable low count with cirrhosis or a large spleen (the pattern of PLT-07): probably not immune."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.facts.once import once
from cards.outcome import Advice, Indicator, NoAdvice, Outcome, Topic
from cards.reading.situation import LOWERING, explains_low_counts
from cards.reasons import Why
from cards.rows import count_row, finding_row
from cards.safety.card_parts import mimic_card
from cards.safety.silence import NO_COUNT, NO_MIMIC, unless_unread
from cards.thresholds import Thresholds


@once
def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Info: no transfusion for the number alone; before a procedure other drugs are known."""
    if p.platelets.current is None:
        return NO_COUNT
    if not p.platelets.chronic_stable:
        return NO_MIMIC
    if p.bleeding.active or p.bleeding.unclear:
        return NoAdvice(Why.OTHER_ROW)
    found = [f for f in p.findings(*LOWERING) if explains_low_counts(f, p.as_of, limits)]
    if not found:
        return unless_unread(p, NO_MIMIC)
    cirrhosis = any(f.is_in("risk-liver") for f in found)
    first = next(c for c in p.platelets.series if not c.transfused)
    rows = (
        count_row(first, "first platelet count of the series"),
        *(finding_row("cirrhosis, portal hypertension or large spleen", f) for f in found),
    )
    return mimic_card(
        p,
        limits,
        "SAFE-09",
        Indicator.INFO,
        rows,
        title="title.cirrhosis" if cirrhosis else "title.spleen",
        say=("suggestion", *(("cirrhosis",) if cirrhosis else ())),
        without=("refusal",),
    )


ADVICE = Advice(stem="safety/hypersplenism", ids=("SAFE-09",), topic=Topic.SAFETY, decide=decide)

"""SAFE-06: not an isolated thrombocytopenia: blasts, pancytopenia, known disease of the marrow (rulebook A.5.4).

Macrocytosis with dysplasia, which the rulebook names too, has no code that is read. The limits of the counts are
not for newborns (POP-01).
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts
from cards.facts.once import once
from cards.host import is_newborn
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cards.record import Kind, Result
from cards.rows import finding_row, measurement_row, result_row
from cards.safety.card_parts import mimic_card, references
from cards.safety.counts import is_below
from cards.safety.haemolysis import NOT_MEASURED, Shown
from cards.safety.laboratory import any_of, below, is_seen, newest
from cards.safety.silence import COUNT_NOT_LOW, NO_MIMIC, unless_unread
from cards.thresholds import Thresholds

KNOWN = ("mimic-marrow", "mimic-acute-leukaemia", "mimic-aplastic")
PANCYTOPENIA, BLASTS = "mimic-pancytopenia", "obs-blasts"
CELLS = ("obs-hemoglobin", "obs-neutrophils", "obs-wbc")
NO_PANCYTOPENIA = Shown(Known.NO)
UNCOUNTED = CannotTell(Fact.HAEMOGLOBIN, Fact.NEUTROPHILS)


@once
def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning where the count is below 150 or unknown and something else than the platelets is ill."""
    if is_below(p, limits.normal) is Known.NO:
        return COUNT_NOT_LOW
    recorded = p.findings(*KNOWN, PANCYTOPENIA)
    known = (*p.present(*KNOWN), *p.suspected(*KNOWN)) if recorded else ()
    named = (*p.present(PANCYTOPENIA), *p.suspected(PANCYTOPENIA)) if recorded else ()
    counted, blasts = pancytopenia(p, limits), _blasts(p, limits)
    if not (known or named or blasts) and counted.answer is not Known.YES:
        return _why_not(p, counted)
    ways = (
        ("known", tuple(finding_row("marrow disease", f) for f in known)),
        ("blasts", blasts),
        (
            "pancytopenia",
            (
                *(counted.rows if counted.answer is Known.YES else ()),
                *(finding_row("pancytopenia", f) for f in named),
            ),
        ),
    )
    rows = tuple(row for _, found in ways for row in found)
    return mimic_card(
        p,
        limits,
        "SAFE-06",
        Indicator.WARNING,
        rows,
        title="title.known" if known else "title",
        say=("suggestion", *(f"way.{key}" for key, found in ways if found)),
        cautions=("caution.tpo-ra",) if p.using("med-tpo-ra") or p.selected("med-tpo-ra") else (),
        suggestions=order(p, "call", ("haematology", "blood-film"), references(rows), "urgent"),
        without=("refusal",),
    )


def _blasts(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Blasts in the blood, as a number above none or as a finding of the film, of the last 30 days."""
    if BLASTS not in p.sets_measured and BLASTS not in p.record.test_sets:
        return ()
    within = limits.span("blasts_days")
    counted = p.newest(BLASTS, within)
    seen = [
        t
        for t in p.tests(BLASTS)
        if t.result is Result.POSITIVE and (t.time is None or t.time.since(p.as_of) <= within)
    ]
    number = [measurement_row("blasts in the blood", m) for m in (counted,) if m is not None and is_seen(m)]
    return (*number, *(result_row("blasts in the blood", t) for t in seen))


def pancytopenia(p: PatientFacts, limits: Thresholds) -> Shown:
    """A.9: platelets below 100, haemoglobin below 10 g/dL, and neutrophils below 1.5 or leucocytes below 3.0."""
    if is_newborn(p, limits):
        return NO_PANCYTOPENIA
    if p.sets_measured.isdisjoint(CELLS):
        return NO_PANCYTOPENIA if is_below(p, limits.mild) is Known.NO else NOT_MEASURED
    within = limits.span("pancytopenia_days")
    hb, neutrophils, wbc = (newest(p, s, within) for s in CELLS)
    white = (
        ("neutrophils", neutrophils, below(neutrophils, limits.pancytopenia_neutrophils)),
        ("leucocytes", wbc, below(wbc, limits.pancytopenia_wbc)),
    )
    parts = (is_below(p, limits.mild), below(hb, limits.pancytopenia_hb), any_of(*[a for _, _, a in white]))
    if Known.NO in parts:
        return NO_PANCYTOPENIA
    if Known.UNKNOWN in parts or hb is None:
        return NOT_MEASURED
    low = tuple(measurement_row(fact, m) for fact, m, a in white if m is not None and a is Known.YES)
    return Shown(Known.YES, (measurement_row("haemoglobin", hb), *low))


def _why_not(p: PatientFacts, counted: Shown) -> NoAdvice | CannotTell:
    if counted.answer is Known.UNKNOWN and p.answered(Kind.CONDITIONS):
        return UNCOUNTED
    return unless_unread(p, NO_MIMIC)


ADVICE = Advice(stem="safety/marrow", ids=("SAFE-06",), topic=Topic.SAFETY, decide=decide)

"""SAFE-03: infection with Shiga toxin and haemolytic uraemic syndrome: no antibiotics, platelets only for bleeding.

Three ways: Shiga toxin or the infection of the last 21 days (below 150 also one that is over, for the syndrome
follows); haemolytic uraemic syndrome recorded; bloody diarrhoea of the last 14 days with a count below 150 and a rise
of creatinine or schistocytes. The last is a question (warning) where sepsis or shock is recorded or another cause of
the diarrhoea is proven, and none in newborns, whose bloody stool has other causes that need antibiotics (POP-01).
Sepsis is always treated, and so is what cannot wait: meningococci, rickettsiae, purpura with signs of sepsis.
"""

from __future__ import annotations

from cards.anti_infective.asked import critical_rows
from cards.anti_infective.content import Agent, TreatSuspected
from cards.anti_infective.ordering import order
from cards.facts import Infection, Known, PatientFacts, is_past
from cards.facts.once import once
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cards.record import Finding, Result, TestResult
from cards.rows import bleeding_rows, finding_row, infection_row, result_row, sign_row
from cards.safety import purpura_sepsis
from cards.safety.card_parts import HeldBack, hold_back, mimic_card, references, stop_orders
from cards.safety.counts import is_below
from cards.safety.falls import find_creatinine_rise
from cards.safety.haemolysis import find_schistocytes
from cards.safety.infections import evidence_of
from cards.safety.laboratory import any_of
from cards.safety.recorded import current_rows
from cards.safety.silence import COUNT_NOT_LOW, NO_COUNT, NO_MIMIC, NO_SIGNS, unless_unread
from cards.thresholds import Thresholds

DIARRHOEA = "sign-bloody-diarrhoea"
OTHER_CAUSES = ("typhoid", "malaria", "dengue")
STOPPED = ("med-antibacterial", "med-antimotility")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """STEC-HUS is possible by these ways; `is_question` where something else may be the cause."""

    ways: tuple[str, ...]
    rows: tuple[Input, ...]
    is_question: bool


@once
def suspect(p: PatientFacts, limits: Thresholds) -> Suspicion | NoAdvice | CannotTell:
    """Whether STEC-HUS is possible, and why not or what is missing."""
    low = is_below(p, limits.normal)
    toxin = evidence_of(p, "stec", limits, "stec_days", over=low is Known.YES)
    recorded = current_rows(p, "SAFE-03", limits)
    if toxin.is_recorded or recorded:
        ways = (*(("toxin",) if toxin.is_recorded else ()), *(("recorded",) if recorded else ()))
        return Suspicion(ways, (*toxin.rows, *recorded), False)
    diarrhoea = _bloody_diarrhoea(p, limits)
    if not diarrhoea or is_newborn(p, limits):
        return unless_unread(p, NO_MIMIC)
    if low is not Known.YES:
        return COUNT_NOT_LOW if low is Known.NO else NO_COUNT
    film, creatinine = find_schistocytes(p, limits), find_creatinine_rise(p, limits)
    answer = any_of(film.answer, creatinine.answer)
    if answer is not Known.YES:
        missing = ((film, Fact.SCHISTOCYTES), (creatinine, Fact.CREATININE))
        unknown = [fact for shown, fact in missing if shown.answer is Known.UNKNOWN]
        return CannotTell(*unknown) if unknown else NO_SIGNS
    other = _other_cause(p, limits)
    rows = tuple(finding_row("bloody diarrhoea", f) for f in diarrhoea)
    shown = tuple(r for one in (film, creatinine) if one.answer is Known.YES for r in one.rows)
    return Suspicion(("diarrhoea",), (*rows, *shown, *other), bool(other) or p.sepsis_recorded)


def _bloody_diarrhoea(p: PatientFacts, limits: Thresholds) -> tuple[Finding, ...]:
    """Of the last 14 days, going on or over: the syndrome follows days after it. Without a date where it goes on."""
    if DIARRHOEA not in p.record.finding_sets:
        return ()
    within = limits.span("diarrhoea_days")
    dated = ((f, f.ended or f.onset or f.recorded) for f in p.findings(DIARRHOEA))
    return tuple(
        f for f, when in dated if (not is_past(f) if when is None else when.since(p.as_of) <= within)
    )


def _other_cause(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """Shock, and proven infections that explain bloody stool with a low count."""
    proven = (evidence_of(p, key, limits) for key in OTHER_CAUSES)
    return (
        *(sign_row("shock", s) for s in p.signs.shock),
        *(row for one in proven if one.is_proven for row in one.rows),
    )


def holds(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether it gates other rules: as a question it does not, for then the cause is likely another one."""
    found = suspect(p, limits)
    return isinstance(found, Suspicion) and not found.is_question


def cannot_wait(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """What needs an antibiotic at once, apart from sepsis and shock: infections that are treated on suspicion or have a
    critical sign, and SAFE-12.
    """
    found = [infection_row(p, i) for i in p.infections.current() if _is_urgent(p, i, limits)]
    purpura = purpura_sepsis.suspect(p, limits)
    if isinstance(purpura, purpura_sepsis.Suspicion) and purpura.explained_by is None:
        found += bleeding_rows(purpura.purpura)
    return tuple(found)


def _is_urgent(p: PatientFacts, infection: Infection, limits: Thresholds) -> bool:
    pathogen = p.pathogens[infection.pathogen]
    if pathogen.treat_suspected is TreatSuspected.ALWAYS:
        return True
    treatable = pathogen.agent is Agent.BACTERIUM and not pathogen.supportive
    recorded = treatable and not infection.is_suspected_only
    return recorded and bool(critical_rows(p, pathogen, infection, limits))


def _negatives(p: PatientFacts, limits: Thresholds) -> list[TestResult]:
    """Negative tests for Shiga toxin of the last 21 days."""
    negative = [t for t in p.tests("lab-stec") if t.result is Result.NEGATIVE and t.time is not None]
    return [t for t in negative if t.time and t.time.since(p.as_of) <= limits.span("stec_days")]


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical: no antibiotics, no antimotility drugs, nephrology; a warning to test first as a question."""
    found = suspect(p, limits)
    if not isinstance(found, Suspicion):
        return found
    septic = p.sepsis_recorded or bool(p.signs.shock)
    negative = () if "toxin" in found.ways else _negatives(p, limits)
    is_open = "toxin" not in found.ways and not negative
    tests = ("stec-test",) if is_open else ()
    kidneys = () if found.is_question else ("nephrology", "cbc", "creatinine")
    urgent = () if septic else cannot_wait(p, limits)
    stops = () if septic or urgent or found.is_question else stop_orders(p, *STOPPED)
    held = HeldBack() if found.is_question else hold_back(p, limits)
    return mimic_card(
        p,
        limits,
        "SAFE-03",
        Indicator.WARNING if found.is_question else Indicator.CRITICAL,
        (*found.rows, *(result_row("test for Shiga toxin", t) for t in negative), *urgent, *held.rows),
        title="title.question" if found.is_question else "title",
        say=(
            "question" if found.is_question else "suggestion",
            *(f"way.{key}" for key in found.ways),
            *(("no-result",) if is_open and "diarrhoea" in found.ways else ()),
            *(("sepsis",) if septic else ("cannot-wait",) if urgent else ()),
        ),
        cautions=(*(("caution.negative",) if negative else ()), *held.cautions),
        unknown=(Fact.SHIGA_TOXIN,) if is_open else (),
        values=held.values,
        suggestions=(
            *order(
                p,
                "question" if found.is_question else "call",
                (*kidneys, *tests),
                references(found.rows),
                "stat",
            ),
            *stops,
        ),
    )


ADVICE = Advice(stem="safety/stec_hus", ids=("SAFE-03",), topic=Topic.SAFETY, decide=decide)

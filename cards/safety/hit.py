"""SAFE-02: heparin-induced thrombocytopenia, a clotting disorder with low platelets (rulebook A.5.4).

Three ways: recorded (current for 100 days, also suspected); PF4 antibodies found in the last 100 days; heparin in the
last 100 days with 4 points or more of the 4Ts (not in newborns, whose falls are others: POP-01). HIT in the history
alone gates nothing: ORD-05 reads it.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts, Site
from cards.facts.once import once
from cards.frozen import dataclass
from cards.host import DIALYSIS, dialysis, is_newborn
from cards.outcome import Advice, Advise, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Result, TestResult
from cards.rows import platelet_rows, result_row
from cards.safety.card_parts import find_population, hold_back, merged, references, stop_orders
from cards.safety.counts import is_below
from cards.safety.four_ts import find_drop, four_ts
from cards.safety.heparin import HEPARIN, Course, find_courses
from cards.safety.recorded import current_rows, history_rows
from cards.safety.score import Score
from cards.safety.silence import NO_MIMIC
from cards.thresholds import Thresholds

PF4 = "obs-hit"
STOPPED = ("med-heparin", "proc-platelet-transfusion", "product-platelets", "med-tpo-ra")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """HIT is possible: the ways by which (the first leads the title), what shows it, the score if there is heparin."""

    ways: tuple[str, ...]
    rows: tuple[Input, ...]
    score: Score | None


@once
def suspect(p: PatientFacts, limits: Thresholds) -> Suspicion | NoAdvice | CannotTell:
    """Whether HIT is possible, and why not or what is missing."""
    recorded = current_rows(p, "SAFE-02", limits)
    if not recorded and HEPARIN not in p.record.drug_sets and PF4 not in p.record.test_sets:
        return _why_not(p, None, None, limits)
    within = limits.span("hit_days")
    antibodies = [
        t
        for t in p.tests(PF4)
        if t.result is Result.POSITIVE and (t.time is None or t.time.since(p.as_of) <= within)
    ]
    course, score = likeliest(p, limits)
    enough = score is not None and score.least >= limits.four_ts_suspect and not is_newborn(p, limits)
    scored = enough and _is_low(p, course, limits)
    ways = (
        ("score", scored, ()),
        ("pf4", bool(antibodies), tuple(result_row("heparin PF4 antibodies", t) for t in antibodies)),
        (
            "recorded",
            bool(recorded),
            recorded,
        ),
    )
    holding = [(key, rows) for key, holds, rows in ways if holds]
    if holding:
        return Suspicion(tuple(k for k, _ in holding), tuple(r for _, rows in holding for r in rows), score)
    return _why_not(p, course, score, limits)


def likeliest(p: PatientFacts, limits: Thresholds) -> tuple[Course | None, Score | None]:
    """The course of heparin with the highest 4Ts, of equals the latest; nothing without heparin in 100 days."""
    courses = find_courses(p, limits)
    if not courses:
        return None, None
    scored = [(course, four_ts(p, course, courses, limits)) for course in courses]
    best = max(enumerate(scored), key=lambda one: (one[1][1].least, one[1][1].most, one[0]))
    return best[1]


def _is_low(p: PatientFacts, course: Course | None, limits: Thresholds) -> bool:
    """The 4Ts are for a low or falling count: below 150, or at least 30 % below what it was."""
    if is_below(p, limits.normal) is Known.YES:
        return True
    drop = None if course is None else find_drop(p, course, limits)
    return drop is not None and drop.onset is not None


def _why_not(
    p: PatientFacts, course: Course | None, score: Score | None, limits: Thresholds
) -> NoAdvice | CannotTell:
    if score is None or is_newborn(p, limits):
        unread = p.unread(Kind.MEDICATIONS, Kind.CONDITIONS)
        return CannotTell(*unread) if unread else NO_MIMIC
    if not _is_low(p, course, limits):
        if is_below(p, limits.normal) is Known.UNKNOWN:
            return CannotTell(Fact.PLATELETS)
        return NoAdvice(Why.NO_FALL)
    if score.most >= limits.four_ts_suspect:
        return CannotTell(*score.missing)
    return NO_MIMIC


def holds(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether it gates other rules."""
    return isinstance(suspect(p, limits), Suspicion)


def unlikely(p: PatientFacts, limits: Thresholds) -> Score | None:
    """4Ts of 3 and less with all items known, on heparin: other cards may then say `SAFE-02/unlikely`."""
    if holds(p, limits):
        return None
    _, score = likeliest(p, limits)
    return score if score is not None and score.is_known and p.using("med-heparin") else None


# ---------------------------------------------------------------------------------------------- card


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """The card, critical: stop heparin, test, ask for a non-heparin anticoagulant; no routine platelets."""
    found = suspect(p, limits)
    if not isinstance(found, Suspicion):
        return found
    held, population = hold_back(p, limits), find_population(p)
    score = found.score
    past = history_rows(p, "SAFE-02", limits)
    scored = () if score is None else score.rows
    negative = _negatives(p, limits)
    tested = tuple(result_row("heparin PF4 antibodies", t) for t in negative)
    rows = merged(platelet_rows(p), found.rows, scored, tested, held.rows, past, population.rows)
    tests = () if "pf4" in found.ways or negative else ("pf4",)
    review = ("medication-review",) if p.using("med-heparin") else ()
    return Advise(
        "SAFE-02",
        Indicator.CRITICAL,
        title=f"title.{found.ways[0]}",
        say=("suggestion", *(f"way.{key}" for key in found.ways), "anticoagulant"),
        cautions=(
            *held.cautions,
            *_cautions(p, limits),
            *(("caution.pf4-negative",) if negative else ()),
            *population.cautions,
        ),
        unknown=_unknown(found, tested=bool(negative)),
        values={"four_ts": "" if score is None else score.shown, **held.values},
        inputs=rows,
        suggestions=(
            *order(p, "test", (*tests, "haematology", *review), references(rows), "stat"),
            *stop_orders(p, *STOPPED),
        ),
        also=population.ids,
    )


def _cautions(p: PatientFacts, limits: Thresholds) -> tuple[str, ...]:
    """Bleeding makes the anticoagulant a specialist's question; warfarin waits; heparin goes on somewhere."""
    found = (
        (any(b.site is not Site.SKIN for b in p.bleeding.active), "bleeding"),
        (bool(p.using("med-vitamin-k-antagonist") or p.selected("med-vitamin-k-antagonist")), "warfarin"),
        (bool(p.using("med-heparin")), "heparin-in-use"),
        (bool(p.findings(DIALYSIS) or dialysis(p, limits)), "dialysis"),
    )
    return tuple(f"caution.{key}" for holds, key in found if holds)


def _negatives(p: PatientFacts, limits: Thresholds) -> list[TestResult]:
    """Negative tests for PF4 antibodies of the last 100 days: shown, and weighed by the specialist."""
    within = limits.span("hit_days")
    tests = (t for t in p.tests(PF4) if t.result is Result.NEGATIVE)
    return [t for t in tests if t.time is not None and t.time.since(p.as_of) <= within]


def _unknown(found: Suspicion, *, tested: bool) -> tuple[Fact, ...]:
    missing = () if found.score is None else found.score.missing
    untested = () if tested or "pf4" in found.ways else (Fact.PF4,)
    heparin = (Fact.HEPARIN_DATES,) if found.score is None else (Fact.SKIN_NECROSIS,)
    return tuple(dict.fromkeys((*untested, *missing, *heparin)))


ADVICE = Advice(stem="safety/hit", ids=("SAFE-02",), topic=Topic.SAFETY, decide=decide)

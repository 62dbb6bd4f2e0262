"""SAFE-01: thrombotic thrombocytopenic purpura, in which platelets feed the clots (rulebook A.5.4).

Four ways: recorded (also suspected) with a count below 150 or unknown; ADAMTS13 below 10 %; schistocytes with a further
sign of haemolysis below 100; a PLASMIC score of 6 or 7 with all items known. The last needs no film, so it gives way to
what else haemolyses with a low count: proven malaria or babesiosis, DIC, autoimmune haemolysis. Newborns have only the
first two: their bilirubin, reticulocytes and cell volume are not those that the others go by (POP-01).
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.facts import Known, PatientFacts
from cards.facts.once import once
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import Advice, Advise, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Finding, Kind, Result, Verification
from cards.rows import finding_row, measurement_row, platelet_rows, result_row
from cards.safety.card_parts import find_population, hold_back, merged, references, stop_orders
from cards.safety.counts import is_below
from cards.safety.dic_score import find_causes, is_overt, overt_dic
from cards.safety.haemolysis import NOT_MEASURED, Shown, find_haemolysis, find_schistocytes
from cards.safety.infections import evidence_of
from cards.safety.laboratory import at_least, below, newest
from cards.safety.plasmic import HAEMOLYSIS, plasmic
from cards.safety.recorded import current, current_rows, history_rows
from cards.safety.score import Score
from cards.safety.silence import COUNT_NOT_LOW, NO_MIMIC, NOT_FOR_THIS_PERSON, UNREAD
from cards.thresholds import Thresholds

_MISSING = {
    (True, True): CannotTell(Fact.SCHISTOCYTES, Fact.HAEMOLYSIS),
    (True, False): CannotTell(Fact.SCHISTOCYTES),
    (False, True): CannotTell(Fact.HAEMOLYSIS),
    (False, False): None,
}
"""By what is not known: the film, the other signs of haemolysis."""

STOPPED = ("proc-platelet-transfusion", "product-platelets", "med-tpo-ra")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """TTP is possible: the ways by which (keys of words), what shows it, and the score as far as it is known."""

    ways: tuple[str, ...]
    rows: tuple[Input, ...]
    score: Score
    film: Known


@once
def suspect(p: PatientFacts, limits: Thresholds) -> Suspicion | NoAdvice | CannotTell:
    """Whether TTP is possible, and why not or what is missing."""
    recorded = current_rows(p, "SAFE-01", limits)
    activity = newest(p, "obs-adamts13", limits.span("adamts13_days"))
    deficient = below(activity, limits.adamts13_low) is Known.YES
    if not recorded and not deficient:
        if is_below(p, limits.normal) is Known.NO:
            return COUNT_NOT_LOW
        if is_newborn(p, limits):
            return NOT_FOR_THIS_PERSON
        if is_below(p, limits.ttp_count) is Known.UNKNOWN:  # no film and no score speak without a count
            return CannotTell(Fact.PLATELETS if p.answered(Kind.CONDITIONS) else Fact.CONDITIONS)
    film, haemolysis = find_schistocytes(p, limits), find_haemolysis(p, limits)
    if film is haemolysis is NOT_MEASURED and not recorded and not deficient:
        return _why_not(p, film, haemolysis, limits)
    ways = (
        ("recorded", bool(recorded), recorded),
        (
            "adamts13",
            deficient,
            () if activity is None else (measurement_row("ADAMTS13 activity", activity),),
        ),
        ("microangiopathy", _is_microangiopathy(p, film, haemolysis, limits), (*film.rows, *haemolysis.rows)),
        ("plasmic", _is_high(p, film, limits), ()),
    )
    holding = [(key, rows) for key, holds, rows in ways if holds]
    if not holding:
        return _why_not(p, film, haemolysis, limits)
    rows = tuple(r for _, rows in holding for r in rows)
    return Suspicion(tuple(key for key, _ in holding), rows, plasmic(p, limits), film.answer)


def _is_microangiopathy(p: PatientFacts, film: Shown, haemolysis: Shown, limits: Thresholds) -> bool:
    """Below 100 with schistocytes and one more sign, unless a raised INR speaks for another cause."""
    return (
        is_below(p, limits.ttp_count) is Known.YES
        and film.answer is Known.YES
        and haemolysis.answer is Known.YES
        and not _inr_is_raised(p, limits)
        and not is_newborn(p, limits)
    )


def _inr_is_raised(p: PatientFacts, limits: Thresholds) -> bool:
    return at_least(newest(p, "obs-pt-inr", limits.span("plasmic_hours")), limits.inr_raised) is Known.YES


def _is_high(p: PatientFacts, film: Shown, limits: Thresholds) -> bool:
    """A high score with all items known, where nothing else explains it or a film shows schistocytes."""
    if not any(p.measured(set_id) for set_id in HAEMOLYSIS) or is_newborn(p, limits):
        return False
    score = plasmic(p, limits)
    if not score.is_known or score.least < limits.plasmic_high or is_below(p, limits.normal) is Known.NO:
        return False
    return film.answer is Known.YES or not explanations(p, limits)


def explanations(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    """What else explains haemolysis with a low count: proven malaria, babesiosis, DIC, autoimmune haemolysis."""
    within = limits.span("adamts13_days")
    coombs = [
        t
        for t in p.tests("obs-dat")
        if t.result is Result.POSITIVE and t.time is not None and t.time.since(p.as_of) <= within
    ]
    proven = [evidence_of(p, key, limits) for key in ("malaria", "babesia")]
    dic: tuple[Finding, ...] = tuple(
        f for f in current(p, "SAFE-07", limits) if f.verification is not Verification.SUSPECTED
    )
    score = overt_dic(p, limits)
    causes = find_causes(p, limits) if is_overt(score, limits) is Known.YES else ()
    return (
        *(result_row("direct antiglobulin test", t) for t in coombs),
        *(finding_row("autoimmune haemolysis", f) for f in p.present("mimic-evans")),
        *(row for one in proven if one.is_proven for row in one.rows),
        *(finding_row("disseminated intravascular coagulation", f) for f in dic),
        *(score.rows if causes else ()),
    )


def _why_not(p: PatientFacts, film: Shown, haemolysis: Shown, limits: Thresholds) -> NoAdvice | CannotTell:
    """The reason of the way that came nearest; what is missing where only that could tell."""
    if not p.answered(Kind.CONDITIONS):
        return UNREAD
    low = is_below(p, limits.ttp_count)
    if low is Known.YES and film.answer is not Known.NO and haemolysis.answer is not Known.NO:
        missing = _MISSING[film.answer is Known.UNKNOWN, haemolysis.answer is Known.UNKNOWN]
        if missing is not None and not _inr_is_raised(p, limits):
            return missing
        return NoAdvice(Why.EXPLAINED)
    score = plasmic(p, limits)
    if not score.is_known and score.most >= limits.plasmic_high:
        return CannotTell(*score.missing)
    if score.is_known and score.least >= limits.plasmic_high:
        return NoAdvice(Why.EXPLAINED)
    return NO_MIMIC if low is Known.YES else COUNT_NOT_LOW


def holds(p: PatientFacts, limits: Thresholds) -> bool:
    """Whether it gates other rules."""
    return isinstance(suspect(p, limits), Suspicion)


# ---------------------------------------------------------------------------------------------- card


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical: haematology now, ADAMTS13 before plasma, platelets only for bleeding that threatens life."""
    found = suspect(p, limits)
    if not isinstance(found, Suspicion):
        return found
    held, population = hold_back(p, limits), find_population(p)
    past = history_rows(p, "SAFE-01", limits)
    rows = merged(platelet_rows(p), found.rows, found.score.rows, held.rows)
    return Advise(
        "SAFE-01",
        Indicator.CRITICAL,
        say=("suggestion", *(f"way.{key}" for key in found.ways), "treatment"),
        cautions=(*held.cautions, *population.cautions, *(("caution.history",) if past else ())),
        unknown=_unknown(p, found, limits),
        values={"plasmic": found.score.shown, **held.values},
        inputs=(
            *rows,
            *population.rows,
            *past,
        ),
        suggestions=(
            *order(p, "call", _orders(found), references(rows), "stat"),
            *stop_orders(p, *STOPPED),
        ),
        also=population.ids,
    )


def _orders(found: Suspicion) -> tuple[str, ...]:
    activity = () if "adamts13" in found.ways else ("adamts13",)
    film = () if found.film is Known.YES else ("blood-film",)
    return ("haematology", *activity, *film, "haemolysis", "coagulation")


def _unknown(p: PatientFacts, found: Suspicion, limits: Thresholds) -> tuple[Fact, ...]:
    inr = newest(p, "obs-pt-inr", limits.span("plasmic_hours"))
    needs = (
        (found.film is Known.UNKNOWN, Fact.SCHISTOCYTES),
        (inr is None, Fact.INR),
        ("adamts13" not in found.ways, Fact.ADAMTS13),
    )
    return tuple(dict.fromkeys((*(fact for missing, fact in needs if missing), *found.score.missing)))


ADVICE = Advice(stem="safety/ttp", ids=("SAFE-01",), topic=Topic.SAFETY, decide=decide)

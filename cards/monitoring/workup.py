"""PLT-04 new thrombocytopenia with an infection: basic work-up. PLT-05 not isolated: look beyond an immune cause.

What kind of cells are low decides which of the two speaks. Not measured is not normal: PLT-04 names what is missing.
"""

from __future__ import annotations

from cards.anti_infective.ordering import order
from cards.blood_borne import untested
from cards.data_quality.infection_rows import current_infection_rows, has_current_infection
from cards.facts import PatientFacts, PlateletCount
from cards.host import is_newborn
from cards.monitoring.isolated import not_isolated, unknown_cells
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import platelet_row, sign_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds

BLOOD = ("obs-reticulocytes", "obs-pt-inr", "obs-creatinine", "obs-alt")
ALREADY_GATED = frozenset({"SAFE-01", "SAFE-02", "SAFE-03", "SAFE-04", "SAFE-07"})
"""A mimic that holds has its own card, with its own tests."""


IDS = ("PLT-04", "PLT-05")
NO_COUNT = dict.fromkeys(IDS, CannotTell(Fact.PLATELETS))
NOT_LOW = dict.fromkeys(IDS, NoAdvice(Why.COUNT_NOT_LOW))


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one of the two."""
    if is_newborn(p, limits):
        return dict.fromkeys(ADVICE.ids, NoAdvice(Why.NOT_FOR_THIS_PERSON))
    count = p.platelets.decisive
    if count is None:
        return NO_COUNT
    if count.value >= limits.workup_count:
        return NOT_LOW
    if not mimics(p, limits).isdisjoint(ALREADY_GATED):
        return dict.fromkeys(ADVICE.ids, NoAdvice(Why.SUPPRESSED))
    others = not_isolated(p, limits)
    if others:
        return {"PLT-04": NoAdvice(Why.OTHER_ROW), "PLT-05": _not_isolated(p, others)}
    missing = unknown_cells(p, limits)
    return {
        "PLT-04": _workup(p, missing, limits),
        "PLT-05": CannotTell(*missing) if missing else NoAdvice(Why.OTHER_ROW),
    }


# ---------------------------------------------------------------------------------------------------- PLT-04


def _workup(p: PatientFacts, missing: tuple[Fact, ...], limits: Thresholds) -> Outcome:
    """New, with an infection (or fever that may be one), and not worked up yet."""
    count, since = p.platelets.decisive, p.platelets.low_since
    if count is None or since is None:
        return CannotTell(Fact.PLATELETS)
    if p.as_of - since.latest > limits.span("workup_new_days"):
        return NoAdvice(Why.OTHER_ROW)
    if not (p.signs.fever or has_current_infection(p, limits.span("proven_acute_days"), limits)):
        return NoAdvice(Why.NO_INFECTION) if p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)
    if not missing and _is_done(p, limits):
        return NoAdvice(Why.ALREADY_DONE)
    also = ("POP-02",) if p.person.is_child else ()
    return Advise.later("PLT-04", Indicator.INFO, also, lambda: _tell_workup(p, count, missing, also, limits))


def _is_done(p: PatientFacts, limits: Thresholds) -> bool:
    """No virus is untested, and everything else was measured."""
    return not _untested(p, limits) and all(_has(p, (set_id,), limits) for set_id in BLOOD)


def _untested(p: PatientFacts, limits: Thresholds) -> tuple[Fact, ...]:
    return untested(lambda *sets: _has(p, sets, limits))


def _tell_workup(
    p: PatientFacts,
    count: PlateletCount,
    missing: tuple[Fact, ...],
    also: tuple[str, ...],
    limits: Thresholds,
) -> Advise:
    infection = current_infection_rows(p, limits.span("proven_acute_days"), limits)
    named = [p.pathogens[i.pathogen].name for i in p.infections.current()]
    return Advise(
        "PLT-04",
        Indicator.INFO,
        title="title" if named else "title.fever" if not infection else "title.infection",
        say=("suggestion", *_for_adults(p)),
        unknown=(*missing, *_untested(p, limits), Fact.TRAVEL),
        values={"infection": named[0]} if named else {},
        inputs=(*platelet_row(p), *infection, *(sign_row("fever", s) for s in p.signs.fever)),
        suggestions=order(p, "workup", ("workup",), (count.reference,), "routine"),
        also=also,
    )


def _for_adults(p: PatientFacts) -> tuple[str, ...]:
    """H. pylori is looked for in adults; a child is not tested for it (POP-02)."""
    if p.person.is_child:
        return ("child",)
    return ("adult",) if p.person.is_adult else ()


def _has(p: PatientFacts, sets: tuple[str, ...], limits: Thresholds) -> bool:
    """A result of one of the sets, as a number or as a finding, of the last 30 days."""
    within = limits.span("workup_results_days")
    if any(p.newest(s, within) is not None for s in sets):
        return True
    return any(t.time is not None and t.time.since(p.as_of) <= within for t in p.tests(*sets))


# ---------------------------------------------------------------------------------------------------- PLT-05


def _not_isolated(p: PatientFacts, others: tuple[Input, ...]) -> Advise:
    """A warning: other cells are low or abnormal."""
    references = tuple(dict.fromkeys(row.reference for row in others if row.reference is not None))
    fragments = any(row.fact == "schistocytes" for row in others)
    blasts = any(row.fact == "blasts" for row in others)
    templates = ("cbc-film", "haemolysis", *(("adamts13",) if fragments else ()), "haematology")
    return Advise(
        "PLT-05",
        Indicator.WARNING,
        say=(
            "suggestion",
            *(("fragments",) if fragments else ()),
            *(("blasts",) if blasts else ()),
        ),
        unknown=() if fragments else (Fact.SCHISTOCYTES, Fact.HAEMOLYSIS),
        inputs=(*platelet_row(p), *others),
        suggestions=order(p, "tests", templates, references, "urgent"),
    )


ADVICE = Advice(
    stem="monitoring/workup",
    ids=IDS,
    topic=Topic.WORKUP,
    decide=decide,
)

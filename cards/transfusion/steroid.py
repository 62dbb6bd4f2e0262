"""IMM-02: a steroid while an infection waits that it can set free.

A card of its own where a steroid is in use. As cautions it joins the transfusion cards that name a steroid; a selected
steroid is ORD-23. Life-threatening bleeding is no reason to withhold it: then only the cautions stand in TRF-01.
"""

from __future__ import annotations

from cards.anti_infective.hidden_infections import hepatitis_b, waiting_infections
from cards.anti_infective.ordering import order
from cards.facts import PatientFacts
from cards.outcome import Advice, Advise, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Medication, Route
from cards.rows import medication_row, platelet_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.transfusion.adjuncts import Adjunct
from cards.transfusion.case import Row, find_row

STEROID = "med-corticosteroid"
SYSTEMIC = (None, Route.ORAL, Route.INTRAVENOUS, Route.INTRAMUSCULAR)
"""Routes that reach the body; one that is not recorded may be systemic."""


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning: treat or cover the infection first, or use IVIG."""
    if not p.answered(Kind.MEDICATIONS):
        return CannotTell(Fact.MEDICATIONS)
    drugs = steroids_in_use(p)
    if not drugs:
        return NoAdvice(Why.NOT_TREATED)
    dangers = steroid_dangers(p, limits)
    if dangers is None:
        known = p.answered(Kind.CONDITIONS) and p.answered(Kind.OBSERVATIONS)
        return NoAdvice(Why.NO_INFECTION) if known else CannotTell(Fact.CONDITIONS)
    if find_row(p, mimics(p, limits)) in (Row.SEVERE, Row.CNS):
        return NoAdvice(Why.MERGED)
    dengue = "IMM-02/danger.dengue" in dangers.cautions
    only_dengue = dengue and len(dangers.cautions) == 1
    references = tuple(row.reference for row in dangers.rows if row.reference is not None)
    return Advise(
        "IMM-02",
        Indicator.WARNING,
        title=_title(p, dengue=dengue, only_dengue=only_dengue),
        say=("dengue",) if only_dengue else ("suggestion", *(() if dengue else ("ivig",))),
        cautions=dangers.cautions,
        inputs=(*platelet_row(p), *(medication_row("systemic steroid", m) for m in drugs), *dangers.rows),
        suggestions=order(p, "ask", ("infectious-diseases", "medication-review"), references, "urgent"),
    )


def _title(p: PatientFacts, *, dengue: bool, only_dengue: bool) -> str:
    known = p.platelets.current is not None
    if only_dengue:
        return "title.dengue" if known else "title.dengue-no-count"
    if not known:
        return "title.no-count"
    return "title.besides-dengue" if dengue else "title"


def steroids_in_use(p: PatientFacts) -> tuple[Medication, ...]:
    """Steroids that reach the body."""
    return tuple(m for m in p.using(STEROID) if m.route in SYSTEMIC)


def steroid_dangers(p: PatientFacts, limits: Thresholds) -> Adjunct | None:
    """Cautions and rows of every infection that speaks against a steroid now; None where none is recorded."""
    hbv, waiting = hepatitis_b(p), waiting_infections(p, limits)
    found: list[tuple[str, tuple[Input, ...]]] = [(w.key, w.rows) for w in waiting]
    if not hbv.covered and hbv.surface:
        found.append(("hbv", hbv.surface))
    elif not hbv.covered and hbv.core:
        found.append(("hbv-core", hbv.core))
    if not found:
        return None
    return Adjunct(
        "IMM-02",
        cautions=tuple(f"IMM-02/danger.{key}" for key, _ in found),
        rows=tuple(row for _, rows in found for row in rows),
    )


ADVICE = Advice(
    stem="transfusion/steroid",
    ids=("IMM-02",),
    topic=Topic.TRANSFUSION,
    decide=decide,
)

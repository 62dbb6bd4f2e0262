"""PROC-01 to PROC-11: a procedure is planned within 7 days, and the count is below its usual limit.

The same table judges a selected procedure for ORD-27: `selected_procedures`. Limits are rulebook A.5.6. A procedure
that is recorded without its kind is a question (PROC-04 asks which one it is).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cards.facts import Blocker, Known, PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.host import is_newborn
from cards.outcome import Advice, Advise, Answers, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.procedures.limit_cards import Event, Judged, card
from cards.reasons import Fact, Why
from cards.record import Kind, Order, Planned
from cards.safety import hellp
from cards.thresholds import Thresholds
from cards.transfusion.bleeding_risk import is_coming


@dataclass(frozen=True, slots=True)
class Step:
    """Below the named threshold: this indicator, these words."""

    below: str
    indicator: Indicator
    words: str = "low"


W, INFO, CRITICAL = Indicator.WARNING, Indicator.INFO, Indicator.CRITICAL
CRITICAL_ORDER = Step("proc_critical", CRITICAL, "critical")
"""ORD-27: a selected neuraxial block or operation on the brain."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One row: the value set, our word, the steps from the lowest limit up; `order` comes first where selected."""

    rule: str
    set_id: str
    name: str
    steps: tuple[Step, ...]
    order: tuple[Step, ...] = ()


PROCEDURES: tuple[Procedure, ...] = (
    Procedure(
        "PROC-01",
        "proc-lumbar-puncture",
        "Lumbar puncture",
        (Step("proc_lumbar", W), Step("proc_lumbar_discuss", W, "discuss")),
    ),
    Procedure(
        "PROC-02",
        "proc-cvc",
        "Central venous line",
        (Step("proc_cvc", W), Step("proc_cvc_discuss", INFO, "discuss")),
    ),
    Procedure("PROC-03", "proc-ir-low-risk", "Paracentesis or thoracentesis", (Step("proc_low_risk", W),)),
    Procedure("PROC-04", "proc-organ-biopsy", "Organ biopsy", (Step("proc_high_risk", W),)),
    Procedure(
        "PROC-04", "proc-generic", "Procedure of unknown kind", (Step("proc_high_risk", W, "unclear"),)
    ),
    Procedure("PROC-05", "proc-major-surgery", "Major surgery", (Step("proc_surgery", W),)),
    Procedure(
        "PROC-06", "proc-neurosurgery", "Neurosurgery", (Step("proc_neurosurgery", W),), (CRITICAL_ORDER,)
    ),
    Procedure(
        "PROC-07", "proc-neuraxial", "Neuraxial block", (Step("proc_neuraxial", W),), (CRITICAL_ORDER,)
    ),
    Procedure("PROC-08", "proc-delivery", "Delivery", (Step("proc_delivery", W),)),
    Procedure(
        "PROC-09", "proc-bone-marrow", "Marrow biopsy", (Step("proc_no_platelets", INFO, "no-platelets"),)
    ),
    Procedure("PROC-10", "proc-tooth-extraction", "Tooth extraction", (Step("proc_tooth", W),)),
    Procedure(
        "PROC-10", "proc-im-injection", "Injection into a muscle", (Step("proc_injection", W, "injection"),)
    ),
    Procedure("PROC-11", "proc-endoscopy", "Endoscopy", (Step("proc_endoscopy", W),)),
    Procedure(
        "PROC-11",
        "proc-endoscopy-biopsy",
        "Endoscopy with biopsy",
        (Step("proc_endoscopy_biopsy", W, "biopsy"),),
    ),
)

SETS = frozenset([row.set_id for row in PROCEDURES])

OBSTETRIC = (
    Step("proc_neuraxial_avoid", CRITICAL, "avoid"),
    Step("proc_neuraxial_obstetric", W, "individual"),
    Step("proc_neuraxial", INFO, "reasonable"),
)
"""PROC-07 in labour (SOAP 2021), not with HELLP."""

JUDGED_ELSEWHERE = frozenset({"proc-im-injection"})
"""A selected injection into a muscle is ORD-07."""


# ---------------------------------------------------------------------------------------------- planned procedures


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One card for each rule with a planned procedure below its limit; of two by one rule the more urgent."""
    if is_newborn(p, limits):
        return dict.fromkeys(ADVICE.ids, NoAdvice(Why.NOT_FOR_THIS_PERSON))
    within = limits.span("procedure_days")
    plans = [
        e
        for e in p.planned
        if not SETS.isdisjoint(e.set_ids) and is_coming(p, e, within) and not _is_done(p, e)
    ]
    if not plans:
        return _silent(p)
    answers: dict[str, Outcome] = {**_silent(p)}
    chosen = {row.rule for row in PROCEDURES if p.selected(row.set_id)}
    if _count_for_plans(p) is None:
        planned = {s for e in plans for s in e.set_ids}
        unjudged = [row.rule for row in PROCEDURES if row.set_id in planned and row.rule not in chosen]
        answers |= dict.fromkeys(unjudged, CannotTell(Fact.PLATELETS))
    for judged in _strictest(p, limits, plans):
        if judged.rule not in chosen:
            answers[judged.rule] = card(p, limits, judged)
    return answers


def selected_procedures(p: PatientFacts, limits: Thresholds) -> tuple[Advise, ...]:
    """Cards of the selected procedures below their limit, led by the PROC rule, ORD-27 after it; most urgent first.

    A count that may not decide is called the last known one; of two conflicting counts the lower is used.
    """
    if is_newborn(p, limits):
        return ()
    orders = [o for o in p.orders if not o.set_ids & JUDGED_ELSEWHERE]
    found = _strictest(p, limits, orders)
    return tuple(card(p, limits, judged) for judged in sorted(found, key=lambda j: (-j.indicator, j.rule)))


def _silent(p: PatientFacts) -> Answers:
    """No procedure is planned, where the orders were read."""
    return ADVICE.silent if p.answered(Kind.ORDERS) else UNREAD


def _is_done(p: PatientFacts, plan: Planned) -> bool:
    """An order without a date whose procedure was carried out after it was written."""
    if plan.authored is None or plan.occurrence is not None:
        return False
    return any(
        e.status == "completed"
        and not e.set_ids.isdisjoint(plan.set_ids)
        and e.start is not None
        and e.start.earliest >= plan.authored.latest
        for e in p.given
    )


# ---------------------------------------------------------------------------------------------- the table


def _strictest(p: PatientFacts, limits: Thresholds, events: Sequence[Event]) -> tuple[Judged, ...]:
    """For each rule the most urgent of its events; an event in several sets is judged by the strictest of them."""
    best: dict[str, Judged] = {}
    for event in events:
        judged = [j for row in PROCEDURES if (j := _judge(p, limits, row, event)) is not None]
        if not judged:
            continue
        strict = max(judged, key=lambda j: (j.indicator, j.limit))
        known = best.get(strict.rule)
        if known is None or (strict.indicator, strict.limit) > (known.indicator, known.limit):
            best[strict.rule] = strict
    return tuple(best[rule] for rule in ADVICE.ids if rule in best)


def _judge(p: PatientFacts, limits: Thresholds, row: Procedure, event: Event) -> Judged | None:
    if row.set_id not in event.set_ids:
        return None
    selected = isinstance(event, Order)
    count = _count_for_orders(p) if selected else _count_for_plans(p)
    if count is None:
        return None
    steps = _steps(p, limits, row)
    if selected and steps is row.steps:
        steps = (*row.order, *steps)
    for step in steps:
        limit: Decimal = getattr(limits, step.below)
        if count.value < limit:
            usual: Decimal = getattr(limits, row.steps[-1].below) if step is CRITICAL_ORDER else limit
            return Judged(row.rule, row.name, event, count, step.indicator, step.words, usual)
    return None


def _steps(p: PatientFacts, limits: Thresholds, row: Procedure) -> tuple[Step, ...]:
    if row.rule == "PROC-07" and _is_obstetric(p) and not isinstance(hellp.decide(p, limits), Advise):
        return OBSTETRIC
    return row.steps


def _is_obstetric(p: PatientFacts) -> bool:
    births = any("proc-delivery" in plan.set_ids for plan in p.planned)
    return p.person.pregnancy is Known.YES or births or bool(p.selected("proc-delivery"))


def _count_for_plans(p: PatientFacts) -> PlateletCount | None:
    """The count that may decide; of two conflicting ones the lower (DATA-06)."""
    conflict = p.platelets.conflict
    if p.platelets.blocker is Blocker.CONFLICT and conflict is not None:
        return conflict.lower
    return p.platelets.decisive


def _count_for_orders(p: PatientFacts) -> PlateletCount | None:
    return _count_for_plans(p) or p.platelets.current


ADVICE = Advice(
    stem="procedures/limits",
    ids=tuple(f"PROC-{n:02}" for n in range(1, 12)),
    topic=Topic.PROCEDURE,
    decide=decide,
    otherwise=Why.NO_PROCEDURE,
)

UNREAD: Answers = dict.fromkeys(ADVICE.ids, CannotTell(Fact.ORDERS))
"""What all answer where the orders were not read."""

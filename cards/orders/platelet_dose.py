"""ORD-10: what to ask about the amount of a selected platelet transfusion."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.orders.selection import bleeding_now
from cards.outcome import Input
from cards.reasons import Fact
from cards.record import Order, Performed
from cards.rows import event_row
from cards.thresholds import Thresholds
from cards.transfusion.given import PLATELETS

WHOLE_DOSES = frozenset({"adult-dose", "unit"})
"""Names of amounts that count whole doses; millilitres are judged by no limit."""


@dataclass(frozen=True, slots=True)
class Question:
    """`key` names the words, `template` a draft that answers it."""

    key: str
    rows: tuple[Input, ...]
    template: str | None = None
    unknown: tuple[Fact, ...] = ()


def dose_questions(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...]) -> tuple[Question, ...]:
    """More than one dose without bleeding, a child without a weight, a second dose before the count."""
    return (*_too_much(p, limits, orders), *_no_weight(p), *_again(p, limits))


def _too_much(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...]) -> tuple[Question, ...]:
    if bleeding_now(p):
        return ()
    large = tuple(
        o
        for o in orders
        if o.amount is not None and o.amount.unit in WHOLE_DOSES and o.amount.value > limits.platelet_doses
    )
    rows = tuple(
        Input("selected amount", o.amount.value, "{dose}", None, o.reference) for o in large if o.amount
    )
    return (Question("dose", rows),) if rows else ()


def _no_weight(p: PatientFacts) -> tuple[Question, ...]:
    if not p.person.is_child or p.person.weight is not None:
        return ()
    years, days = p.person.age_years, p.person.age_days
    value, unit = (days, "d") if not years and days is not None else (years or 0, "a")
    row = Input("age", value, unit, None, p.person.reference)
    return (Question("weight", (row,), "body-weight", (Fact.WEIGHT,)),)


def _again(p: PatientFacts, limits: Thresholds) -> tuple[Question, ...]:
    """Platelets given within six hours and no count drawn after the last of them."""
    given = p.done_within(limits.span("platelets_in_progress"), *PLATELETS)
    if not given or all(_was_counted(p, event) for event in given):
        return ()
    rows = tuple(event_row("platelets given", event) for event in given)
    return (Question("repeat", rows, "cbc-after-platelets"),)


def _was_counted(p: PatientFacts, given: Performed) -> bool:
    """A count after its end; after the one time that is recorded of a transfusion that is over."""
    end = given.end or (None if given.status == "in-progress" else given.start)
    if end is None:
        return False
    return any(c.time.earliest >= end.latest for c in p.platelets.series)

"""ORD-17: what is selected is already under way: a second drug of the kind, another course, the same count."""

from __future__ import annotations

from datetime import datetime

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.orders.selection import chosen, none_chosen, read_count, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Medication, Order
from cards.rows import event_row, medication_row
from cards.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Group:
    """Drugs of which one at a time is meant; `key` names the words."""

    key: str
    sets: tuple[str, ...]


GROUPS: tuple[Group, ...] = (
    Group("tpo-ra", ("med-tpo-ra",)),
    Group(
        "anticoagulant",
        ("med-anticoagulant", "med-heparin", "med-lmwh", "med-vitamin-k-antagonist", "med-doac"),
    ),
    Group("antibacterial", ("med-penicillin", "med-aminopenicillin")),
    Group("antibacterial", ("med-cephalosporin",)),
    Group("antibacterial", ("med-carbapenem",)),
    Group("antibacterial", ("med-tetracycline",)),
    Group("antibacterial", ("med-fluoroquinolone",)),
    Group("hcv", ("med-antiviral-hcv",)),
)
IVIG, CBC = "med-ivig", "order-cbc"
JUDGED = frozenset((*(s for group in GROUPS for s in group.sets), IVIG, CBC))


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning that names every duplicate."""
    if p.sets_selected.isdisjoint(JUDGED):
        return none_chosen(p)
    drugs = [(group, o) for group in GROUPS for o in chosen(p, *group.sets)]
    found = [
        *((o, r) for group, o in drugs for r in _second(p, group, o)),
        *((o, r) for o in chosen(p, IVIG) for r in _another_course(p, limits)),
        *((o, r) for o in p.selected(CBC) for r in _same_count(p, limits)),
    ]
    if found:
        orders = tuple({o.reference: o for o, _ in found}.values())
        judged = Judged("ORD-17", "selected order", orders, read_count(p), by_count=False)
        unique = tuple({r.key: r for _, r in found}.values())
        return order_card(p, judged, unique, more=("renewal",), buttons=(remove(orders, recommended=False),))
    if not drugs and not p.selected(IVIG, CBC):
        return none_chosen(p)
    drugs_known = p.answered(Kind.MEDICATIONS)
    return NoAdvice(Why.OTHER_ROW) if drugs_known else CannotTell(Fact.MEDICATIONS)


def _second(p: PatientFacts, group: Group, order: Order) -> tuple[Reason, ...]:
    """Another drug of the group in use, or selected with it."""
    used = tuple(medication_row("drug of the same kind in use", m) for m in p.using(*group.sets))
    beside = tuple(
        Input("drug of the same kind", "selected too", None, None, o.reference)
        for o in chosen(p, *group.sets)
        if o.reference != order.reference
    )
    rows = (*used, *beside)
    return (Reason(group.key, Indicator.WARNING, rows),) if rows else ()


def _another_course(p: PatientFacts, limits: Thresholds) -> tuple[Reason, ...]:
    """IVIG of the last two weeks whose last dose is more than 48 hours ago: doses within are one course."""
    repeat, one_course = limits.span("ivig_course_days"), limits.span("ivig_doses_hours")
    given = [m for m in p.used_within(repeat, IVIG) if (t := _last(m)) is None or p.as_of - t < repeat]
    times = [t for m in given if (t := _last(m)) is not None]
    if not times or min(p.as_of - t for t in times) <= one_course:
        return ()
    return (Reason("ivig", Indicator.WARNING, tuple(medication_row("IVIG before", m) for m in given)),)


def _last(drug: Medication) -> datetime | None:
    when = drug.end or drug.start
    return None if when is None else when.latest


def _same_count(p: PatientFacts, limits: Thresholds) -> tuple[Reason, ...]:
    """A blood count ordered within six hours and not yet carried out."""
    within = limits.span("cbc_again_hours")
    rows = tuple(
        event_row("blood count ordered", plan)
        for plan in p.planned
        if CBC in plan.set_ids
        and plan.status == "active"
        and plan.authored is not None
        and plan.authored.since(p.as_of) < within
    )
    return (Reason("cbc", Indicator.WARNING, rows),) if rows else ()


ADVICE = Advice(
    stem="orders/duplicate",
    ids=("ORD-17",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

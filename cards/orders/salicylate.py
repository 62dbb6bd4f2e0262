"""ORD-22: aspirin or another salicylate is selected for a child or adolescent with a viral illness (Reye)."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.orders.selection import chosen, none_chosen, read_count, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.orders.viral_only import current_viral_rows
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Order
from cards.rows import finding_row
from cards.thresholds import Thresholds

SALICYLATES = ("med-salicylate", "med-aspirin")
KAWASAKI = ("cond-kawasaki",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical below 19 years with varicella, influenza or another viral illness; in Kawasaki disease a warning."""
    orders = chosen(p, *SALICYLATES)
    if not orders:
        return none_chosen(p)
    age = p.person.age_years
    if age is not None and age >= limits.reye_age:
        return NoAdvice(Why.NOT_FOR_THIS_PERSON)
    rows = current_viral_rows(p, limits)
    if not rows:
        known = p.answered(Kind.CONDITIONS) and p.answered(Kind.OBSERVATIONS)
        return NoAdvice(Why.NO_INFECTION) if known else CannotTell(Fact.CONDITIONS)
    if age is None:
        return CannotTell(Fact.AGE)
    kawasaki = _kawasaki(p, orders)
    shown = (Input("age", age, "a", None, p.person.reference), *rows, *kawasaki)
    judged = Judged("ORD-22", "selected salicylate", orders, read_count(p), by_count=False)
    exception = bool(kawasaki)
    indicator = Indicator.WARNING if exception else Indicator.CRITICAL
    reason = Reason("kawasaki" if exception else "viral", indicator, shown)
    also = ("POP-02",) if p.person.is_child else ()
    return order_card(p, judged, (reason,), also=also, buttons=(remove(orders, recommended=not exception),))


def _kawasaki(p: PatientFacts, orders: tuple[Order, ...]) -> tuple[Input, ...]:
    """The exception: Kawasaki disease recorded, suspected or the reason on the order."""
    found = (*p.present(*KAWASAKI), *p.suspected(*KAWASAKI))
    meant = (f for o in orders for f in o.reasons if f.is_in(*KAWASAKI))
    return tuple(dict.fromkeys(finding_row("Kawasaki disease", f) for f in (*found, *meant)))


ADVICE = Advice(
    stem="orders/salicylate",
    ids=("ORD-22",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

"""ORD-27: a procedure is selected below its usual limit. The table and the words are those of the PROC rules."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import replace
from cards.orders.selection import none_chosen, remove
from cards.outcome import Advice, Advise, CannotTell, Indicator, NoAdvice, Outcome, Suggestion, Topic
from cards.procedures.limits import PROCEDURES, selected_procedures
from cards.reasons import Fact, Why
from cards.record import Order
from cards.thresholds import Thresholds

SETS = tuple(dict.fromkeys(row.set_id for row in PROCEDURES if row.set_id != "proc-im-injection"))


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """One card, led by the most urgent PROC rule; another selected procedure adds its paragraphs."""
    orders = p.selected(*SETS)
    if not orders:
        return none_chosen(p, service=True)
    cards = selected_procedures(p, limits)
    if not cards:
        return CannotTell(Fact.PLATELETS) if p.platelets.last_known is None else NoAdvice(Why.COUNT_NOT_LOW)
    joined = _with(cards[0], cards[1:])
    removal = _removal(joined, orders)
    return replace(joined, suggestions=(*joined.suggestions, *removal), one_of=bool(joined.suggestions))


def _with(first: Advise, others: tuple[Advise, ...]) -> Advise:
    """The paragraphs and rows of the others behind those of the first."""
    return replace(
        first,
        say=tuple(dict.fromkeys((*first.say, *(_of(a, key) for a in others for key in a.say)))),
        inputs=tuple(dict.fromkeys((*first.inputs, *(row for a in others for row in a.inputs)))),
        unknown=tuple(dict.fromkeys((*first.unknown, *(f for a in others for f in a.unknown)))),
        also=tuple(dict.fromkeys((*first.also, *(r for a in others for r in (a.rule, *a.also))))),
    )


def _of(card: Advise, key: str) -> str:
    return key if "/" in key else f"{card.rule}/{key}"


def _removal(card: Advise, orders: tuple[Order, ...]) -> tuple[Suggestion, ...]:
    """Postponing is taking the draft away; information removes nothing."""
    named = {row.reference for row in card.inputs}
    judged = tuple(o for o in orders if o.reference in named)
    if card.indicator is Indicator.INFO or not judged:
        return ()
    return (remove(judged, "ORD-27/remove", recommended=False),)


ADVICE = Advice(
    stem="orders/procedure",
    ids=("ORD-27",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

"""ORD-05: a heparin is selected with possible or past HIT, or a vitamin K antagonist with HIT or VITT."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.orders.selection import CountSaid, none_chosen, read_count, refer, references, removal
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Kind
from cards.rows import finding_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds

HEPARINS = ("med-heparin", "med-lmwh")
VITAMIN_K_ANTAGONISTS = ("med-vitamin-k-antagonist",)
HIT = ("mimic-hit",)
WORDS = {"SAFE-02": "hit", "SAFE-04": "vitt"}


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Heparin by any route, for a flush is one too; critical always."""
    heparins, antagonists = p.selected(*HEPARINS), p.selected(*VITAMIN_K_ANTAGONISTS)
    if not (heparins or antagonists):
        return none_chosen(p)
    said, held = read_count(p), mimics(p, limits)
    reasons: list[Reason] = []
    for rule, key in WORDS.items():
        if rule in held and heparins:
            reasons.append(Reason(key, Indicator.CRITICAL))
        if rule in held and antagonists and _may_be_low(said, limits):
            reasons.append(Reason("warfarin", Indicator.CRITICAL))
    past = () if "SAFE-02" in held else p.findings(*HIT)
    if past and heparins:
        rows = tuple(finding_row("heparin-induced thrombocytopenia", f) for f in past)
        reasons.append(Reason("history", Indicator.CRITICAL, rows))
    if not reasons:
        return NoAdvice(Why.NO_MIMIC) if p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)
    keys = {r.key for r in reasons}
    orders = (*heparins, *(antagonists if "warfarin" in keys else ()))  # any reason is one against heparin
    judged = Judged("ORD-05", "selected heparin or vitamin K antagonist", orders, said)
    ask = refer(("haematology",), "stat" if keys != {"history"} else "urgent", references(said.rows))
    replace = Suggestion("replace", (*removal(orders), *ask), True)
    unique = {(r.key): r for r in reversed(reasons)}
    return order_card(p, judged, tuple(reversed(unique.values())), more=("alternatives",), buttons=(replace,))


def _may_be_low(said: CountSaid, limits: Thresholds) -> bool:
    """Below 150, or not known: a count that nobody knows is not normal."""
    return said.value is None or said.below(limits.normal)


ADVICE = Advice(
    stem="orders/heparin",
    ids=("ORD-05",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

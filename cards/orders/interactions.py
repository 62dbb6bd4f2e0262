"""ORD-30: pairs of drugs that raise bleeding, lose effect or harm, as a literal table; at least one is selected."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.orders.selection import SYSTEMIC, CountSaid, chosen, none_chosen, read_count, refer, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Kind, Order
from cards.rows import medication_row
from cards.thresholds import Thresholds

ART = ("med-antiretroviral",)
DAA = ("med-antiviral-hcv",)
DOAC = ("med-doac",)
RITONAVIR, RIFAMYCIN = ("med-ritonavir",), ("med-rifamycin",)
VKA = ("med-vitamin-k-antagonist",)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two kinds of drugs; `key` names the words, `names` are ours for the rows."""

    key: str
    one: tuple[str, ...]
    other: tuple[str, ...]
    names: tuple[str, str]


PAIRS: tuple[Pair, ...] = (
    Pair("ritonavir-doac", RITONAVIR, ("med-rivaroxaban", "med-apixaban"), ("boosted ritonavir", "DOAC")),
    Pair("ritonavir-ticagrelor", RITONAVIR, ("med-ticagrelor",), ("boosted ritonavir", "ticagrelor")),
    Pair("rifamycin-daa", RIFAMYCIN, DAA, ("rifamycin", "hepatitis C antiviral")),
    Pair("rifamycin-doac", RIFAMYCIN, DOAC, ("rifamycin", "direct oral anticoagulant")),
    Pair("rifamycin-art", RIFAMYCIN, ART, ("rifamycin", "antiretroviral")),
    Pair("metronidazole-vka", ("med-metronidazole",), VKA, ("metronidazole", "vitamin K antagonist")),
    Pair("cotrimoxazole-vka", ("med-cotrimoxazole",), VKA, ("co-trimoxazole", "vitamin K antagonist")),
    Pair("linezolid-ssri", ("med-linezolid",), ("med-ssri",), ("linezolid", "SSRI")),
    Pair(
        "glecaprevir-statin",
        ("med-glecaprevir-pibrentasvir",),
        ("med-statin-cyp3a4",),
        ("glecaprevir with pibrentasvir", "atorvastatin or simvastatin"),
    ),
    Pair(
        "glecaprevir-dabigatran",
        ("med-glecaprevir-pibrentasvir",),
        ("med-dabigatran",),
        ("glecaprevir with pibrentasvir", "dabigatran"),
    ),
    Pair(
        "glecaprevir-ethinylestradiol",
        ("med-glecaprevir-pibrentasvir",),
        ("med-ethinylestradiol",),
        ("glecaprevir with pibrentasvir", "ethinylestradiol"),
    ),
)
ALONE: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("valproate", ("med-valproate",), "valproate"),
    ("ssri", ("med-ssri",), "SSRI"),
)
"""Drugs that bleed by themselves below 50."""

JUDGED = frozenset(
    (*(s for pair in PAIRS for s in (*pair.one, *pair.other)), *(s for _, sets, _ in ALONE for s in sets))
)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """A warning that names every pair."""
    orders = chosen(p, *JUDGED)
    if not orders:
        return none_chosen(p)
    said = read_count(p)
    pairs = tuple(r for pair in PAIRS if (r := _meet(p, pair)) is not None)
    alone = _alone(p, limits, said)
    if not (pairs or alone):
        return NoAdvice(Why.ALLOWED) if p.answered(Kind.MEDICATIONS) else CannotTell(Fact.MEDICATIONS)
    reasons = (*pairs, *alone)
    judged = Judged("ORD-30", "selected drug", _judged(orders, reasons), said, by_count=not pairs)
    warfarin = any(r.key.endswith("-vka") for r in pairs)
    review = ("medication-review", "inr") if warfarin else ("medication-review",)
    buttons = (
        Suggestion("review", refer(review, "urgent"), True),
        remove(judged.orders, recommended=False),
    )
    return order_card(p, judged, reasons, buttons=buttons, alternatives=False)


def _meet(p: PatientFacts, pair: Pair) -> Reason | None:
    """One of them is selected, the other selected with it or in use."""
    one, other = chosen(p, *pair.one), chosen(p, *pair.other)
    used_one, used_other = _used(p, pair.one, pair.names[0]), _used(p, pair.other, pair.names[1])
    if one and (other or used_other):
        return Reason(
            pair.key,
            Indicator.WARNING,
            (*_rows(one, pair.names[0]), *_rows(other, pair.names[1]), *used_other),
        )
    if other and used_one:
        return Reason(pair.key, Indicator.WARNING, (*_rows(other, pair.names[1]), *used_one))
    return None


def _alone(p: PatientFacts, limits: Thresholds, said: CountSaid) -> tuple[Reason, ...]:
    if not said.below(limits.interaction_count):
        return ()
    found = ((key, chosen(p, *sets), name) for key, sets, name in ALONE)
    return tuple(Reason(key, Indicator.WARNING, _rows(orders, name)) for key, orders, name in found if orders)


def _used(p: PatientFacts, sets: tuple[str, ...], name: str) -> tuple[Input, ...]:
    return tuple(medication_row(name, m) for m in p.using(*sets) if m.route in SYSTEMIC)


def _rows(orders: tuple[Order, ...], name: str) -> tuple[Input, ...]:
    return tuple(Input(name, "selected", None, None, o.reference) for o in orders)


def _judged(orders: tuple[Order, ...], reasons: tuple[Reason, ...]) -> tuple[Order, ...]:
    """The selected orders that a reason names."""
    named = {row.reference for r in reasons for row in r.rows}
    return tuple(o for o in orders if o.reference in named)


ADVICE = Advice(
    stem="orders/interactions",
    ids=("ORD-30",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

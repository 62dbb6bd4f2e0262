"""ORD-23: a systemic steroid or rituximab is selected while an infection waits that it can set free (IMM-02).

Life-threatening bleeding is no reason to hold it back: then the card is a warning, and nothing is removed.
"""

from __future__ import annotations

from cards.anti_infective.hidden_infections import Waiting, hepatitis_b, waiting_infections
from cards.facts import PatientFacts
from cards.orders.platelet_need import life_threatening
from cards.orders.selection import chosen, none_chosen, read_count, refer, references, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import (
    Advice,
    CannotTell,
    Indicator,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Kind, Order
from cards.thresholds import Thresholds

STEROID, RITUXIMAB = ("med-corticosteroid",), ("med-rituximab",)


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """One card, led by what is critical: hepatitis B without cover, strongyloides."""
    orders = chosen(p, *STEROID, *RITUXIMAB)
    if not orders:
        return none_chosen(p)
    rituximab = any(o.is_in(*RITUXIMAB) for o in orders)
    steroids = tuple(o for o in orders if o.is_in(*STEROID))
    reasons = (
        *_by_hepatitis_b(p, limits, steroids, rituximab=rituximab),
        *(_by_infection(w) for w in waiting_infections(p, limits)),
    )
    if not reasons:
        known = p.answered(Kind.CONDITIONS) and p.answered(Kind.OBSERVATIONS)
        return NoAdvice(Why.NO_INFECTION) if known else CannotTell(Fact.CONDITIONS)
    bleeding = life_threatening(p, limits)
    if bleeding:
        reasons = tuple(Reason(r.key, min(r.indicator, Indicator.WARNING), r.rows) for r in reasons)
    unstated = any(o.duration is None for o in steroids) and any(r.key.startswith("hbv") for r in reasons)
    judged = Judged("ORD-23", "selected steroid or rituximab", orders, read_count(p), by_count=False)
    return order_card(
        p,
        judged,
        reasons,
        also=("IMM-02",),
        more=(*(("bleeding",) if bleeding else ()), "instead"),
        cautions=("caution.duration",) if unstated else (),
        unknown=hepatitis_b(p).unknown if any(r.key == "hbv-unknown" for r in reasons) else (),
        buttons=_buttons(orders, reasons, bleeding=bool(bleeding)),
    )


def _by_hepatitis_b(
    p: PatientFacts, limits: Thresholds, steroids: tuple[Order, ...], *, rituximab: bool
) -> tuple[Reason, ...]:
    """HBsAg or anti-HBc without cover; rituximab also with unknown serology."""
    hbv = hepatitis_b(p)
    if hbv.covered:
        return ()
    long = any(o.duration is not None and o.duration >= limits.span("steroid_weeks") for o in steroids)
    if hbv.surface:
        critical = rituximab or long
        return (Reason("hbv", Indicator.CRITICAL if critical else Indicator.WARNING, hbv.surface),)
    if hbv.core:
        indicator = Indicator.CRITICAL if rituximab else Indicator.WARNING
        return (Reason("hbv-core", indicator, hbv.core),)
    return (Reason("hbv-unknown", Indicator.WARNING),) if rituximab and not hbv.excluded else ()


def _by_infection(waiting: Waiting) -> Reason:
    critical = waiting.key == "strongyloides" and waiting.proven
    return Reason(waiting.key, Indicator.CRITICAL if critical else Indicator.WARNING, waiting.rows)


def _buttons(
    orders: tuple[Order, ...], reasons: tuple[Reason, ...], *, bleeding: bool
) -> tuple[Suggestion, ...]:
    rows = tuple(row for r in reasons for row in r.rows)
    tests = ("hepatitis-b",) if any(r.key == "hbv-unknown" for r in reasons) else ()
    ask = Suggestion("ask", refer((*tests, "infectious-diseases"), "urgent", references(rows)), True)
    return (ask,) if bleeding else (ask, remove(orders, recommended=False))


ADVICE = Advice(
    stem="orders/immunosuppression",
    ids=("ORD-23",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

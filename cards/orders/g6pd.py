"""ORD-29: primaquine, tafenoquine, dapsone or rasburicase is selected with deficient or unknown G6PD."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.orders.selection import chosen, none_chosen, read_count, refer, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Measurement, Result, Verification
from cards.rows import finding_row, measurement_row, result_row
from cards.thresholds import Thresholds

OXIDANTS, TAFENOQUINE = ("med-g6pd-risk",), ("med-tafenoquine",)
DEFICIENCY, ACTIVITY = ("risk-g6pd-deficiency",), "obs-g6pd"


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Deficient critical; unknown a warning, for tafenoquine critical."""
    orders = chosen(p, *OXIDANTS)
    if not orders:
        return none_chosen(p)
    tafenoquine = any(o.is_in(*TAFENOQUINE) for o in orders)
    answer, rows = read_g6pd(p, tafenoquine=tafenoquine)
    if answer is Known.NO:
        return NoAdvice(Why.ALLOWED)
    deficient = answer is Known.YES
    critical = deficient or tafenoquine
    key = "deficient" if deficient else "tafenoquine" if tafenoquine else "unknown"
    reason = Reason(key, Indicator.CRITICAL if critical else Indicator.WARNING, rows)
    judged = Judged("ORD-29", "selected oxidant drug", orders, read_count(p), by_count=False)
    test = Suggestion("test", refer(("g6pd",), "urgent"), recommended=not deficient)
    buttons = (remove(orders),) if deficient else (test, remove(orders, recommended=False))
    unknown = () if deficient else (Fact.G6PD,)
    return order_card(p, judged, (reason,), unknown=unknown, buttons=buttons)


def read_g6pd(p: PatientFacts, *, tafenoquine: bool) -> tuple[Known, tuple[Input, ...]]:
    """Deficient? By a Condition, a measured activity or a qualitative test; of several results one that is low decides.

    A Condition that only suspects it gives way to a result that is normal (A.1). For tafenoquine a normal
    qualitative test clears men alone: a woman may be half deficient, and so may one whose sex is not recorded.
    """
    measured = [(m, _judge(m)) for m in p.measured(ACTIVITY)]
    tests = [] if tafenoquine and p.person.sex != "male" else p.tests(ACTIVITY)
    is_normal = any(answer is Known.NO for _, answer in measured) or any(
        t.result is Result.NEGATIVE for t in tests
    )
    abnormal = tuple(
        result_row("G6PD deficiency by a qualitative test", t)
        for t in p.tests(ACTIVITY)
        if t.result is Result.POSITIVE
    )
    findings = tuple(
        finding_row("G6PD deficiency", f)
        for f in p.findings(*DEFICIENCY)
        if not (is_normal and f.verification is Verification.SUSPECTED)
    )
    low = tuple(measurement_row("G6PD activity", m) for m, answer in measured if answer is Known.YES)
    if findings or low or abnormal:
        return Known.YES, (*findings, *low, *abnormal)
    return (Known.NO if is_normal else Known.UNKNOWN), ()


def _judge(m: Measurement) -> Known:
    """Below its own range or flagged low; without a range nothing is known."""
    if m.flagged == "low" or (m.low is not None and m.value < m.low):
        return Known.YES
    return Known.NO if m.low is not None else Known.UNKNOWN


ADVICE = Advice(
    stem="orders/g6pd",
    ids=("ORD-29",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

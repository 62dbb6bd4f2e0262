"""ORD-28: drugs that harm the unborn child, and tetracyclines below 8 years, unless rickettsiosis is the reason."""

from __future__ import annotations

from cards.facts import Known, PatientFacts
from cards.orders.selection import chosen, none_chosen, read_count, refer, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import Advice, CannotTell, Indicator, Input, NoAdvice, Outcome, Suggestion, Topic
from cards.reasons import Fact, Why
from cards.record import Order
from cards.rows import pregnancy_row
from cards.safety.infections import evidence_of
from cards.thresholds import Thresholds

TETRACYCLINES, QUINOLONES = ("med-tetracycline",), ("med-fluoroquinolone",)
HARMFUL = ("med-pregnancy-critical",)
RICKETTSIAL = ("inf-rickettsia", "inf-rmsf", "inf-ehrlichiosis-anaplasmosis")


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Ganciclovir, ribavirin and the like critical; tetracyclines and quinolones a warning."""
    orders = chosen(p, *TETRACYCLINES, *QUINOLONES, *HARMFUL)
    if not orders:
        return none_chosen(p)
    asked = tuple(o for o in orders if not (o.is_in(*TETRACYCLINES) and _is_rickettsial(p, limits, o)))
    if not asked:
        return NoAdvice(Why.EXPLAINED)
    pregnant = p.person.pregnancy is Known.YES
    reasons = _reasons(p, limits, asked, pregnant=pregnant)
    if not reasons:
        return _silent(p, asked)
    keys = {r.key for r in reasons}
    ask = Suggestion("ask", refer(("obstetrics",) if pregnant else ("infectious-diseases",), "urgent"))
    judged = Judged("ORD-28", "selected drug", asked, read_count(p), by_count=False)
    buttons = (remove(asked, recommended="harmful" in keys), ask)
    also = (("POP-03",) if pregnant else ()) + (("POP-02",) if "child" in keys else ())
    return order_card(p, judged, reasons, also=also, buttons=buttons, alternatives=False)


def _reasons(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], *, pregnant: bool
) -> tuple[Reason, ...]:
    age = p.person.age_years
    shown = (pregnancy_row(p),)
    found: list[Reason] = []
    if pregnant and any(o.is_in(*HARMFUL) for o in orders):
        found.append(Reason("harmful", Indicator.CRITICAL, shown))
    if pregnant and any(o.is_in(*TETRACYCLINES) for o in orders):
        found.append(Reason("tetracycline", Indicator.WARNING, shown))
    if pregnant and any(o.is_in(*QUINOLONES) for o in orders):
        found.append(Reason("quinolone", Indicator.WARNING, shown))
    if age is not None and age < limits.tetracycline_age and any(o.is_in(*TETRACYCLINES) for o in orders):
        row = Input("age", age, "a", None, p.person.reference)
        found.append(Reason("child", Indicator.WARNING, (row,)))
    return tuple(found)


def _is_rickettsial(p: PatientFacts, limits: Thresholds, order: Order) -> bool:
    """Recorded, suspected, tested positive, or the reason on the order: doxycycline is for every age."""
    reason = any(f.is_in(*RICKETTSIAL) for f in order.reasons)
    return reason or evidence_of(p, "rickettsia", limits, "viral_days").is_recorded


def _silent(p: PatientFacts, orders: tuple[Order, ...]) -> NoAdvice | CannotTell:
    person = p.person
    if person.age_years is None and any(o.is_in(*TETRACYCLINES) for o in orders):
        return CannotTell(Fact.AGE)
    unknown = person.pregnancy is Known.UNKNOWN and person.pregnancy_matters
    return CannotTell(Fact.PREGNANCY) if unknown else NoAdvice(Why.NOT_FOR_THIS_PERSON)


ADVICE = Advice(
    stem="orders/pregnancy",
    ids=("ORD-28",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

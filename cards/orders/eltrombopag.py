"""ORD-18: eltrombopag is selected: dose (TPO-05), liver (TPO-06), interactions (TPO-11), liver tests before it.

The interactions of avatrombopag (TPO-11) are judged here too. Pregnancy (TPO-09) leads the card of ORD-19.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import replace
from cards.orders.eltrombopag_dose import reduced_dose
from cards.orders.selection import none_chosen, read_count, refer, remove
from cards.orders.verdict import Judged, Reason, order_card
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    Answers,
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
from cards.tpo_ra.cautions import (
    AVATROMBOPAG,
    ELTROMBOPAG,
    Caution,
    beside_avatrombopag,
    beside_eltrombopag,
    of_the_liver,
)

RULES = {"dose": "TPO-05", "liver": "TPO-06", "hcv": "TPO-06"}
"""Keys of reasons by the rule whose section holds their words; all other interactions are TPO-11."""


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """One card with all reasons, led by the first of TPO-05, TPO-06, TPO-11; its answer is that of ORD-18."""
    orders = p.selected(ELTROMBOPAG, AVATROMBOPAG)
    if not orders:
        return {"ORD-18": none_chosen(p)}
    reasons = _reasons(p, limits, orders)
    if not reasons:
        known = p.answered(Kind.MEDICATIONS) and p.answered(Kind.CONDITIONS)
        silent: Outcome = NoAdvice(Why.ALLOWED) if known else CannotTell(Fact.MEDICATIONS)
        return {"ORD-18": silent}
    return {"ORD-18": _card(p, limits, orders, reasons)}


def _card(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], reasons: tuple[Reason, ...]
) -> Advise:
    rules = tuple(dict.fromkeys(_rule(r) for r in reasons))
    lead = rules[0]
    judged = Judged(lead, "selected TPO receptor agonist", orders, read_count(p), by_count=False)
    ask_ancestry = any(o.is_in(ELTROMBOPAG) for o in orders) and not p.person.ancestry
    others = tuple(r for r in rules if r != lead)
    card = order_card(
        p,
        judged,
        reasons,
        also=(*(() if lead == "ORD-18" else ("ORD-18",)), *(r for r in others if r != "ORD-18")),
        unknown=(
            *((Fact.ANCESTRY,) if ask_ancestry else ()),
            *((Fact.DOSE,) if any(o.dose is None for o in orders) else ()),
            *((Fact.LIVER_TESTS,) if any(r.key == "liver-tests" for r in reasons) else ()),
            *(() if p.answered(Kind.MEDICATIONS) else (Fact.MEDICATIONS,)),
        ),
        buttons=_buttons(p, limits, orders, reasons),
        alternatives=False,
    )
    said = tuple(f"{_rule(r)}/suggestion.{r.key}" for r in reasons)
    ancestry = ("ORD-18/ancestry",) if ask_ancestry else ()
    extra = ("POP-10",) if ask_ancestry or any(r.key == "dose" for r in reasons) else ()
    title = f"{_rule(reasons[0])}/title.{reasons[0].key}"
    return replace(card, title=title, say=(*dict.fromkeys(said), *ancestry), also=(*card.also, *extra))


def _rule(reason: Reason) -> str:
    if reason.key == "liver-tests":
        return "ORD-18"
    return RULES.get(reason.key, "TPO-11")


def _reasons(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...]) -> tuple[Reason, ...]:
    """In the order of the rules: dose, liver, interactions, the missing liver tests."""
    eltrombopag = tuple(o for o in orders if o.is_in(ELTROMBOPAG))
    avatrombopag = tuple(o for o in orders if o.is_in(AVATROMBOPAG))
    found: list[Reason] = []
    if eltrombopag:
        dose = reduced_dose(p, limits, eltrombopag)
        found += [Reason("dose", Indicator.WARNING, dose.rows)] if dose is not None else []
        found += _told((*of_the_liver(p), *beside_eltrombopag(p)))
        found += _missing_liver_tests(p, limits)
    if avatrombopag:
        found += _told(beside_avatrombopag(p))
    return tuple(found)


def _told(cautions: tuple[Caution, ...]) -> list[Reason]:
    return [Reason(c.key, Indicator.WARNING, c.rows) for c in cautions]


def _missing_liver_tests(p: PatientFacts, limits: Thresholds) -> list[Reason]:
    """No ALT, or no bilirubin, of the last month."""
    within = limits.span("baseline_liver_days")
    missing = [s for s in ("obs-alt", "obs-bilirubin") if p.newest(s, within) is None]
    return [Reason("liver-tests", Indicator.WARNING)] if missing else []


# ---------------------------------------------------------------------------------------------- buttons


def _buttons(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], reasons: tuple[Reason, ...]
) -> tuple[Suggestion, ...]:
    """The lower dose where the draft can be changed, the liver tests, removal last."""
    keys = {r.key for r in reasons}
    buttons: list[Suggestion] = []
    if "dose" in keys:
        dose = reduced_dose(p, limits, orders)
        if dose is not None and dose.changes is not None:
            change = Action(ActionType.UPDATE, order=dose.order, changes=dose.changes)
            buttons.append(Suggestion(f"TPO-05/{dose.label}", (change,), True))
    if "liver-tests" in keys:
        buttons.append(Suggestion("ORD-18/liver-tests", refer(("liver-tests",), "urgent"), not buttons))
    return (*buttons, remove(orders, "ORD-18/remove", recommended=False))


ADVICE = Advice(
    stem="orders/eltrombopag",
    ids=("ORD-18",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

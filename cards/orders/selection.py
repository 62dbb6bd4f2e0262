"""What every order rule needs: the orders that it judges, the count as an order card says it, the buttons."""

from __future__ import annotations

from decimal import Decimal

from cards.facts import Bleed, Blocker, PatientFacts, Site
from cards.frozen import dataclass
from cards.outcome import Action, ActionType, CannotTell, Input, NoAdvice, Suggestion, Values
from cards.reasons import Fact, Why
from cards.record import Kind, Order, Route
from cards.rows import count_row, order_row, platelet_row
from cards.valuesets import is_mapped

SYSTEMIC = (None, Route.ORAL, Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS)
"""Routes by which a drug acts on the whole body; an unknown one counts."""

CLUMPED = "ORD-11/caution.clumped"
CONFLICTING = "ORD-11/caution.conflicting"
LAST_KNOWN = "ORD-11/caution.last-known"

NOT_SELECTED, UNMAPPED = NoAdvice(Why.NOT_SELECTED), CannotTell(Fact.SELECTED_DRUG)
"""What nearly every rule answers of an order: made once."""


def chosen(p: PatientFacts, *set_ids: str) -> tuple[Order, ...]:
    """The selected orders of these sets that are given to the whole body (gels and drops name their route)."""
    if p.sets_selected.isdisjoint(set_ids):  # most rules are asked of an order that they do not judge
        return ()
    return tuple([o for o in p.selected(*set_ids) if o.route in SYSTEMIC])


def none_chosen(p: PatientFacts, *, service: bool = False) -> NoAdvice | CannotTell:
    """Why a rule judges nothing: no such order is selected, or one is selected that has no mapped code."""
    for o in p.orders:
        if (o.resource_type == "ServiceRequest") is service and not is_mapped(o.set_ids):
            return UNMAPPED
    return NOT_SELECTED


# ---------------------------------------------------------------------------------------------- the count


@dataclass(frozen=True, slots=True)
class CountSaid:
    """The count that an order is judged by, "last known" where it may not decide by itself.

    `value` is 10*9/L: the count in use, the last known one, the lower of two that conflict (DATA-06), None
    without one. `values` fill the holes `{count}`, and `{platelets}` and `{sampled}` where they are not those
    of the count in use. `cautions` say why the count is doubtful.
    """

    value: Decimal | None
    values: Values
    rows: tuple[Input, ...]
    cautions: tuple[str, ...] = ()
    unknown: tuple[Fact, ...] = ()

    def below(self, limit: Decimal) -> bool:
        """Known, and below the limit."""
        return self.value is not None and self.value < limit

    def title(self, key: str) -> str:
        """The key of the title: without a count it has words of its own."""
        return key if self.value is not None else f"{key}.no-count"


def read_count(p: PatientFacts) -> CountSaid:
    """The count as order cards say it (rulebook A.2: "last known" while no rule may decide by number)."""
    platelets = p.platelets
    if platelets.conflict is not None:
        lower, higher = platelets.conflict.lower, platelets.conflict.higher
        values: Values = {
            "count": "platelets",
            "platelets": f"{lower.shown} x10^9/L",
            "sampled": lower.time,
        }
        rows = (count_row(lower), count_row(higher, "platelet count in conflict with it"))
        return CountSaid(lower.value, values, rows, (CONFLICTING,))
    if platelets.current is None:
        return CountSaid(None, {}, (), (), (Fact.PLATELETS,))
    if platelets.decisive is not None:
        return CountSaid(platelets.decisive.value, {"count": "platelets"}, platelet_row(p))
    clumped = platelets.blocker is Blocker.CLUMPING
    doubt = CLUMPED if clumped else LAST_KNOWN
    count = "platelets" if clumped else "last known platelets"
    return CountSaid(platelets.current.value, {"count": count}, platelet_row(p), (doubt,))


# ------------------------------------------------------------------------------------------ bleeding, silence


def bleeding_now(p: PatientFacts) -> tuple[Bleed, ...]:
    """Active bleeding that is not of the skin, of any grade, whoever reported it."""
    return tuple(b for b in p.bleeding.active if b.site is not Site.SKIN)


def unclear_bleeding(p: PatientFacts) -> tuple[Bleed, ...]:
    """Findings beyond the skin of which nobody recorded whether they go on (BLD-04)."""
    return tuple(b for b in p.bleeding.unclear if b.site is not Site.SKIN)


def nothing_against(p: PatientFacts, said: CountSaid) -> NoAdvice | CannotTell:
    """No reason was found by count, bleeding or condition: is it known that there is none?"""
    if said.value is None:
        return CannotTell(Fact.PLATELETS)
    if not p.answered(Kind.CONDITIONS):
        return CannotTell(Fact.CONDITIONS)
    if unclear_bleeding(p):
        return CannotTell(Fact.BLEEDING_ACTIVITY)
    return NoAdvice(Why.COUNT_NOT_LOW)


def not_known(p: PatientFacts, said: CountSaid) -> tuple[Fact, ...]:
    """What an order card says under "What is not known": the count, the problem list, open bleeding."""
    facts = (
        *said.unknown,
        *(() if p.answered(Kind.CONDITIONS) else (Fact.CONDITIONS,)),
        *((Fact.BLEEDING_ACTIVITY,) if unclear_bleeding(p) else ()),
    )
    return tuple(dict.fromkeys(facts))


# -------------------------------------------------------------------------------------------------- buttons


def order_rows(fact: str, orders: tuple[Order, ...]) -> tuple[Input, ...]:
    """One row for each judged order, under our word for its class."""
    return tuple(order_row(fact, o) for o in orders)


def removal(orders: tuple[Order, ...]) -> tuple[Action, ...]:
    """Deletes the selected drafts; never an active order."""
    return tuple(Action(ActionType.DELETE, order=o) for o in orders)


def remove(orders: tuple[Order, ...], label: str = "remove", *, recommended: bool = True) -> Suggestion:
    """The button that takes the selected drafts away."""
    return Suggestion(label, removal(orders), recommended)


def refer(templates: tuple[str, ...], priority: str, reasons: tuple[str, ...] = ()) -> tuple[Action, ...]:
    """Drafts of consultations and tests."""
    return tuple(Action(ActionType.CREATE, t, priority, reasons=reasons) for t in templates)


def references(rows: tuple[Input, ...]) -> tuple[str, ...]:
    """The resources that rows rest on, once each."""
    return tuple(dict.fromkeys(r.reference for r in rows if r.reference is not None))

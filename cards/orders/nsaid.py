"""ORD-02: an NSAID is selected while platelets are low, bleeding is active, or dengue cannot be excluded."""

from __future__ import annotations

from cards.anti_infective.safety_check import allergies_known
from cards.facts import PatientFacts
from cards.orders.haemorrhagic import dengue, haemorrhagic_fever, zika_or_chikungunya
from cards.orders.selection import (
    CountSaid,
    bleeding_now,
    chosen,
    none_chosen,
    not_known,
    nothing_against,
    order_rows,
    read_count,
    references,
    removal,
    remove,
)
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    Input,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact
from cards.record import Measurement, Order
from cards.rows import bleeding_rows, measurement_row
from cards.thresholds import Thresholds

NSAID = ("med-nsaid",)
PARACETAMOL = ("med-paracetamol", "allergy-paracetamol")
LIVER = ("risk-liver", "risk-liver-failure")


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """Critical with bleeding, below 50, or in infections that may be dengue; a warning from 50 to 99."""
    orders = chosen(p, *NSAID)
    if not orders:
        return CannotTell(Fact.ROUTE) if p.selected(*NSAID) else none_chosen(p)
    said = read_count(p)
    reasons = _reasons(p, limits, said)
    if not reasons:
        return nothing_against(p, said)
    alt = _high_alt(p, limits)
    rows = tuple(row for _, found in reasons for row in found)
    only_count = [key for key, _ in reasons] == ["count"]
    warns = only_count and not said.below(limits.nsaid_critical)
    return Advise(
        "ORD-02",
        Indicator.WARNING if warns else Indicator.CRITICAL,
        title=said.title(f"title.{reasons[0][0]}"),
        say=(*(f"suggestion.{key}" for key, _ in reasons), "alternative"),
        cautions=(*said.cautions, *(("caution.alt",) if alt else ())),
        unknown=not_known(p, said),
        values=said.values,
        inputs=(*order_rows("selected NSAID", orders), *said.rows, *rows, *alt),
        suggestions=_buttons(p, orders, (*said.rows, *rows), liver=bool(alt)),
        one_of=True,
    )


def _reasons(
    p: PatientFacts, limits: Thresholds, said: CountSaid
) -> tuple[tuple[str, tuple[Input, ...]], ...]:
    """Keys of words and the rows that show them, the most urgent first."""
    bleeds = bleeding_now(p)
    infections = (*dengue(p), *haemorrhagic_fever(p, limits), *zika_or_chikungunya(p, limits))
    return (
        *((("bleeding", bleeding_rows(bleeds)),) if bleeds else ()),
        *((i.key, i.rows) for i in infections),
        *((("count", ()),) if said.below(limits.nsaid_warning) else ()),
    )


def _high_alt(p: PatientFacts, limits: Thresholds) -> tuple[Input, ...]:
    newest = p.newest("obs-alt", limits.span("alt_days"))
    return (measurement_row("ALT", newest),) if newest is not None and _is_high(newest) else ()


def _is_high(alt: Measurement) -> bool:
    return alt.flagged == "high" or (alt.high is not None and alt.value > alt.high)


def _buttons(
    p: PatientFacts, orders: tuple[Order, ...], rows: tuple[Input, ...], *, liver: bool
) -> tuple[Suggestion, ...]:
    """Paracetamol in its place where age and allergies are known and the liver does not speak against it."""
    allergic = any(not a.set_ids.isdisjoint(PARACETAMOL) for a in p.allergies)
    known = p.person.is_adult is True and allergies_known(p)
    if not known or allergic or liver or p.present(*LIVER):
        return (remove(orders),)
    create = Action(ActionType.CREATE, "paracetamol", reasons=references(rows))
    replace = Suggestion("replace", (*removal(orders), create), True)
    return (replace, remove(orders, recommended=False))


ADVICE = Advice(
    stem="orders/nsaid",
    ids=("ORD-02",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

"""ORD-19 and ORD-20: a TPO receptor agonist is selected.

ORD-19 something speaks against it: the card is led by the most urgent of TPO-07 to TPO-10. ORD-20 an
infection is to be treated first (TPO-03), or it is usually not needed (TPO-04); silent beside ORD-19.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.orders.selection import (
    CountSaid,
    none_chosen,
    not_known,
    order_rows,
    read_count,
    refer,
    references,
    removal,
    remove,
)
from cards.outcome import (
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
from cards.rows import infection_row
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from cards.tpo_ra.candidate import meets_criteria, untreated_infections
from cards.tpo_ra.contraindicated import TPO_RA, Contraindication, also_said, contraindications
from cards.tpo_ra.not_needed import why_not_needed

PROTHROMBOTIC = frozenset({"SAFE-01", "SAFE-02", "SAFE-03", "SAFE-04", "SAFE-07"})
SELECTED = "selected TPO receptor agonist"


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """At most one of the two speaks."""
    orders = p.selected(TPO_RA)
    if not orders:
        return dict.fromkeys(ADVICE.ids, none_chosen(p))
    said = read_count(p)
    against = _against(p, limits, orders, said)
    if isinstance(against, Advise):
        return {"ORD-19": against, "ORD-20": NoAdvice(Why.SUPPRESSED)}
    return {"ORD-19": against, "ORD-20": _not_now(p, limits, orders, said)}


# ---------------------------------------------------------------------------------------------- ORD-19


def _against(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid) -> Outcome:
    """All that speaks against it in one card, the most urgent first."""
    found = _reasons(p, limits)
    if not found:
        return NoAdvice(Why.ALLOWED) if p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)
    first = found[0]
    critical = first.indicator is Indicator.CRITICAL
    rows = tuple(row for c in found for row in c.rows)
    ask = refer(("haematology",), "stat" if critical else "urgent", references(rows))
    both = Suggestion("ORD-19/remove-and-ask", (*removal(orders), *ask), critical)
    return Advise(
        first.rule,
        first.indicator,
        title="title.aplastic" if first.key == "aplastic" else "title",
        say=("suggestion", *also_said(found), f"ORD-19/{'critical' if critical else 'warning'}"),
        cautions=(*_cautions(found), *said.cautions),
        unknown=not_known(p, said),
        values=said.values,
        inputs=(*order_rows(SELECTED, orders), *said.rows, *rows),
        suggestions=(both, Suggestion("ORD-19/ask", ask, not critical)),
        one_of=True,
        also=("ORD-19", *dict.fromkeys(c.rule for c in found if c.rule != first.rule)),
    )


def _reasons(p: PatientFacts, limits: Thresholds) -> tuple[Contraindication, ...]:
    """What is recorded, and a mimic that the data show without a Condition (rulebook A.2)."""
    found = contraindications(p, limits)
    if any(c.rule == "TPO-10" for c in found) or PROTHROMBOTIC.isdisjoint(mimics(p, limits)):
        return found
    mimic = Contraindication("TPO-10", Indicator.CRITICAL, "mimic", ())
    return tuple(sorted((*found, mimic), key=lambda c: (-c.indicator, c.rule)))


def _cautions(found: tuple[Contraindication, ...]) -> tuple[str, ...]:
    keys = ("ORD-19/caution.mimic" if c.key == "mimic" else f"{c.rule}/caution.{c.key}" for c in found)
    return tuple(dict.fromkeys(keys))


# ---------------------------------------------------------------------------------------------- ORD-20


def _not_now(p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid) -> Outcome:
    """TPO-03 before TPO-04: treating the infection is the point."""
    untreated = untreated_infections(p)
    if untreated and meets_criteria(p, limits):
        first = p.pathogens[untreated[0].pathogen]
        return Advise(
            "TPO-03",
            Indicator.WARNING,
            unknown=not_known(p, said),
            values={**said.values, "infection": first.name},
            inputs=(
                *order_rows(SELECTED, orders),
                *said.rows,
                *(infection_row(p, i) for i in untreated),
            ),
            suggestions=(remove(orders, "ORD-20/remove"),),
            also=("ORD-20",),
        )
    why = why_not_needed(p, limits)
    if why is not None:
        infections = p.infections.current() if why == "recent" else ()
        return Advise(
            "TPO-04",
            Indicator.WARNING,
            say=(why,),
            cautions=said.cautions,
            unknown=not_known(p, said),
            values=said.values,
            inputs=(
                *order_rows(SELECTED, orders),
                *said.rows,
                *(infection_row(p, i) for i in infections),
            ),
            suggestions=(remove(orders, "ORD-20/remove"),),
            also=("ORD-20",),
        )
    return _silent(p)


def _silent(p: PatientFacts) -> NoAdvice | CannotTell:
    if p.platelets.decisive is None:
        return CannotTell(Fact.PLATELETS)
    return NoAdvice(Why.OTHER_ROW) if p.answered(Kind.CONDITIONS) else CannotTell(Fact.CONDITIONS)


ADVICE = Advice(
    stem="orders/tpo_ra",
    ids=("ORD-19", "ORD-20"),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

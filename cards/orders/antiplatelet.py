"""ORD-01: aspirin, a P2Y12 or a GPIIb/IIIa inhibitor is selected while platelets are low or bleeding is possible.

Within twelve months of an acute coronary syndrome or a stent the limits are lower and the drug is never
simply dropped: the card then asks cardiology and haematology, unless WHO grade 2 bleeding is active.
"""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.facts.patient import DONE
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.months import add_months
from cards.orders.haemorrhagic import dengue, haemorrhagic_fever
from cards.orders.selection import (
    CountSaid,
    chosen,
    none_chosen,
    not_known,
    nothing_against,
    order_rows,
    read_count,
    refer,
    references,
    removal,
    remove,
)
from cards.outcome import Advice, Advise, Indicator, Input, Outcome, Suggestion, Topic
from cards.record import Finding, Moment, Order
from cards.rows import bleeding_rows, event_row, finding_row
from cards.thresholds import Thresholds

ASPIRIN = ("med-aspirin",)
P2Y12 = ("med-p2y12",)
ANTIPLATELETS = ("med-antiplatelet", *ASPIRIN, *P2Y12, "med-gp2b3a")
ACS, STENT = "risk-acs", "status-coronary-stent"


@dataclass(frozen=True, slots=True)
class Coronary:
    """An acute coronary syndrome or stent of the last twelve months; `undated` ones may be as young."""

    recent: tuple[Input, ...]
    undated: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the card speaks: `key` names its title and paragraph; the first reason leads."""

    key: str
    indicator: Indicator
    rows: tuple[Input, ...] = ()


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """One card for all selected antiplatelet drugs, led by the most urgent reason."""
    orders = chosen(p, *ANTIPLATELETS)
    if not orders:
        return none_chosen(p)
    said, heart = read_count(p), read_coronary(p, limits)
    reasons = _reasons(p, limits, orders, said, heart)
    if not reasons:
        return nothing_against(p, said)
    rows = (*said.rows, *(row for r in reasons for row in r.rows), *heart.recent, *heart.undated)
    return Advise(
        "ORD-01",
        max(r.indicator for r in reasons),
        title=said.title(f"title.{reasons[0].key}"),
        say=(*(f"suggestion.{r.key}" for r in reasons), *_more_words(p, limits, orders, said, heart)),
        cautions=said.cautions,
        unknown=not_known(p, said),
        values=said.values,
        inputs=(*order_rows("selected antiplatelet drug", orders), *rows),
        suggestions=_buttons(orders, rows, heart),
        one_of=bool(heart.recent or heart.undated),
    )


def _reasons(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid, heart: Coronary
) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if p.bleeding.serious:
        found.append(Reason("bleeding", Indicator.CRITICAL, bleeding_rows(p.bleeding.serious)))
    found += [Reason(i.key, Indicator.CRITICAL, i.rows) for i in (*dengue(p), *haemorrhagic_fever(p, limits))]
    by_count = _by_count(p, limits, orders, said, heart)
    return tuple(found if by_count is None else [*found, by_count])


def _by_count(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid, heart: Coronary
) -> Reason | None:
    """Below 30 critical, 30 to 49 a warning; after ACS or stent a warning from 10 (aspirin) or 30 (others)."""
    if not said.below(limits.antiplatelet_warning):
        return None
    if heart.recent and not p.bleeding.serious:
        limit = limits.acs_aspirin if _is_aspirin_alone(p, orders) else limits.acs_p2y12
        return Reason("acs", Indicator.CRITICAL if said.below(limit) else Indicator.WARNING)
    critical = said.below(limits.antiplatelet_critical)
    return Reason("count", Indicator.CRITICAL if critical else Indicator.WARNING)


def _is_aspirin_alone(p: PatientFacts, orders: tuple[Order, ...]) -> bool:
    """Aspirin without a second antiplatelet drug, selected or in use."""
    selected = all(o.is_in(*ASPIRIN) for o in orders)
    return selected and all(not m.set_ids.isdisjoint(ASPIRIN) for m in p.using(*ANTIPLATELETS))


def read_coronary(p: PatientFacts, limits: Thresholds) -> Coronary:
    """Acute coronary syndromes and stents by date: a present status says nothing about when it was placed."""
    recent: list[Input] = []
    undated: list[Input] = []
    for finding in p.findings(ACS, STENT):
        when = finding.onset if finding.status_in(STENT) == "undated" else reference_time(finding)
        if when is None:
            undated.append(_coronary_row(finding))
        elif _is_within(p, when, limits):
            recent.append(_coronary_row(finding))
    for event in (e for e in p.given if STENT in e.set_ids and e.status in DONE):
        when = event.end or event.start
        if when is None:
            undated.append(event_row("coronary stent", event))
        elif _is_within(p, when, limits):
            recent.append(event_row("coronary stent", event))
    return Coronary(tuple(recent), tuple(undated))


def _coronary_row(finding: Finding) -> Input:
    return finding_row("coronary stent" if finding.is_in(STENT) else "acute coronary syndrome", finding)


def _is_within(p: PatientFacts, when: Moment, limits: Thresholds) -> bool:
    """At most twelve calendar months ago, by the later end of a date."""
    return add_months(when.latest, int(limits.acs_months)) >= p.as_of


def _more_words(
    p: PatientFacts, limits: Thresholds, orders: tuple[Order, ...], said: CountSaid, heart: Coronary
) -> tuple[str, ...]:
    """What stands in every card: the stent rule where it applies, clopidogrel, what to use instead."""
    low = said.below(limits.antiplatelet_warning)
    words = (
        ("coronary", bool(heart.recent)),
        ("coronary-undated", bool(heart.undated) and not heart.recent),
        ("potent", low and any(o.is_in(*P2Y12) for o in orders)),
        ("alternative", True),
    )
    return tuple(key for key, applies in words if applies)


def _buttons(orders: tuple[Order, ...], rows: tuple[Input, ...], heart: Coronary) -> tuple[Suggestion, ...]:
    """Never a bare stop after a stent: asking comes first, and removing asks as well."""
    if not (heart.recent or heart.undated):
        return (remove(orders),)
    ask = refer(("cardiology", "haematology"), "urgent", references(rows))
    return (Suggestion("ask", ask, True), Suggestion("remove-and-ask", (*removal(orders), *ask)))


ADVICE = Advice(
    stem="orders/antiplatelet",
    ids=("ORD-01",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

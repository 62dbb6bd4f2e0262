"""ORD-16: an allergy is recorded to the selected drug, to its class, or to a penicillin before another beta-lactam."""

from __future__ import annotations

from cards.anti_infective.content import Regimen
from cards.anti_infective.course import is_untreated
from cards.anti_infective.pathogen import template_name
from cards.anti_infective.safety_check import allergies_known, check_safety
from cards.facts import Infection, PatientFacts
from cards.orders.cross_reactivity import CLASSES, Match, Relation, is_severe, match
from cards.orders.selection import none_chosen, removal, remove
from cards.outcome import (
    Action,
    ActionType,
    Advice,
    Advise,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
)
from cards.reasons import Fact, Why
from cards.record import Order
from cards.rows import allergy_row, infection_row, order_row
from cards.thresholds import Thresholds

H_PYLORI = "INF-HP"
ERADICATION = ("med-h-pylori", "med-h-pylori-pack", "med-aminopenicillin")
PENICILLIN = "penicillin"


def decide(p: PatientFacts, limits: Thresholds) -> Outcome:
    """One card for every selected drug that meets an allergy, led by the strongest match."""
    drugs = tuple(o for o in p.orders if o.resource_type != "ServiceRequest" and (o.set_ids or o.codes))
    if not drugs:
        return none_chosen(p)
    matches = sorted(
        (m for o in drugs for a in p.allergies if (m := match(o, a)) is not None),
        key=lambda m: (-m.indicator, list(Relation).index(m.relation)),
    )
    if matches:
        return _card(p, limits, tuple(matches))
    unmapped = any(not (a.set_ids or a.codes or a.denies_all) for a in p.allergies)
    if unmapped or not allergies_known(p):
        return CannotTell(Fact.ALLERGIES)
    return NoAdvice(Why.NO_ALLERGY)


def _card(p: PatientFacts, limits: Thresholds, matches: tuple[Match, ...]) -> Advise:
    first = matches[0]
    orders = tuple({m.order.reference: m.order for m in matches if m.indicator > Indicator.INFO}.values())
    infection = _h_pylori(p, matches)
    check = None if infection is None else check_safety(p, p.pathogens[H_PYLORI], infection, limits)
    regimens = () if check is None else check.offered
    buttons = _buttons(p, orders or (first.order,), infection, regimens, first.indicator)
    return Advise(
        "ORD-16",
        first.indicator,
        title=_title(first),
        say=(
            *dict.fromkeys(f"suggestion.{_key(m)}" for m in matches),
            *(() if infection is None else ("h-pylori",)),
        ),
        unknown=() if check is None else check.missing,
        values={"drug": first.class_name},
        inputs=(*_rows(matches), *(() if infection is None else (infection_row(p, infection),))),
        suggestions=buttons,
        one_of=len(buttons) > 1,
    )


def _title(first: Match) -> str:
    """By how the drug is related to the allergy and how severe that was."""
    if first.relation is Relation.DISSIMILAR_BETA_LACTAM:
        return "title.dissimilar"
    if first.relation is Relation.SIMILAR_CEPHALOSPORIN:
        return "title.similar"
    if is_severe(first.allergy):
        return "title.severe"
    return "title.intolerance" if first.allergy.intolerance else "title"


def _key(m: Match) -> str:
    if m.relation is Relation.DISSIMILAR_BETA_LACTAM and is_severe(m.allergy):
        return "dissimilar-severe"
    return m.relation.value


def _rows(matches: tuple[Match, ...]) -> tuple[Input, ...]:
    rows: list[Input] = []
    for m in matches:
        rows.append(order_row(f"selected {m.class_name}", m.order))
        rows.append(allergy_row(f"allergy: {_allergen(m)}", _severity(m), m.allergy))
    return tuple(dict.fromkeys(rows))


def _allergen(m: Match) -> str:
    """Our word for what the allergy is to; the record's own words are never shown."""
    named = (c.name for c in CLASSES if not m.allergy.set_ids.isdisjoint(c.allergies))
    return next(named, m.class_name)


def _severity(m: Match) -> str:
    if m.allergy.anaphylaxis:
        return "anaphylaxis"
    if is_severe(m.allergy):
        return "severe"
    if m.allergy.intolerance:
        return "intolerance"
    return "low" if m.allergy.criticality == "low" else "severity not recorded"


# ------------------------------------------------------------------------------- H. pylori without a penicillin


def _h_pylori(p: PatientFacts, matches: tuple[Match, ...]) -> Infection | None:
    """The H. pylori infection for which a penicillin was meant."""
    meant = any(m.class_name == PENICILLIN and m.order.is_in(*ERADICATION) for m in matches)
    return next((i for i in p.infections.current(H_PYLORI) if meant and is_untreated(p, i)), None)


def _buttons(
    p: PatientFacts,
    orders: tuple[Order, ...],
    infection: Infection | None,
    regimens: tuple[Regimen, ...],
    indicator: Indicator,
) -> tuple[Suggestion, ...]:
    """Remove the draft, or replace it where an alternative is known and may be drafted."""
    alone = remove(orders, recommended=indicator is not Indicator.INFO and not regimens)
    if infection is None:
        return (alone,)
    pathogen = p.pathogens[H_PYLORI]
    replacements = tuple(
        Suggestion(
            f"{pathogen.treat_rule}/{regimen.key}",
            (
                *removal(orders),
                *(
                    Action(
                        ActionType.CREATE,
                        template_name(pathogen, drug),
                        reasons=infection.references,
                        dosage=drug.dosage,
                    )
                    for drug in regimen.drugs
                ),
            ),
            recommended=number == 0,
        )
        for number, regimen in enumerate(regimens)
    )
    return (*replacements, alone)


ADVICE = Advice(
    stem="orders/allergy",
    ids=("ORD-16",),
    topic=Topic.ORDER_SAFETY,
    decide=decide,
    judges_orders=True,
)

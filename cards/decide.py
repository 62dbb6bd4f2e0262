"""From facts to the cards that are shown: scope, every advice, then the tables of `cards.precedence` in order.

Nothing is lost on the way: what does not become a card keeps its reason in `Decision.outcomes`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cards import precedence
from cards.advice import ALL_ADVICE
from cards.alert_limits import comfort_card, failed_checks, further_points, name_infections, name_points
from cards.asking import Answered, Fault, ask_all
from cards.facts import PatientFacts
from cards.frozen import dataclass, replace
from cards.merging import absorb
from cards.outcome import Advice, Advise, Indicator, NoAdvice, Outcome
from cards.outcomes import Outcomes
from cards.precedence import matches
from cards.reasons import Why
from cards.safety import hit
from cards.scope import has_tpo_ra, is_in_scope
from cards.switches import ALL_ON, Switch, Switches, switch_of
from cards.table import Card, Place, Table
from cards.thresholds import Thresholds

SCOPE = "A.3"
"""Stands for all rules where the scope test leaves them unasked."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The cards in the order in which they are shown, and every rule's outcome by id.

    `silent` are the cards that a site has switched to silent: to be recorded, never shown. `faults` are the checks that
    a fault of ours kept from being completed: a card names them.
    """

    cards: tuple[Advise, ...]
    outcomes: Outcomes
    silent: tuple[Advise, ...] = ()
    faults: tuple[Fault, ...] = ()


OUT_OF_SCOPE = Decision((), Outcomes({SCOPE: NoAdvice(Why.OUT_OF_SCOPE)}))
SILENCED = NoAdvice(Why.SILENCED)


def decide(
    p: PatientFacts,
    limits: Thresholds,
    advice: Sequence[Advice] = ALL_ADVICE,
    switches: Switches = ALL_ON,
) -> Decision:
    """The cards for one call of the hook `p.hook`."""
    return decide_all((p,), limits, advice, switches)[0]


def decide_all(
    many: Sequence[PatientFacts],
    limits: Thresholds,
    advice: Sequence[Advice] = ALL_ADVICE,
    switches: Switches = ALL_ON,
    *,
    whole: bool = True,
) -> list[Decision]:
    """The same for many calls, in their order.

    Where nobody reads more of the cards than rule, indicator and `also`, they need not be `whole`: what else they hold
    is then made when it is read, and an advice that raises there is not among the faults.
    """
    in_scope = [is_in_scope(p, limits) for p in many]
    asked = [p for p, is_in in zip(many, in_scope, strict=True) if is_in]
    answered = iter(ask_all(asked, limits, advice, whole=whole))
    decisions = [
        _weigh(p, next(answered), limits, switches, whole=whole) if is_in else OUT_OF_SCOPE
        for p, is_in in zip(many, in_scope, strict=True)
    ]
    if not whole:
        for p in asked:
            p.once.clear()  # cards told later hold the facts, which hold them
    return decisions


def _weigh(
    p: PatientFacts, answered: Answered, limits: Thresholds, switches: Switches, *, whole: bool
) -> Decision:
    """What is shown of the answers, and what became of the others."""
    found = [Card(rule, one, _place(rule, p)) for rule, one in answered.spoke.items()]
    found.sort(key=_rank)
    switched = {card: switch_of(card.answered, card.advise, switches) for card in found} if switches else {}
    table = Table([card for card in found if switched.get(card, Switch.ON) is Switch.ON])
    for step in STEPS if table.cards else ():
        step(table, p, limits)
    if whole:
        for card in table.cards:
            card.advise = card.advise.made()
    weighed = _weighed(table)
    weighed.update({one.answered: SILENCED for one, switch in switched.items() if switch is Switch.OFF})
    silent = {one.answered: one.advise for one, switch in switched.items() if switch is Switch.SILENT}
    weighed.update(silent)
    cards = _with_faults(tuple([card.advise for card in table.cards]), answered.faults)
    return Decision(cards, Outcomes(weighed, answered), tuple(silent.values()), tuple(answered.faults))


def _with_faults(cards: tuple[Advise, ...], faults: Sequence[Fault]) -> tuple[Advise, ...]:
    """The cards, and after the urgent ones the card that names what could not be completed; no limit takes it away."""
    if not faults:
        return cards
    told = failed_checks([one.advice for one in faults])
    urgent = sum(one.indicator >= told.indicator for one in cards)
    return (*cards[:urgent], told, *cards[urgent:])


def _weighed(table: Table) -> dict[str, Outcome]:
    """Why cards left the table, then those that are shown, by the rules whose words they carry and that answered."""
    weighed: dict[str, Outcome] = {rule: NoAdvice(why) for rule, why in table.left.items()}
    for card in table.cards:
        weighed.update(dict.fromkeys((*card.advise.also, card.advise.rule), card.advise))
    weighed.update({card.answered: card.advise for card in table.cards})
    return weighed


# -------------------------------------------------------------------------------------------------------- order


def _rank(card: Card) -> tuple[int, Place]:
    return -card.indicator, card.place


def _place(rule: str, p: PatientFacts) -> Place:
    """The row of A.2; infections by urgency, then in the order of section D."""
    return precedence.row_of(rule), _infection_rank(rule, p) if rule.startswith("INF-") else 0, rule


def _infection_rank(rule: str, p: PatientFacts) -> int:
    urgent, known = precedence.URGENT_INFECTIONS, tuple(p.pathogens)
    pathogen = rule if rule in p.pathogens else rule.rpartition("-")[0]
    if pathogen not in p.pathogens:
        return len(urgent) + len(known)
    return urgent.index(pathogen) if pathogen in urgent else len(urgent) + known.index(pathogen)


# -------------------------------------------------------------------------------------------------------- steps


def _hold_back_in_comfort_care(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    """A.3: only the allergy card of an order, and one info card that says what is held back."""
    if p.comfort_care is None:
        return
    held = [card for card in table.cards if not card.is_of(precedence.SPEAK_IN_COMFORT_CARE)]
    would_speak = any(_is_heard(card, table, p) for card in held)
    table.drop(held, Why.COMFORT_CARE)
    if would_speak:
        told = comfort_card(p, [card.advise for card in held])
        table.cards.append(Card(SCOPE, told, _place(SCOPE, p)))


def _suppress(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    suppressing = precedence.suppressing_rules()
    carried = [rule for card in table.cards for rule in card.rules if rule in suppressing]
    for row in precedence.suppressing(frozenset(carried)) if carried else ():
        found = [
            c for c in table.cards if c.carries(row.when) and c.indicator >= row.at_least and c.is_of(row.by)
        ]
        speaking = [c for c in found if _may_suppress(c, table, p)]
        if speaking:
            table.drop([c for c in table.cards if c not in speaking and _falls(c, row.drops)], Why.SUPPRESSED)


def _may_suppress(card: Card, table: Table, p: PatientFacts) -> bool:
    """On discharge what is not evaluated takes nothing away; but mimics are looked for, and one explains a count."""
    return p.hook != precedence.DISCHARGE or card.family == "SAFE" or _is_heard(card, table, p)


def _falls(card: Card, patterns: tuple[str, ...]) -> bool:
    if not card.is_of(patterns):
        return False
    if card.answered in precedence.KEEPS_ITS_TEST and card.carries("INF-GEN-03"):
        return False
    return card.indicator is Indicator.INFO or card.answered not in precedence.ONLY_AS_INFO


def _hear_only_this_hook(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    """A.2, last row: on orders only what concerns the order; on discharge only what follows it."""
    if precedence.HOOKS[p.hook] != precedence.EVERYTHING:
        table.drop([card for card in table.cards if not _is_heard(card, table, p)], Why.NOT_THIS_HOOK)


def _is_heard(card: Card, table: Table, p: PatientFacts) -> bool:
    return card.is_of(precedence.HOOKS[p.hook]) or card.answered == SCOPE or _concerns(card, table, p)


def _concerns(card: Card, table: Table, p: PatientFacts) -> bool:
    if p.hook == precedence.DISCHARGE:
        is_danger = card.family == "SAFE" and card.indicator is Indicator.CRITICAL
        return is_danger or any(card.carries(rule) for rule in precedence.CARRIED_AT_DISCHARGE)
    if p.hook not in precedence.ORDER_HOOKS:
        return False
    if card.is_of(("SAFE-*", "BLD-03")):
        return not p.sets_selected.isdisjoint(precedence.SAFETY_ASKED) or _orders_procedure(p)
    if card.family == "TRF":
        return not p.sets_selected.isdisjoint(precedence.BLOOD_PRODUCTS | precedence.BLEEDING_RISK_DRUGS)
    if card.family == "INF":
        return _is_reason_of_an_order_card(card, table, p)
    return False


def _orders_procedure(p: PatientFacts) -> bool:
    return any(set_id.startswith("proc-") for set_id in p.sets_selected)


def _is_reason_of_an_order_card(card: Card, table: Table, p: PatientFacts) -> bool:
    """The card of an infection on which a card about the selected order rests."""
    rests = {
        i.reference
        for c in table.cards
        if c.family == "ORD"
        for i in c.advise.inputs
        if i.reference is not None
    }
    own = (i for i in p.infections.found if matches(card.answered, (i.pathogen, f"{i.pathogen}-*")))
    return any(not rests.isdisjoint(infection.references) for infection in own)


def _merge(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    for row in precedence.merging(tuple([card.answered for card in table.cards])):
        target = next((card for card in table.cards if card.is_of(row.into)), None)
        if target is None:
            continue
        for card in [c for c in table.cards if c is not target and c.is_of(row.what)]:
            is_urgent = card.answered in precedence.NOT_ONLY_INFO and card.indicator <= target.indicator
            if card.indicator is Indicator.INFO or is_urgent:
                _absorb(table, target, card)
    for carrying in [card for card in table.cards if card.is_of(precedence.CARRIED)]:
        told = [c for c in table.cards if c is not carrying and c.answered in carrying.advise.also]
        table.drop([c for c in told if c.indicator <= carrying.indicator], Why.MERGED)


def _say_that_hit_is_unlikely(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    """SAFE-02: with 3 points or less neither a test nor a stop of heparin; said where a card stands anyway."""
    if p.hook != "patient-view" or not p.using("med-heparin"):
        return
    target = next((card for card in table.cards if card.is_of(precedence.UNLIKELY_HIT_IN)), None)
    if target is None:
        return

    def with_score(advise: Advise) -> Advise:
        score = hit.unlikely(p, limits)
        if score is None:
            return advise
        return replace(
            advise,
            say=(*advise.say, "SAFE-02/unlikely"),
            values={**advise.values, "SAFE-02/four_ts": score.shown},
            inputs=tuple(dict.fromkeys((*advise.inputs, *score.rows))),
        )

    target.advise = target.advise.changed(with_score)


def _absorb(table: Table, target: Card, card: Card) -> None:
    target.advise = absorb(target.advise, card.advise)
    table.drop([card], Why.MERGED)


def _quieten(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    """A.3: from 150 nothing but mimics and follow-up; from 100 to 149 one info card, infections as info."""
    count = p.platelets.decisive
    if count is None or count.value < limits.mild or p.hook != "patient-view":
        return
    if count.value >= limits.normal:
        if not (p.bleeding.findings or has_tpo_ra(p, limits) or any(c.family == "SAFE" for c in table.cards)):
            silent = [c for c in table.cards if not c.is_of((*precedence.SPEAK_WHEN_NORMAL, SCOPE))]
            table.drop(silent, Why.COUNT_NOT_LOW)
        return
    for card in table.cards:
        if card.family == "INF" and card.indicator is Indicator.WARNING:
            card.advise = card.advise.changed(_as_info, indicator=Indicator.INFO)
    stays = (*precedence.STAY_WHEN_MILD, SCOPE)
    infos = [c for c in table.cards if c.indicator is Indicator.INFO and not c.is_of(stays)]
    infos.sort(key=lambda card: not card.is_of(precedence.FIRST_WHEN_MILD))
    infections, monitoring = ([c for c in infos[1:] if c.family == family] for family in ("INF", "MON"))
    if infections:
        infos[0].advise = name_infections(infos[0].advise, [c.advise for c in infections])
    table.drop([c for c in infos[1:] if c not in monitoring], Why.COUNT_NOT_LOW)
    for card in monitoring:
        _absorb(table, infos[0], card)


def _as_info(advise: Advise) -> Advise:
    return replace(advise, indicator=Indicator.INFO)


def _limit_families(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    """A.2: at most two infection cards and one of a TPO-RA; a further critical one is shown."""
    infections = [c for c in table.cards if c.family == "INF"]
    allowed = infections[: precedence.INFECTION_CARDS]
    over = [c for c in infections if c not in allowed and c.indicator is not Indicator.CRITICAL]
    if over:
        allowed[-1].advise = name_infections(allowed[-1].advise, [c.advise for c in over])
        table.drop(over, Why.LIMIT)
    further = [c for c in table.cards if c.family == "TPO"][1:]
    table.drop([c for c in further if c.indicator is not Indicator.CRITICAL], Why.LIMIT)


def _sort(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    table.cards.sort(key=_rank)


def _limit_cards(table: Table, p: PatientFacts, limits: Thresholds) -> None:
    """A.3: what is over the limit goes into one card of further points; a critical card never does."""
    limit = precedence.CARD_LIMITS[p.hook]
    if len(table.cards) <= limit:
        return
    critical = [c for c in table.cards if c.indicator is Indicator.CRITICAL]
    room = max(limit - 1 - len(critical), 0)
    others = [c for c in table.cards if c.indicator is not Indicator.CRITICAL]
    over = others[room:]
    if not over:
        return
    table.drop(over, Why.LIMIT)
    if len(critical) >= limit:
        last = critical[-1]
        last.advise = name_points(last.advise, [c.advise for c in over])
    else:
        table.cards.append(Card(SCOPE, further_points([c.advise for c in over]), _place(SCOPE, p)))


STEPS = (
    _hold_back_in_comfort_care,
    _suppress,
    _hear_only_this_hook,
    _merge,
    _say_that_hit_is_unlikely,
    _quieten,
    _limit_families,
    _sort,
    _limit_cards,
)

"""Rules that a site has switched to silent or off: nobody sees their cards, and nothing gives way to them."""

from __future__ import annotations

import pytest

from cards.decide import decide
from cards.outcome import Advice, Advise, Indicator, NoAdvice, Topic
from cards.reasons import Why
from cards.switches import ALL_ON, Switch, Switches, switch_of
from tests.cards.build import LIMITS, facts, nosebleed

CRITICAL, INFO = Indicator.CRITICAL, Indicator.INFO
LOW = facts(22, findings=[nosebleed()])
TTP, MUCOSAL, INTERVAL = Advise("SAFE-01", CRITICAL), Advise("TRF-02", CRITICAL), Advise("MON-01", INFO)


def saying(*cards: Advise) -> tuple[Advice, ...]:
    return tuple(
        Advice(f"made/{n}", (card.rule,), Topic.WORKUP, lambda p, limits, card=card: card)  # type: ignore[misc]
        for n, card in enumerate(cards)
    )


def shown(switches: Switches, *cards: Advise) -> list[str]:
    return [card.rule for card in decide(LOW, LIMITS, saying(*cards), switches).cards]


def test_without_a_switch_everything_is_on() -> None:
    assert shown(ALL_ON, TTP) == ["SAFE-01"]
    assert decide(LOW, LIMITS, saying(TTP)).silent == ()


@pytest.mark.parametrize("switch", [Switch.SILENT, Switch.OFF])
def test_what_nobody_sees_takes_no_other_card_away(switch: Switch) -> None:
    assert shown(ALL_ON, TTP, MUCOSAL) == ["SAFE-01"]
    assert shown({"SAFE-01": switch}, TTP, MUCOSAL) == ["TRF-02"]


@pytest.mark.parametrize("switch", [Switch.SILENT, Switch.OFF])
def test_what_nobody_sees_takes_no_words_with_it(switch: Switch) -> None:
    decision = decide(LOW, LIMITS, saying(MUCOSAL, INTERVAL), {"TRF-02": switch})
    assert decision.cards == (INTERVAL,)
    both = decide(LOW, LIMITS, saying(MUCOSAL, INTERVAL), {"MON-01": switch}).cards
    assert both == (MUCOSAL,)


def test_a_silent_rule_is_evaluated_and_kept() -> None:
    decision = decide(LOW, LIMITS, saying(TTP), {"SAFE-01": Switch.SILENT})
    assert decision.silent == (TTP,)
    assert decision.outcomes["SAFE-01"] is TTP


def test_a_rule_that_is_off_says_that_it_is() -> None:
    decision = decide(LOW, LIMITS, saying(TTP), {"SAFE-01": Switch.OFF})
    assert decision.silent == ()
    assert decision.outcomes["SAFE-01"] == NoAdvice(Why.SILENCED)


def test_an_order_card_is_switched_by_either_of_its_ids() -> None:
    card = Advise("TPO-07", CRITICAL, also=("ORD-19",))
    assert switch_of("ORD-19", card, {"ORD-19": Switch.SILENT}) is Switch.SILENT
    assert switch_of("ORD-19", card, {"TPO-07": Switch.OFF, "ORD-19": Switch.SILENT}) is Switch.OFF
    assert switch_of("ORD-19", card, {"ORD-20": Switch.OFF}) is Switch.ON

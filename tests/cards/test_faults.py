"""A rule that raises: the other cards come, and one more that names what could not be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cards.advice import ALL_ADVICE
from cards.decide import SCOPE, Decision, decide
from cards.facts import PatientFacts
from cards.outcome import Advice, Advise, CannotTell, Indicator
from cards.reasons import Fact
from cards.thresholds import Thresholds
from cards.wording import load_words
from tests.cards.build import LIMITS, condition, facts, order

pytestmark = pytest.mark.usefixtures("rules_may_raise")

SECRET = "ZZZ-SECRET"
LOW = facts(22, orders=[order("order-cbc")])
"""Something is selected, so that those are asked too that judge orders."""


def broken(p: PatientFacts, limits: Thresholds) -> Advise:
    raise ZeroDivisionError(SECRET)


def with_broken(*stems: str) -> tuple[Advice, ...]:
    assert set(stems) <= {one.stem for one in ALL_ADVICE}
    return tuple(replace(one, decide=broken) if one.stem in stems else one for one in ALL_ADVICE)


def decided(advice: Sequence[Advice], p: PatientFacts = LOW) -> Decision:
    return decide(p, LIMITS, advice)


def rules(decision: Decision) -> list[str]:
    return [card.rule for card in decision.cards]


@pytest.mark.parametrize("stem", [one.stem for one in ALL_ADVICE])
def test_whichever_raises_the_others_answer(stem: str) -> None:
    usual, found = decided(ALL_ADVICE), decided(with_broken(stem))
    [advice] = [one for one in ALL_ADVICE if one.stem == stem]
    [told] = [card for card in found.cards if card.rule == SCOPE]
    assert told.values["checks"] == ", ".join(advice.ids)
    assert f"failed.{advice.topic.value}" in told.say
    assert all(found.outcomes[rule] == CannotTell(Fact.CHECK) for rule in advice.ids)
    kept = {card.rule for card in usual.cards if card.rule not in advice.ids}
    assert kept - set(rules(found)) == set()


def test_the_card_stands_after_the_urgent_ones_and_before_the_rest() -> None:
    found = decided(with_broken("monitoring/follow_up"), facts(22, findings=[condition("bleed-gi", hours=2)]))
    indicators = [card.indicator for card in found.cards]
    assert indicators == sorted(indicators, reverse=True)
    [place] = [number for number, card in enumerate(found.cards) if card.rule == SCOPE]
    assert found.cards[place].indicator is Indicator.WARNING
    assert all(card.indicator >= Indicator.WARNING for card in found.cards[:place])


def test_without_an_order_those_are_not_asked_that_judge_orders() -> None:
    judging = [one.stem for one in ALL_ADVICE if one.judges_orders]
    p = facts(22)
    assert decided(with_broken(*judging), p) == decided(ALL_ADVICE, p)


def test_all_of_them_may_raise() -> None:
    found = decided(with_broken(*(one.stem for one in ALL_ADVICE)))
    assert rules(found) == [SCOPE]
    assert len(found.faults) == len(ALL_ADVICE)
    assert set(found.outcomes.values()) == {CannotTell(Fact.CHECK)}


def test_a_fault_tells_kind_and_place_and_nothing_of_the_record() -> None:
    [fault] = decided(with_broken("tpo_ra/candidate")).faults
    assert fault.advice.stem == "tpo_ra/candidate"
    assert fault.kind == "ZeroDivisionError"
    assert fault.where.startswith(__name__ + ":")
    assert SECRET not in repr(fault)


def test_no_rule_raises_no_card_says_so() -> None:
    found = decided(ALL_ADVICE)
    assert found.faults == ()
    assert SCOPE not in rules(found)


def test_every_topic_has_words() -> None:
    words = load_words()[SCOPE].paragraphs
    assert {f"failed.{one.topic.value}" for one in ALL_ADVICE} <= words.keys()


def test_out_of_scope_nothing_is_asked() -> None:
    found = decided(with_broken(*(one.stem for one in ALL_ADVICE)), facts(250))
    assert found.cards == ()
    assert found.faults == ()

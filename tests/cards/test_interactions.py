"""ORD-30: two drugs that do not go together."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.interactions import ALONE, PAIRS, decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from cards.valuesets import load
from tests.cards.build import LIMITS, drug, facts, near, order
from tests.cards.ordering import WARNING, card, created, ordering, removed

below_50, at_50, _ = near(LIMITS.interaction_count)


def asked(platelets: Any, *orders: Any, **members: Any) -> Any:
    return decide(ordering(platelets, *orders, **members), LIMITS)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p.key)
def test_every_pair_either_way(pair: Any) -> None:
    for one in pair.one:
        for other in pair.other:
            for selected, used in ((one, other), (other, one)):
                draft = order(selected)
                found = card(asked(90, draft, medications=[drug(used)]))
                assert (found.rule, found.indicator, found.title) == ("ORD-30", WARNING, f"title.{pair.key}")
                assert removed(found) == [draft.reference]
            both = card(asked(90, order(one), order(other)))
            assert both.title == f"title.{pair.key}"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p.key)
def test_one_drug_alone_is_no_pair(pair: Any) -> None:
    for set_id in (*pair.one, *pair.other):
        assert asked(90, order(set_id)) == NoAdvice(Why.ALLOWED)


def test_two_drugs_in_use_are_not_judged() -> None:
    used = [drug("med-rivaroxaban"), drug("med-ritonavir")]
    assert asked(90, order("med-ssri"), medications=used) == NoAdvice(Why.ALLOWED)


def test_the_sets_exist() -> None:
    named = {s for p in PAIRS for s in (*p.one, *p.other)} | {s for _, sets, _ in ALONE for s in sets}
    assert named <= set(load())


def test_warfarin_gets_an_inr() -> None:
    found = card(asked(90, order("med-metronidazole"), medications=[drug("med-vitamin-k-antagonist")]))
    assert created(found) == ["medication-review", "inr"]


@pytest.mark.parametrize("set_id", ["med-valproate", "med-ssri"])
@pytest.mark.parametrize(("platelets", "speaks"), [(below_50, True), (at_50, False)])
def test_drugs_that_bleed_by_themselves(set_id: str, platelets: Any, speaks: bool) -> None:
    outcome = asked(platelets, order(set_id))
    assert (outcome == NoAdvice(Why.ALLOWED)) is not speaks
    if speaks:
        assert card(outcome).indicator is WARNING


def test_silence() -> None:
    unread = {Kind.MEDICATIONS: Answer.FAILED}
    assert asked(90, order("med-metronidazole"), unanswered=unread) == CannotTell(Fact.MEDICATIONS)
    assert asked(90, order("med-nsaid")) == NoAdvice(Why.NOT_SELECTED)
    assert decide(facts(90), LIMITS) == NoAdvice(Why.NOT_SELECTED)

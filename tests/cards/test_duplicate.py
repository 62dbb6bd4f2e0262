"""ORD-17: what is selected is already under way."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.duplicate import GROUPS, decide
from cards.outcome import Advise, CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from cards.valuesets import load
from tests.cards.build import LIMITS, drug, facts, given_drug, order, planned, service_order
from tests.cards.ordering import WARNING, card, ordering, removed


def asked(*orders: Any, **members: Any) -> Any:
    return decide(ordering(40, *orders, **members), LIMITS)


@pytest.mark.parametrize("group", GROUPS, ids=lambda g: g.sets[0])
def test_a_second_drug_of_the_kind(group: Any) -> None:
    selected = order(group.sets[-1])
    found = card(asked(selected, medications=[drug(group.sets[0])]))
    assert (found.rule, found.indicator, found.title) == ("ORD-17", WARNING, f"title.{group.key}")
    assert removed(found) == [selected.reference]
    assert isinstance(asked(selected, order(group.sets[0])), Advise)
    assert asked(selected) == NoAdvice(Why.OTHER_ROW)


def test_the_sets_of_the_groups_exist() -> None:
    assert {s for group in GROUPS for s in group.sets} <= set(load())


def test_another_class_is_no_duplicate() -> None:
    assert asked(order("med-penicillin"), medications=[drug("med-carbapenem")]) == NoAdvice(Why.OTHER_ROW)


def test_an_ended_drug_is_no_duplicate() -> None:
    assert asked(order("med-tpo-ra"), medications=[drug("med-tpo-ra", status="stopped")]) == NoAdvice(
        Why.OTHER_ROW
    )


@pytest.mark.parametrize(
    ("hours", "speaks"), [(48, False), (49, True), (14 * 24 - 1, True), (14 * 24, False)]
)
def test_ivig_again(hours: float, speaks: bool) -> None:
    outcome = asked(order("med-ivig"), medications=[given_drug("med-ivig", hours=hours)])
    assert isinstance(outcome, Advise) is speaks


def test_doses_of_one_ivig_course() -> None:
    doses = [given_drug("med-ivig", hours=70), given_drug("med-ivig", hours=24)]
    assert asked(order("med-ivig"), medications=doses) == NoAdvice(Why.OTHER_ROW)


@pytest.mark.parametrize(
    ("members", "speaks"),
    [({"hours": 5.9}, True), ({"hours": 6}, False), ({"hours": 1, "status": "completed"}, False)],
)
def test_a_blood_count_ordered_already(members: Any, speaks: bool) -> None:
    outcome = asked(service_order("order-cbc"), planned=[planned("order-cbc", **members)])
    assert isinstance(outcome, Advise) is speaks


def test_silence() -> None:
    unread = {Kind.MEDICATIONS: Answer.FAILED}
    assert asked(order("med-tpo-ra"), unanswered=unread) == CannotTell(Fact.MEDICATIONS)
    assert asked(order("med-nsaid")) == NoAdvice(Why.NOT_SELECTED)
    assert decide(facts(40), LIMITS) == NoAdvice(Why.NOT_SELECTED)

"""ORD-22: a salicylate for a child or adolescent with a viral illness."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.salicylate import decide
from cards.outcome import Advise, CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, ebv, facts, lab, order
from tests.cards.ordering import CRITICAL, card, ordering, removed

BISMUTH = order("med-salicylate", "med-bismuth")
VARICELLA = condition("inf-varicella", days=2)


def asked(drug: Any, **members: Any) -> Any:
    return decide(ordering(180, drug, **({"age": 8} | members)), LIMITS)


@pytest.mark.parametrize("drug", [BISMUTH, order("med-aspirin")])
@pytest.mark.parametrize(
    "members",
    [
        {"findings": [VARICELLA]},
        {"findings": [condition("inf-influenza", suspected=True)]},
        {"findings": [ebv()]},
        {"findings": [VARICELLA, condition("inf-bacterial-focus")]},
        {"tests": [lab("lab-influenza")]},
    ],
)
def test_a_child_with_a_viral_illness(drug: Any, members: Any) -> None:
    found = card(asked(drug, **members))
    assert (found.rule, found.indicator, found.also) == ("ORD-22", CRITICAL, ("POP-02",))
    assert removed(found) == [drug.reference]


@pytest.mark.parametrize(("age", "speaks"), [(18, True), (19, False)])
def test_below_19(age: int, speaks: bool) -> None:
    assert isinstance(asked(BISMUTH, age=age, findings=[VARICELLA]), Advise) is speaks


def test_an_illness_that_is_over() -> None:
    assert asked(BISMUTH, findings=[condition("inf-varicella", days=40)]) == NoAdvice(Why.NO_INFECTION)


def test_unknown() -> None:
    assert asked(BISMUTH, age=None, findings=[VARICELLA]) == CannotTell(Fact.AGE)
    assert asked(BISMUTH, unanswered={Kind.CONDITIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)
    assert asked(order("med-bismuth"), findings=[VARICELLA]) == NoAdvice(Why.NOT_SELECTED)
    assert decide(facts(180, age=8), LIMITS) == NoAdvice(Why.NOT_SELECTED)

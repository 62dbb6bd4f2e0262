"""ORD-28: drugs that pregnancy or childhood speaks against."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.pregnancy import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from tests.cards.build import LIMITS, condition, facts, lab, order
from tests.cards.ordering import CRITICAL, WARNING, card, ordering, removed

DOXYCYCLINE = order("med-tetracycline", "med-antibacterial")
PREGNANT = {"sex": "female", "age": 30, "pregnant": True}


def asked(drug: Any, **members: Any) -> Any:
    return decide(ordering(60, drug, **members), LIMITS)


@pytest.mark.parametrize(
    ("drug", "indicator", "title"),
    [
        (DOXYCYCLINE, WARNING, "title.tetracycline"),
        (order("med-fluoroquinolone"), WARNING, "title.quinolone"),
        (order("med-pregnancy-critical", "med-ganciclovir"), CRITICAL, "title.harmful"),
    ],
)
def test_in_pregnancy(drug: Any, indicator: Indicator, title: str) -> None:
    found = card(asked(drug, **PREGNANT))
    assert (found.rule, found.indicator, found.title, found.also) == ("ORD-28", indicator, title, ("POP-03",))
    assert removed(found) == [drug.reference]


@pytest.mark.parametrize(("age", "speaks"), [(7, True), (8, False)])
def test_tetracyclines_below_8(age: int, speaks: bool) -> None:
    outcome = asked(DOXYCYCLINE, age=age)
    assert isinstance(outcome, Advise) is speaks
    if speaks:
        assert card(outcome).also == ("POP-02",)


RICKETTSIOSIS = condition("inf-rickettsia", suspected=True)


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [RICKETTSIOSIS]},
        {"findings": [condition("inf-rmsf", suspected=True)]},
        {"findings": [condition("inf-ehrlichiosis-anaplasmosis")]},
        {"tests": [lab("lab-tickborne")]},
    ],
)
def test_doxycycline_for_rickettsiosis_is_for_every_age(members: Any) -> None:
    assert asked(DOXYCYCLINE, age=6, **members) == NoAdvice(Why.EXPLAINED)
    assert asked(DOXYCYCLINE, **PREGNANT, **members) == NoAdvice(Why.EXPLAINED)


def test_the_reason_on_the_order_is_enough() -> None:
    draft = order("med-tetracycline", reasons=(condition("inf-rickettsia"),))
    assert asked(draft, age=6) == NoAdvice(Why.EXPLAINED)


def test_rickettsiosis_excuses_no_other_drug() -> None:
    quinolone = order("med-fluoroquinolone")
    assert isinstance(asked(quinolone, **PREGNANT, findings=[RICKETTSIOSIS]), Advise)


def test_unknown_is_not_no() -> None:
    assert asked(DOXYCYCLINE, sex="female", age=30) == CannotTell(Fact.PREGNANCY)
    assert asked(DOXYCYCLINE, age=None) == CannotTell(Fact.AGE)
    assert asked(DOXYCYCLINE) == NoAdvice(Why.NOT_FOR_THIS_PERSON)
    assert asked(DOXYCYCLINE, sex="female", age=60) == NoAdvice(Why.NOT_FOR_THIS_PERSON)
    assert decide(facts(60), LIMITS) == NoAdvice(Why.NOT_SELECTED)

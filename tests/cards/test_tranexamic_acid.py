"""ORD-26: tranexamic acid is selected although something speaks against it."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.tranexamic_acid import decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, facts, gi_bleed, haematuria, measured, near, nosebleed, order
from tests.cards.ordering import WARNING, card, ordering, removed

TXA = order("med-antifibrinolytic", route="intravenous")
below, at, _ = near(LIMITS.severe_kidney_egfr)


def asked(drug: Any = TXA, **members: Any) -> Any:
    return decide(ordering(22, drug, **members), LIMITS)


@pytest.mark.parametrize(
    ("members", "caution"),
    [
        ({"findings": [condition("mimic-dic")]}, "dic"),
        ({"findings": [condition("mimic-hit")]}, "mimic"),
        ({"findings": [gi_bleed()]}, "gi"),
        ({"findings": [haematuria()]}, "urine"),
        ({"findings": [condition("risk-thrombosis", days=20)]}, "clot"),
        ({"findings": [condition("risk-seizure")]}, "seizure"),
        ({"measurements": [measured("obs-egfr", below, "mL/min/{1.73_m2}")]}, "kidney"),
    ],
)
def test_each_reason(members: Any, caution: str) -> None:
    found = card(asked(**members))
    assert (found.rule, found.indicator, found.also) == ("ORD-26", WARNING, ("IMM-04",))
    assert found.cautions == (f"IMM-04/against.{caution}",)
    assert removed(found) == [TXA.reference]


@pytest.mark.parametrize(
    "members",
    [{"findings": [nosebleed()]}, {"measurements": [measured("obs-egfr", at, "mL/min/{1.73_m2}")]}],
)
def test_nothing_against_it(members: Any) -> None:
    assert asked(**members) == NoAdvice(Why.ALLOWED)


def test_a_mouthwash_is_not_judged() -> None:
    mouthwash = order("med-antifibrinolytic", route="other")
    assert asked(mouthwash, findings=[gi_bleed()]) == NoAdvice(Why.NOT_SELECTED)


def test_silence() -> None:
    assert asked(unanswered={Kind.CONDITIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)
    assert decide(facts(22), LIMITS) == NoAdvice(Why.NOT_SELECTED)

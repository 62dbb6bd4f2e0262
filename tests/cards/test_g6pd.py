"""ORD-29: an oxidant drug with deficient or unknown G6PD."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.orders.g6pd import decide
from cards.outcome import NoAdvice
from cards.reasons import Fact, Why
from tests.cards.build import LIMITS, condition, facts, lab, measured, order
from tests.cards.ordering import CRITICAL, WARNING, card, created, ordering, removed

PRIMAQUINE = order("med-g6pd-risk", "med-antimalarial")
TAFENOQUINE = order("med-g6pd-risk", "med-tafenoquine")
NORMAL = measured("obs-g6pd", 9, "U/g{Hb}", low=Decimal(7), days=400)
LOW = measured("obs-g6pd", "6.9", "U/g{Hb}", low=Decimal(7))


def asked(drug: Any, **members: Any) -> Any:
    return decide(ordering(60, drug, **members), LIMITS)


@pytest.mark.parametrize("drug", [PRIMAQUINE, TAFENOQUINE])
@pytest.mark.parametrize(
    "members",
    [
        {"findings": [condition("risk-g6pd-deficiency", days=4000)]},
        {"measurements": [LOW]},
        {"measurements": [NORMAL, LOW]},
        {"measurements": [measured("obs-g6pd", 3, "U/g{Hb}", flagged="low")]},
    ],
)
def test_deficient(drug: Any, members: Any) -> None:
    found = card(asked(drug, **members))
    assert (found.rule, found.indicator, found.title) == ("ORD-29", CRITICAL, "title.deficient")
    assert removed(found) == [drug.reference]


@pytest.mark.parametrize(
    "members",
    [{}, {"tests": [lab("obs-g6pd")]}, {"measurements": [measured("obs-g6pd", 9, "U/g{Hb}")]}],
)
def test_unknown(members: Any) -> None:
    found = card(asked(PRIMAQUINE, **members))
    assert (found.indicator, found.title, created(found)) == (WARNING, "title.unknown", ["g6pd"])
    assert Fact.G6PD in found.unknown
    tafenoquine = card(asked(TAFENOQUINE, **members))
    assert (tafenoquine.indicator, tafenoquine.title) == (CRITICAL, "title.tafenoquine")


def test_normal() -> None:
    assert asked(PRIMAQUINE, measurements=[NORMAL]) == NoAdvice(Why.ALLOWED)
    assert decide(facts(60), LIMITS) == NoAdvice(Why.NOT_SELECTED)

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
        {"tests": [lab("obs-g6pd")]},
        {"tests": [lab("obs-g6pd", "negative"), lab("obs-g6pd", days=900)], "measurements": [NORMAL]},
    ],
)
def test_deficient(drug: Any, members: Any) -> None:
    found = card(asked(drug, **members))
    assert (found.rule, found.indicator, found.title) == ("ORD-29", CRITICAL, "title.deficient")
    assert removed(found) == [drug.reference]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"tests": [lab("obs-g6pd", "indeterminate")]},
        {"measurements": [measured("obs-g6pd", 9, "U/g{Hb}")]},
    ],
)
def test_unknown(members: Any) -> None:
    found = card(asked(PRIMAQUINE, **members))
    assert (found.indicator, found.title, created(found)) == (WARNING, "title.unknown", ["g6pd"])
    assert Fact.G6PD in found.unknown
    tafenoquine = card(asked(TAFENOQUINE, **members))
    assert (tafenoquine.indicator, tafenoquine.title) == (CRITICAL, "title.tafenoquine")


@pytest.mark.parametrize(
    ("sex", "cleared"), [("male", True), ("female", False), ("other", False), (None, False)]
)
def test_a_normal_qualitative_test_clears_men_alone_for_tafenoquine(sex: str | None, cleared: bool) -> None:
    known = {"sex": sex, "tests": [lab("obs-g6pd", "negative", days=900)]}
    assert asked(PRIMAQUINE, **known) == NoAdvice(Why.ALLOWED)
    if cleared:
        assert asked(TAFENOQUINE, **known) == NoAdvice(Why.ALLOWED)
    else:
        assert card(asked(TAFENOQUINE, **known)).title == "title.tafenoquine"
    assert asked(TAFENOQUINE, measurements=[NORMAL], **known) == NoAdvice(Why.ALLOWED)


def test_normal() -> None:
    assert asked(PRIMAQUINE, measurements=[NORMAL]) == NoAdvice(Why.ALLOWED)
    assert decide(facts(60), LIMITS) == NoAdvice(Why.NOT_SELECTED)

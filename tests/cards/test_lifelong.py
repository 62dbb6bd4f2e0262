"""SAFE-11: inherited thrombocytopenia, or giant platelets with a long low series."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind, PlateletResult
from cards.safety.lifelong import decide
from tests.cards.build import LIMITS, condition, count, facts, lab, near, on
from tests.cards.direct import text_of
from tests.cards.safety_cards import card_of

GIANT = lab("obs-platelet-morphology", proves=None)
LONG = [count(75, days=4000), count(62, days=900), count(70)]


def fires(counts: object, **members: object) -> bool:
    return isinstance(decide(facts(counts, **members), LIMITS), Advise)


def test_an_inherited_thrombocytopenia_below_150() -> None:
    inherited = [condition("cond-thrombocytopenia-inherited", days=9000)]
    assert [fires(n, findings=inherited) for n in near(LIMITS.normal)] == [True, False, False]
    assert fires(70, findings=[condition("cond-thrombocytopenia-inherited", suspected=True)])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (LONG, True),
        ([count(75, at=on("2025-06-14")), count(70)], True),
        ([count(75, at=on("2025-06-16")), count(70)], False),
        ([count(210, days=4000), count(62, days=900), count(70)], False),
        ([count(70)], False),
    ],
)
def test_giant_platelets_with_a_series_that_was_never_normal(
    counts: list[PlateletResult], expected: bool
) -> None:
    assert LIMITS.lifelong_months == 12
    assert fires(counts, tests=[GIANT]) is expected


def test_neither_alone_is_enough() -> None:
    assert not fires(LONG)
    assert not fires(LONG, tests=[lab("obs-platelet-morphology", "negative", proves=None)])


def test_the_card() -> None:
    card = card_of(decide, facts(LONG, tests=[GIANT, lab("lab-sars-cov-2")]))
    assert (card.indicator, card.suggestions) == (Indicator.INFO, ())
    assert "may not be their cause" in text_of(card)


def test_why_there_is_no_card() -> None:
    assert decide(facts(None), LIMITS) == CannotTell(Fact.PLATELETS)
    assert decide(facts(70), LIMITS) == NoAdvice(Why.NO_MIMIC)
    assert decide(facts(70, unanswered={Kind.CONDITIONS: Answer.FAILED}), LIMITS) == CannotTell(
        Fact.CONDITIONS
    )

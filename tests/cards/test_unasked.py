"""Advice that judges orders alone is not asked where none is selected: it would have answered just what stands in."""

from __future__ import annotations

from collections.abc import Mapping

from cards.advice import ALL_ADVICE
from cards.facts import PatientFacts
from cards.outcome import Advice, Outcome
from cards.thresholds import Thresholds
from cds_service.stories.coding import STANDARD
from tests.cards.telling import VIGNETTES
from tests.mutation.stories import shipped, tell

JUDGING = tuple(one for one in ALL_ADVICE if one.judges_orders)


def answer(advice: Advice, p: PatientFacts, limits: Thresholds) -> Mapping[str, Outcome]:
    """What it says when it is asked all the same."""
    given = advice.decide(p, limits)
    return {**advice.silent, **given} if isinstance(given, Mapping) else {advice.ids[0]: given}


def test_in_no_story_without_an_order_would_an_answer_have_been_another() -> None:
    without = [p for v in VIGNETTES if not (p := tell(v, STANDARD).facts).orders]
    assert len(without) > 500
    for p in without:
        for advice in JUDGING:
            assert answer(advice, p, shipped().limits) == advice.unasked, advice.stem


def test_what_judges_orders_is_the_family_of_the_orders() -> None:
    """ORD-32 alone is asked always: a selection that no draft answers is none of `orders`."""
    family = {one.stem for one in ALL_ADVICE if one.stem.startswith("orders/")}
    assert {one.stem for one in JUDGING} == family - {"orders/unmapped"}

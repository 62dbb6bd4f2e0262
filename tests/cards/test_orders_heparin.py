"""ORD-05: a heparin, or a vitamin K antagonist, with HIT or a VITT-like disorder."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.heparin import decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, facts, near, order
from tests.cards.ordering import CRITICAL, card, created, ordering, removed

HEPARIN = order("med-heparin")
WARFARIN = order("med-vitamin-k-antagonist", "med-anticoagulant")
HIT, VITT = condition("mimic-hit", days=2), condition("mimic-vitt", days=2)
below_150, at_150, _ = near(LIMITS.normal)


def asked(platelets: Any, *orders: Any, **members: Any) -> Any:
    return decide(ordering(platelets, *orders, **members), LIMITS)


@pytest.mark.parametrize(("mimic", "title"), [(HIT, "title.hit"), (VITT, "title.vitt")])
@pytest.mark.parametrize(
    "drug", [HEPARIN, order("med-heparin", "med-lmwh"), order("med-heparin", route="other")]
)
def test_any_heparin_by_any_route(mimic: Any, title: str, drug: Any) -> None:
    found = card(asked(68, drug, findings=[mimic]))
    assert (found.rule, found.indicator, found.title) == ("ORD-05", CRITICAL, title)
    assert (removed(found), created(found)) == ([drug.reference], ["haematology"])


@pytest.mark.parametrize(
    "past",
    [
        condition("mimic-hit", days=900),
        condition("mimic-hit", past=True),
        condition("mimic-hit", code="history"),
    ],
)
def test_hit_long_ago(past: Any) -> None:
    found = card(asked(180, HEPARIN, findings=[past]))
    assert (found.indicator, found.title) == (CRITICAL, "title.history")


def test_an_old_vitt_does_not_count() -> None:
    assert asked(180, HEPARIN, findings=[condition("mimic-vitt", days=60)]) == NoAdvice(Why.NO_MIMIC)


@pytest.mark.parametrize(("platelets", "speaks"), [(below_150, True), (None, True), (at_150, False)])
def test_a_vitamin_k_antagonist_before_recovery(platelets: Any, speaks: bool) -> None:
    outcome = asked(platelets, WARFARIN, findings=[HIT])
    assert (outcome == NoAdvice(Why.NO_MIMIC)) is not speaks
    if speaks:
        assert card(outcome).title.startswith("title.warfarin")


def test_a_vitamin_k_antagonist_after_hit() -> None:
    assert asked(68, WARFARIN, findings=[condition("mimic-hit", days=900)]) == NoAdvice(Why.NO_MIMIC)


def test_both_selected() -> None:
    found = card(asked(68, HEPARIN, WARFARIN, findings=[HIT]))
    assert removed(found) == [HEPARIN.reference, WARFARIN.reference]
    assert found.say == ("suggestion.hit", "suggestion.warfarin", "alternatives")


def test_silence() -> None:
    assert asked(68, HEPARIN) == NoAdvice(Why.NO_MIMIC)
    assert asked(68, HEPARIN, unanswered={Kind.CONDITIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)
    assert decide(facts(68), LIMITS) == NoAdvice(Why.NOT_SELECTED)

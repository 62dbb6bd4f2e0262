"""PLT-01, PLT-02, PLT-07: classifications without a card."""

from __future__ import annotations

from typing import Any

import pytest

from cards.monitoring.count_grade import decide, has_stable_spleen_pattern, is_known_and_stable
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, count, facts, near, nosebleed

CHRONIC = [count(58, days=days) for days in (300, 200, 100)] + [count(60)]
CIRRHOSIS = condition("risk-liver", days=900)


def test_the_grade_is_a_classification() -> None:
    assert decide(facts(22), LIMITS)["PLT-01"] == NoAdvice(Why.CLASSIFIED)


def test_without_a_count_nothing_can_be_told() -> None:
    assert set(decide(facts(), LIMITS).values()) == {CannotTell(Fact.PLATELETS)}


@pytest.mark.parametrize(
    ("value", "why"),
    list(zip(near(LIMITS.very_low), (Why.CLASSIFIED, Why.COUNT_NOT_LOW, Why.COUNT_NOT_LOW), strict=True)),
)
def test_critically_low(value: Any, why: Why) -> None:
    assert decide(facts(value), LIMITS)["PLT-02"] == NoAdvice(why)


def test_a_stale_count_is_graded_and_not_called_critical() -> None:
    answers = decide(facts([count(5, days=9)]), LIMITS)
    assert answers["PLT-01"] == NoAdvice(Why.CLASSIFIED)
    assert answers["PLT-02"] == CannotTell(Fact.PLATELETS)


def test_chronic_stable_with_cirrhosis() -> None:
    p = facts(CHRONIC, findings=[CIRRHOSIS])
    assert has_stable_spleen_pattern(p, LIMITS)
    assert is_known_and_stable(p, LIMITS)
    assert decide(p, LIMITS)["PLT-07"] == NoAdvice(Why.CLASSIFIED)


@pytest.mark.parametrize(
    ("counts", "findings"),
    [
        (CHRONIC, []),
        ([count(60)], [CIRRHOSIS]),
        (CHRONIC, [CIRRHOSIS, nosebleed()]),
        (CHRONIC, [condition("risk-splenomegaly", code="cause", days=10)]),  # of the infection itself
    ],
)
def test_no_pattern(counts: list[Any], findings: list[Any]) -> None:
    p = facts(counts, findings=findings)
    assert not has_stable_spleen_pattern(p, LIMITS)
    assert decide(p, LIMITS)["PLT-07"] == NoAdvice(Why.OTHER_ROW)


def test_an_unread_problem_list_is_not_a_healthy_liver() -> None:
    p = facts(CHRONIC, unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert decide(p, LIMITS)["PLT-07"] == CannotTell(Fact.CONDITIONS)


def test_an_inherited_thrombocytopenia_is_known_and_stable_unless_it_bleeds() -> None:
    inherited = condition("cond-thrombocytopenia-inherited", days=900)
    assert is_known_and_stable(facts(60, findings=[inherited]), LIMITS)
    assert not is_known_and_stable(facts(60, findings=[inherited, nosebleed()]), LIMITS)
    below, at, above = near(LIMITS.chronic_low)
    assert not is_known_and_stable(facts(below, findings=[inherited]), LIMITS)
    assert is_known_and_stable(facts(at, findings=[inherited]), LIMITS)
    assert is_known_and_stable(facts(above, findings=[inherited]), LIMITS)
    assert not is_known_and_stable(facts(60), LIMITS)

"""SAFE-09: stable counts with cirrhosis or a large spleen are probably not immune."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind, PlateletResult
from cards.safety.hypersplenism import decide
from tests.cards.build import LIMITS, condition, count, facts, gum_bleeding, purpura
from tests.cards.direct import text_of
from tests.cards.safety_cards import card_of

CIRRHOSIS = condition("risk-liver", days=1500)


def stable(*values: object) -> list[PlateletResult]:
    """Counts of four years, the last of today."""
    chosen = values or (62, 58, 55, 60)
    return [count(v, days=400 * (len(chosen) - 1 - n), hours=3) for n, v in enumerate(chosen)]


def fires(counts: list[PlateletResult], *findings: Finding, **members: object) -> bool:
    return isinstance(decide(facts(counts, findings=list(findings), **members), LIMITS), Advise)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (CIRRHOSIS, True),
        (condition("risk-splenomegaly", days=10), True),
        (condition("risk-splenomegaly", code="cause", days=1500), True),
        (condition("risk-splenomegaly", code="cause", days=20), False),
        (condition("risk-liver-unspecific", days=1500), False),
    ],
)
def test_what_explains_it(found: Finding, expected: bool) -> None:
    assert fires(stable(), found) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [((62, 58, 55, 60), True), ((62, 58, 55, 42), False), ((95, 90, 55, 60), False), ((60,), False)],
)
def test_only_a_stable_series(values: tuple[object, ...], expected: bool) -> None:
    assert fires(stable(*values), CIRRHOSIS) is expected


@pytest.mark.parametrize("bleeding", [gum_bleeding(), purpura(), gum_bleeding(days=5)])
def test_not_with_bleeding(bleeding: Finding) -> None:
    assert not fires(stable(), CIRRHOSIS, bleeding)


def test_the_card() -> None:
    card = card_of(decide, facts(stable(), age=63, sex="female", findings=[CIRRHOSIS]))
    assert (card.indicator, card.title, card.suggestions) == (Indicator.INFO, "title.cirrhosis", ())
    assert "avatrombopag" in text_of(card)
    spleen = card_of(decide, facts(stable(), findings=[condition("risk-splenomegaly")]))
    assert spleen.title == "title.spleen"
    assert "avatrombopag" not in text_of(spleen)


def test_why_there_is_no_card() -> None:
    assert decide(facts(None), LIMITS) == CannotTell(Fact.PLATELETS)
    assert decide(facts(stable()), LIMITS) == NoAdvice(Why.NO_MIMIC)
    unread = facts(stable(), unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert decide(unread, LIMITS) == CannotTell(Fact.CONDITIONS)

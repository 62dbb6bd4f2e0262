"""SAFE-13: exposure, fever and low platelets together, or a recorded haemorrhagic fever."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind
from cards.safety.high_consequence import decide
from tests.cards.build import LIMITS, condition, facts, lab, measured, near
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of

FEVER = measured("obs-temperature", "38.9")
EXPOSURE = condition("exposure-high-consequence", days=10)


def fires(count: object = 90, *, afebrile: bool = False, findings: list[Finding] | None = None) -> bool:
    temperature = measured("obs-temperature", 37) if afebrile else FEVER
    chosen = [EXPOSURE] if findings is None else findings
    return isinstance(decide(facts(count, findings=chosen, measurements=[temperature]), LIMITS), Advise)


def test_exposure_fever_and_a_low_count_together() -> None:
    assert fires()
    assert not fires(afebrile=True)
    assert not fires(findings=[])
    assert [fires(n) for n in near(LIMITS.normal)] == [True, False, False]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (condition("exposure-high-consequence", days=21), True),
        (condition("exposure-high-consequence", days=22), False),
        (condition("exposure-high-consequence", suspected=True), True),
        (condition("exposure-high-consequence", undated=True), True),
        (condition("exposure-high-consequence", days=30, ended_hours=21 * 24), True),
        (condition("exposure-high-consequence", days=30, ended_hours=22 * 24), False),
        (condition("exposure-high-consequence", undated=True, past=True), False),
        (condition("exposure-unspecific", days=2), False),
        (condition("inf-sfts", days=2), False),
    ],
)
def test_which_exposure(found: Finding, expected: bool) -> None:
    assert LIMITS.exposure_days == 21
    assert fires(findings=[found]) is expected


@pytest.mark.parametrize(("days", "expected"), [(21, True), (22, False)])
def test_a_recorded_haemorrhagic_fever_needs_neither_fever_nor_count(days: int, expected: bool) -> None:
    recorded = [condition("inf-vhf-other", days=days, suspected=True)]
    assert fires(None, afebrile=True, findings=recorded) is expected


def test_a_positive_test_of_such_a_virus_is_enough() -> None:
    assert isinstance(decide(facts(200, tests=[lab("lab-vhf")]), LIMITS), Advise)
    assert not isinstance(decide(facts(200, tests=[lab("lab-vhf", days=22)]), LIMITS), Advise)


def test_the_card() -> None:
    card = card_of(decide, facts(90, findings=[EXPOSURE], measurements=[FEVER]))
    assert (card.indicator, drafts(card)) == (Indicator.CRITICAL, ["infectious-diseases"])
    assert "before any sample is drawn" in text_of(card)
    assert "malaria film" in text_of(card)
    recorded = card_of(decide, facts(90, findings=[condition("inf-vhf-other")]))
    assert recorded.title == "title.recorded"


def test_no_record_of_travel_is_not_no_travel() -> None:
    assert decide(facts(90, measurements=[FEVER]), LIMITS) == CannotTell(Fact.TRAVEL)
    assert decide(facts(90), LIMITS) == NoAdvice(Why.NO_SIGNS)
    assert decide(facts(240, measurements=[FEVER]), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)
    assert decide(facts(90, findings=[EXPOSURE]), LIMITS) == CannotTell(Fact.TEMPERATURE)
    assert decide(facts(None, findings=[EXPOSURE], measurements=[FEVER]), LIMITS) == CannotTell(
        Fact.PLATELETS
    )
    unread = facts(90, measurements=[FEVER], unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert decide(unread, LIMITS) == CannotTell(Fact.CONDITIONS)

"""SAFE-15: post-transfusion purpura and the newborn of a mother with antibodies."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind
from cards.safety.alloimmune import decide
from tests.cards.build import LIMITS, condition, count, done, drug, facts, measured, near, on, sepsis
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of


def fires(counts: object, **members: object) -> bool:
    return isinstance(decide(facts(counts, **members), LIMITS), Advise)


# ---------------------------------------------------------------------------------------------- after a transfusion


def after(
    days: float,
    value: object = 9,
    before: object = 210,
    blood: str = "proc-red-cell-transfusion",
    **members: object,
) -> bool:
    """Whether a count seen `days` days after the end of a transfusion makes a card."""
    given = done(blood, days=days, hours=4)
    counts = [count(before, days=days, hours=6), count(value)]
    return fires(counts, performed=[given], **members)


@pytest.mark.parametrize(("days", "expected"), [(4.9, False), (5, True), (12, True), (12.1, False)])
def test_five_to_twelve_days_after_blood(days: float, expected: bool) -> None:
    assert (LIMITS.ptp_from, LIMITS.ptp_to) == (5, 12)
    assert after(days) is expected


@pytest.mark.parametrize("blood", ["proc-platelet-transfusion", "proc-other-blood-product"])
def test_any_blood(blood: str) -> None:
    assert after(8, blood=blood)


def test_the_depth_of_the_fall() -> None:
    assert [after(8, value=v) for v in near(LIMITS.ptp_count)] == [True, False, False]
    assert [after(8, value=15, before=v) for v in (29, 30, 31)] == [False, True, True]


@pytest.mark.parametrize(
    "explained",
    [
        {"medications": [drug("med-chemotherapy")]},
        {"findings": [condition("mimic-acute-leukaemia", days=200)]},
    ],
)
def test_chemotherapy_and_marrow_disease_explain_it(explained: dict[str, object]) -> None:
    assert not after(8, **explained)


def test_without_a_count_from_before_there_is_no_fall() -> None:
    assert not fires(9, performed=[done("proc-red-cell-transfusion", days=8)])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (condition("mimic-alloimmune", days=30), True),
        (condition("mimic-alloimmune", days=31), False),
        (condition("mimic-alloimmune", suspected=True), True),
        (condition("mimic-alloimmune", past=True), False),
    ],
)
def test_recorded(found: Finding, expected: bool) -> None:
    assert fires(40, findings=[found]) is expected


# ---------------------------------------------------------------------------------------------- newborn


def newborn(count: object = 30, born: str = "2026-06-12", weeks: object = 39, **members: object) -> object:
    weeks_at_birth = [] if weeks is None else [measured("obs-gestational-age", weeks, days=3)]
    return decide(facts(count, birth=on(born), weight=3, measurements=weeks_at_birth, **members), LIMITS)


def test_a_term_newborn_of_the_first_week_below_50() -> None:
    assert [isinstance(newborn(n), Advise) for n in near(LIMITS.fnait_count)] == [True, False, False]
    assert [isinstance(newborn(weeks=w), Advise) for w in near(LIMITS.fnait_weeks)] == [False, True, True]
    assert isinstance(newborn(born="2026-06-08"), Advise), "7 days"
    assert not isinstance(newborn(born="2026-06-07"), Advise)


@pytest.mark.parametrize(
    "found", [sepsis(), condition("inf-cmv", code="congenital"), condition("inf-rubella")]
)
def test_an_infection_explains_it(found: Finding) -> None:
    assert newborn(findings=[found]) == NoAdvice(Why.EXPLAINED)


def test_what_is_not_known_of_a_newborn() -> None:
    assert newborn(weeks=None) == CannotTell(Fact.GESTATION)
    assert newborn(None) == CannotTell(Fact.PLATELETS)
    assert newborn(unanswered={Kind.CONDITIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)


# ---------------------------------------------------------------------------------------------- cards


def test_the_cards() -> None:
    given = done("proc-red-cell-transfusion", days=8)
    transfusion = card_of(decide, facts([count(210, days=9), count(9)], performed=[given]))
    assert (transfusion.indicator, drafts(transfusion)) == (Indicator.WARNING, ["haematology"])
    assert "2 g/kg" in text_of(transfusion)
    assert card_of(decide, facts(40, findings=[condition("mimic-alloimmune")])).title == "title.recorded"
    p = facts(
        30, birth=on("2026-06-12"), weight=3, measurements=[measured("obs-gestational-age", 39, days=3)]
    )
    assert "mother's own count is not known" in text_of(card_of(decide, p)).replace("\n", " ")


def test_why_there_is_no_card() -> None:
    assert decide(facts(40), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)
    assert decide(facts(None), LIMITS) == CannotTell(Fact.PLATELETS)
    assert decide(facts(9), LIMITS) == NoAdvice(Why.NO_MIMIC)
    assert decide(facts(9, unanswered={Kind.PROCEDURES: Answer.FAILED}), LIMITS) == CannotTell(
        Fact.PROCEDURES
    )

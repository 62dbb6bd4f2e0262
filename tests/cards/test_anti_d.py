"""ORD-24: anti-D is selected as treatment of thrombocytopenia."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.anti_d import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, done, facts, lab, measured, near, order
from tests.cards.ordering import CRITICAL, WARNING, card, ordering, removed

ITP = condition("cond-thrombocytopenia-immune")
FOR_ITP = order("med-anti-d", reasons=(ITP,))
OPEN = order("med-anti-d")
below_8, at_8, _ = near(LIMITS.anti_d_hb_low)
below_10, at_10, _ = near(LIMITS.anti_d_hb_reduced)
TYPED = (lab("obs-rhd"), lab("obs-dat", "negative"))


def asked(drug: Any, **members: Any) -> Any:
    return decide(ordering(22, drug, **members), LIMITS)


@pytest.mark.parametrize(
    ("members", "indicator", "title"),
    [
        ({"findings": [condition("status-rhd-negative", days=900)]}, CRITICAL, "title.negative"),
        ({"tests": [lab("obs-rhd", "negative")]}, CRITICAL, "title.negative"),
        ({"findings": [condition("risk-asplenia", code="history")]}, CRITICAL, "title.spleen"),
        ({"measurements": [measured("obs-hemoglobin", below_8)]}, CRITICAL, "title.haemoglobin"),
        ({"measurements": [measured("obs-hemoglobin", at_8)]}, WARNING, "title.reduced"),
        ({"measurements": [measured("obs-hemoglobin", below_10)]}, WARNING, "title.reduced"),
        ({"tests": [lab("obs-dat")]}, CRITICAL, "title.dat"),
        ({"measurements": [measured("obs-ldh", 900, "U/L")]}, CRITICAL, "title.haemolysis"),
        ({"findings": [condition("inf-malaria")]}, CRITICAL, "title.parasites"),
        ({"findings": [condition("inf-babesiosis", suspected=True)]}, CRITICAL, "title.parasites"),
    ],
)
def test_what_speaks_against_it(members: Any, indicator: Indicator, title: str) -> None:
    found = card(asked(FOR_ITP, **members))
    assert (found.rule, found.indicator, found.title) == ("ORD-24", indicator, title)
    assert removed(found) == [FOR_ITP.reference]


def test_what_does_not() -> None:
    members = {"measurements": [measured("obs-hemoglobin", at_10)], "tests": TYPED}
    assert asked(FOR_ITP, **members) == NoAdvice(Why.ALLOWED)


@pytest.mark.parametrize(
    ("tests", "missing"),
    [
        ((), (Fact.RHD, Fact.DAT)),
        (TYPED[1:], (Fact.RHD,)),
        (TYPED[:1], (Fact.DAT,)),
        ((lab("obs-rhd", "indeterminate"), TYPED[1]), (Fact.RHD,)),
    ],
)
def test_a_type_that_is_unknown_is_not_a_positive_one(tests: Any, missing: tuple[Fact, ...]) -> None:
    members = {"measurements": [measured("obs-hemoglobin", at_10)], "tests": tests}
    assert asked(FOR_ITP, **members) == CannotTell(*missing)


@pytest.mark.parametrize("members", [{}, {"measurements": [measured("obs-hemoglobin", below_8, days=8)]}])
def test_a_haemoglobin_that_is_unknown_or_old_is_not_a_good_one(members: Any) -> None:
    assert asked(FOR_ITP, tests=TYPED, **members) == CannotTell(Fact.HAEMOGLOBIN)


def test_a_severe_reason_leads() -> None:
    members = {"measurements": [measured("obs-hemoglobin", at_8)], "tests": [lab("obs-dat")]}
    found = card(asked(FOR_ITP, **members))
    assert (found.indicator, found.title) == (CRITICAL, "title.dat")


# -------------------------------------------------------------------------------------------------- indication


@pytest.mark.parametrize(
    "members", [{}, {"sex": "female", "age": 30}, {"sex": "female", "age": 30, "pregnant": False}]
)
def test_without_a_reason_it_asks(members: Any) -> None:
    found = card(asked(OPEN, **members))
    assert (found.indicator, found.title) == (WARNING, "title.indication")
    assert Fact.INDICATION in found.unknown


@pytest.mark.parametrize(
    "members",
    [
        {"sex": "female", "age": 30, "pregnant": True},
        {"findings": [condition("risk-postpartum", days=10)]},
        {"performed": [done("proc-delivery", days=5)]},
        {"performed": [done("proc-red-cell-transfusion", hours=70)]},
    ],
)
def test_prophylaxis_by_the_record(members: Any) -> None:
    negative = condition("status-rhd-negative", days=900)
    findings = [*members.pop("findings", []), negative]
    assert asked(OPEN, findings=findings, **members) == NoAdvice(Why.EXPLAINED)


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [condition("risk-postpartum", days=11)]},
        {"performed": [done("proc-red-cell-transfusion", hours=75)]},
    ],
)
def test_too_long_ago_for_prophylaxis(members: Any) -> None:
    assert isinstance(asked(OPEN, **members), Advise)


def test_another_reason_on_the_order() -> None:
    other = order("med-anti-d", reasons=(condition("risk-pregnancy"),))
    assert asked(other, findings=[condition("status-rhd-negative")]) == NoAdvice(Why.EXPLAINED)


def test_a_reason_that_cannot_be_read_may_be_low_platelets() -> None:
    unread = order("med-anti-d", unread_reason=True)
    assert asked(unread) == CannotTell(Fact.INDICATION)
    assert asked(unread, sex="female", age=30, pregnant=True) == NoAdvice(Why.EXPLAINED)


def test_a_reason_that_cannot_be_read_beside_one_that_can() -> None:
    other = order("med-anti-d", reasons=(condition("risk-postpartum"),), unread_reason=True)
    assert asked(other) == CannotTell(Fact.INDICATION)


@pytest.mark.parametrize(
    ("who", "indicator", "titled"),
    [
        ({}, CRITICAL, "title.haemoglobin"),
        ({"sex": "female", "age": 30, "pregnant": False}, CRITICAL, "title.haemoglobin"),
        ({"sex": "female", "age": 30}, WARNING, "title.indication"),
    ],
)
def test_without_a_reason_where_nobody_is_pregnant(who: Any, indicator: Indicator, titled: str) -> None:
    found = card(asked(OPEN, measurements=[measured("obs-hemoglobin", below_8)], **who))
    assert (found.indicator, found.title) == (indicator, titled)
    assert "suggestion.indication" in found.say
    assert Fact.INDICATION in found.unknown


def test_silence() -> None:
    assert asked(FOR_ITP, unanswered={Kind.OBSERVATIONS: Answer.FAILED}) == CannotTell(
        Fact.OBSERVATIONS, Fact.RHD, Fact.HAEMOGLOBIN, Fact.DAT
    )
    assert decide(facts(22), LIMITS) == NoAdvice(Why.NOT_SELECTED)

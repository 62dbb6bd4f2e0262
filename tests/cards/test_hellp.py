"""SAFE-08: HELLP and pre-eclampsia in pregnancy from 20 weeks and the week after birth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Finding, Measurement
from cards.safety.hellp import decide
from tests.cards.build import LIMITS, condition, done, facts, h_pylori, measured, near
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of

PRESSURE = measured("obs-systolic", 168)


def fires(*measurements: Measurement, count: object = 62, **members: object) -> bool:
    person = {"age": 29, "sex": "female", "pregnant": True, **members}
    p = facts(count, measurements=list(measurements), **person)
    return isinstance(decide(p, LIMITS), Advise)


def test_blood_pressure_at_its_borders() -> None:
    assert [fires(measured("obs-systolic", v)) for v in near(LIMITS.hellp_systolic)] == [False, True, True]
    diastolic = [fires(measured("obs-diastolic", v, "mm[Hg]")) for v in near(LIMITS.hellp_diastolic)]
    assert diastolic == [False, True, True]


def test_any_reading_of_72_hours_counts() -> None:
    assert fires(measured("obs-systolic", 168, hours=72), measured("obs-systolic", 118))
    assert not fires(measured("obs-systolic", 168, hours=72, minutes=1), measured("obs-systolic", 118))


@pytest.mark.parametrize("set_id", ["obs-ast", "obs-alt"])
def test_enzymes_of_twice_the_upper_limit(set_id: str) -> None:
    twice = 35 * LIMITS.hellp_enzymes
    found = [fires(measured(set_id, v, "U/L", high=Decimal(35))) for v in near(twice)]
    assert found == [False, True, True]
    assert not fires(measured(set_id, 240, "U/L")), "without a range it is not known"


def test_a_sign_of_haemolysis_is_enough() -> None:
    assert fires(measured("obs-ldh", 700, "U/L"))


def test_the_count() -> None:
    assert [fires(PRESSURE, count=n) for n in near(LIMITS.hellp_count)] == [True, False, False]


def test_from_20_weeks_or_unknown_gestation() -> None:
    weeks = [fires(PRESSURE, measured("obs-gestational-age", v)) for v in near(LIMITS.hellp_weeks)]
    assert weeks == [False, True, True]
    assert fires(PRESSURE)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"performed": [done("proc-delivery", days=7)]}, True),
        ({"performed": [done("proc-delivery", days=8)]}, False),
        ({"findings": [condition("risk-postpartum", days=6)]}, True),
        ({"findings": [condition("risk-postpartum", days=8)]}, False),
        ({"findings": [condition("risk-pregnancy", days=200, ended_hours=24 * 6)]}, True),
        ({"findings": [condition("risk-pregnancy", days=200, ended_hours=24 * 8)]}, False),
        ({"findings": [condition("mimic-hellp", days=2)]}, True),
        ({}, False),
    ],
)
def test_up_to_seven_days_after_the_birth(members: dict[str, object], expected: bool) -> None:
    assert fires(PRESSURE, pregnant=False, **members) is expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (condition("mimic-hellp"), True),
        (condition("mimic-hellp", suspected=True), True),
        (condition("mimic-hellp", undated=True), True),
        (condition("mimic-hellp", days=31), False),
        (condition("mimic-hellp", past=True), False),
    ],
)
def test_recorded(found: Finding, expected: bool) -> None:
    assert fires(count=180, findings=[found]) is expected


def test_the_card_of_a_typical_story() -> None:
    values = [
        measured("obs-gestational-age", 34),
        PRESSURE,
        measured("obs-diastolic", 112, "mm[Hg]"),
        measured("obs-ast", 240, "U/L"),
        measured("obs-ldh", 700, "U/L"),
    ]
    p = facts(62, age=29, sex="female", pregnant=True, findings=[h_pylori()], measurements=values)
    card = card_of(decide, p)
    assert (card.indicator, card.also) == (Indicator.CRITICAL, ("POP-03",))
    assert drafts(card) == ["obstetrics", "haemolysis", "liver-tests", "coagulation"]
    assert "no tetracycline" in text_of(card)
    assert card.unknown == (Fact.LIVER_TESTS,)


def test_why_there_is_no_card() -> None:
    woman = {"age": 29, "sex": "female"}
    assert decide(facts(62, measurements=[PRESSURE]), LIMITS) == NoAdvice(Why.NOT_FOR_THIS_PERSON)
    assert decide(facts(62, **woman, measurements=[PRESSURE]), LIMITS) == CannotTell(Fact.PREGNANCY)
    assert decide(facts(None, **woman, pregnant=True), LIMITS) == CannotTell(Fact.PLATELETS)
    calm = [measured("obs-systolic", 118)]
    outcome = decide(facts(62, **woman, pregnant=True, measurements=calm), LIMITS)
    assert outcome == CannotTell(Fact.BLOOD_PRESSURE, Fact.LIVER_TESTS, Fact.HAEMOLYSIS)

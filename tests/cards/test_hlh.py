"""SAFE-05: fever, cytopenias and ferritin; each criterion at its border, and what is missing."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Finding, Measurement
from cards.safety.hlh import decide
from tests.cards.build import LIMITS, condition, ebv, facts, measured, near
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, summary_of

FEVER = measured("obs-temperature", "38.9")
HB = measured("obs-hemoglobin", "8.2")
FERRITIN = measured("obs-ferritin", 2400, "ug/L")
SPLEEN = condition("risk-splenomegaly", code="cause")


def fires(*measurements: Measurement, count: object = 24, findings: list[Finding] | None = None) -> bool:
    p = facts(count, measurements=list(measurements), findings=findings or [])
    return isinstance(decide(p, LIMITS), Advise)


def test_ferritin_at_2000_with_fever_and_two_cytopenias() -> None:
    found = [fires(FEVER, HB, measured("obs-ferritin", v, "ug/L")) for v in near(LIMITS.hlh_ferritin_high)]
    assert found == [False, True, True]


@pytest.mark.parametrize(
    ("set_id", "unit", "limit", "expected"),
    [
        ("obs-ferritin", "ug/L", LIMITS.hlh_ferritin, [False, True, True]),
        ("obs-triglyceride", "mmol/L", LIMITS.hlh_triglyceride, [False, True, True]),
        ("obs-fibrinogen", "g/L", LIMITS.hlh_fibrinogen, [True, True, False]),
    ],
)
def test_two_further_criteria(set_id: str, unit: str, limit: object, expected: list[bool]) -> None:
    found = [fires(FEVER, HB, measured(set_id, v, unit), findings=[SPLEEN]) for v in near(limit)]
    assert found == expected


def test_triglycerides_and_fibrinogen_are_one_criterion() -> None:
    both = (measured("obs-triglyceride", 4, "mmol/L"), measured("obs-fibrinogen", "1.1", "g/L"))
    assert not fires(FEVER, HB, *both, measured("obs-ferritin", 300, "ug/L"))
    assert fires(FEVER, HB, *both, measured("obs-ferritin", 600, "ug/L"))


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (HB, Fact.HAEMOGLOBIN),
        (measured("obs-neutrophils", 4), Fact.NEUTROPHILS),
        (measured("obs-ferritin", 600, "ug/L"), Fact.FERRITIN),
        (measured("obs-triglyceride", 4, "mmol/L"), Fact.TRIGLYCERIDES),
        (measured("obs-fibrinogen", "1.1", "g/L"), Fact.TRIGLYCERIDES),
    ],
)
def test_each_value_is_seen_where_it_stands_alone(known: Measurement, told: Fact) -> None:
    nothing, outcome = (decide(facts(24, measurements=some), LIMITS) for some in ([FEVER], [FEVER, known]))
    assert isinstance(nothing, CannotTell)
    assert isinstance(outcome, CannotTell)
    assert [fact for fact in nothing.missing if fact not in outcome.missing] == [told]


def test_each_cytopenia_at_its_border() -> None:
    hb = [fires(FEVER, FERRITIN, measured("obs-hemoglobin", v)) for v in near(LIMITS.hlh_hb)]
    neutrophils = [
        fires(FEVER, FERRITIN, measured("obs-neutrophils", v)) for v in near(LIMITS.hlh_neutrophils)
    ]
    count = [fires(FEVER, FERRITIN, HB, count=n) for n in near(LIMITS.hlh_platelets)]
    assert (hb, neutrophils, count) == ([True, False, False],) * 3


@pytest.mark.parametrize(
    ("fever", "expected"),
    [
        ([], False),
        ([condition("sign-fever", days=10)], True),
        ([condition("sign-fever", days=31)], False),
        ([condition("sign-fever", days=10, ended_hours=40)], False),
    ],
)
def test_a_fever_that_goes_on(fever: list[Finding], expected: bool) -> None:
    afebrile = measured("obs-temperature", "37.0")
    assert fires(afebrile, HB, FERRITIN, findings=fever) is expected


def test_values_count_for_seven_days() -> None:
    days = float(LIMITS.hlh_days)
    assert fires(FEVER, HB, measured("obs-ferritin", 2400, "ug/L", days=days))
    assert not fires(FEVER, HB, measured("obs-ferritin", 2400, "ug/L", days=days, minutes=1))


def test_grave_by_ferritin_above_10000_or_organ_failure() -> None:
    def indicator(*more: Measurement) -> Indicator:
        return card_of(decide, facts(24, measurements=[FEVER, HB, *more])).indicator

    ferritin = [indicator(measured("obs-ferritin", v, "ug/L")) for v in near(LIMITS.hlh_ferritin_critical)]
    assert ferritin == [Indicator.WARNING, Indicator.WARNING, Indicator.CRITICAL]
    assert indicator(FERRITIN, measured("obs-lactate", 5)) is Indicator.CRITICAL


def test_the_card_of_a_typical_story() -> None:
    values = [FEVER, HB, measured("obs-neutrophils", "0.7"), measured("obs-ferritin", 14000, "ug/L")]
    card = card_of(decide, facts(24, age=23, findings=[ebv(), SPLEEN], measurements=values))
    assert card.indicator is Indicator.CRITICAL
    assert "ferritin 14000 ug/L" in summary_of(card)
    assert drafts(card) == ["haematology", "hlh-tests"]
    assert Fact.TRIGLYCERIDES in card.unknown
    assert "not to be assumed" in text_of(card)


def test_recorded_it_asks_for_the_ferritin() -> None:
    card = card_of(decide, facts(24, findings=[condition("mimic-hlh")]))
    assert (card.title, card.indicator) == ("title.no-ferritin", Indicator.WARNING)
    assert isinstance(decide(facts(24, findings=[condition("mimic-hlh", days=31)]), LIMITS), CannotTell)


def test_why_there_is_no_card() -> None:
    outcome = decide(facts(24, measurements=[FEVER, HB]), LIMITS)
    assert outcome == CannotTell(Fact.NEUTROPHILS, Fact.FERRITIN, Fact.TRIGLYCERIDES)
    well = [measured("obs-temperature", 37), HB, FERRITIN]
    assert decide(facts(24, measurements=well), LIMITS) == NoAdvice(Why.NO_SIGNS)
    normal = [FEVER, measured("obs-hemoglobin", 14), measured("obs-neutrophils", 4), FERRITIN]
    assert decide(facts(120, measurements=normal), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)

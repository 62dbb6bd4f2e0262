"""SAFE-06: blasts, pancytopenia, known marrow disease: not isolated, not to be taken for immune."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Finding, Measurement
from cards.safety.marrow import decide
from tests.cards.build import LIMITS, condition, drug, facts, lab, measured, near
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of


def fires(count: object = 38, **members: object) -> bool:
    return isinstance(decide(facts(count, **members), LIMITS), Advise)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (condition("mimic-marrow"), True),
        (condition("mimic-acute-leukaemia", suspected=True), True),
        (condition("mimic-aplastic", days=900), True),
        (condition("mimic-pancytopenia"), True),
        (condition("mimic-marrow", code="remission"), False),
        (condition("mimic-marrow-remission", code="remission"), False),
        (condition("mimic-marrow", past=True), False),
    ],
)
def test_recorded(found: Finding, expected: bool) -> None:
    assert fires(findings=[found]) is expected


def test_only_below_150_or_unknown() -> None:
    marrow = [condition("mimic-marrow")]
    assert [fires(n, findings=marrow) for n in near(LIMITS.normal)] == [True, False, False]
    assert fires(None, findings=marrow)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"measurements": [measured("obs-blasts", 3, "%")]}, True),
        ({"measurements": [measured("obs-blasts", 0, "%")]}, False),
        ({"tests": [lab("obs-blasts", proves=None)]}, True),
        ({"tests": [lab("obs-blasts", "negative", proves=None)]}, False),
        ({"tests": [lab("obs-blasts", proves=None, days=31)]}, False),
    ],
)
def test_blasts(members: dict[str, object], expected: bool) -> None:
    assert fires(**members) is expected


def blood(
    hb: object = "9.9", neutrophils: object = "1.4", wbc: object = "4.0", **when: float
) -> list[Measurement]:
    return [
        measured("obs-hemoglobin", hb, **when),
        measured("obs-neutrophils", neutrophils, **when),
        measured("obs-wbc", wbc, "10*9/L", **when),
    ]


def test_pancytopenia_by_the_counts() -> None:
    assert [fires(n, measurements=blood()) for n in near(LIMITS.mild)] == [True, False, False]
    assert [fires(measurements=blood(hb=v)) for v in near(LIMITS.pancytopenia_hb)] == [True, False, False]
    white = [fires(measurements=blood(neutrophils=v)) for v in near(LIMITS.pancytopenia_neutrophils)]
    assert white == [True, False, False]
    assert [fires(measurements=blood(neutrophils=2, wbc=v)) for v in near(LIMITS.pancytopenia_wbc)] == [
        True,
        False,
        False,
    ]
    assert not fires(measurements=blood(days=8))


def test_the_card_of_a_typical_story() -> None:
    p = facts(
        38,
        findings=[condition("inf-other-viral")],
        tests=[lab("obs-blasts", proves=None)],
        measurements=blood("7.4", "0.4"),
        medications=[drug("med-tpo-ra")],
    )
    card = card_of(decide, p)
    assert (card.indicator, drafts(card)) == (Indicator.WARNING, ["haematology", "blood-film"])
    assert card.say == ("suggestion", "way.blasts", "way.pancytopenia")
    assert "accelerate" in text_of(card)


def test_known_disease_has_a_title_of_its_own() -> None:
    assert card_of(decide, facts(38, findings=[condition("mimic-marrow")])).title == "title.known"


def test_why_there_is_no_card() -> None:
    assert decide(facts(38), LIMITS) == CannotTell(Fact.HAEMOGLOBIN, Fact.NEUTROPHILS)
    assert decide(facts(38, measurements=blood(hb=13)), LIMITS) == NoAdvice(Why.NO_MIMIC)
    assert decide(facts(240), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)

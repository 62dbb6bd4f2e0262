"""SAFE-07: DIC recorded, and the ISTH score at the border of every item."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind, Measurement
from cards.safety.dic import Suspicion, decide, suspect
from cards.safety.dic_score import overt_dic
from tests.cards.build import LIMITS, condition, count, drug, facts, measured, near, sepsis
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, summary_of

UPPER = Decimal(500)
PT_UPPER = Decimal(14)


def d_dimer(value: object, **members: object) -> Measurement:
    return measured("obs-d-dimer", value, "ug/L", **{"high": UPPER, "hours": 3, **members})


def pt(value: object, **members: object) -> Measurement:
    return measured("obs-pt-seconds", value, "s", **{"high": PT_UPPER, "hours": 3, **members})


def inr(value: object) -> Measurement:
    return measured("obs-pt-inr", value, hours=3)


def fibrinogen(value: object, **members: object) -> Measurement:
    return measured("obs-fibrinogen", value, "g/L", **{"hours": 3, **members})


def item(number: int, *measurements: Measurement, plt: object = 46) -> tuple[int, int]:
    one = overt_dic(facts(plt, measurements=list(measurements)), LIMITS).items[number]
    return one.least, one.most


def test_platelets() -> None:
    found = [
        item(0, plt=n)[0] for n in (*near(LIMITS.dic_platelets_low), *near(LIMITS.dic_platelets_moderate))
    ]
    assert found == [2, 1, 1, 1, 0, 0]


def test_d_dimer_by_its_own_range() -> None:
    strong = UPPER * LIMITS.dic_d_dimer_strong
    assert [item(1, d_dimer(v))[0] for v in (*near(UPPER), *near(strong))] == [0, 0, 2, 2, 2, 3]
    assert item(1, d_dimer(9000, high=None)) == (0, 3)
    assert item(1, d_dimer(9000, high=None, flagged="high")) == (2, 3)
    assert item(1, measured("obs-d-dimer-ddu", 3000, "ug/L", high=Decimal(250), hours=3)) == (3, 3)
    assert item(1) == (0, 3)


def test_prothrombin_time_by_seconds_else_by_inr() -> None:
    borders = (*near(PT_UPPER + LIMITS.dic_pt_moderate), *near(PT_UPPER + LIMITS.dic_pt_long))
    assert [item(2, pt(v))[0] for v in borders] == [0, 1, 1, 1, 2, 2]
    ratios = (*near(LIMITS.dic_inr_moderate, "0.01"), *near(LIMITS.dic_inr_long, "0.01"))
    assert [item(2, inr(v))[0] for v in ratios] == [0, 1, 1, 1, 2, 2]
    assert item(2, pt(30, high=None), inr("1.4")) == (1, 1), "seconds without a range are not used"
    assert item(2, pt("14.5"), inr("2.0")) == (0, 0), "seconds go before the INR"
    assert item(2, pt(30, high=None)) == (0, 2)


def test_fibrinogen() -> None:
    assert [item(3, fibrinogen(v))[0] for v in near(LIMITS.dic_fibrinogen)] == [1, 0, 0]
    assert item(3) == (0, 1)


@pytest.mark.parametrize(("hours", "known"), [(27, True), (27.1, False)])
def test_the_items_lie_within_24_hours(hours: float, known: bool) -> None:
    old = fibrinogen("0.8", hours=hours)
    assert item(3, old) == ((1, 1) if known else (0, 1)), "the count was drawn 3 hours ago"


def test_old_values_make_no_score() -> None:
    p = facts([count(46, hours=73)], measurements=[d_dimer(9000, hours=73), pt(21, hours=73)])
    assert overt_dic(p, LIMITS).least == 0


# ---------------------------------------------------------------------------------------------- from score to card

OVERT = [d_dimer(9000), pt(21), fibrinogen("0.8")]


def test_four_points_are_not_overt() -> None:
    five = [d_dimer(600), pt(17), fibrinogen(2)]  # 2 + 2 + 1
    four = [d_dimer(600), pt(15), fibrinogen(2)]
    assert isinstance(suspect(facts(46, findings=[sepsis()], measurements=five), LIMITS), Suspicion)
    assert suspect(facts(46, findings=[sepsis()], measurements=four), LIMITS) == NoAdvice(Why.NO_MIMIC)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (sepsis(), True),
        (condition("inf-bacterial-focus", suspected=True), True),
        (condition("risk-cancer"), True),
        (condition("sign-head-injury"), True),
        (condition("risk-postpartum"), True),
        (condition("risk-liver"), False),
        (condition("risk-cancer", past=True), False),
    ],
)
def test_the_score_needs_a_cause(cause: Finding, expected: bool) -> None:
    p = facts(46, findings=[cause], measurements=OVERT)
    assert isinstance(suspect(p, LIMITS), Suspicion) is expected


def test_pregnancy_is_a_cause() -> None:
    p = facts(46, sex="female", pregnant=True, measurements=OVERT)
    assert isinstance(suspect(p, LIMITS), Suspicion)


def test_missing_items_that_could_decide_are_named() -> None:
    p = facts(46, findings=[sepsis()], measurements=[pt(21)])
    assert suspect(p, LIMITS) == CannotTell(Fact.D_DIMER, Fact.COAGULATION)
    unread = facts(46, measurements=OVERT, unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert suspect(unread, LIMITS) == CannotTell(Fact.CONDITIONS)


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        (d_dimer(400), (Fact.INR, Fact.COAGULATION)),
        (measured("obs-d-dimer-ddu", 200, "ug/L", high=UPPER, hours=3), (Fact.INR, Fact.COAGULATION)),
        (inr(1), (Fact.D_DIMER, Fact.COAGULATION)),
        (fibrinogen(3), (Fact.D_DIMER, Fact.INR)),
        (measured("obs-hemoglobin", 12, hours=3), (Fact.D_DIMER, Fact.INR, Fact.COAGULATION)),
    ],
)
def test_each_test_of_clotting_is_seen_where_it_stands_alone(
    known: Measurement, missing: tuple[Fact, ...]
) -> None:
    p = facts(46, findings=[sepsis()], measurements=[known])
    assert suspect(p, LIMITS) == CannotTell(*missing)


def test_an_old_count_is_missing_too() -> None:
    fresh, old = facts(46, findings=[sepsis()]), facts(count(46, hours=73), findings=[sepsis()])
    untested = (Fact.D_DIMER, Fact.INR, Fact.COAGULATION)
    assert suspect(fresh, LIMITS) == CannotTell(*untested)
    assert suspect(old, LIMITS) == CannotTell(Fact.PLATELETS, *untested)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (condition("mimic-dic", days=14), True),
        (condition("mimic-dic", days=15), False),
        (condition("mimic-dic", suspected=True), True),
        (condition("mimic-dic", ended_hours=2), False),
    ],
)
def test_recorded(found: Finding, expected: bool) -> None:
    assert isinstance(suspect(facts(46, findings=[found]), LIMITS), Suspicion) is expected


def test_the_card_of_a_typical_story() -> None:
    card = card_of(decide, facts(46, findings=[sepsis()], measurements=OVERT))
    assert card.indicator is Indicator.WARNING
    assert summary_of(card).startswith("DIC score 8,")
    assert drafts(card) == ["coagulation", "cbc"]
    assert "No tranexamic acid" in text_of(card)


def test_a_recorded_dic_shows_what_the_score_lacks() -> None:
    card = card_of(
        decide, facts(46, findings=[condition("mimic-dic")], medications=[drug("med-anticoagulant")])
    )
    assert card.title == "title.recorded"
    assert card.unknown == (Fact.D_DIMER, Fact.INR, Fact.COAGULATION)
    assert card.cautions == ("caution.anticoagulant",)

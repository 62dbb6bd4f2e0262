"""SAFE-03: the three ways to STEC-HUS, when it is only a question, and that sepsis is always treated."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cards.facts import PatientFacts
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind, Measurement
from cards.safety.stec_hus import Suspicion, decide, holds, suspect
from tests.cards.build import LIMITS, condition, facts, lab, measured, near, order, sepsis
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, deleted

DIARRHOEA = condition("sign-bloody-diarrhoea", days=3)
FILM = lab("obs-schistocytes", proves=None)
CREATININE = [measured("obs-creatinine", 180), measured("obs-creatinine", 80, days=60)]


def ways(count: object = 60, **members: object) -> tuple[str, ...]:
    found = suspect(facts(count, **members), LIMITS)
    return found.ways if isinstance(found, Suspicion) else ()


# ---------------------------------------------------------------------------------------------- toxin, recorded


@pytest.mark.parametrize(("days", "expected"), [(21, ("toxin",)), (22, ())])
def test_shiga_toxin_counts_for_21_days(days: int, expected: tuple[str, ...]) -> None:
    assert LIMITS.stec_days == 21
    assert ways(200, tests=[lab("lab-stec", days=days)]) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (condition("inf-stec"), ("toxin",)),
        (condition("inf-stec", suspected=True), ("toxin",)),
        (condition("inf-stec", days=30), ()),
        (condition("inf-stec", past=True), ("toxin",)),
        (condition("inf-stec", days=30, past=True), ()),
        (condition("mimic-hus", days=30), ("recorded",)),
        (condition("mimic-hus", days=31), ()),
    ],
)
def test_recorded(found: Finding, expected: tuple[str, ...]) -> None:
    assert ways(findings=[found]) == expected


# ---------------------------------------------------------------------------------------------- diarrhoea


def test_bloody_diarrhoea_with_schistocytes_below_150() -> None:
    found = [ways(n, findings=[DIARRHOEA], tests=[FILM]) for n in near(LIMITS.normal)]
    assert found == [("diarrhoea",), (), ()]


@pytest.mark.parametrize(
    ("diarrhoea", "expected"),
    [
        (condition("sign-bloody-diarrhoea", days=14), True),
        (condition("sign-bloody-diarrhoea", days=15), False),
        (condition("sign-bloody-diarrhoea", days=20, ended_hours=14 * 24), True),
        (condition("sign-bloody-diarrhoea", days=20, ended_hours=15 * 24), False),
        (condition("sign-bloody-diarrhoea", undated=True, past=True), False),
        (condition("sign-bloody-diarrhoea", undated=True), True),
    ],
)
def test_which_diarrhoea(diarrhoea: Finding, expected: bool) -> None:
    assert bool(ways(findings=[diarrhoea], tests=[FILM])) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        *(
            ([measured("obs-creatinine", v), measured("obs-creatinine", 100, days=60)], v >= 150)
            for v in near("150")
        ),
        ([measured("obs-creatinine", 180, high=Decimal(104))], True),
        ([measured("obs-creatinine", 90, high=Decimal(104))], False),
        ([measured("obs-creatinine", 180)], False),
        ([measured("obs-creatinine", 180, days=4), measured("obs-creatinine", 80, days=60)], False),
        ([measured("obs-creatinine", 180), measured("obs-creatinine", 80, days=3)], False),
    ],
)
def test_a_rise_of_creatinine(values: list[Measurement], expected: bool) -> None:
    assert LIMITS.creatinine_rise_hus * 100 == 150
    assert bool(ways(findings=[DIARRHOEA], measurements=values)) is expected


def test_with_kidney_disease_a_value_above_the_range_is_no_rise() -> None:
    values = [measured("obs-creatinine", 180, high=Decimal(104))]
    assert ways(findings=[DIARRHOEA, condition("risk-ckd")], measurements=values) == ()


def test_what_is_missing_is_named() -> None:
    assert suspect(facts(60, findings=[DIARRHOEA]), LIMITS) == CannotTell(Fact.SCHISTOCYTES, Fact.CREATININE)
    assert suspect(facts(None, findings=[DIARRHOEA]), LIMITS) == CannotTell(Fact.PLATELETS)
    assert suspect(facts(60), LIMITS) == NoAdvice(Why.NO_MIMIC)
    unread = facts(60, unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert suspect(unread, LIMITS) == CannotTell(Fact.CONDITIONS)


# ---------------------------------------------------------------------------------------------- question


QUESTIONS = [
    {"findings": [DIARRHOEA, sepsis()]},
    {"findings": [DIARRHOEA, condition("sign-shock")]},
    {"findings": [DIARRHOEA], "more": [lab("lab-malaria")]},
    {"findings": [DIARRHOEA], "more": [lab("lab-dengue")]},
    {"findings": [DIARRHOEA], "more": [lab("lab-typhoid")]},
]


@pytest.mark.parametrize("members", QUESTIONS)
def test_where_something_else_may_be_the_cause_it_is_a_question(members: dict[str, list[object]]) -> None:
    p = facts(60, findings=members["findings"], tests=[FILM, *members.get("more", [])])
    card = card_of(decide, p)
    assert (card.indicator, card.title, drafts(card)) == (Indicator.WARNING, "title.question", ["stec-test"])
    assert not holds(p, LIMITS), "a question gates nothing"


def test_a_reported_typhoid_is_not_proven() -> None:
    p = facts(60, findings=[DIARRHOEA, condition("inf-typhoid")], tests=[FILM])
    assert card_of(decide, p).indicator is Indicator.CRITICAL


# ---------------------------------------------------------------------------------------------- card


def with_toxin(*findings: Finding, **members: object) -> PatientFacts:
    return facts(60, tests=[lab("lab-stec")], findings=list(findings), **members)


def test_the_card() -> None:
    drafts_selected = [order("med-antibacterial"), order("med-antimotility"), order("med-paracetamol")]
    p = with_toxin(hook="order-select", orders=drafts_selected)
    card = card_of(decide, p)
    assert (card.indicator, drafts(card)) == (Indicator.CRITICAL, ["nephrology", "cbc", "creatinine"])
    assert deleted(card) == [o.reference for o in drafts_selected[:2]]
    assert holds(p, LIMITS)


@pytest.mark.parametrize("septic", [sepsis(), sepsis(suspected=True), condition("sign-shock")])
def test_sepsis_is_treated_and_no_antibiotic_is_removed(septic: Finding) -> None:
    selected = order("med-antibacterial")
    card = card_of(decide, with_toxin(septic, hook="order-select", orders=[selected]))
    assert (card.indicator, deleted(card)) == (Indicator.CRITICAL, [])
    assert "treat it, without delay" in text_of(card)

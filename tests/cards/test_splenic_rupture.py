"""SAFE-14: which pain, shock or fall of haemoglobin in which infection means the spleen."""

from __future__ import annotations

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind, Measurement
from cards.safety.splenic_rupture import decide
from tests.cards.build import LIMITS, condition, ebv, facts, gi_bleed, lab, measured, near, purpura
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of

LEFT_PAIN = condition("sign-splenic-pain")
PAIN = condition("sign-abdominal-pain")
SHOCK = measured("obs-systolic", 86)


def hb(before: object, now: object, hours: float = 20) -> list[Measurement]:
    return [measured("obs-hemoglobin", before, hours=hours), measured("obs-hemoglobin", now)]


def indicator(
    *findings: Finding, measurements: list[Measurement] | None = None, **members: object
) -> Indicator | None:
    p = facts(71, findings=list(findings), measurements=measurements or [], **members)
    outcome = decide(p, LIMITS)
    if not isinstance(outcome, Advise):
        return None
    return card_of(decide, p).indicator


CRITICAL, WARNING = Indicator.CRITICAL, Indicator.WARNING


@pytest.mark.parametrize(
    ("infection", "expected"),
    [
        ({"more": ebv(days=10)}, CRITICAL),
        ({"more": condition("inf-malaria", days=5)}, CRITICAL),
        ({"more": condition("inf-babesiosis", days=5)}, CRITICAL),
        ({"tests": [lab("lab-malaria")]}, CRITICAL),
        ({"tests": [lab("lab-tickborne", organisms=("inf-babesiosis",))]}, CRITICAL),
        ({"tests": [lab("lab-babesia")]}, CRITICAL),
        ({"more": ebv(days=400)}, None),
        ({"more": condition("inf-influenza")}, None),
    ],
)
def test_left_upper_pain_in_which_infection(infection: dict[str, object], expected: Indicator | None) -> None:
    more = infection.pop("more", None)
    findings = [LEFT_PAIN] + ([more] if isinstance(more, Finding) else [])
    assert indicator(*findings, **infection) is expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"findings": [condition("sign-abdominal-pain", severity=3)]}, CRITICAL),
        ({"findings": [condition("sign-abdominal-pain", severity=2)]}, WARNING),
        ({"findings": [PAIN], "measurements": [SHOCK]}, CRITICAL),
        ({"findings": [PAIN], "measurements": hb("12.9", "10.9")}, CRITICAL),
        ({"findings": [PAIN], "measurements": hb("12.9", "11.0")}, WARNING),
        ({"findings": [PAIN], "measurements": hb("12.9", "8.8", hours=74)}, WARNING),
        ({"findings": [PAIN]}, WARNING),
        ({"findings": [condition("sign-abdominal-pain", days=4)]}, None),
        ({"findings": [condition("sign-splenic-pain", hours=72)]}, CRITICAL),
        ({"findings": [condition("sign-splenic-pain", ended_hours=1)]}, None),
        ({"measurements": [SHOCK]}, None),
    ],
)
def test_signs_in_malaria(members: dict[str, list[object]], expected: Indicator | None) -> None:
    malaria = condition("inf-malaria", days=5)
    findings = [malaria, *members.get("findings", [])]
    assert indicator(*findings, measurements=members.get("measurements")) is expected


@pytest.mark.parametrize("values", [[SHOCK], hb("12.9", "8.8")])
def test_mononucleosis_needs_no_pain_unless_it_bleeds_elsewhere(values: list[Measurement]) -> None:
    assert indicator(ebv(days=10), measurements=values) is CRITICAL
    assert indicator(ebv(days=10), purpura(), measurements=values) is CRITICAL
    assert indicator(ebv(days=10), gi_bleed(), measurements=values) is None


def test_a_fall_of_two_grams() -> None:
    found = [indicator(ebv(days=10), measurements=hb(12, 12 - v)) for v in near(LIMITS.hb_fall)]
    assert found == [None, CRITICAL, CRITICAL]


def test_the_card_of_a_typical_story() -> None:
    p = facts(71, findings=[ebv(days=10)], measurements=[SHOCK, *hb("12.9", "8.8")])
    card = card_of(decide, p)
    assert card.title == "title.shock"
    assert drafts(card) == ["spleen-imaging", "surgery", "group-and-screen", "cbc"]
    assert "reassur" not in text_of(card)


def test_what_is_not_known_and_would_make_it_an_emergency_is_said() -> None:
    unknown = card_of(decide, facts(71, findings=[ebv(), PAIN])).unknown
    assert unknown == (Fact.HAEMOGLOBIN, Fact.BLOOD_PRESSURE)


def test_why_there_is_no_card() -> None:
    assert decide(facts(71), LIMITS) == NoAdvice(Why.NO_INFECTION)
    assert decide(facts(71, findings=[ebv()]), LIMITS) == NoAdvice(Why.NO_SIGNS)
    assert decide(facts(71, unanswered={Kind.CONDITIONS: Answer.FAILED}), LIMITS) == CannotTell(
        Fact.CONDITIONS
    )

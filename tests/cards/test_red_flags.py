"""BLD-03: signs that can be an intracranial bleed."""

from __future__ import annotations

from typing import Any

import pytest

from cards.bleeding.red_flags import FLAGS, decide
from cards.facts import PatientFacts
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards import build
from tests.cards.build import LIMITS, ago, condition, count, done, drug, facts, measured, near, planned
from tests.cards.direct import drafts
from tests.cards.said import advice, read

HEADACHE = condition("sign-headache")
VOMITING = condition("sign-vomiting")
INJURY = condition("sign-head-injury")
SEVERE = [
    condition("sign-headache", severity=3),
    condition("sign-thunderclap-headache"),
    condition("sign-altered-consciousness"),
    condition("sign-seizure"),
    condition("sign-focal-neurological"),
    condition("sign-papilloedema"),
]


def card(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS))


def indicator(p: PatientFacts) -> Indicator | None:
    outcome = decide(p, LIMITS)
    return advice(outcome).indicator if isinstance(outcome, Advise) else None


@pytest.mark.parametrize("sign", SEVERE)
@pytest.mark.parametrize(
    ("value", "found"),
    list(zip(near(LIMITS.red_flag_count), (Indicator.CRITICAL, None, None), strict=True)),
)
def test_a_severe_sign_below_fifty_is_critical(sign: Any, value: Any, found: Indicator | None) -> None:
    assert indicator(facts(value, findings=[sign])) is found


def test_a_coma_score_below_fifteen_is_critical() -> None:
    score = measured("obs-gcs", 14)
    found = card(facts(19, measurements=[score]))
    assert (found.indicator, drafts(found)) == (Indicator.CRITICAL, ["ct-head"])
    assert found.inputs[0].reference == score.reference
    action = found.suggestions[0].actions[0]
    assert (action.priority, action.reasons) == ("stat", (score.reference,))
    assert indicator(facts(19, measurements=[measured("obs-gcs", 15)])) is None


@pytest.mark.parametrize(
    ("value", "found"),
    list(zip(near(LIMITS.red_flag_headache), (Indicator.CRITICAL, None, None), strict=True)),
)
def test_any_new_headache_below_ten(value: Any, found: Indicator | None) -> None:
    assert indicator(facts(value, findings=[HEADACHE, build.dengue()])) is found


@pytest.mark.parametrize(
    ("value", "found"),
    list(zip(near(LIMITS.red_flag_count), (Indicator.CRITICAL, None, None), strict=True)),
)
def test_any_new_headache_on_an_antithrombotic_below_fifty(value: Any, found: Indicator | None) -> None:
    aspirin = drug("med-antiplatelet")
    p = facts(value, findings=[HEADACHE], medications=[aspirin])
    assert indicator(p) is found
    if found:
        assert "caution.antithrombotic" in card(p).cautions
        assert aspirin.reference in {row.reference for row in card(p).inputs}


def test_an_unread_drug_list_is_not_no_antithrombotic() -> None:
    p = facts(30, findings=[HEADACHE], unanswered={Kind.MEDICATIONS: Answer.FAILED})
    assert decide(p, LIMITS) == CannotTell(Fact.MEDICATIONS)
    certain = facts(60, findings=[HEADACHE], unanswered={Kind.MEDICATIONS: Answer.FAILED})
    assert decide(certain, LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)


@pytest.mark.parametrize(
    ("value", "found"),
    list(zip(near(LIMITS.red_flag_injury), (Indicator.CRITICAL, None, None), strict=True)),
)
def test_head_injury_below_a_hundred(value: Any, found: Indicator | None) -> None:
    assert indicator(facts(value, findings=[INJURY])) is found


@pytest.mark.parametrize(("minutes", "speaks"), [(0, True), (1, False)])
def test_head_injury_of_seventy_two_hours(minutes: int, speaks: bool) -> None:
    injury = condition("sign-head-injury", hours=float(LIMITS.head_injury_hours), minutes=minutes)
    assert (indicator(facts(60, findings=[injury])) is Indicator.CRITICAL) is speaks


@pytest.mark.parametrize(
    ("value", "found"),
    list(zip(near(LIMITS.red_flag_count), (Indicator.WARNING, None, None), strict=True)),
)
def test_headache_with_vomiting_alone_is_a_warning(value: Any, found: Indicator | None) -> None:
    p = facts(value, findings=[HEADACHE, VOMITING])
    assert indicator(p) is found
    if found:
        assert card(p).title == "title.vomiting"
        assert len([row for row in card(p).inputs if row.fact in ("headache", "vomiting")]) == 2


@pytest.mark.parametrize("sign", [HEADACHE, VOMITING])
def test_headache_or_vomiting_alone_is_none(sign: Any) -> None:
    assert decide(facts(22, findings=[sign, build.dengue()]), LIMITS) == (
        NoAdvice(Why.COUNT_NOT_LOW) if sign is HEADACHE else NoAdvice(Why.NO_SIGNS)
    )


def test_a_severe_sign_comes_before_vomiting() -> None:
    assert indicator(facts(22, findings=[HEADACHE, VOMITING, SEVERE[3]])) is Indicator.CRITICAL


SOON = float(LIMITS.order_in_progress)


@pytest.mark.parametrize(
    ("given", "speaks"),
    [
        ({"performed": [done("order-ct-head", minutes=30)]}, False),
        ({"performed": [done("order-ct-head", hours=2)]}, True),  # before the sign
        ({"performed": [done("order-ct-head", minutes=30, status="not-done")]}, True),
        ({"planned": [planned("order-ct-head", minutes=30)]}, False),
        ({"planned": [planned("order-ct-head", days=1)]}, True),
        ({"planned": [planned("order-ct-head", days=1, occurrence=ago(hours=-SOON))]}, False),
        ({"planned": [planned("order-ct-head", days=1, occurrence=ago(hours=-SOON, minutes=-1))]}, True),
        ({"planned": [planned("order-ct-head", minutes=30, occurrence=ago(days=-6))]}, False),
        ({"planned": [planned("order-ct-head", minutes=30, status="draft")]}, True),
        ({"planned": [planned("order-ct-head", undated=True)]}, True),
        ({"planned": [planned("order-cbc", minutes=30)]}, True),
    ],
)
def test_silent_when_the_head_was_imaged_after_the_sign(given: dict[str, Any], speaks: bool) -> None:
    outcome = decide(facts(22, findings=[SEVERE[3]], **given), LIMITS)
    assert isinstance(outcome, Advise) is speaks
    if not speaks:
        assert outcome == NoAdvice(Why.IMAGED)


def test_an_image_before_a_newer_sign_settles_nothing() -> None:
    signs = [condition("sign-seizure", hours=5), condition("sign-focal-neurological", hours=1)]
    p = facts(22, findings=signs, performed=[done("order-ct-head", hours=3)])
    assert indicator(p) is Indicator.CRITICAL


def test_a_recorded_intracranial_bleed_has_its_own_card() -> None:
    p = facts(22, findings=[SEVERE[3], build.brain_bleed()])
    assert decide(p, LIMITS) == NoAdvice(Why.EXPLAINED)


def test_the_last_known_count_is_enough_for_a_seizure() -> None:
    found = card(facts([count(22, days=9)], findings=[SEVERE[3]]))
    assert (found.title, found.indicator) == ("title.signs.last-known", Indicator.CRITICAL)
    assert "last-known" in found.say
    assert Fact.PLATELETS in found.unknown


def test_the_last_known_count_is_enough_for_a_warning() -> None:
    assert (
        card(facts([count(22, days=9)], findings=[HEADACHE, VOMITING])).title == "title.vomiting.last-known"
    )


def test_without_any_count_it_cannot_tell() -> None:
    assert decide(facts(findings=[SEVERE[3]]), LIMITS) == CannotTell(Fact.PLATELETS)


def test_unknown_signs_are_not_none() -> None:
    p = facts(22, unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert decide(p, LIMITS) == CannotTell(Fact.CONDITIONS)
    assert decide(facts(22), LIMITS) == NoAdvice(Why.NO_SIGNS)


def test_newborns_have_their_own_rules() -> None:
    p = facts(22, findings=[SEVERE[3]], birth=ago(days=3), age=None)
    assert decide(p, LIMITS) == NoAdvice(Why.NOT_FOR_THIS_PERSON)


@pytest.mark.parametrize(
    ("given", "caution"),
    [
        ({"findings": [SEVERE[3], condition("sign-meningism")]}, "caution.meningitis"),
        (
            {"findings": [SEVERE[3]], "measurements": [measured("obs-temperature", "38.4")]},
            "caution.meningitis",
        ),
        ({"findings": [SEVERE[3], build.sepsis()]}, "caution.meningitis"),
        ({"findings": [SEVERE[3], condition("mimic-tma")]}, "caution.mimic"),
        ({"findings": [SEVERE[3], condition("refusal-of-blood")]}, "caution.refused"),
    ],
)
def test_cautions(given: dict[str, Any], caution: str) -> None:
    found = card(facts(22, **given))
    assert caution in found.cautions
    assert ("POP-09" in found.also) is (caution == "caution.refused")
    assert "until it is excluded" in read(found)


def test_no_caution_without_a_reason() -> None:
    assert card(facts(22, findings=[SEVERE[3]])).cautions == ()


@pytest.mark.parametrize("days", [0, 9])
@pytest.mark.parametrize(("sign", "key"), [(INJURY, "injury"), (HEADACHE, "headache"), (SEVERE[5], "signs")])
def test_the_title_names_the_kind_of_sign(days: int, sign: Any, key: str) -> None:
    found = card(facts([count(9, days=days, hours=1)], findings=[sign]))
    assert found.title == f"title.{key}" + (".last-known" if days else "")


def test_every_row_of_the_table_has_its_turn() -> None:
    assert [flag.key for flag in FLAGS] == ["signs", "injury", "headache", "headache", "vomiting"]

"""BLD-01 and 02 classify, BLD-04 asks whether it still bleeds, BLD-05 leaves the word to the transfusion rules."""

from __future__ import annotations

from typing import Any

import pytest

from cards.bleeding.activity import decide, open_questions
from cards.facts import PatientFacts
from cards.finding_words import FINDING_WORDS
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards import build
from tests.cards.build import LIMITS, ago, condition, count, facts, gum_bleeding, near, nosebleed, purpura
from tests.cards.said import advice, paragraph, read, title
from tests.together import together

NO_CONDITIONS = {Kind.CONDITIONS: Answer.ABSENT}
OPEN = gum_bleeding(days=5)


def card(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS)["BLD-04"])


# ------------------------------------------------------------------------------------------- BLD-01, 02, 05


def test_findings_are_classified_without_a_card() -> None:
    answers = decide(facts(22, findings=[purpura()]), LIMITS)
    assert answers["BLD-01"] == answers["BLD-02"] == NoAdvice(Why.CLASSIFIED)
    assert answers["BLD-04"] == answers["BLD-05"] == NoAdvice(Why.NO_BLEEDING)


def test_a_nosebleed_is_not_of_the_skin_only() -> None:
    answers = decide(facts(22, findings=[purpura(), nosebleed()]), LIMITS)
    assert answers["BLD-02"] == NoAdvice(Why.NOT_SKIN_ONLY)


def test_no_finding() -> None:
    assert decide(facts(22), LIMITS)["BLD-01"] == NoAdvice(Why.NO_BLEEDING)


def test_an_unread_problem_list_is_not_no_bleeding() -> None:
    assert set(decide(facts(22, unanswered=NO_CONDITIONS), LIMITS).values()) == {CannotTell(Fact.CONDITIONS)}


@pytest.mark.parametrize(
    ("value", "why"),
    list(zip(near(LIMITS.bleeding_transfuse), (Why.OTHER_ROW, Why.CLASSIFIED, Why.CLASSIFIED), strict=True)),
)
def test_bleeding_out_of_proportion_to_the_count(value: Any, why: Why) -> None:
    assert decide(facts(value, findings=[nosebleed()]), LIMITS)["BLD-05"] == NoAdvice(why)


def test_without_a_usable_count_proportion_cannot_be_told() -> None:
    p = facts([count(60, days=9)], findings=[nosebleed()])
    assert decide(p, LIMITS)["BLD-05"] == CannotTell(Fact.PLATELETS)


# ---------------------------------------------------------------------------------------------------- BLD-04


def test_gum_bleeding_of_five_days_is_a_question() -> None:
    found = card(facts(35, findings=[OPEN]))
    assert (found.indicator, found.suggestions) == (Indicator.WARNING, ())
    assert title(found) == "Recorded gum bleeding 5 days ago: is it still bleeding?"
    assert found.inputs[0].reference == OPEN.reference
    assert "low" in found.say
    assert set(found.unknown) == {Fact.BLEEDING_ACTIVITY, Fact.BLEEDING_GRADE}
    assert "no transfusion is suggested" in read(found)


@pytest.mark.parametrize(
    ("days", "minutes", "speaks"), [(3, 0, False), (3, 1, True), (14, 0, True), (14, 1, False)]
)
def test_from_its_active_time_to_fourteen_days(days: int, minutes: int, speaks: bool) -> None:
    p = facts(35, findings=[gum_bleeding(days=days, minutes=minutes)])
    assert isinstance(decide(p, LIMITS)["BLD-04"], Advise) is speaks


@pytest.mark.parametrize(
    "finding",
    [
        gum_bleeding(days=5, ended=ago(days=4)),
        gum_bleeding(days=5, past=True),
        purpura(days=5),
        purpura(days=20),
    ],
)
def test_what_has_ended_and_what_is_of_the_skin_raises_no_question(finding: Any) -> None:
    assert decide(facts(35, findings=[finding]), LIMITS)["BLD-04"] == NoAdvice(Why.NO_BLEEDING)


@pytest.mark.parametrize(
    ("finding", "key"),
    [
        (gum_bleeding(undated=True), "title.undated"),
        (nosebleed(suspected=True), "title.suspected"),
        (condition("bleed-generic"), "title.site"),
        (condition("bleed-unspecific"), "title.code"),
        (condition("bleed-mucosal-unspecific"), "title.code"),
    ],
)
def test_every_kind_of_question_has_its_title(finding: Any, key: str) -> None:
    found = card(facts(35, findings=[finding]))
    assert (found.title, found.indicator) == (key, Indicator.WARNING)
    assert ("low" in found.say) is (key != "title.code")


@pytest.mark.parametrize(
    ("value", "indicator"),
    list(
        zip(
            near(LIMITS.bleeding_transfuse),
            (Indicator.WARNING, Indicator.INFO, Indicator.INFO),
            strict=True,
        )
    ),
)
def test_an_unspecific_code_is_at_most_information_from_fifty_on(value: Any, indicator: Indicator) -> None:
    found = card(facts(value, findings=[condition("bleed-unspecific")]))
    assert (found.indicator, found.say) == (indicator, ("suggestion.code",))


def test_an_open_bleed_is_a_warning_at_any_low_count() -> None:
    found = card(facts(120, findings=[OPEN]))
    assert (found.indicator, found.say) == (Indicator.WARNING, ("suggestion",))


@pytest.mark.parametrize(
    "set_id", ["bleed-skin-unspecific", "bleed-purpura-fulminans", "bleed-soft-tissue-unspecific"]
)
def test_unspecific_skin_codes_ask_nothing_here(set_id: str) -> None:
    assert decide(facts(35, findings=[condition(set_id)]), LIMITS)["BLD-04"] == NoAdvice(Why.NO_BLEEDING)


def test_a_dated_bleed_is_asked_before_a_suspected_one_and_a_code() -> None:
    finding = gum_bleeding(days=5)
    others = [condition("bleed-unspecific"), condition("bleed-gi", suspected=True)]
    p = facts(35, findings=[*others, finding])
    assert open_questions(p)[0].reference == finding.reference
    assert len(open_questions(p)) == 3
    assert card(p).title == "title"


@pytest.mark.parametrize(
    ("active", "asked"),
    [
        (nosebleed(), False),  # as heavy as the open one
        (build.blood_blister(), True),  # lighter
        (nosebleed(patient_reported=True), True),
        (purpura(severity=2), True),  # of the skin
    ],
)
def test_a_heavier_active_bleed_makes_the_question_needless(active: Any, asked: bool) -> None:
    outcome = decide(facts(35, findings=[OPEN, active]), LIMITS)["BLD-04"]
    assert isinstance(outcome, Advise) is asked


def test_an_open_intracranial_bleed_is_asked_beside_a_nosebleed() -> None:
    brain = build.brain_bleed(days=8)
    assert [b.reference for b in open_questions(facts(35, findings=[brain, nosebleed()]))] == [
        brain.reference
    ]


@pytest.mark.parametrize(
    ("value", "speaks"), list(zip(near(LIMITS.normal), (True, False, False), strict=True))
)
def test_normal_counts_raise_no_question(value: Any, speaks: bool) -> None:
    outcome = decide(facts(value, findings=[OPEN]), LIMITS)["BLD-04"]
    assert isinstance(outcome, Advise) is speaks


def test_without_a_count_the_question_stands() -> None:
    assert card(facts(findings=[OPEN])).say == ("suggestion",)


def test_a_stale_normal_count_reassures_nobody() -> None:
    assert card(facts([count(200, days=29)], findings=[OPEN, nosebleed(patient_reported=True)]))


@together(FINDING_WORDS)
def test_every_finding_fits_the_summary(words: str) -> None:
    found = Advise("BLD-04", Indicator.WARNING, values={"bleed": words, "age": "14 days"})
    for key in ("title", "title.undated", "title.suspected", "title.site", "title.code"):
        assert len(paragraph(found, key)) <= 139, key

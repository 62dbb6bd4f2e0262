"""PLT-04 basic work-up, PLT-05 not isolated."""

from __future__ import annotations

from typing import Any

import pytest

from cards.blood_borne import VIRUSES
from cards.facts import PatientFacts
from cards.monitoring.isolated import not_isolated, unknown_cells
from cards.monitoring.workup import BLOOD, decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards import build
from tests.cards.build import LIMITS, ago, condition, count, facts, lab, measured, near, nosebleed
from tests.cards.direct import drafts
from tests.cards.said import advice, read, title

NORMAL = [measured("obs-hemoglobin", 14), measured("obs-neutrophils", "3.2")]
NO_BLASTS = lab("obs-blasts", "negative")


def with_ebv(value: Any = 60, findings: list[Any] | None = None, **more: Any) -> PatientFacts:
    return facts(value, findings=[build.ebv(), *(findings or [])], **more)


def workup(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS)["PLT-04"])


def beyond(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS)["PLT-05"])


# ---------------------------------------------------------------------------------------------------- PLT-04


def test_a_new_low_count_with_an_infection() -> None:
    found = workup(with_ebv(measurements=NORMAL, tests=[NO_BLASTS]))
    assert (found.indicator, drafts(found)) == (Indicator.INFO, ["workup"])
    assert "Infectious mononucleosis" in title(found)
    assert "HIV and HCV" in read(found)
    assert "adult" in found.say
    assert set(found.unknown) == {Fact.BLOOD_BORNE_VIRUSES, Fact.TRAVEL}


@pytest.mark.parametrize(
    ("value", "speaks"), list(zip(near(LIMITS.workup_count), (True, False, False), strict=True))
)
def test_below_a_hundred(value: Any, speaks: bool) -> None:
    answers = decide(with_ebv(value), LIMITS)
    assert isinstance(answers["PLT-04"], Advise) is speaks
    if not speaks:
        assert set(answers.values()) == {NoAdvice(Why.COUNT_NOT_LOW)}


def test_not_measured_is_not_normal() -> None:
    found = workup(with_ebv())
    assert {Fact.HAEMOGLOBIN, Fact.NEUTROPHILS, Fact.BLOOD_FILM} <= set(found.unknown)
    assert decide(with_ebv(), LIMITS)["PLT-05"] == CannotTell(
        Fact.HAEMOGLOBIN, Fact.NEUTROPHILS, Fact.BLOOD_FILM
    )


@pytest.mark.parametrize("minutes", [0, 1])
def test_new_means_that_the_low_counts_began_within_two_weeks(minutes: int) -> None:
    first = count(70, days=int(LIMITS.workup_new_days), minutes=minutes)
    answer = decide(facts([first, count(60)], findings=[build.ebv(days=10)]), LIMITS)["PLT-04"]
    assert isinstance(answer, Advise) is (minutes == 0)


def test_an_infection_without_a_file_and_fever_without_one() -> None:
    assert workup(facts(60, findings=[condition("inf-strongyloides")])).title == "title.infection"
    hot = measured("obs-temperature", "38.4")
    fever = workup(facts(60, measurements=[hot]))
    assert fever.title == "title.fever"
    assert hot.reference in {row.reference for row in fever.inputs}


def test_without_infection_and_fever_there_is_none() -> None:
    assert decide(facts(60), LIMITS)["PLT-04"] == NoAdvice(Why.NO_INFECTION)
    unread = facts(60, unanswered={Kind.CONDITIONS: Answer.ABSENT})
    assert decide(unread, LIMITS)["PLT-04"] == CannotTell(Fact.CONDITIONS)


def test_a_past_infection_is_none() -> None:
    p = facts(60, findings=[build.ebv(days=70)])
    assert decide(p, LIMITS)["PLT-04"] == NoAdvice(Why.NO_INFECTION)


def test_a_work_up_that_is_done_is_not_asked_again() -> None:
    results = [measured(s, 1) for s in BLOOD]
    tests = [NO_BLASTS, *(lab(sets[0], "negative") for sets in VIRUSES.values())]
    done = with_ebv(measurements=[*NORMAL, *results], tests=tests)
    assert decide(done, LIMITS)["PLT-04"] == NoAdvice(Why.ALREADY_DONE)
    for missing in range(len(tests)):
        rest = tests[:missing] + tests[missing + 1 :]
        p = with_ebv(measurements=[*NORMAL, *results], tests=rest)
        assert isinstance(decide(p, LIMITS)["PLT-04"], Advise)
    old = [measured(s, 1, days=31) for s in BLOOD]
    p = with_ebv(measurements=[*NORMAL, *old], tests=tests)
    assert isinstance(decide(p, LIMITS)["PLT-04"], Advise)


def test_a_child_is_not_tested_for_h_pylori() -> None:
    found = workup(with_ebv(age=6))
    assert "child" in found.say
    assert found.also == ("POP-02",)
    assert {"adult", "child"}.isdisjoint(workup(with_ebv(age=None)).say)


@pytest.mark.parametrize("mimic", ["mimic-tma", "mimic-hit", "mimic-dic"])
def test_a_mimic_has_its_own_card(mimic: str) -> None:
    answers = decide(with_ebv(findings=[condition(mimic)]), LIMITS)
    assert set(answers.values()) == {NoAdvice(Why.SUPPRESSED)}


def test_newborns_have_their_own_rules_and_no_count_no_answer() -> None:
    newborn = with_ebv(birth=ago(days=5), age=None)
    assert set(decide(newborn, LIMITS).values()) == {NoAdvice(Why.NOT_FOR_THIS_PERSON)}
    assert set(decide(with_ebv(None), LIMITS).values()) == {CannotTell(Fact.PLATELETS)}


# ---------------------------------------------------------------------------------------------------- PLT-05


def test_blasts_anaemia_and_neutropenia_lead_elsewhere() -> None:
    values = [measured("obs-hemoglobin", "7.4"), measured("obs-neutrophils", "0.4")]
    found = beyond(facts(38, measurements=values, tests=[lab("obs-blasts")]))
    assert found.indicator is Indicator.WARNING
    assert [row.fact for row in found.inputs[1:]] == ["haemoglobin", "neutrophils", "blasts"]
    assert drafts(found) == ["cbc-film", "haemolysis", "haematology"]
    text = read(found)
    assert "blasts" in found.say
    assert not any(word in text.lower() for word in ("steroid", "tpo", "immune"))


def test_where_it_speaks_the_work_up_does_not() -> None:
    p = with_ebv(measurements=[measured("obs-hemoglobin", 8)])
    assert decide(p, LIMITS)["PLT-04"] == NoAdvice(Why.OTHER_ROW)


@pytest.mark.parametrize(
    ("set_id", "limit"),
    [("obs-hemoglobin", LIMITS.not_isolated_hb), ("obs-neutrophils", LIMITS.not_isolated_neutrophils)],
)
def test_the_limits_of_the_other_cells(set_id: str, limit: Any) -> None:
    shown = [bool(not_isolated(facts(60, measurements=[measured(set_id, v)]), LIMITS)) for v in near(limit)]
    assert shown == [True, False, False]


@pytest.mark.parametrize("set_id", ["obs-hemoglobin", "obs-neutrophils"])
def test_a_lower_bound_is_not_low(set_id: str) -> None:
    assert not not_isolated(facts(60, measurements=[measured(set_id, ">0.9")]), LIMITS)


@pytest.mark.parametrize(("before", "low"), [("12.9", False), (13, True), ("13.1", True)])
def test_a_fall_of_haemoglobin(before: Any, low: bool) -> None:
    assert LIMITS.not_isolated_hb_fall == 2
    values = [measured("obs-hemoglobin", before, days=6), measured("obs-hemoglobin", 11)]
    assert bool(not_isolated(facts(60, measurements=values), LIMITS)) is low


def test_a_rise_is_no_fall_and_an_old_value_none() -> None:
    rising = [measured("obs-hemoglobin", 11, days=6), measured("obs-hemoglobin", 14)]
    assert not not_isolated(facts(60, measurements=rising), LIMITS)
    old = [measured("obs-hemoglobin", 14, days=8), measured("obs-hemoglobin", 11)]
    assert not not_isolated(facts(60, measurements=old), LIMITS)
    assert not not_isolated(facts(60, measurements=[measured("obs-hemoglobin", 8, days=8)]), LIMITS)


@pytest.mark.parametrize(
    ("finding", "explained"),
    [
        (nosebleed(), True),
        (nosebleed(patient_reported=True), True),
        (build.blood_blister(), False),
        (build.purpura(), False),
    ],
)
def test_active_bleeding_explains_the_haemoglobin(finding: Any, explained: bool) -> None:
    p = facts(60, findings=[finding], measurements=[measured("obs-hemoglobin", 9)])
    assert bool(not_isolated(p, LIMITS)) is not explained


def test_schistocytes_ask_for_adamts13() -> None:
    found = beyond(facts(60, tests=[lab("obs-schistocytes")]))
    assert "adamts13" in drafts(found)
    assert "fragments" in found.say
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("value", "present"),
    [*zip(near(LIMITS.schistocytes_percent), (False, True, True), strict=True), ("<2", False)],
)
def test_schistocytes_by_number(value: Any, present: bool) -> None:
    p = facts(60, measurements=[measured("obs-schistocytes", value)])
    assert bool(not_isolated(p, LIMITS)) is present


@pytest.mark.parametrize(("value", "present"), [(0, False), ("0.5", True), ("<1", False)])
def test_blasts_by_number(value: Any, present: bool) -> None:
    p = facts(60, measurements=[measured("obs-blasts", value)])
    assert bool(not_isolated(p, LIMITS)) is present


@pytest.mark.parametrize(
    "test", [lab("obs-blasts", "negative"), lab("obs-blasts", days=8), lab("obs-blasts", undated=True)]
)
def test_no_blasts(test: Any) -> None:
    assert not not_isolated(facts(60, tests=[test]), LIMITS)


def test_all_cells_known() -> None:
    assert unknown_cells(facts(60, measurements=NORMAL, tests=[NO_BLASTS]), LIMITS) == ()

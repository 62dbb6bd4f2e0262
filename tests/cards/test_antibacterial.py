"""ORD-12 and ORD-13: an antibiotic is selected where a virus is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.antibacterial import decide
from cards.outcome import Advise, CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import (
    LIMITS,
    ago,
    condition,
    drug,
    ebv,
    facts,
    h_pylori,
    lab,
    measured,
    near,
    order,
    planned,
    purpura,
    sepsis,
)
from tests.cards.ordering import INFO, WARNING, card, ordering, removed

AMOXICILLIN = order("med-aminopenicillin", "med-penicillin", "med-antibacterial", "med-h-pylori")
AZITHROMYCIN = order("med-antibacterial")
INFLUENZA = condition("inf-influenza", days=2)


def asked(*orders: Any, **members: Any) -> Any:
    return decide(ordering(members.pop("platelets", 96), *orders, **members), LIMITS)


# ------------------------------------------------------------------------------------------------------- ORD-12


@pytest.mark.parametrize(
    ("findings", "tests", "title"),
    [
        ([ebv()], [], "title"),
        ([], [lab("lab-ebv")], "title"),
        ([ebv(suspected=True)], [], "title.suspected"),
    ],
)
def test_an_aminopenicillin_in_ebv(findings: list[Any], tests: list[Any], title: str) -> None:
    found = card(asked(AMOXICILLIN, findings=findings, tests=tests, platelets=160))
    assert (found.rule, found.indicator, found.title) == ("ORD-12", WARNING, title)
    assert removed(found) == [AMOXICILLIN.reference]


def test_another_class_in_ebv_gives_no_rash() -> None:
    assert asked(AZITHROMYCIN, findings=[ebv()])["ORD-12"] == NoAdvice(Why.NOT_SELECTED)


@pytest.mark.parametrize(
    ("members", "key"),
    [
        ({"findings": [ebv(), condition("inf-streptococcal-pharyngitis")]}, "streptococcus"),
        ({"findings": [ebv()], "tests": [lab("lab-streptococcus-a")]}, "streptococcus"),
        ({"findings": [ebv()], "tests": [lab("lab-streptococcus-a", days=40)]}, "no-streptococcus"),
        ({"findings": [ebv()], "tests": [lab("lab-streptococcus-a", "negative")]}, "no-streptococcus"),
    ],
)
def test_a_streptococcus_gets_another_class(members: dict[str, Any], key: str) -> None:
    assert card(asked(AMOXICILLIN, **members)).say[1] == key


def test_an_old_ebv_infection_is_over() -> None:
    assert asked(AMOXICILLIN, findings=[ebv(days=80)])["ORD-12"] == NoAdvice(Why.NO_INFECTION)


def test_both_rules_are_one_card() -> None:
    answers = asked(AMOXICILLIN, findings=[ebv()])
    found = card(answers)
    assert (found.rule, found.also) == ("ORD-12", ("ORD-13",))
    assert "ORD-13/suggestion" in found.say
    assert answers["ORD-13"] == NoAdvice(Why.MERGED)


def test_with_sepsis_only_the_rash_is_named() -> None:
    assert card(asked(AMOXICILLIN, findings=[ebv(), sepsis()])).also == ()


# ------------------------------------------------------------------------------------------------------- ORD-13


def test_an_antibiotic_for_influenza() -> None:
    found = card(asked(AZITHROMYCIN, findings=[INFLUENZA]))
    assert (found.rule, found.indicator, found.title) == ("ORD-13", WARNING, "title")
    assert removed(found) == [AZITHROMYCIN.reference]


@pytest.mark.parametrize(
    "set_id",
    [
        "inf-cmv",
        "inf-vzv",
        "inf-hsv",
        "inf-parvovirus",
        "inf-measles",
        "inf-dengue",
        "inf-zika",
        "inf-chikungunya",
        "inf-covid-19",
        "inf-other-viral",
    ],
)
def test_the_acute_viral_infections(set_id: str) -> None:
    assert card(asked(AZITHROMYCIN, findings=[condition(set_id, days=2)])).rule == "ORD-13"


def test_by_test_alone() -> None:
    assert card(asked(AZITHROMYCIN, tests=[lab("lab-influenza")])).indicator is WARNING


def test_only_suspected_is_information() -> None:
    suspected = condition("inf-influenza", suspected=True)
    assert card(asked(AZITHROMYCIN, findings=[suspected])).indicator is INFO
    proven = lab("lab-influenza")
    assert card(asked(AZITHROMYCIN, findings=[suspected], tests=[proven])).indicator is WARNING


@pytest.mark.parametrize("set_id", ["inf-hiv", "inf-hcv", "inf-hbv", "inf-tb", "inf-malaria"])
def test_no_other_infection_beside_it(set_id: str) -> None:
    alone = asked(AZITHROMYCIN, findings=[condition(set_id)])
    beside = asked(AZITHROMYCIN, findings=[INFLUENZA, condition(set_id)])
    assert alone["ORD-13"] == beside["ORD-13"] == NoAdvice(Why.NO_INFECTION)


below, at, _ = near(LIMITS.severe_neutropenia)


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [sepsis()]},
        {"findings": [sepsis(suspected=True)]},
        {"findings": [purpura(), condition("sign-fever")]},  # SAFE-12
        {"findings": [condition("sign-shock")]},
        {"findings": [condition("sign-meningism")]},
        {"findings": [condition("inf-bacterial-focus")]},
        {"findings": [condition("inf-bacterial-focus", suspected=True)]},
        {"findings": [condition("inf-streptococcal-pharyngitis")]},
        {"findings": [condition("inf-uri-unspecific")]},
        {"findings": [condition("inf-rickettsia", suspected=True)]},
        {"findings": [condition("risk-asplenia", code="history")]},
        {"findings": [condition("status-transplant", days=900)]},
        {"findings": [condition("mimic-acute-leukaemia")]},
        {"findings": [h_pylori()]},
        {"tests": [lab("lab-culture")]},
        {"tests": [lab("lab-culture-other")]},
        {"measurements": [measured("obs-neutrophils", below)]},
        {"medications": [drug("med-corticosteroid", route="oral", days=14)]},
        {"medications": [drug("med-rituximab", days=150)]},
        {"planned": [planned("proc-major-surgery", occurrence=ago(days=-1))]},
    ],
)
def test_another_reason_for_the_antibiotic(members: dict[str, Any]) -> None:
    findings = [INFLUENZA, *members.pop("findings", [])]
    outcome = asked(AZITHROMYCIN, findings=findings, **members)["ORD-13"]
    assert outcome in (NoAdvice(Why.EXPLAINED), NoAdvice(Why.NO_INFECTION))


@pytest.mark.parametrize(
    "members",
    [
        {"tests": [lab("lab-culture", "negative")]},
        {"measurements": [measured("obs-neutrophils", at)]},
        {"medications": [drug("med-corticosteroid", route="oral", days=13)]},
        {"medications": [drug("med-corticosteroid", route="other", days=30)]},
        {"medications": [drug("med-rituximab", days=200)]},
        {"findings": [condition("inf-bacterial-focus", days=40)]},
        {"findings": [condition("inf-bacterial-focus", past=True)]},
    ],
)
def test_what_is_no_reason(members: dict[str, Any]) -> None:
    findings = [INFLUENZA, *members.pop("findings", [])]
    assert card(asked(AZITHROMYCIN, findings=findings, **members)).rule == "ORD-13"


@pytest.mark.parametrize(
    ("reasons", "unread", "speaks"),
    [
        ((), False, True),
        ((INFLUENZA,), False, True),
        ((condition("inf-bacterial-focus"),), False, False),
        ((), True, False),
        ((INFLUENZA,), True, False),
    ],
)
def test_the_reason_on_the_order(reasons: tuple[Any, ...], unread: bool, speaks: bool) -> None:
    draft = order("med-antibacterial", reasons=reasons, unread_reason=unread)
    assert isinstance(asked(draft, findings=[INFLUENZA])["ORD-13"], Advise) is speaks


@pytest.mark.parametrize(
    "draft",
    [
        order("med-antibacterial", "med-antituberculosis"),
        order("med-aminopenicillin", "med-h-pylori-pack"),
        order("med-antibacterial", route="other"),
    ],
)
def test_other_therapies_and_eye_drops(draft: Any) -> None:
    assert not isinstance(asked(draft, findings=[INFLUENZA])["ORD-13"], Advise)


@pytest.mark.parametrize("shown", ["finding", "test"])
def test_a_virus_is_over_when_its_own_window_is(shown: str) -> None:
    """Two weeks for influenza (rulebook A.9: later it gates nothing)."""

    def influenza(days: float) -> dict[str, list[Any]]:
        if shown == "test":
            return {"tests": [lab("lab-influenza", days=days)]}
        return {"findings": [condition("inf-influenza", days=days)]}

    assert card(asked(AZITHROMYCIN, **influenza(14))).rule == "ORD-13"
    assert asked(AZITHROMYCIN, **influenza(15))["ORD-13"] == NoAdvice(Why.NO_INFECTION)


@pytest.mark.parametrize(
    ("kind", "fact"),
    [(Kind.CONDITIONS, Fact.CONDITIONS), (Kind.OBSERVATIONS, Fact.OBSERVATIONS)],
)
def test_unknown_is_not_no(kind: Kind, fact: Fact) -> None:
    answers = asked(AZITHROMYCIN, tests=[lab("lab-influenza")], unanswered={kind: Answer.FAILED})
    assert answers["ORD-13"] == CannotTell(fact)


def test_ebv_cannot_be_told_without_the_problem_list() -> None:
    answers = asked(AMOXICILLIN, unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert answers["ORD-12"] == CannotTell(Fact.CONDITIONS)


def test_what_could_not_be_checked_is_said() -> None:
    answers = asked(AZITHROMYCIN, findings=[INFLUENZA], unanswered={Kind.MEDICATIONS: Answer.FAILED})
    assert card(answers).unknown == (Fact.MEDICATIONS, Fact.TRAVEL)


def test_nothing_selected() -> None:
    assert set(decide(facts(96), LIMITS).values()) == {NoAdvice(Why.NOT_SELECTED)}

"""SAFE-12: purpura with each sign of sepsis, when it becomes a question, and when ceftriaxone may be drafted."""

from __future__ import annotations

import pytest

from cards.facts import PatientFacts
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Allergy, Answer, ClinicalStatus, Finding, Kind, Measurement, Verification
from cards.safety.purpura_sepsis import Suspicion, decide, suspect
from tests.cards.build import (
    LIMITS,
    allergy,
    blood_blister,
    condition,
    dengue,
    drug,
    ebv,
    facts,
    lab,
    measured,
    near,
    observed,
    on,
    purpura,
    sepsis,
)
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, dosages, summary_of

FEVER = measured("obs-temperature", "38.6")
CALM = [FEVER, measured("obs-systolic", 118), measured("obs-lactate", "1.1")]
"""Fever, and the two values that have to be known before an infection may explain it."""


def holds(*findings: Finding, measurements: list[Measurement] | None = None, **members: object) -> bool:
    p = facts(62, findings=list(findings), measurements=measurements or [], **members)
    return isinstance(suspect(p, LIMITS), Suspicion)


# ---------------------------------------------------------------------------------------------- whether


def test_each_measured_sign_at_its_limit() -> None:
    def with_values(set_id: str, limit: object) -> list[bool]:
        return [holds(purpura(), measurements=[measured(set_id, v)]) for v in near(limit)]

    assert with_values("obs-temperature", LIMITS.fever) == [False, True, True]
    assert with_values("obs-temperature", LIMITS.hypothermia) == [True, False, False]
    assert with_values("obs-systolic", LIMITS.shock_sbp) == [True, False, False]
    assert with_values("obs-lactate", LIMITS.lactate_high) == [False, False, True]


@pytest.mark.parametrize("sign", ["sign-fever", "sign-shock", "sign-meningism"])
def test_each_recorded_sign(sign: str) -> None:
    assert holds(purpura(), condition(sign))


def test_recorded_sepsis_counts_also_as_suspected() -> None:
    assert holds(purpura(), sepsis())
    assert holds(purpura(), sepsis(suspected=True))


@pytest.mark.parametrize(
    ("skin", "expected"),
    [
        (purpura(), True),
        (purpura(suspected=True), True),
        (purpura(days=10), True),
        (condition("bleed-purpura-fulminans"), True),
        (purpura(ended_hours=2), False),
        (purpura(days=15), False),
        (condition("bleed-skin-unspecific"), False),
        (blood_blister(), False),
    ],
)
def test_which_purpura(skin: Finding, expected: bool) -> None:
    assert holds(skin, measurements=[FEVER]) is expected


def test_signs_that_were_not_measured_are_not_absent() -> None:
    p = facts(62, findings=[purpura()], measurements=[measured("obs-temperature", "37.1")])
    assert suspect(p, LIMITS) == CannotTell(Fact.BLOOD_PRESSURE, Fact.LACTATE)
    calm = [measured("obs-temperature", "37.1"), measured("obs-systolic", 118), measured("obs-lactate", 1)]
    assert suspect(facts(62, findings=[purpura()], measurements=calm), LIMITS) == NoAdvice(Why.NO_SIGNS)


def test_without_purpura_no_card_and_unread_conditions_are_not_none() -> None:
    assert suspect(facts(62, measurements=[FEVER]), LIMITS) == NoAdvice(Why.NO_BLEEDING)
    p = facts(62, measurements=[FEVER], unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert suspect(p, LIMITS) == CannotTell(Fact.CONDITIONS)


# ---------------------------------------------------------------------------------------------- a question only


def indicator(
    *findings: Finding, measurements: list[Measurement] | None = None, **members: object
) -> Indicator:
    p = facts(62, findings=[purpura(), *findings], measurements=measurements or CALM, **members)
    return card_of(decide, p).indicator


RICKETTSIA = {"tests": [lab("lab-tickborne")]}
DOXYCYCLINE = [drug("med-doxycycline", "med-antibacterial")]


@pytest.mark.parametrize("test", ["lab-dengue", "lab-malaria", "lab-ebv"])
def test_a_proven_infection_that_explains_it_makes_it_a_question(test: str) -> None:
    assert indicator(tests=[lab(test)]) is Indicator.WARNING


def test_a_condition_explains_it_only_where_it_is_written_as_confirmed() -> None:
    assert indicator(dengue()) is Indicator.WARNING
    assert indicator(dengue(verification=Verification.REPORTED)) is Indicator.CRITICAL
    assert indicator(ebv(suspected=True)) is Indicator.CRITICAL
    assert indicator(dengue(days=60)) is Indicator.CRITICAL
    assert indicator(dengue(clinical=ClinicalStatus.PAST)) is Indicator.CRITICAL


def test_a_later_negative_test_takes_the_explanation_away() -> None:
    assert indicator(tests=[lab("lab-dengue", days=3), lab("lab-dengue", "negative")]) is Indicator.CRITICAL


def test_a_rickettsial_infection_explains_it_under_doxycycline_only() -> None:
    assert indicator(**RICKETTSIA) is Indicator.CRITICAL
    assert indicator(**RICKETTSIA, medications=DOXYCYCLINE) is Indicator.WARNING


@pytest.mark.parametrize(
    "grave",
    [
        {"measurements": [FEVER, measured("obs-systolic", 82), measured("obs-lactate", 1)]},
        {"measurements": [FEVER, measured("obs-systolic", 118), measured("obs-lactate", "2.1")]},
        {"findings": (condition("sign-meningism"),)},
        {"findings": (condition("bleed-purpura-fulminans"),)},
        {"findings": (sepsis(),)},
        {"measurements": [FEVER, measured("obs-systolic", 118)]},
        {"measurements": [FEVER, measured("obs-lactate", 1)]},
        {"measurements": [measured("obs-temperature", 35), *CALM[1:]]},
    ],
)
def test_a_grave_or_unmeasured_sign_is_not_explained(grave: dict[str, object]) -> None:
    findings = grave.pop("findings", ())
    assert indicator(*findings, tests=[lab("lab-dengue")], **grave) is Indicator.CRITICAL


def test_the_question_names_the_infection() -> None:
    p = facts(36, age=31, findings=[purpura()], measurements=CALM, tests=[lab("lab-dengue")])
    card = card_of(decide, p)
    assert "purpura in dengue: has bacterial sepsis been excluded?" in summary_of(card)
    assert drafts(card) == ["blood-culture", "lactate"]
    assert "meningococcal" not in summary_of(card)


# ---------------------------------------------------------------------------------------------- the card


def septic(**members: object) -> PatientFacts:
    return facts(62, **{"age": 18, "findings": [purpura()], "measurements": [FEVER], **members})


def test_the_card_of_a_typical_story() -> None:
    p = septic(measurements=[measured("obs-temperature", "39.6"), measured("obs-systolic", 82)])
    card = card_of(decide, p)
    assert (card.indicator, card.also) == (Indicator.CRITICAL, ("INF-MEN",)), "whose therapy it proposes"
    assert drafts(card) == ["ceftriaxone", "blood-culture", "meningococcus-pcr", "lactate", "coagulation"]
    assert dosages(card) == ["2 g intravenously at once, then by local protocol"]
    assert summary_of(card).startswith("Fever 39.6 °C")
    assert "conservative" not in text_of(card)
    assert Fact.TRAVEL in card.unknown


@pytest.mark.parametrize(
    ("findings", "measurements", "start"),
    [
        ([condition("sign-fever")], [], "Fever (recorded"),
        ([], [measured("obs-temperature", "35.2")], "Temperature 35.2 °C"),
        ([condition("sign-shock")], [], "Shock ("),
        ([condition("sign-meningism")], [], "Neck stiffness ("),
        ([], [measured("obs-lactate", "12.5")], "Lactate 12.5 mmol/L"),
        ([sepsis()], [], "Sepsis (recorded"),
        ([sepsis(undated=True)], [], "Sepsis (recorded no date)"),
    ],
)
def test_the_sign_leads_the_summary(
    findings: list[Finding], measurements: list[Measurement], start: str
) -> None:
    card = card_of(decide, septic(findings=[purpura(), *findings], measurements=measurements))
    assert summary_of(card).startswith(start)


@pytest.mark.parametrize(
    ("members", "dose"),
    [
        ({"age": 6, "weight": 20}, "1600 to 2000 mg"),
        ({"age": 6, "weight": "19.6"}, "1560 to 1960 mg"),
        ({"age": 15, "weight": "49.9"}, "3990 to 4000 mg"),
        ({"age": 15, "weight": 50}, "2 g"),
        ({"age": 40, "weight": None}, "2 g"),
    ],
)
def test_the_dose(members: dict[str, object], dose: str) -> None:
    assert dosages(card_of(decide, septic(**members)))[0].startswith(dose)


@pytest.mark.parametrize(
    ("members", "missing"),
    [
        ({"age": None}, Fact.AGE),
        ({"age": 9, "weight": None}, Fact.WEIGHT),
        ({"unanswered": {Kind.ALLERGIES: Answer.ABSENT}}, Fact.ALLERGIES),
    ],
)
def test_no_draft_while_something_that_it_needs_is_not_known(
    members: dict[str, object], missing: Fact
) -> None:
    card = card_of(decide, septic(**members))
    assert (dosages(card), card.indicator) == ([], Indicator.CRITICAL)
    assert missing in card.unknown


@pytest.mark.parametrize("members", [{"age": 30, "sex": "female"}, {"sex": None}])
def test_an_unknown_pregnancy_does_not_withhold_it(members: dict[str, object]) -> None:
    card = card_of(decide, septic(**members))
    assert dosages(card)[0].startswith("2 g")
    assert Fact.PREGNANCY not in card.unknown


@pytest.mark.parametrize(
    ("recorded", "drafted", "caution"),
    [
        (allergy("allergy-cephalosporin"), False, "caution.allergy"),
        (allergy("med-cephalosporin", intolerance=True), True, "caution.allergy-mild"),
        (allergy("allergy-penicillin"), True, "caution.allergy-mild"),
        (allergy("allergy-penicillin", anaphylaxis=True), False, "caution.allergy"),
        (allergy("med-penicillin", criticality="high"), False, "caution.allergy"),
        (allergy("med-carbapenem", reaction_severity="severe"), False, "caution.allergy"),
        (allergy("allergy-salicylate", anaphylaxis=True), True, None),
    ],
)
def test_allergies(recorded: Allergy, drafted: bool, caution: str | None) -> None:
    card = card_of(decide, septic(allergies=[recorded]))
    assert bool(dosages(card)) is drafted
    assert card.cautions == ((caution,) if caution else ())


def test_a_newborn_gets_the_card_without_the_draft() -> None:
    card = card_of(decide, septic(birth=on("2026-06-05")))
    assert dosages(card) == []
    assert "caution.neonate" in card.cautions


# ---------------------------------------------------------------------------------------------- ticks, therapy


@pytest.mark.parametrize(
    ("members", "added"),
    [
        (RICKETTSIA, True),
        ({"findings": [purpura(), condition("inf-rmsf", suspected=True)]}, True),
        ({"findings": [purpura(), condition("inf-ehrlichiosis-anaplasmosis")]}, True),
        ({**RICKETTSIA, "medications": DOXYCYCLINE}, False),
        ({"tests": [lab("lab-rickettsia")]}, True),
        ({"tests": [lab("lab-tickborne", organisms=("inf-babesiosis",))]}, False),
        ({"tests": [lab("lab-tickborne", also=("lab-babesia",))]}, False),
        ({}, False),
    ],
)
def test_doxycycline_is_added_where_a_tick_borne_infection_may_be(
    members: dict[str, object], added: bool
) -> None:
    card = card_of(decide, septic(**members))
    assert ("doxycycline" in card.say) is added
    assert card.indicator is Indicator.CRITICAL


def test_under_an_intravenous_beta_lactam_it_asks_whether_that_is_enough() -> None:
    therapy = [drug("med-cephalosporin", "med-antibacterial", route="intravenous")]
    card = card_of(decide, septic(medications=therapy))
    assert (card.indicator, card.title, dosages(card)) == (Indicator.INFO, "title.under-way", [])
    shock = [FEVER, measured("obs-systolic", 82)]
    assert card_of(decide, septic(medications=therapy, measurements=shock)).indicator is Indicator.CRITICAL


@pytest.mark.parametrize("route", ["oral", None])
def test_a_beta_lactam_by_mouth_is_no_therapy_of_it(route: str | None) -> None:
    card = card_of(decide, septic(medications=[drug("med-cephalosporin", route=route)]))
    assert (card.indicator, len(dosages(card))) == (Indicator.CRITICAL, 1)


def test_an_observed_purpura_counts() -> None:
    assert holds(observed("bleed-skin"), measurements=[FEVER])

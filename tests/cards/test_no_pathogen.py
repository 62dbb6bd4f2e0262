"""INF-GEN-05: fever and low platelets without a recorded pathogen."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cards.anti_infective.no_pathogen import decide
from cards.facts import Certainty, Sign, Signs
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Kind, Result, Verification
from tests.cards.direct import LIMITS, ago, counts, drafts, finding, infection, lab_result, patient, text_of

FEVER = Signs(fever=(Sign("Observation/temp", Decimal("38.6"), "Cel", ago(hours=2)),))


def test_traveller_with_fever_gets_tests_and_no_antibiotic() -> None:
    card = decide(patient(counts("64"), signs=FEVER), LIMITS)
    assert isinstance(card, Advise)
    assert (card.rule, card.indicator, drafts(card)) == ("INF-GEN-05", Indicator.INFO, ["fever-workup"])
    assert "malaria" in text_of(card)
    assert Fact.TRAVEL in card.unknown


@pytest.mark.parametrize(("value", "speaks"), [("149.9", True), ("150.0", False)])
def test_below_normal(value: str, speaks: bool) -> None:
    assert isinstance(decide(patient(counts(value), signs=FEVER), LIMITS), Advise) is speaks


@pytest.mark.parametrize(
    "given",
    [
        {"findings": [finding("inf-malaria")]},
        {"findings": [finding("inf-covid-19", verification=Verification.SUSPECTED)]},
        {"tests": [lab_result("lab-malaria", result=Result.POSITIVE)]},
    ],
)
def test_any_recorded_infection_silences_it(given: dict[str, object]) -> None:
    p = patient(counts("64"), signs=FEVER, **given)  # type: ignore[arg-type]
    assert decide(p, LIMITS) == NoAdvice(Why.INFECTION_RECORDED)


def test_a_suspected_pathogen_is_recorded_too() -> None:
    p = patient(counts("64"), infection("INF-DEN", Certainty.SUSPECTED), signs=FEVER)
    assert decide(p, LIMITS) == NoAdvice(Why.INFECTION_RECORDED)


def test_an_old_entry_of_the_problem_list_does_not_silence_it() -> None:
    old = finding("inf-influenza", onset=ago(weeks=int(LIMITS.mon_question_weeks), days=1))
    assert isinstance(decide(patient(counts("64"), signs=FEVER, findings=[old]), LIMITS), Advise)


def test_a_cold_names_no_pathogen() -> None:
    cold = finding("inf-uri-unspecific")
    assert isinstance(decide(patient(counts("64"), signs=FEVER, findings=[cold]), LIMITS), Advise)


def test_unknown_is_not_no() -> None:
    unmeasured = Signs(unknown=frozenset({Fact.TEMPERATURE}))
    assert decide(patient(counts("64"), signs=unmeasured), LIMITS) == CannotTell(Fact.TEMPERATURE)
    assert decide(patient(counts("64")), LIMITS) == NoAdvice(Why.NO_SIGNS)
    no_list = patient(counts("64"), signs=FEVER, unanswered=[Kind.CONDITIONS])
    assert decide(no_list, LIMITS) == CannotTell(Fact.CONDITIONS)
    assert decide(patient(counts("64", usable=False), signs=FEVER), LIMITS) == CannotTell(Fact.PLATELETS)


def test_without_a_spleen_fever_is_an_emergency() -> None:
    card = decide(patient(counts("64"), signs=FEVER, findings=[finding("risk-asplenia")]), LIMITS)
    assert isinstance(card, Advise)
    assert card.also == ("POP-08",)
    assert "emergency" in text_of(card)

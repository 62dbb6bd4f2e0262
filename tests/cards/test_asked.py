"""What a file asks of the record: yes, no and unknown for each kind of row, and rows that are turned round."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cards.anti_infective.asked import applies, critical_rows, first_of, missing_of
from cards.anti_infective.content import Caution, When
from cards.facts import Known, PatientFacts, Signs
from cards.reasons import Fact
from cards.record import Comparator, Kind, Result
from tests.cards import build
from tests.cards.direct import (
    LIMITS,
    ago,
    counts,
    drug,
    finding,
    infection,
    lab_result,
    measured,
    pathogens,
    patient,
    person,
)

INFECTED = infection("INF-CMV")
YES, NO, UNKNOWN = Known.YES, Known.NO, Known.UNKNOWN


def asked(row: Caution, **given: Any) -> tuple[Known, Fact | None]:
    """The answer for a patient, and what is missing."""
    found = applies(patient(given.pop("platelets", counts("60")), INFECTED, **given), row, INFECTED, LIMITS)
    return found.answer, found.missing


def newborn(days: int) -> Any:
    return replace(person(0), age_days=days)


def weighing(kilograms: str) -> Any:
    return replace(person(40), weight=measured("obs-body-weight", kilograms, "kg"))


NEUTROPHILS = ("obs-neutrophils",)


@pytest.mark.parametrize(
    ("row", "given", "answer", "missing"),
    [
        (Caution("", When.NEONATE), {"who": newborn(27)}, YES, None),
        (Caution("", When.NEONATE), {"who": newborn(28)}, NO, None),
        (Caution("", When.NEONATE), {"who": person(None)}, UNKNOWN, Fact.AGE),
        (Caution("", When.WEIGHT_BELOW, limit=Decimal(20)), {"who": weighing("19.9")}, YES, None),
        (Caution("", When.WEIGHT_BELOW, limit=Decimal(20)), {"who": weighing("20")}, NO, None),
        (Caution("", When.WEIGHT_BELOW, limit=Decimal(20)), {}, UNKNOWN, Fact.WEIGHT),
        (Caution("", When.AGE_BELOW, limit=Decimal(18)), {"who": person(17)}, YES, None),
        (Caution("", When.AGE_BELOW, limit=Decimal(18), negated=True), {"who": person(18)}, YES, None),
        (Caution("", When.AGE_BELOW, limit=Decimal(18), negated=True), {"who": person(17)}, NO, None),
        (Caution("", When.AGE_BELOW, limit=Decimal(18), negated=True), {"who": person(None)}, UNKNOWN, Fact.AGE),
        (Caution("", When.IMMUNOCOMPROMISED), {"findings": [finding("status-transplant")]}, YES, None),
        (Caution("", When.IMMUNOCOMPROMISED), {}, NO, None),
        (Caution("", When.IMMUNOCOMPROMISED), {"unanswered": [Kind.MEDICATIONS]}, UNKNOWN, Fact.MEDICATIONS),
        (Caution("", When.USED, ("med-ppi",), days=30), {"drugs": [drug("med-ppi")]}, YES, None),
        (Caution("", When.USED, ("med-ppi",), days=30), {"unanswered": [Kind.MEDICATIONS]}, UNKNOWN, Fact.MEDICATIONS),
        (Caution("", When.SEVERE), {}, NO, None),
        (Caution("", When.WARNED), {"platelets": counts("29.9")}, YES, None),
        (Caution("", When.WARNED), {"platelets": counts("30.0")}, NO, None),
        (Caution("", When.CRITICAL), {}, NO, None),
    ],
)  # fmt: skip
def test_answers(row: Caution, given: dict[str, Any], answer: Known, missing: Fact | None) -> None:
    assert asked(row, **given) == (answer, missing)


@pytest.mark.parametrize(
    ("days", "past", "answer"), [(30, 29, YES), (30, 31, NO)], ids=["within", "longer ago"]
)
def test_a_drug_that_ended(days: int, past: int, answer: Known) -> None:
    ended = build.drug("med-ppi", days=90, end=build.ago(days=past), status="completed")
    assert asked(Caution("", When.USED, ("med-ppi",), days=days), past_drugs=[ended])[0] is answer


@pytest.mark.parametrize(
    ("value", "comparator", "below", "above"),
    [
        ("0.4", None, YES, NO),
        ("0.5", None, NO, NO),
        ("0.6", None, NO, YES),
        ("0.5", Comparator.LESS, YES, NO),
        ("0.5", Comparator.AT_MOST, UNKNOWN, NO),
        ("0.6", Comparator.LESS, UNKNOWN, UNKNOWN),
        ("0.5", Comparator.GREATER, NO, YES),
        ("0.5", Comparator.AT_LEAST, NO, UNKNOWN),
        ("0.4", Comparator.GREATER, UNKNOWN, UNKNOWN),
    ],
)
def test_a_value_against_its_limit(
    value: str, comparator: Comparator | None, below: Known, above: Known
) -> None:
    one = replace(measured("obs-neutrophils", value, "10*9/L"), comparator=comparator)
    limit = Decimal("0.5")
    assert asked(Caution("", When.MEASURED_BELOW, NEUTROPHILS, limit, 7), measurements=[one])[0] is below
    assert asked(Caution("", When.MEASURED_ABOVE, NEUTROPHILS, limit, 7), measurements=[one])[0] is above


def test_a_value_that_is_too_old_is_unknown_and_the_row_names_it() -> None:
    row = Caution("", When.MEASURED_BELOW, NEUTROPHILS, Decimal("0.5"), 7)
    old = measured("obs-neutrophils", "0.1", "10*9/L", ago(days=8))
    assert asked(row, measurements=[old]) == (UNKNOWN, Fact.NEUTROPHILS)
    fresh = measured("obs-neutrophils", "0.1", "10*9/L", ago(days=6))
    found = applies(patient(counts("60"), INFECTED, measurements=[fresh]), row, INFECTED, LIMITS)
    assert [one.fact for one in found.rows] == ["neutrophils"]


def test_a_row_that_is_turned_round_still_shows_its_value() -> None:
    row = Caution("", When.MEASURED_BELOW, ("obs-lactate",), Decimal(5), 1, negated=True)
    for value, answer in (("4.9", NO), ("5", YES)):
        lactate = measured("obs-lactate", value, "mmol/L")
        found = applies(patient(counts("60"), INFECTED, measurements=[lactate]), row, INFECTED, LIMITS)
        assert (found.answer, bool(found.rows)) == (answer, answer is YES)


SURFACE = Caution("", When.TEST_POSITIVE, ("lab-hbv-surface-antigen",))


def test_the_newest_result_of_a_test_decides_and_none_is_unknown() -> None:
    positive = lab_result("lab-hbv-surface-antigen", result=Result.POSITIVE, at=ago(days=90))
    negative = lab_result("lab-hbv-surface-antigen", result=Result.NEGATIVE, at=ago(days=1))
    unclear = lab_result("lab-hbv-surface-antigen", result=Result.INDETERMINATE)
    assert asked(SURFACE, tests=[positive]) == (YES, None)
    assert asked(SURFACE, tests=[positive, negative]) == (NO, None)
    assert asked(SURFACE, tests=[unclear]) == (UNKNOWN, Fact.HBSAG)
    assert asked(SURFACE) == (UNKNOWN, Fact.HBSAG)


def test_a_drug_may_be_in_use_or_selected() -> None:
    row = Caution("", When.USING_OR_SELECTED, ("med-rituximab",))
    assert asked(row, drugs=[drug("med-rituximab")])[0] is YES
    assert asked(row, orders=[build.order("med-rituximab")])[0] is YES
    assert asked(row, orders=[build.order("med-rituximab", selected=False)])[0] is NO
    assert asked(row, unanswered=[Kind.MEDICATIONS]) == (UNKNOWN, Fact.MEDICATIONS)


@pytest.mark.parametrize(
    ("days", "status", "answer"),
    [(42, "completed", YES), (43, "completed", NO), (3, "not-done", NO), (-1, "completed", NO)],
)
def test_a_vaccine_counts_in_its_days(days: int, status: str, answer: Known) -> None:
    given = build.done("vax-mmr", days=days, status=status)
    p = build.facts(60, immunizations=[given])
    row = Caution("", When.VACCINATED, ("vax-mmr",), days=42)
    assert applies(p, row, INFECTED, LIMITS).answer is answer


# ---------------------------------------------------------------------------------------------- severity


MALARIA = infection("INF-MAL")


def severity(p: PatientFacts) -> list[str]:
    return [row.fact for row in critical_rows(p, pathogens()["INF-MAL"], MALARIA, LIMITS)]


@pytest.mark.parametrize(
    ("set_id", "fine", "severe", "unit"),
    [
        ("obs-hemoglobin", "7.0", "6.9", "g/dL"),
        ("obs-creatinine", "265", "266", "umol/L"),
        ("obs-lactate", "4.9", "5.0", "mmol/L"),
        ("obs-glucose", "2.2", "2.1", "mmol/L"),
        ("obs-parasitaemia", "4.9", "5", "%"),
    ],
)
def test_values_that_make_malaria_severe(set_id: str, fine: str, severe: str, unit: str) -> None:
    assert severity(patient(counts("60"), MALARIA, measurements=[measured(set_id, fine, unit)])) == []
    found = severity(patient(counts("60"), MALARIA, measurements=[measured(set_id, severe, unit)]))
    assert len(found) == 1


def test_signs_that_make_malaria_severe() -> None:
    sign = build.facts(60, measurements=[build.measured("obs-gcs", 14)]).signs.altered_consciousness
    for signs in (Signs(altered_consciousness=sign), Signs(seizure=sign), Signs(shock=sign)):
        assert severity(patient(counts("60"), MALARIA, signs=signs))
    bleeding = build.facts(60, findings=[build.nosebleed()]).bleeding
    assert severity(patient(counts("60"), MALARIA, bleeding=bleeding))
    assert severity(patient(counts("60"), MALARIA, findings=[finding("mimic-dic")]))
    assert severity(patient(counts("60"), MALARIA, signs=Signs(organ_failure=sign))) == []


def test_endocarditis_is_critical_beside_sepsis() -> None:
    heart = infection("INF-IE")
    p = patient(counts("60"), heart, infection("INF-SEP"))
    assert critical_rows(p, pathogens()["INF-IE"], heart, LIMITS)
    assert not critical_rows(patient(counts("60"), heart), pathogens()["INF-IE"], heart, LIMITS)


def test_rows_are_told_apart_by_their_answers() -> None:
    rows = pathogens()["INF-CMV"].warn_when
    p = patient(counts("20"), INFECTED, unanswered=[Kind.CONDITIONS])
    assert len(first_of(p, rows, INFECTED, LIMITS)) == 1
    assert missing_of(p, rows, INFECTED, LIMITS) == (Fact.CONDITIONS,)

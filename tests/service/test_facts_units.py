"""Units of counts and of other measurements: exact tables, never a guess."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.code_systems import UCUM
from cds_service.facts.scales import SCALES, read_scale
from cds_service.facts.units import read_count_unit, spelling
from cds_service.fhir.shapes import Quantity
from tests.service.build import TERMINOLOGY

ONE = (
    "10*9/L|10^9/L|x10^9/L|x10*9/L|10e9/l|10E9/L|10**9/L|10⁹/L|G/L|Gpt/L|giga/l|/nL|/nanoliter|10*3/uL|10*3/µL|10*3/μL|"
    "10^3/uL|x10E3/uL|x 10^3/uL|10+3/ul|10³/µL|K/uL|K/mcL|K/mm3|k/cumm|thou/uL|Thousand/uL|thousand/cumm|Tys/µl|"
    "1000/uL|10*3/mm3|Thousands Per MicroLiter|thousand per microliter|10*6/mL|million/mL|billion/L"
)
TEXTS = {
    **dict.fromkeys(ONE.split("|"), "1"),
    **dict.fromkeys(
        [
            "/uL",
            "/µL",
            "/mcL",
            "{cells}/uL",
            "{#}/uL",
            "cells/µL",
            "platelets/μL",
            "/mm3",
            "/cmm",
            "/cumm",
            "10*6/L",
            "M/L",
        ],
        "0.001",
    ),
    **dict.fromkeys(["10*4/uL", "10^4/µL", "man/uL", "万/μL", "10*10/L"], "10"),
    **dict.fromkeys(["10*5/uL", "lakh/mm3", "lakhs/cumm", "lakh/cumm", "10*11/L"], "100"),
    **dict.fromkeys(["10*12/L", "10^12/L", "T/L", "10*6/uL", "10*9/mL"], "1000"),
}


@pytest.mark.parametrize(("text", "factor"), TEXTS.items())
def test_a_unit_text_has_one_meaning_whatever_its_spelling(text: str, factor: str) -> None:
    for written in (text, f"  {text} ", text.upper() if text != "万/μL" else text):
        read = read_count_unit(Quantity(unit=written), TERMINOLOGY)
        assert read.unit is not None, written
        assert read.unit.factor == Decimal(factor)


@pytest.mark.parametrize(
    "text", ["fL", "%", "10*7/uL", "x10(3)/uL", "count", "10*3", "L", "kg/m2", "a" * 500, "?"]
)
def test_a_unit_that_no_table_holds_is_not_guessed(text: str) -> None:
    read = read_count_unit(Quantity(unit=text), TERMINOLOGY)
    assert read.unit is None
    assert not read.is_missing


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_unit_is_a_missing_one(blank: str | None) -> None:
    assert read_count_unit(Quantity(unit=blank, code=blank), TERMINOLOGY).is_missing


def test_the_code_comes_first_and_a_display_name_beside_it_is_no_doubt() -> None:
    read = read_count_unit(Quantity(unit="Zellen", system=UCUM, code="10*3/uL"), TERMINOLOGY)
    assert read.unit is not None
    assert read.unit.name == "10*3/uL"


@pytest.mark.parametrize(
    ("unit", "system", "code"),
    [
        ("10*9/L", UCUM, "/uL"),
        ("/uL", UCUM, "10*3/uL"),
        ("10*3/uL", UCUM, "fL"),
        ("10*3/uL", "urn:oid:2.16.840.1.113883.6.8", "%"),
        ("K/uL", None, "10*12/L"),
    ],
)
def test_code_and_text_that_differ_decide_nothing(unit: str, system: str | None, code: str) -> None:
    read = read_count_unit(Quantity(unit=unit, system=system, code=code), TERMINOLOGY)
    assert read.disagrees
    assert read.unit is None


def test_a_local_unit_code_is_read_as_text() -> None:
    local = Quantity(unit="Tausend", system="urn:local", code="K/uL")
    read = read_count_unit(local, TERMINOLOGY)
    assert read.unit is not None
    assert read.unit.factor == 1


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_the_tables(unit: str, code: str) -> None:
    read_count_unit(Quantity(unit=unit, code=code), TERMINOLOGY)
    read_scale("obs-hemoglobin", Quantity(unit=unit, code=code))


# ------------------------------------------------------------------------------------------ other measurements


@pytest.mark.parametrize(
    ("set_id", "value", "unit", "canonical", "expected"),
    [
        ("obs-hemoglobin", "12", "g/dL", "g/dL", "12"),
        ("obs-hemoglobin", "120", "g/L", "g/dL", "12.0"),
        ("obs-hemoglobin", "10", "mmol/L", "g/dL", "16.11"),
        ("obs-creatinine", "2.0", "mg/dL", "umol/L", "176.8"),
        ("obs-creatinine", "177", "µmol/L", "umol/L", "177"),
        ("obs-bilirubin", "2", "mg/dl", "umol/L", "34.2"),
        ("obs-fibrinogen", "150", "mg/dL", "g/L", "1.5"),
        ("obs-temperature", "100.4", "[degF]", "Cel", "38"),
        ("obs-temperature", "96.8", "°F", "Cel", "36"),
        ("obs-temperature", "38.0", "°C", "Cel", "38.0"),
        ("obs-ldh", "250", "IU/L", "U/L", "250"),
        ("obs-ldh", "5", "ukat/L", "U/L", "300"),
        ("obs-ferritin", "12000", "ng/mL", "ug/L", "12000"),
        ("obs-haptoglobin", "30", "mg/dL", "g/L", "0.3"),
        ("obs-body-weight", "1", "[lb_av]", "kg", "0.45359237"),
        ("obs-body-weight", "3500", "g", "kg", "3.5"),
        ("obs-pt-inr", "1.5", "", "{INR}", "1.5"),
        ("obs-gcs", "15", "{score}", "{score}", "15"),
        ("obs-d-dimer", "4", "mg/L{FEU}", "ug/L", "4000"),
        ("obs-d-dimer", "0.93", "ug/mL", "ug/L", "930"),
        ("obs-reticulocytes", "2.5", "%", "%", "2.5"),
        ("obs-reticulocytes", "90", "10*9/L", "10*9/L", "90"),
        ("obs-gestational-age", "259", "d", "wk", "37"),
        ("obs-systolic", "88", "mmHg", "mm[Hg]", "88"),
        ("obs-neutrophils", "1500", "/uL", "10*9/L", "1.5"),
        ("obs-lactate", "4", "mmol/L", "mmol/L", "4"),
        ("obs-glucose", "2.1", "mmol/L", "mmol/L", "2.1"),
        ("obs-glucose", "90.08", "mg/dL", "mmol/L", "5"),
        ("obs-egfr", "55", "mL/min", "mL/min/{1.73_m2}", "55"),
    ],
)
def test_a_value_is_taken_to_the_unit_of_its_set(
    set_id: str, value: str, unit: str, canonical: str, expected: str
) -> None:
    scale, disagrees = read_scale(set_id, Quantity(unit=unit))
    assert scale is not None
    assert not disagrees
    assert scale.unit == canonical
    assert scale.convert(Decimal(value)) == Decimal(expected)


@pytest.mark.parametrize(
    ("set_id", "unit"),
    [
        ("obs-hemoglobin", ""),
        ("obs-hemoglobin", "g"),
        ("obs-temperature", ""),
        ("obs-creatinine", "U/L"),
        ("obs-ferritin", "pmol/L"),
        ("obs-albumin", "%"),
        ("obs-adamts13", "ng/mL"),
        ("obs-platelet-count", "10*9/L"),
    ],
)
def test_a_missing_or_foreign_unit_is_none(set_id: str, unit: str) -> None:
    assert read_scale(set_id, Quantity(unit=unit)) == (None, False)


def test_unit_code_and_text_of_a_measurement_must_agree() -> None:
    assert read_scale("obs-hemoglobin", Quantity(unit="g/dL", code="g/L")) == (None, True)


def test_every_name_in_the_tables_is_in_the_one_spelling_and_every_set_exists() -> None:
    assert [name for table in SCALES.values() for name in table if spelling(name) != name] == []
    assert [set_id for set_id in SCALES if set_id not in TERMINOLOGY] == []
    assert all(
        spelling(scale.unit) in table for table in SCALES.values() for scale in table.values() if table
    )

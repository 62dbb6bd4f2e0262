"""Measurements from FHIR: in the unit of their set, with range, flag and bound; what cannot be used is reported."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from cards.record import Comparator, Measurement, ResultStatus
from cards.thresholds import Thresholds
from cds_service.facts.measurements import read_measurements
from cds_service.facts.observed import look_at
from cds_service.facts.scales import SCALES
from tests.cards.build import UNITS, near
from tests.service.build import HL7, LOINC, NOW, Json, coded, concept, observation, quantity, reading, reasons

LIMITS = Thresholds()
HB = concept((LOINC, "718-7"))


def measure(*resources: Json) -> tuple[dict[str, tuple[Measurement, ...]], list[tuple[str, str]]]:
    read = reading(*resources)
    return dict(read_measurements(look_at(read)[0], read)), reasons(read)


def one(set_id: str, **members: Any) -> Measurement:
    found, reported = measure(observation(code=coded(set_id), **members))
    assert reported == []
    [result] = found[set_id]
    return result


def refused(code: Json, **members: Any) -> str:
    found, [(_, reason)] = measure(observation(code=code, **members))
    assert found == {}
    return reason


NOT_TOLD: Final = {"obs-schistocytes", "obs-parasitaemia"}
"""Shipped codes of the first say "present"; the second has none, a site maps its own."""


@pytest.mark.parametrize("set_id", sorted(SCALES.keys() - NOT_TOLD))
def test_every_set_of_numbers_is_read_in_its_canonical_unit(set_id: str) -> None:
    unit = next(iter(SCALES[set_id].values())).unit
    result = one(set_id, valueQuantity=quantity(25.5, unit))
    assert (result.value, result.unit, result.set_id) == (Decimal("25.5"), unit, set_id)


def test_the_builder_of_rule_tests_writes_the_same_units() -> None:
    canonical = {set_id: {scale.unit for scale in SCALES[set_id].values()} for set_id in UNITS}
    assert [set_id for set_id, unit in UNITS.items() if unit not in canonical[set_id]] == []


def test_range_flag_bound_status_and_times_come_along() -> None:
    result = one(
        "obs-hemoglobin",
        status="preliminary",
        issued="2026-06-15T09:30:00Z",
        valueQuantity=quantity(80, "g/L", comparator="<"),
        referenceRange=[{"low": {"value": 120}, "high": quantity(16, "g/dL")}],
        interpretation=[concept((HL7 + "v3-ObservationInterpretation", "LL"))],
    )
    assert (result.value, result.comparator) == (8, Comparator.LESS)
    assert (result.low, result.high, result.flagged) == (12, 16, "low")
    assert result.status is ResultStatus.PRELIMINARY
    assert result.time is not None
    assert result.issued is not None


def test_a_measurement_dated_in_the_future_is_reported_and_the_newest_of_the_past_counts() -> None:
    def weight(minutes: float, value: float) -> Json:
        at = (NOW + timedelta(minutes=minutes)).isoformat()
        own_id = str(value).replace(".", "-")
        kilograms = quantity(value, "kg")
        return observation(own_id, coded("obs-body-weight"), effectiveDateTime=at, valueQuantity=kilograms)

    tolerance = float(LIMITS.future_tolerance)
    found, reported = measure(weight(-60, 3.1), weight(tolerance, 3.2), weight(tolerance + 1, 10.8))
    assert [m.value for m in found["obs-body-weight"]] == [Decimal("3.1"), Decimal("3.2")]
    assert reported == [("Observation/10-8", "a measurement dated in the future")]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], (None, None)),
        ([{"text": "12-16"}], (None, None)),
        ([{"low": {"unit": "g/dL"}, "high": {}}], (None, None)),
        ([{"low": quantity(7, "mmol/kg")}], (None, None)),
        ([{"low": {"value": "12"}}], (None, None)),
        (
            [{"type": concept((HL7 + "referencerange-meaning", "treatment")), "low": {"value": 9}}],
            (None, None),
        ),
        ([{"type": concept((HL7 + "referencerange-meaning", "normal")), "low": {"value": 9}}], (9, None)),
        ([{"high": {"value": 16}}], (None, 16)),
    ],
)
def test_only_a_normal_range_that_can_be_read_is_one(
    ranges: list[Json], expected: tuple[int | None, int | None]
) -> None:
    result = one("obs-hemoglobin", valueQuantity=quantity(10, "g/dL"), referenceRange=ranges)
    assert (result.low, result.high) == expected


@pytest.mark.parametrize(
    ("letters", "flag"), [("H", "high"), ("HH", "high"), ("L", "low"), ("N", None), ("A", None)]
)
def test_the_laboratorys_flag_is_read(letters: str, flag: str | None) -> None:
    flags = [concept(("http://hl7.org/fhir/v2/0078", letters))]
    assert one("obs-platelet-indices", valueQuantity=quantity(13, "fL"), interpretation=flags).flagged == flag


def test_flags_that_contradict_each_other_are_none() -> None:
    both = [concept((HL7 + "v3-ObservationInterpretation", "H"), (HL7 + "v3-ObservationInterpretation", "L"))]
    assert one("obs-ldh", valueQuantity=quantity(300, "U/L"), interpretation=both).flagged is None


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"valueQuantity": quantity(10, None)}, "without a unit"),
        ({"valueQuantity": quantity(10, "bananas")}, "without a unit, or in one"),
        ({"valueQuantity": quantity(10, "g/dL", "g/L")}, "disagree"),
        ({"valueQuantity": {"unit": "g/dL"}}, "without a value"),
        ({"valueQuantity": quantity("10", "g/dL")}, "text"),
        ({"valueQuantity": quantity(10, "g/dL", comparator="~")}, "comparator"),
        ({"valueQuantity": quantity(-1, "g/dL")}, "not possible"),
        ({"valueQuantity": quantity(120, "g/dL")}, "not possible"),
        ({"valueQuantity": quantity(10, "g/dL"), "effectiveDateTime": "today"}, ""),
    ],
)
def test_what_cannot_be_used_is_reported_in_our_words(members: Json, why: str) -> None:
    found, reported = measure(observation(code=HB, **members))
    assert found == {}
    assert any(why in reason for _, reason in reported)
    assert "banana" not in repr(reported)


@pytest.mark.parametrize("limit", [LIMITS.possible_temperature_low, LIMITS.possible_temperature_high])
def test_a_temperature_in_the_wrong_unit_is_no_fever(limit: Decimal) -> None:
    for degrees in near(limit):
        inside = LIMITS.possible_temperature_low <= degrees <= LIMITS.possible_temperature_high
        found, _ = measure(
            observation(code=coded("obs-temperature"), valueQuantity=quantity(float(degrees), "Cel"))
        )
        assert ("obs-temperature" in found) is inside


@pytest.mark.parametrize("grams", near(LIMITS.possible_hb_high))
def test_a_haemoglobin_in_grams_per_litre_is_none_per_decilitre(grams: Decimal) -> None:
    found, _ = measure(observation(code=HB, valueQuantity=quantity(float(grams), "g/dL")))
    assert ("obs-hemoglobin" in found) is (grams <= LIMITS.possible_hb_high)


def test_blood_pressure_comes_as_components() -> None:
    parts = [
        {"code": coded("obs-systolic"), "valueQuantity": quantity(84, "mmHg", "mm[Hg]")},
        {"code": coded("obs-diastolic"), "valueQuantity": quantity(50, "mmHg", "mm[Hg]")},
        {"code": coded("obs-map"), "dataAbsentReason": {"text": "x"}},
    ]
    found, reported = measure(observation(code=concept((LOINC, "85354-9")), component=parts))
    assert {name: [m.value for m in some] for name, some in found.items()} == {
        "obs-systolic": [84],
        "obs-diastolic": [50],
    }
    assert reported == []


def test_a_score_is_read_as_a_whole_number_too() -> None:
    scores = [one("obs-gcs", valueInteger=8), one("obs-gcs", valueQuantity=quantity(8, "{score}"))]
    assert [(found.value, found.unit) for found in scores] == [(Decimal(8), "{score}")] * 2
    assert "without a unit" in refused(HB, valueInteger=8)


def test_a_number_among_words_is_reported() -> None:
    assert refused(HB, valueString="8,1") == "a measurement whose value is text"


def test_a_result_without_a_status_of_r4_is_not_measured() -> None:
    found, _ = measure(observation(code=HB, status="done", valueQuantity=quantity(10, "g/dL")))
    assert found == {}


def test_several_values_stay_apart_in_their_order() -> None:
    found, _ = measure(*(observation(f"o{n}", HB, valueQuantity=quantity(n, "g/dL")) for n in (9, 7, 8)))
    assert [m.value for m in found["obs-hemoglobin"]] == [9, 7, 8]


def test_an_unknown_measurement_is_refused_by_name() -> None:
    assert "unmapped" in refused(concept(("urn:oid:2.999.7", "HB")), valueQuantity=quantity(9, "g/dL"))


@pytest.mark.parametrize(
    ("fahrenheit", "celsius"), [("100.4", "38"), ("100.3", "37.944"), ("102.1", "38.944"), ("102.56", "39.2")]
)
def test_degrees_fahrenheit_are_told_in_few_digits(fahrenheit: str, celsius: str) -> None:
    """A summary has to hold the value; the limit of fever stays exact."""
    assert str(SCALES["obs-temperature"]["[degf]"].convert(Decimal(fahrenheit))) == celsius

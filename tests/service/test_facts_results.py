"""Tests from FHIR: what makes a result positive, what it proves, which organism it names, how many copies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards import record
from cards.code_systems import HL7
from cards.record import Result
from cards.thresholds import Thresholds
from cards.valuesets import Code, load
from cds_service.facts.observed import look_at
from cds_service.facts.results import read_results
from tests.cards.build import near
from tests.service.build import (
    LOCAL,
    LOINC,
    SNOMED,
    TERMINOLOGY,
    Json,
    coded,
    concept,
    observation,
    quantity,
    reading,
    reasons,
)

LIMITS = Thresholds()
INTERPRETATION = HL7 + "v3-ObservationInterpretation"
NS1 = concept((LOINC, "75377-2"))
HCV_RNA = concept((LOINC, "11011-4"))
HCV_LOG = concept((LOINC, "38180-6"))
EBV_IGM = concept((LOINC, "7886-5"))
CULTURE = concept((LOINC, "600-7"))


def read(*resources: Json, **members: Any) -> tuple[tuple[record.TestResult, ...], list[tuple[str, str]]]:
    context = reading(*resources, **members)
    return read_results(look_at(context)[0], context), reasons(context)


def one(code: Json, **members: Any) -> record.TestResult:
    [result], _ = read(observation(code=code, **members))
    return result


def flag(letters: str) -> list[Json]:
    return [concept((INTERPRETATION, letters))]


@pytest.mark.parametrize(
    ("set_id", "result"),
    [
        ("result-positive", Result.POSITIVE),
        ("result-negative", Result.NEGATIVE),
        ("result-open", Result.INDETERMINATE),
    ],
)
def test_every_coded_result_is_read_as_value_and_as_interpretation(set_id: str, result: Result) -> None:
    for code in TERMINOLOGY[set_id].codes:
        said = concept((code.system, code.code))
        member = (
            {"interpretation": [said]} if code.system == INTERPRETATION else {"valueCodeableConcept": said}
        )
        assert one(NS1, **member).result is result, code.display


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Positive", Result.POSITIVE),
        ("DETECTED", Result.POSITIVE),
        (" reactive ", Result.POSITIVE),
        ("negative", Result.NEGATIVE),
        ("Not detected", Result.NEGATIVE),
        ("Non-Reactive", Result.NEGATIVE),
    ],
)
def test_six_exact_words_are_read(text: str, result: Result) -> None:
    assert one(NS1, valueString=text).result is result


@pytest.mark.parametrize(
    "text", ["weakly positive", "Positive for dengue", "pos", "+", "no growth", "DoeJane", ""]
)
def test_no_other_text_is_a_result_and_it_is_reported(text: str) -> None:
    results, reported = read(observation(code=NS1, valueString=text))
    assert results == ()
    assert reported == [("Observation/o", "unmapped: a test whose result is only text")]


@pytest.mark.parametrize("letters", ["A", "H", "S", "R", "U"])
def test_letters_that_are_no_result_alone_are_none(letters: str) -> None:
    assert read(observation(code=NS1, interpretation=flag(letters)))[0] == ()


def test_normal_is_negative_for_a_qualitative_test_only() -> None:
    assert one(NS1, interpretation=flag("N")).result is Result.NEGATIVE
    assert read(observation(code=EBV_IGM, interpretation=flag("N")))[0] == ()


def test_value_and_interpretation_that_contradict_each_other_are_no_result() -> None:
    negative = concept((SNOMED, "260385009"))
    results, reported = read(observation(code=NS1, valueCodeableConcept=negative, interpretation=flag("POS")))
    assert [r.result for r in results] == [Result.INDETERMINATE]
    assert "contradict" in reported[0][1]


# ------------------------------------------------------------------------------------------------------ loads


@pytest.mark.parametrize(
    ("number", "members", "result"),
    [
        (1, {}, Result.POSITIVE),
        (0, {}, Result.NEGATIVE),
        (50, {"comparator": "<"}, Result.NEGATIVE),
        (15, {"comparator": "<="}, Result.NEGATIVE),
        (10_000_000, {"comparator": ">"}, Result.POSITIVE),
    ],
)
def test_a_load_above_zero_is_detected_and_a_bound_below_is_not(
    number: int, members: Json, result: Result
) -> None:
    assert one(HCV_RNA, valueQuantity=quantity(number, "[IU]/mL", **members)).result is result


@pytest.mark.parametrize("member", ["low", "high"])
def test_at_or_below_the_limit_of_the_assay_is_not_detected(member: str) -> None:
    for number, positive in zip(near("15", "1"), (False, False, True), strict=True):
        found = one(
            HCV_RNA,
            valueQuantity=quantity(int(number), "[IU]/mL"),
            referenceRange=[{member: {"value": 15}}],
        )
        assert (found.result is Result.POSITIVE) is positive


def test_copies_are_those_of_one_millilitre_and_logarithms_are_raised() -> None:
    assert one(HCV_RNA, valueQuantity=quantity(50_000, "[IU]/mL")).copies == 50_000
    assert one(HCV_RNA, valueQuantity=quantity(50_000, "[IU]/L")).copies == 50
    raised = one(HCV_LOG, valueQuantity=quantity(4.7, "{Log_IU}/mL")).copies
    assert raised is not None
    assert 50_000 < raised < 50_200
    by_unit = one(HCV_RNA, valueQuantity=quantity(2, "log10 IU/mL")).copies
    assert by_unit == 100


@pytest.mark.parametrize(
    ("code", "number", "unit"),
    [
        (HCV_RNA, 7, "bananas"),
        (HCV_RNA, 7, None),
        (HCV_LOG, 50_000, "IU/mL"),
        (HCV_LOG, 50_000, "log"),
        (HCV_LOG, 3, "IU/mL"),
    ],
)
def test_a_load_whose_unit_does_not_tell_has_no_copies(code: Json, number: int, unit: str | None) -> None:
    found = one(code, valueQuantity=quantity(number, unit))
    assert found.copies is None
    assert found.result is Result.POSITIVE


# ------------------------------------------------------------------------------------------------- antibodies


@pytest.mark.parametrize("code", [EBV_IGM, coded("obs-hit", 1), concept((LOINC, "29892-7"))])
def test_an_antibody_is_positive_only_above_its_own_range(code: Json) -> None:
    assert one(code, valueQuantity=quantity(500, "U/mL")).result is Result.INDETERMINATE
    for number, positive in zip(near("20", "1"), (False, False, True), strict=True):
        found = one(
            code,
            valueQuantity=quantity(int(number), "U/mL"),
            referenceRange=[{"high": {"value": 20}}],
        )
        assert found.result is (Result.POSITIVE if positive else Result.NEGATIVE)


def test_a_bound_tells_an_antibody_only_where_it_leaves_no_doubt() -> None:
    def bound(comparator: str, number: int) -> Result:
        range_ = [{"high": {"value": 20}}]
        return one(
            EBV_IGM, valueQuantity=quantity(number, "U/mL", comparator=comparator), referenceRange=range_
        ).result

    assert bound("<", 20) is Result.NEGATIVE
    assert bound("<", 21) is Result.INDETERMINATE
    assert bound(">", 20) is Result.POSITIVE
    assert bound(">", 19) is Result.INDETERMINATE


@pytest.mark.parametrize(
    ("letters", "result"),
    [("A", Result.POSITIVE), ("H", Result.POSITIVE), ("POS", Result.POSITIVE), ("NEG", Result.NEGATIVE)],
)
def test_an_antibody_is_positive_or_negative_by_interpretation(letters: str, result: Result) -> None:
    assert one(EBV_IGM, valueQuantity=quantity(30, "U/mL"), interpretation=flag(letters)).result is result


def test_abnormal_beside_a_zero_is_not_positive() -> None:
    assert (
        one(EBV_IGM, valueQuantity=quantity(0, "U/mL"), interpretation=flag("A")).result
        is Result.INDETERMINATE
    )


def test_a_signal_ratio_is_positive_above_one() -> None:
    ratio = concept((LOINC, "48159-8"))
    for number, result in zip(near("1"), (Result.NEGATIVE, Result.NEGATIVE, Result.POSITIVE), strict=True):
        found = one(ratio, valueQuantity=quantity(float(number), "{s_co_ratio}"))
        assert (found.result, found.proves) == (result, "screen")


@pytest.mark.parametrize("percent", near(LIMITS.schistocytes_percent))
def test_schistocytes_count_from_their_percentage(percent: Decimal) -> None:
    site = load({"obs-schistocytes": [(LOCAL, "SCHISTO")]})
    results, _ = read(
        observation(code=concept((LOCAL, "SCHISTO")), valueQuantity=quantity(float(percent), "%")),
        terminology=site,
    )
    assert [r.result is Result.POSITIVE for r in results] == [percent >= LIMITS.schistocytes_percent]


# -------------------------------------------------------------------------------------------------- what it proves


def codes(set_prefix: str) -> list[tuple[str, Code]]:
    return [(s, c) for s in TERMINOLOGY if s.startswith(set_prefix) for c in TERMINOLOGY[s].codes if c.proves]


@pytest.mark.parametrize("claim", ["current", "exposure", "screen"])
def test_a_test_proves_what_its_code_says(claim: str) -> None:
    some = [(s, c) for s, c in codes("lab-") if c.proves == claim and c.scale == "ordinal"]
    assert len(some) > 5
    for set_id, code in some:
        found = one(concept((code.system, code.code)), valueString="positive")
        assert (found.proves, set_id in found.set_ids) == (claim, True)


def test_which_organism_proves_nothing_until_one_is_named() -> None:
    positive = one(CULTURE, valueCodeableConcept=concept((SNOMED, "10828004")))
    assert (positive.result, positive.proves, positive.organisms) == (Result.POSITIVE, None, ())
    assert one(CULTURE, valueString="negative").proves == "current"


def test_an_organism_as_value_is_a_positive_test_that_names_it() -> None:
    dengue_virus = concept((SNOMED, "34348001"))
    found = one(concept((LOINC, "10710-2")), valueCodeableConcept=dengue_virus)
    assert (found.result, found.proves) == (Result.POSITIVE, "current")
    assert "organism" in found.organisms


def test_a_coded_value_that_no_set_knows_is_reported() -> None:
    results, reported = read(observation(code=CULTURE, valueCodeableConcept=concept((SNOMED, "3092008"))))
    assert results == ()
    assert reported == [("Observation/o", "unmapped: a test whose coded result is in no value set")]


@pytest.mark.parametrize(
    "set_id", ["obs-platelet-artefact", "obs-dat", "obs-rhd", "obs-schistocytes", "obs-platelet-morphology"]
)
def test_other_qualitative_observations_are_tests_that_prove_no_infection(set_id: str) -> None:
    found = one(coded(set_id), valueCodeableConcept=concept((SNOMED, "10828004")))
    assert found.set_ids == (set_id,)
    assert (found.result, found.proves) == (Result.POSITIVE, None)


def test_rhd_negative_has_a_code_of_its_own() -> None:
    assert one(coded("obs-rhd"), valueCodeableConcept=coded("status-rhd-negative")).result is Result.NEGATIVE


G6PD_SCREEN, G6PD_ACTIVITY = concept((LOINC, "2356-4")), concept((LOINC, "32546-4"))
NORMAL, ABNORMAL = concept((SNOMED, "17621005")), concept((SNOMED, "263654008"))


@pytest.mark.parametrize(
    ("members", "result"),
    [
        ({"valueCodeableConcept": NORMAL}, Result.NEGATIVE),
        ({"valueCodeableConcept": concept((LOINC, "LA6626-1"))}, Result.NEGATIVE),
        ({"valueCodeableConcept": ABNORMAL}, Result.POSITIVE),
        ({"valueCodeableConcept": coded("risk-g6pd-deficiency")}, Result.POSITIVE),
        ({"interpretation": flag("N")}, Result.NEGATIVE),
        *(({"interpretation": flag(letters)}, Result.POSITIVE) for letters in ("A", "AA", "L", "LL")),
        ({"valueString": "positive", "interpretation": flag("N")}, Result.NEGATIVE),
        ({"valueString": "positive"}, Result.INDETERMINATE),
        ({"valueString": "not detected"}, Result.INDETERMINATE),
        ({"valueCodeableConcept": coded("result-positive")}, Result.INDETERMINATE),
        ({"interpretation": flag("NEG")}, Result.INDETERMINATE),
    ],
)
def test_a_g6pd_test_asks_whether_the_enzyme_is_deficient(members: Json, result: Result) -> None:
    assert one(G6PD_SCREEN, **members).result is result


def test_a_g6pd_test_that_says_both_is_open_and_reported() -> None:
    [found], reported = read(
        observation(code=G6PD_SCREEN, valueCodeableConcept=NORMAL, interpretation=flag("A"))
    )
    assert found.result is Result.INDETERMINATE
    assert reported == [("Observation/o", "a test whose value and interpretation contradict each other")]


def test_a_g6pd_activity_is_a_number_and_no_qualitative_test() -> None:
    above = {"valueQuantity": quantity(30, "U/g{Hb}"), "referenceRange": [{"high": quantity(20, "U/g{Hb}")}]}
    for letters in ("N", "A", "L"):
        assert one(G6PD_ACTIVITY, **above, interpretation=flag(letters)).result is Result.INDETERMINATE
    assert read(observation(code=G6PD_ACTIVITY, interpretation=flag("N")))[0] == ()
    text = observation(code=G6PD_SCREEN, valueString="normal")
    assert read(text) == ((), [("Observation/o", "unmapped: a test whose result is only text")])


# ------------------------------------------------------------------------------------------------ what is none


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"dataAbsentReason": {"text": "x"}},
        {"status": "banana", "valueString": "positive"},
        {"status": "cancelled", "valueString": "positive"},
        {"valueBoolean": True},
        {"valueString": "positive", "effectiveDateTime": "15.06.2026"},
        {"valueQuantity": {"unit": "IU/mL"}},
        {"valueQuantity": quantity("7", "IU/mL")},
        {"valueQuantity": quantity(7, "IU/mL", comparator="~")},
    ],
)
def test_without_a_result_there_is_no_test(members: Json) -> None:
    assert read(observation(code=HCV_RNA, **members))[0] == ()


def test_a_donors_or_a_panels_result_is_not_the_patients() -> None:
    donor = concept((LOINC, "47440-3"), (LOINC, "5196-1"))
    assert read(observation(code=donor, valueString="positive"))[0] == ()


def test_the_specimen_is_named_so_that_a_flag_finds_its_count() -> None:
    found = one(coded("obs-platelet-artefact"), valueString="positive", specimen={"reference": "Specimen/s"})
    assert found.specimen_reference == "Specimen/s"

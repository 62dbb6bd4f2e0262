"""Platelet counts from FHIR: what counts, in which unit, and what is only known as unread."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec import Raw

from cards.record import (
    Comparator,
    Kind,
    PlateletResult,
    ResultStatus,
    Specimen,
    UnitProblem,
    UnreadPlatelets,
)
from cards.thresholds import Thresholds
from cards.valuesets import load
from cds_service.facts.context import Reading
from cds_service.facts.observed import look_at
from cds_service.facts.platelets import read_platelets
from cds_service.facts.undecoded import read_undecoded
from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.parse import Source, parse
from tests.cards.build import near
from tests.service.build import (
    LOCAL,
    LOINC,
    NOW,
    PATIENT,
    SNOMED,
    TERMINOLOGY,
    Json,
    concept,
    observation,
    quantity,
    reading,
    reasons,
    resource,
)

LIMITS = Thresholds()


def settled(read: Reading) -> tuple[tuple[PlateletResult, ...], tuple[UnreadPlatelets, ...]]:
    results, unread = read_platelets(look_at(read)[0], read)
    return results, unread + read_undecoded(read)


def counts(
    *resources: Json, **members: Any
) -> tuple[tuple[PlateletResult, ...], tuple[UnreadPlatelets, ...]]:
    return settled(reading(*resources, **members))


def one(**members: Any) -> PlateletResult:
    """The only result of one Observation; nothing is unread."""
    results, unread = counts(observation(**members))
    assert unread == ()
    [result] = results
    return result


def unread_reason(**members: Any) -> str:
    """The reason of the only unread Observation; there is no result."""
    results, unread = counts(observation(**members))
    assert results == ()
    [found] = unread
    return found.reason


def value(number: object, unit: str | None = "10*9/L", code: str | None = None, **members: Any) -> Json:
    return {"valueQuantity": quantity(number, unit, code, **members)}


# ---------------------------------------------------------------------------------------------- what is a count


@pytest.mark.parametrize(
    "code", ["777-3", "26515-7", "778-1", "49497-1", "97995-5", "74464-9", "107193-5", "5907-1"]
)
def test_every_number_concentration_is_a_count(code: str) -> None:
    assert one(code=concept((LOINC, code)), **value(22)).value == 22


@pytest.mark.parametrize(
    "code",
    [
        "32623-1",
        "28542-9",
        "32207-3",
        "13056-7",
        "26516-5",
        "104705-9",
        "53800-9",
        "62244-9",
        "7796-6",
        "6301-6",
    ],
)
def test_what_only_names_platelets_is_none(code: str) -> None:
    assert counts(observation(code=concept((LOINC, code)), **value(9.5, "fL"))) == ((), ())


def test_the_display_and_the_text_decide_nothing() -> None:
    text = {"coding": [{"system": LOINC, "code": "718-7", "display": "Platelets"}], "text": "Platelets"}
    assert counts(observation(code=text, **value(22))) == ((), ())
    zero_width = {
        "coding": [{"system": LOINC, "code": "777-3", "display": "Platelets [#/\u200bvolume] in Blood"}]
    }
    assert one(code=zero_width, **value(22)).value == 22


def test_several_codings_and_old_names_of_a_system_are_one_count() -> None:
    both = concept((LOCAL, "PL"), ("urn:oid:2.16.840.1.113883.6.1", "777-3"))
    assert one(code=both, **value(180, "10*3/mm3")).value == 180
    assert one(code=concept((SNOMED, "61928009")), **value(180)).value == 180


def test_a_loinc_code_without_system_is_known_by_its_form_and_another_is_not() -> None:
    assert one(code={"coding": [{"code": "777-3"}]}, **value(22)).value == 22
    assert counts(observation(code={"coding": [{"code": "61928009"}]}, **value(22))) == ((), ())


def test_a_site_maps_its_own_code() -> None:
    site = load({"obs-platelet-count": [(LOCAL, "PLT")], "obs-platelet-count-citrate": [(LOCAL, "PLTC")]})
    resources = (
        observation("a", concept((LOCAL, "PLT")), **value(22)),
        observation("b", concept((LOCAL, "PLTC")), **value(90)),
    )
    results, _ = counts(*resources, terminology=site)
    assert [(r.value, r.specimen) for r in results] == [(22, None), (90, Specimen.CITRATE)]
    read = reading(*resources)
    assert settled(read) == ((), ())
    assert ["unmapped" in why for _, why in reasons(read)] == [True, True]


def test_codes_that_contradict_each_other_are_unread() -> None:
    assert "contradict" in unread_reason(code=concept((LOINC, "777-3"), (LOINC, "32623-1")), **value(22))


def test_a_component_of_a_panel_is_a_count_under_the_panels_time_and_name() -> None:
    part = {"code": concept((LOINC, "777-3")), **value(80_000, "/uL")}
    result = one(
        code=concept((LOINC, "58410-2")),
        component=[part, {"code": concept((LOINC, "718-7")), **value(9, "g/dL")}],
    )
    assert (result.value, result.reference) == (80, "Observation/o")
    assert result.time is not None


def test_the_panel_itself_and_its_members_are_counted_once() -> None:
    panel = observation("panel", hasMember=[{"reference": "Observation/o"}])
    results, unread = counts(panel, observation(**value(22)))
    assert ([r.reference for r in results], unread) == (["Observation/o"], ())


# ------------------------------------------------------------------------------------------------------ status


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error", "unknown"])
def test_a_status_without_result_is_ignored(status: str) -> None:
    assert counts(observation(status=status, **value(22))) == ((), ())


@pytest.mark.parametrize("status", list(ResultStatus))
def test_a_status_with_a_result_is_kept(status: ResultStatus) -> None:
    assert one(status=status.value, **value(22)).status is status


@pytest.mark.parametrize("status", [None, "banana", ""])
def test_a_status_that_r4_does_not_have_makes_it_unread(status: str | None) -> None:
    assert "status" in unread_reason(status=status, **value(22))


# ------------------------------------------------------------------------------------------------------- value


def test_values_are_exact() -> None:
    number = Raw(b"29.9999999999999999999")
    raw = resource("Observation", status="final", code=concept((LOINC, "777-3")))
    text = (
        str(raw).replace("'", '"').encode()[:-1]
        + b',"valueQuantity":{"unit":"10*9/L","value":'
        + bytes(number)
        + b"}}"
    )
    parsed = parse([Source("all", frozenset(Kind), [RawEntry(Raw(text))])], PATIENT)
    [result], _ = settled(Reading(parsed, TERMINOLOGY, NOW, "patient-view", PATIENT))
    assert result.value == Decimal("29.9999999999999999999")


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (value("107"), "a number written as text"),
        (value(22, comparator="<>"), "comparator"),
        (value(22, comparator="ad"), "comparator"),
        ({"valueString": "22"}, "no number"),
        ({"valueCodeableConcept": {"text": "adequate"}}, "no number"),
        ({"valueRatio": {"numerator": {"value": 1}}}, "no number"),
        ({"valueRange": {}}, "no number"),
        ({"valueQuantity": {"unit": "10*9/L"}}, "without a value"),
        ({}, "without a value"),
        (value(True), "not a usable number"),
    ],
)
def test_a_count_without_a_number_is_unread(members: Json, why: str) -> None:
    assert why in unread_reason(**members)


def test_a_reason_for_no_value_is_no_value() -> None:
    absent = concept(("http://terminology.hl7.org/CodeSystem/data-absent-reason", "error"))
    assert counts(observation(dataAbsentReason=absent)) == ((), ())
    assert one(dataAbsentReason=absent, **value(22)).value == 22


@pytest.mark.parametrize(("written", "kept"), [("<", Comparator.LESS), (">=", Comparator.AT_LEAST)])
def test_a_comparator_is_kept(written: str, kept: Comparator) -> None:
    result = one(**value(5, comparator=written))
    assert (result.value, result.comparator) == (5, kept)


def test_a_whole_number_without_unit_is_a_number_without_unit() -> None:
    assert one(valueInteger=22).problem is UnitProblem.NO_UNIT


# ------------------------------------------------------------------------------------------------ plausibility


@pytest.mark.parametrize("number", near(LIMITS.plausible_low))
def test_below_one_is_implausible(number: Decimal) -> None:
    result = one(**value(float(number)))
    usable = number >= LIMITS.plausible_low
    assert (result.problem is None) is usable
    assert result.value == (number if usable else None)


@pytest.mark.parametrize("number", near(LIMITS.plausible_high))
def test_above_the_highest_is_implausible(number: Decimal) -> None:
    result = one(**value(float(number)))
    assert (result.problem is None) is (number <= LIMITS.plausible_high)


def test_an_upper_bound_below_one_is_plausible() -> None:
    result = one(**value(1, comparator="<"))
    assert (result.value, result.problem) == (1, None)
    assert one(**value(0.5, comparator="<=")).problem is None
    assert one(**value(0.5, comparator=">")).problem is UnitProblem.IMPLAUSIBLE
    assert one(**value(-5, comparator="<")).problem is UnitProblem.IMPLAUSIBLE


@pytest.mark.parametrize(
    ("number", "unit", "likely", "named"),
    [
        (25000, "10*9/L", "25", "10*9/L"),
        (45, "/uL", "45", "/uL"),
        (0.15, "10*12/L", "150", "10*12/L"),
        (20, "10^12/L", None, "10*12/L"),
        (0.2, "10*9/L", None, "10*9/L"),
        (-22, "10*9/L", None, "10*9/L"),
        (9_000_000, "10*9/L", None, "10*9/L"),
    ],
)
def test_an_implausible_value_is_shown_with_its_likely_reading_and_never_used(
    number: float, unit: str, likely: str | None, named: str
) -> None:
    result = one(**value(number, unit))
    assert result.problem is UnitProblem.IMPLAUSIBLE
    assert result.value is None
    assert result.shown == Decimal(str(number))
    assert result.shown_unit == named
    assert result.likely == (None if likely is None else Decimal(likely))


def test_zero_needs_a_comparator_or_a_repeat() -> None:
    assert one(**value(0)).problem is UnitProblem.ZERO
    assert one(**value(0, None)).problem is UnitProblem.ZERO
    assert one(**value(0, comparator="<")).problem is None


def test_a_unit_that_is_not_known_is_shown_without_its_text() -> None:
    result = one(**value(22, "Doe units"))
    assert (result.problem, result.shown, result.shown_unit) == (UnitProblem.UNKNOWN_UNIT, 22, None)


def test_code_and_unit_that_disagree_are_no_count() -> None:
    assert one(**value(22, "10*9/L", "/uL")).problem is UnitProblem.CONTRADICTORY
    assert one(**value(444, "x10*9/L", "10*9/L")).value == 444
    assert one(**value(130, "Thousands Per MicroLiter", "10*3/uL")).value == 130


# ------------------------------------------------------------------------------------- unit from the range


def ranges(*pairs: tuple[float | None, float | None], unit: str | None = None) -> list[Json]:
    return [
        {name: quantity(bound, unit) for name, bound in (("low", low), ("high", high)) if bound is not None}
        for low, high in pairs
    ]


@pytest.mark.parametrize(
    ("number", "range_", "expected"),
    [
        (22, ranges((150, 400)), 22),
        (22, ranges((100, 350)), 22),
        (22, ranges((200, 500)), 22),
        (22_000, ranges((150_000, 400_000)), 22),
        (22, ranges((150, 400), unit="10*9/L"), 22),
        (22, ranges((150, 400), (140, 450)), 22),
    ],
)
def test_a_consistent_range_tells_the_unit(number: int, range_: list[Json], expected: int) -> None:
    result = one(referenceRange=range_, **value(number, None))
    assert (result.value, result.unit_inferred, result.problem) == (expected, True, None)


@pytest.mark.parametrize(
    "range_",
    [
        [],
        ranges((99, 400)),
        ranges((201, 400)),
        ranges((150, 349)),
        ranges((150, 501)),
        ranges((150, None)),
        ranges((None, 400)),
        ranges((15, 40)),
        ranges((150, 400), (150_000, 400_000)),
        ranges((150, 400), unit="/uL"),
        ranges((150, 400), unit="fL"),
        [{"text": "150-400"}],
        [{"low": {"unit": "10*9/L"}, "high": {"unit": "10*9/L"}}],
    ],
)
def test_any_other_range_tells_no_unit(range_: list[Json]) -> None:
    result = one(referenceRange=range_, **value(22, None))
    assert (result.value, result.problem, result.shown) == (None, UnitProblem.NO_UNIT, 22)


def test_an_inferred_unit_is_no_licence_for_an_implausible_value() -> None:
    assert one(referenceRange=ranges((150, 400)), **value(22_000, None)).problem is UnitProblem.IMPLAUSIBLE


def test_a_wrong_unit_with_a_range_of_another_is_no_reading_at_all() -> None:
    result = one(referenceRange=ranges((150_000, 450_000), unit="10^12/L"), **value(20, "10^12/L"))
    assert (result.value, result.likely, result.problem) == (None, None, UnitProblem.IMPLAUSIBLE)


# -------------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"effectiveDateTime": "2026-06-15"}, "2026-06-15"),
        ({"effectiveDateTime": None, "effectiveInstant": "2026-06-15T08:00:00Z"}, "2026-06-15T08:00:00Z"),
        (
            {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-06-13", "end": "2026-06-14"}},
            "2026-06-14",
        ),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-06-13"}}, "2026-06-13"),
    ],
)
def test_the_sample_time_comes_from_any_effective(members: Json, text: str) -> None:
    result = one(**members, **value(22))
    assert result.time is not None
    assert result.time.text == text
    assert not result.dated_by_report


def test_a_sample_time_that_cannot_be_read_makes_it_unread_and_issued_stays() -> None:
    _, [unread] = counts(
        observation(effectiveDateTime="15.06.2026", issued="2026-06-15T09:30:00Z", **value(22))
    )
    assert unread.time is None
    assert unread.issued is not None
    assert "sample time" in unread.reason


def test_issued_only_orders_versions() -> None:
    result = one(effectiveDateTime=None, issued="2026-06-15T09:30:00Z", **value(22))
    assert result.time is None
    assert result.issued is not None
    assert one(issued="yesterday", **value(22)).issued is None


def report(own_id: str, when: str | None, *results: str, **members: Any) -> Json:
    listed = [{"reference": f"Observation/{name}"} for name in results]
    return resource(
        "DiagnosticReport", own_id, status="final", effectiveDateTime=when, result=listed, **members
    )


def test_the_report_dates_a_count_that_has_no_date() -> None:
    results, _ = counts(
        observation(effectiveDateTime=None, **value(22)), report("r", "2026-06-14T08:00:00Z", "o")
    )
    [result] = results
    assert result.time is not None
    assert result.time.text == "2026-06-14T08:00:00Z"
    assert result.dated_by_report


def test_a_report_dates_what_its_panels_hold_and_of_two_the_earlier() -> None:
    panel = observation(
        "panel",
        concept((LOINC, "58410-2")),
        effectiveDateTime=None,
        hasMember=[{"reference": "Observation/o"}],
    )
    resources = (
        panel,
        observation(effectiveDateTime=None, **value(22)),
        report("late", "2026-06-14", "panel"),
        report("early", "2026-06-12", "o"),
        report("void", "2026-06-01", "o") | {"status": "entered-in-error"},
    )
    [result], _ = counts(*resources)
    assert result.time is not None
    assert result.time.text == "2026-06-12"


def test_panels_that_hold_each_other_end() -> None:
    a = observation("a", hasMember=[{"reference": "Observation/b"}], effectiveDateTime=None, **value(22))
    b = observation("b", hasMember=[{"reference": "Observation/a"}], effectiveDateTime=None, **value(23))
    results, _ = counts(a, b, report("r", "2026-06-14", "a", "b"))
    assert all(result.dated_by_report for result in results)


def test_a_count_with_a_date_keeps_it_beside_a_report() -> None:
    [result], _ = counts(observation(**value(22)), report("r", "2026-06-01", "o"))
    assert result.time is not None
    assert result.time.text == "2026-06-15T09:00:00Z"


# ---------------------------------------------------------------------------------------------------- specimen


@pytest.mark.parametrize(
    ("set_id", "kind"),
    [
        ("specimen-edta", Specimen.EDTA),
        ("specimen-citrate", Specimen.CITRATE),
        ("specimen-heparin", Specimen.HEPARIN),
        ("specimen-cord", Specimen.CORD),
    ],
)
def test_the_specimen_tells_the_tube(set_id: str, kind: Specimen) -> None:
    for code in TERMINOLOGY[set_id].codes:
        coded = concept((code.system, code.code))
        for specimen in ({"type": coded}, {"container": [{"additiveCodeableConcept": coded}]}):
            results, _ = counts(
                observation(specimen={"reference": "Specimen/s"}, **value(22)),
                resource("Specimen", "s", **specimen),
            )
            assert [(r.specimen, r.specimen_reference) for r in results] == [(kind, "Specimen/s")]


def test_a_contained_specimen_is_its_own_and_an_absent_one_is_still_a_name() -> None:
    citrate = TERMINOLOGY["specimen-citrate"].codes[0]
    tube = {"resourceType": "Specimen", "id": "s", "type": concept((citrate.system, citrate.code))}
    result = one(contained=[tube], specimen={"reference": "#s"}, **value(22))
    assert (result.specimen, result.specimen_reference) == (Specimen.CITRATE, "Observation/o#s")
    absent = one(specimen={"reference": "Specimen/none"}, **value(22))
    assert (absent.specimen, absent.specimen_reference) == (None, "Specimen/none")


def test_cord_blood_and_estimates_are_told_by_their_code() -> None:
    assert one(code=concept((LOINC, "47284-5")), **value(22)).specimen is Specimen.CORD
    estimate = one(code=concept((LOINC, "49497-1")), **value(22))
    assert estimate.estimate
    assert not one(**value(22)).estimate
    assert one(code=concept((LOINC, "107193-5")), **value(22)).specimen is None


# --------------------------------------------------------------------------------------- what is never passed over


def test_a_count_that_is_not_r4_is_unread_with_its_times() -> None:
    broken = observation(interpretation={"text": "STU3"}, issued="2026-06-15T09:30:00Z", **value(22))
    results, [unread] = counts(broken)
    assert results == ()
    assert unread.reference == "Observation/o"
    assert unread.reason == "not FHIR R4: interpretation"
    assert unread.time is not None
    assert unread.time.text == "2026-06-15T09:00:00Z"
    assert unread.issued is not None


def test_a_count_that_names_no_patient_is_unread_and_another_patients_is_not() -> None:
    _, [unread] = counts(observation(subject=None, **value(22)))
    assert unread.reason == "names no patient"
    assert counts(observation(subject={"reference": "Patient/p2"}, **value(22))) == ((), ())
    other = observation(subject={"reference": "Patient/p2"}, interpretation={"text": "STU3"}, **value(22))
    assert counts(other) == ((), ())


def test_a_broken_observation_of_something_else_is_no_unread_count() -> None:
    assert counts(observation(code=concept((LOINC, "718-7")), interpretation={}, **value(9, "g/dL"))) == (
        (),
        (),
    )
    assert counts(observation(status="cancelled", interpretation={}, **value(22))) == ((), ())


@pytest.mark.parametrize("text", [b"[]", b'{"resourceType":"Observation","code":7}', b'{"id":"x"}', b"7"])
def test_what_cannot_be_read_under_the_platelet_key_is_unread(text: bytes) -> None:
    for kinds, expected in ((frozenset({Kind.PLATELETS}), 1), (frozenset(Kind), 0)):
        parsed = parse([Source("platelets", kinds, [RawEntry(Raw(text))])], PATIENT)
        read = Reading(parsed, TERMINOLOGY, NOW, "patient-view", PATIENT)
        assert len(read_undecoded(read)) == expected


def test_a_bad_component_makes_its_panel_unread_for_the_count() -> None:
    parts = [{"code": concept((LOINC, "777-3")), "valueQuantity": "22"}]
    _, [unread] = counts(observation(code=concept((LOINC, "58410-2")), component=parts))
    assert unread.reason == "not FHIR R4: component.valueQuantity"


def test_nothing_of_the_record_gets_into_a_reason() -> None:
    secret = "DoeJane"
    resources = [
        observation("a", effectiveDateTime=secret, **value(22)),
        observation("b", **value(secret)),
        observation("c", **value(22, comparator=secret)),
        observation("d", valueString=secret),
        observation("e", status=secret, **value(22)),
        observation("f", subject={"display": secret}, **value(22)),
    ]
    read = reading(*resources)
    results, unread = settled(read)
    assert len(unread) == len(resources)
    assert secret not in repr((results, [replace(u, time=None) for u in unread], reasons(read)))

"""Which lines are alike: those that differ in id, value and times only, as far as an Observation is read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from cds_service.fhir.observation import Observation
from cds_service.replay.dealing import lines_of
from cds_service.replay.lines import BadLine, Line, LineReader, Passed, _Plain

ONE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "a",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2025-03-01T11:00:00Z",
    "issued": "2025-03-01T12:00:00Z",
    "valueQuantity": {"value": 38.5, "unit": "Cel"},
}
NOON = 1_740_830_400_000_000


def read(*resources: dict[str, Any]) -> list[Line]:
    texts = [(n, json.dumps(one).encode()) for n, one in enumerate(resources)]
    return [line for line in LineReader(b"key").read(texts) if isinstance(line, Line)]


@pytest.mark.parametrize(
    "other",
    [
        {"id": "b"},
        {"effectiveDateTime": "2025-02-01T11:00:00Z"},
        {"issued": "2025-02-01T11:00:00Z"},
        {"valueQuantity": {"value": 36, "unit": "Cel"}},
        {"performer": [{"display": "x"}]},
        {"meta": {"versionId": "7"}},
        {"subject": {"reference": "Patient/q"}},
    ],
)
def test_what_differs_in_nothing_that_makes_another_measurement_is_alike(other: dict[str, Any]) -> None:
    first, second = read(ONE, ONE | other)
    assert first.alike == second.alike != 0


@pytest.mark.parametrize(
    "other",
    [
        {"status": "amended"},
        {"status": None},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8310-6"}]}},
        {"valueQuantity": {"value": 38.5, "unit": "[degF]"}},
        {"valueQuantity": {"value": 38.5, "unit": "Cel", "comparator": "<"}},
        {"interpretation": [{"text": "H"}]},
        {"referenceRange": [{"high": {"value": 37}}]},
    ],
)
def test_what_differs_in_anything_else_is_another(other: dict[str, Any]) -> None:
    first, second = read(ONE, ONE | other)
    assert 0 != first.alike != second.alike != 0


@pytest.mark.parametrize(
    "other",
    [
        {"subject": {"reference": "https://ehr.example/Patient/p"}},
        {"subject": {"reference": "Patient/p/_history/1"}},
        {"valueQuantity": {"unit": "Cel"}},
        {"valueQuantity": {"value": 38.5, "unit": 3}},
        {"specimen": "blood"},
        {"dataAbsentReason": {"text": "unknown"}},
        {"component": []},
        {"component": None},
        {"contained": []},
        {"focus": []},
        {"hasMember": []},
        {"effectivePeriod": {}},
        {"effectiveInstant": "2025-03-01T11:00:00Z"},
        {"valueString": "38"},
        {"valueInteger": 38},
        {"valueBoolean": True},
        {"valueCodeableConcept": {}},
        {"valueRange": {}},
        {"valueRatio": {}},
        {"valueSampledData": {}},
        {"resourceType": "DiagnosticReport"},
    ],
)
def test_what_is_more_or_less_than_one_quantity_is_like_nothing(other: dict[str, Any]) -> None:
    (line,) = read(ONE | other)
    assert line.alike == 0
    assert line.patient == "p"


@pytest.mark.parametrize(
    ("other", "known"),
    [
        ({}, NOON),
        ({"issued": None}, NOON - 3_600_000_000),
        ({"issued": "2025-03-01T14:00:00.000001+02:00"}, NOON + 1),
        ({"issued": "2025-03-01"}, 0),
        ({"issued": ""}, 0),
        ({"issued": "2025-03-01T12:00:00"}, 0),
        ({"issued": "2025-03-01T12:00:00.0000001Z"}, 0),
        ({"issued": "2025-02-30T12:00:00Z"}, 0),
        ({"effectiveDateTime": "2025-03"}, 0),
        ({"effectiveDateTime": "2025-03-01 11:00:00Z"}, 0),
        ({"id": "no id"}, 0),
        ({"id": "a\n"}, 0),
        ({"effectiveDateTime": None}, 0),
    ],
)
def test_since_when_it_is_known_is_told_of_exact_times_only(other: dict[str, Any], known: int) -> None:
    lines = read({name: value for name, value in (ONE | other).items() if value is not None})
    assert lines_of(lines)["known"].to_pylist() == [known]


def test_no_member_of_an_observation_that_is_read_is_passed_over() -> None:
    names = {one.encode_name for one in msgspec.structs.fields(Observation)}
    assert names - {one.encode_name for one in msgspec.structs.fields(_Plain)} == {"meta", "performer"}


def told(one: Line | BadLine | Passed) -> object:
    """What becomes of it; what it is like is only found out where it stands among its kind."""
    return (
        (one.number, one.kind, one.patient, one.server, one.refers, one.raw) if isinstance(one, Line) else one
    )


def test_each_line_is_told_as_if_it_stood_alone() -> None:
    texts = [
        b"",
        b"{",
        b'["x"]',
        b"\xef\xbb\xbf" + json.dumps(ONE).encode(),
        b'{"resourceType":"Basic"}',
        "gone",
    ]
    for resource in (
        ONE,
        ONE | {"component": []},
        {"resourceType": "Patient", "id": "p"},
        ONE | {"subject": {}},
    ):
        texts.append(b" " + json.dumps(resource).encode() + b"\r\n")
    every = [(n, text) for n in range(3) for text in texts[n:]]
    together = list(LineReader(b"key").read(every))
    alone = [line for one in every for line in LineReader(b"key").read([one])]
    assert [told(one) for one in together] == [told(one) for one in alone]
    assert {type(one) for one in together} == {Line, BadLine, Passed}
    assert all(
        not one.raw[:1].isspace() and not one.raw[-1:].isspace() for one in together if isinstance(one, Line)
    )

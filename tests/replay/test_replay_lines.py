"""Which lines are alike: those that differ in id, value and times only, as far as an Observation is read."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from cds_service.fhir.observation import Observation
from cds_service.replay import alike
from cds_service.replay.alike import BlockReader, _Plain
from cds_service.replay.lines import BadLine, Passed, Piece
from tests.replay.exports import lines_of

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
NONE = array("q", [0])


def read(*resources: dict[str, Any]) -> list[Piece]:
    """Each line by itself."""
    return [one for one in told_of([json.dumps(one).encode() for one in resources]) if isinstance(one, Piece)]


def told_of(texts: list[bytes], number: int = 0) -> list[Piece | BadLine | Passed]:
    """What lines that stand one after the other are, each by itself."""
    return lines_of(BlockReader(b"key").read([(number, b"\n".join([*texts, b""]))]))


@pytest.mark.parametrize(
    "other",
    [
        {"id": "b"},
        {"effectiveDateTime": "2025-02-01T11:00:00Z"},
        {"issued": "2025-03-01T11:00:00Z"},
        {"valueQuantity": {"value": 36, "unit": "Cel"}},
        {"performer": [{"display": "x"}]},
        {"meta": {"versionId": "7"}},
        {"subject": {"reference": "Patient/q"}},
    ],
)
def test_what_differs_in_nothing_that_makes_another_measurement_is_alike(other: dict[str, Any]) -> None:
    first, second = read(ONE, ONE | other)
    assert first.alike == second.alike != NONE
    assert (first.same == second.same) == ("valueQuantity" not in other)


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
    assert NONE != first.alike != second.alike != NONE
    assert NONE != first.same != second.same != NONE


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
    assert line.alike == line.same == line.known == NONE
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
    (line,) = read({name: value for name, value in (ONE | other).items() if value is not None})
    assert line.known.tolist() == [known]
    among = read(ONE, ONE | other, ONE)  # where others keep one form
    assert among[1].known.tolist() == [known if other != {"effectiveDateTime": None} else 0]
    assert [among[0].known, among[2].known] == [array("q", [NOON])] * 2


def test_no_member_of_an_observation_that_is_read_is_passed_over() -> None:
    names = {one.encode_name for one in msgspec.structs.fields(Observation)}
    assert names - {one.encode_name for one in msgspec.structs.fields(_Plain)} == {"meta", "performer"}


def told(one: Piece | BadLine | Passed) -> object:
    """What becomes of it; what it is like is only found out where it stands among its kind."""
    return (
        (one.line, one.kind, one.patient, one.server, one.refers, one.text) if isinstance(one, Piece) else one
    )


def test_each_line_is_told_as_if_it_stood_alone() -> None:
    texts = [
        b"",
        b"{",
        b'["x"]',
        b"\xef\xbb\xbf" + json.dumps(ONE).encode(),
        b'{"resourceType":"Basic"}',
    ]
    for resource in (
        ONE,
        ONE | {"component": []},
        {"resourceType": "Patient", "id": "p"},
        ONE | {"subject": {}},
    ):
        texts.append(b" " + json.dumps(resource).encode() + b"\r")
    every = [text for n in range(3) for text in texts[n:]]
    together = told_of(every)
    alone = lines_of(one for n, text in enumerate(every) for one in BlockReader(b"key").read([(n, text)]))
    assert [told(one) for one in together] == [told(one) for one in alone]
    assert {type(one) for one in together} == {Piece, BadLine, Passed}


def numbered(id_: int, patient: str = "p") -> bytes:
    return json.dumps(ONE | {"id": f"o{id_}", "subject": {"reference": f"Patient/{patient}"}}).encode()


def test_a_block_of_such_observations_is_pieces_of_patients_in_a_row() -> None:
    lines = [numbered(n, patient) for n, patient in enumerate("aabba")]
    pieces = list(BlockReader().read([(7, b"\n".join([*lines, b""]))]))
    assert [(one.patient, one.line, one.ids, one.text) for one in pieces if isinstance(one, Piece)] == [
        ("a", 7, "o0\no1", b"\n".join(lines[:2])),
        ("b", 9, "o2\no3", b"\n".join(lines[2:4])),
        ("a", 11, "o4", lines[4]),
    ]


@pytest.mark.parametrize(
    ("middle", "reasons"),
    [
        (b"{", ["not JSON"]),
        (b"[]", ["not a FHIR resource"]),
        (numbered(8) + numbered(9), ["not JSON"]),  # two values are no line
        (numbered(8).replace(b"{", b"{\n", 1), ["not JSON", "not a FHIR resource"]),
        (numbered(8) + numbered(9).replace(b"{", b"{\n", 1), ["not JSON", "not a FHIR resource"]),
        (json.dumps(ONE | {"subject": {"reference": "Group/1"}}).encode(), ["names no patient"]),
    ],
)
def test_a_bad_line_in_the_middle_of_a_block_is_told_and_no_other(middle: bytes, reasons: list[str]) -> None:
    lines = [*(numbered(n) for n in range(3)), *middle.split(b"\n"), *(numbered(n) for n in range(3, 6))]
    found = told_of(lines, number=1)
    bad = [one for one in found if isinstance(one, BadLine)]
    assert [(one.number, one.reason) for one in bad] == list(enumerate(reasons, 4))
    good = [one for one in found if isinstance(one, Piece)]
    assert [(one.line, one.ids, one.text) for one in good] == [
        (n, f"o{n - 1 if n < 4 else n + 5 - len(lines)}", lines[n - 1])
        for n in (1, 2, 3, len(lines) - 2, len(lines) - 1, len(lines))
    ]


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        (lambda text: text, True),
        (lambda text: text.removesuffix(b"\n"), False),
        (lambda text: text.replace(b"\n", b"\r\n"), False),
        (lambda text: b" " + text, False),
        (lambda text: text + b"\n", False),
        (lambda text: text.replace(b'"component"', b'"componenT"'), True),
        (lambda text: text.replace(b'"id": "o1"', b'"id": "o1", "component": []'), False),
    ],
)
def test_a_block_is_read_at_once_or_each_line_alone_and_it_is_the_same(
    change: Callable[[bytes], bytes], whole: bool
) -> None:
    text = change(b"\n".join([*(numbered(n) for n in range(4)), b""]))
    assert (alike._all_plain(text) is not None) is whole
    reader = BlockReader(b"key")
    found = lines_of(reader.read([(1, text)]))
    assert found == lines_of(reader._read_each(0, 1, text))
    assert [one.line for one in found if isinstance(one, Piece)] == [1, 2, 3, 4]

"""Pieces in columns: lines are made of them where one is asked for, and what is told without them is the same."""

from __future__ import annotations

import json
from array import array
from typing import Any

import pytest

from cds_service.replay import times
from cds_service.replay.alike import BlockReader
from cds_service.replay.by_patient import lines_of
from cds_service.replay.dealing import columns_of
from cds_service.replay.lines import Piece
from cds_service.replay.patient_pieces import LinesOfPatient, held_pieces

HOUR = 3_600_000_000
NOON = 1_740_830_400_000_000


def observation(number: int, code: str, hour: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"code": code}]},
        "subject": {"reference": "Patient/a"},
        "effectiveDateTime": f"2025-03-01T{hour:02}:00:00Z",
        "valueQuantity": {"value": number},
    }


RESOURCES = [
    observation(1, "x", 14),
    observation(2, "y", 12),
    observation(3, "x", 13),
    observation(4, "x", 15),
    {"resourceType": "Patient", "id": "a"},
    {"resourceType": "Encounter", "id": "e", "subject": {"reference": "https://ehr.example/Patient/a"}},
    observation(5, "y", 16),
]
TEXTS = [json.dumps(one).encode() for one in RESOURCES]


@pytest.fixture
def lines() -> LinesOfPatient:
    text = b"".join(text + b"\n" for text in TEXTS)
    pieces = [one for one in BlockReader(b"key").read([(1, text)], 3) if isinstance(one, Piece)]
    server, found = lines_of(list(held_pieces([columns_of(pieces)])), {"Medication/m": (0, 9, b"{}")})
    assert server == "https://ehr.example/"
    return found


def test_every_line_has_its_place_in_the_order_of_the_file(lines: LinesOfPatient) -> None:
    assert [(one.file, one.line, one.raw) for one in lines] == [(3, n, raw) for n, raw in enumerate(TEXTS, 1)]
    assert [lines[n].raw for n in range(len(lines))] == TEXTS
    assert lines[-1].raw == TEXTS[-1]
    assert [one.id for one in lines[:3]] == ["o1", "o2", "o3"]
    with pytest.raises(IndexError):
        lines[len(TEXTS)]


@pytest.mark.parametrize("n", range(4))
def test_one_line_is_found_without_the_others(lines: LinesOfPatient, n: int) -> None:
    piece = lines.piece_at(2)
    assert [(place, line.raw) for place, line in piece.lines([n])] == [(n, TEXTS[n])]
    assert piece.lines(range(4))[n] == piece.lines([n])[0]


def test_a_piece_tells_since_when_the_first_is_known_of_those_that_are_not_left(
    lines: LinesOfPatient,
) -> None:
    piece = lines.piece_at(1)
    x, y = piece.alike[0], piece.alike[1]
    assert piece.first == {x: NOON + HOUR, y: NOON}
    piece.leave([2])
    assert piece.first == {x: NOON + 2 * HOUR, y: NOON}
    assert [line.id for _, line in piece.told()] == ["o1", "o2", "o4"]
    assert [line.id for _, line in piece.told(x)] == ["o1", "o4"]
    piece.leave([1])
    piece.leave([0, 3])
    assert piece.first == {}
    assert piece.told() == []


def test_lines_that_have_to_be_read_are_like_nothing(lines: LinesOfPatient) -> None:
    pieces = [lines.piece_at(place) for place in (4, 5, 6)]  # the last was not looked at, behind another type
    assert [(one.first, list(one.alike), one.ids) for one in pieces] == [
        ({}, [0], id_) for id_ in ("", "", "o5")
    ]


FORMS = [
    "2025-03-01T12:00:00Z",
    "2025-03-01T12:00:00.000Z",
    "2024-02-29T12:00:00Z",
    "2025-02-29T12:00:00Z",
    "2025-03-01T24:00:00Z",
    "2025-13-01T12:00:00Z",
    "0999-03-01T12:00:00Z",
    "3000-03-01T12:00:00Z",
    "2025-03-01 12:00:00Z",
    "2025-03-01T12:00:00+01:00",
    "2025-03-01T12:00:00+19:00",
    "2025-03-01T12:00:60Z",
    "2025-03-01",
    "",
]


@pytest.mark.parametrize("begun", FORMS)
@pytest.mark.parametrize("told", [*FORMS, None])
def test_times_of_one_form_are_known_as_by_the_grammar(begun: str, told: str | None) -> None:
    by_form = times._known_by_form([begun] * 2, [told] * 2)
    by_grammar = times._known_by_grammar([begun] * 2, [told] * 2)
    leap_day = "02-29" in begun + (told or "")  # which the grammar leaves to be read
    assert by_form is None or leap_day or list(by_form) == by_grammar.to_pylist()


@pytest.mark.parametrize("begun", FORMS[:2])
@pytest.mark.parametrize("told", FORMS[:2])
def test_each_list_of_times_has_a_form_of_its_own(begun: str, told: str) -> None:
    assert times._known_by_form([begun] * 2, [told] * 2) is not None


@pytest.mark.parametrize(
    "ids",
    [
        ["a", "b-1."],
        ["a", ""],
        ["a", "no id"],
        ["a", "\u00e4"],
        ["a", "x" * 255],
        ["a", "x" * 256],
        ["\n", "b"],
    ],
)
def test_an_id_that_is_none_is_left_out(ids: list[str]) -> None:
    found = times.usable_ids(list(ids))
    assert found == [
        id_ if id_.isascii() and 0 < len(id_) < 256 and id_ not in ("no id", "\n") else "" for id_ in ids
    ]
    known = times.known_times(found, ["2025-03-01T12:00:00Z"] * 2, [None] * 2)
    assert known == array("q", [NOON if id_ else 0 for id_ in found])

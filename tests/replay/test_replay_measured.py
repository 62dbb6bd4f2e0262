"""Measurements that are told apart once give the facts that reading everything at each moment gives."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cards
from cds_service.facts.scales import SCALES
from cds_service.replay import alike_memory
from cds_service.replay.alike import BlockReader
from cds_service.replay.aside import Aside
from cds_service.replay.by_patient import lines_of
from cds_service.replay.dealing import columns_of
from cds_service.replay.evaluate_moment import Case, answers_of, judge_all, settle_all
from cds_service.replay.held import hold
from cds_service.replay.lines import Piece
from cds_service.replay.measured import NEVER_ASKED, Knowledge, PlacedHeld
from cds_service.replay.patient_lines import PatientLines
from cds_service.replay.patient_pieces import held_pieces
from cds_service.replay.plan import content_of
from cds_service.replay.tables import no_rows
from cds_service.replay.triggers import Trigger

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
TEMPERATURE, HAEMOGLOBIN, HEART_RATE, COUNT, FIBRINOGEN = "8310-5", "718-7", "8867-4", "777-3", "3255-7"
CARDS = Path(cards.__file__).parent


def observation(number: int, code: str, value: Any, unit: str | None, **more: Any) -> dict[str, Any]:
    at = (NOON - timedelta(hours=30 - number)).isoformat()
    quantity = {"value": value} | ({} if unit is None else {"unit": unit, "code": unit})
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/a"},
        "effectiveDateTime": at,
        "valueQuantity": {"system": "http://unitsofmeasure.org", **quantity},
    } | more


LINES = [
    {"resourceType": "Patient", "id": "a", "gender": "male", "birthDate": "1970-02-01"},
    {"resourceType": "Encounter", "id": "e", "status": "in-progress", "subject": {"reference": "Patient/a"}},
    observation(1, TEMPERATURE, 38.9, "Cel"),
    observation(2, TEMPERATURE, 98, "Cel"),  # not possible
    observation(3, TEMPERATURE, 101.3, "[degF]"),
    observation(4, TEMPERATURE, 37.2, None),  # no unit
    observation(5, TEMPERATURE, 36.1, "Cel", issued="2025-03-01T13:00:00Z"),  # known later
    observation(6, HAEMOGLOBIN, 9.1, "g/dL"),
    observation(7, HAEMOGLOBIN, 120, "g/dL"),  # not possible
    observation(8, HAEMOGLOBIN, 88, "g/L", interpretation=[{"coding": [{"code": "L"}]}]),
    observation(9, HAEMOGLOBIN, 8.8, "g/dL", referenceRange=[{"low": {"value": 13}, "high": {"value": 17}}]),
    observation(10, HEART_RATE, 96, "/min"),
    observation(10, HEART_RATE, 97, "/min", meta={"versionId": "2"}),  # two versions
    observation(11, HEART_RATE, -5, "/min"),
    observation(12, HEART_RATE, 91, "/min", subject={"reference": "Patient/b"}),  # another patient's
    observation(13, HEART_RATE, 92, "/min", effectiveDateTime="2025-02-28"),
    observation(14, HEART_RATE, 93, "/min", status="entered-in-error"),
    observation(15, HEART_RATE, 94, "/min", issued="yesterday"),
    observation(16, HEART_RATE, 90, "/min", component=[observation(0, HAEMOGLOBIN, 7.7, "g/dL")]),
    observation(17, COUNT, 31, "10*9/L"),
    observation(18, COUNT, 12, "10*9/L", issued="2025-03-01T14:00:00Z"),
    observation(19, TEMPERATURE, 39.4, "Cel"),
    observation(20, TEMPERATURE, 38.4, "Cel", issued="2025-02-28T09:00:00Z"),  # dated after it was known
]


def patient_lines(*more: dict[str, Any]) -> PatientLines:
    """As they come out of the runs: what is alike by the reader of blocks, the rest by the columns."""
    text = b"".join(json.dumps(line).encode() + b"\n" for line in (*LINES, *more))
    found = [one for one in BlockReader(b"key").read([(0, text)]) if isinstance(one, Piece)]
    _, lines = lines_of(list(held_pieces([columns_of(found)])), {})
    return PatientLines(lines, ["x"], [content_of(None)])


def sorted_out(*more: dict[str, Any]) -> Knowledge:
    """What is known at the last moment, told apart as a replay does."""
    every = patient_lines(*more)
    every.read(Aside("a", no_rows()))
    every.leave_later(NOON + timedelta(days=1))
    return every.sort_out("a", content_of(None))


def all_read(*more: dict[str, Any]) -> Knowledge:
    """The same, with every resource in `rest`."""
    every = patient_lines(*more)
    held = [one for _, one in read(every)]
    return Knowledge(tuple(enumerate(held)))


def read(every: PatientLines) -> list[PlacedHeld]:
    every.contents = [replace(content_of(None), version="nothing is remembered of it")]
    every.read(Aside("a", no_rows()))
    return every.held


def read_at(knowledge: Knowledge, at: datetime) -> tuple[Any, ...]:
    """Measurements, rules and what was set aside, as a moment has them."""
    stay = hold(json.dumps(LINES[1]).encode(), "x", 1, content_of(None).terminology)
    assert stay is not None
    trigger = Trigger("encounter", at, stay)
    content = content_of(None)
    [settled] = settle_all([Case("a", None, knowledge, trigger)], answers_of(["Observation"]), content)
    [judged] = judge_all([settled], content)
    values = judged.facts.record.measurements
    rejected = {(one.resource.partition("[")[0], one.reason) for one in (*settled.rejected, *judged.rejected)}
    return list(values.items()), judged.decision.outcomes, judged.decision.cards, rejected


@pytest.mark.parametrize("hours", [-29, -23.5, -20, -12, 0, 3])
def test_what_is_told_apart_is_read_as_everything_is_read(hours: float) -> None:
    at = NOON + timedelta(hours=hours)
    whole = read_at(all_read(), at)
    first = read_at(sorted_out(), at)
    again = read_at(sorted_out(), at)  # by what is remembered now
    assert dict(whole[0]) == dict(first[0])
    assert whole == first == again


def test_a_measurement_that_is_not_valid_is_set_aside_where_a_card_rests_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alike_memory, "_memories", {})
    bleeding = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/a"},
        "recordedDate": "2025-03-01T09:00:00Z",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "74474003"}]},
    }
    more = [
        observation(28, FIBRINOGEN, 0.9, "g/L", heard="from R4"),
        observation(27, HEART_RATE, 99, "/min", heard="from R4"),
        bleeding,
    ]
    whole, first = read_at(all_read(*more), NOON), read_at(sorted_out(*more), NOON)
    assert whole[1:] == first[1:]
    assert {resource for resource, _ in first[3]} >= {"Observation/o28"}
    assert not {resource for resource, _ in first[3]} & {"Observation/o27"}


def test_no_rule_asks_for_what_is_never_asked() -> None:
    asked = "".join(path.read_text() for kind in ("py", "toml") for path in CARDS.rglob(f"*.{kind}"))
    assert {set_id for set_id in SCALES if set_id not in asked} == NEVER_ASKED


def test_only_what_is_a_measurement_and_nothing_else_is_told_apart() -> None:
    for _ in range(2):
        known = sorted_out()
        assert [line.id.removeprefix("o") for _, line in known.measured] == [
            *("1", "3", "5", "6", "8", "9", "13", "19")
        ]
        assert len(known.rest) + len(known.measured) == len(LINES) - 1  # a stay without a time is never known


def test_what_is_remembered_need_not_be_read() -> None:
    sorted_out()
    every = patient_lines()
    every.read(Aside("a", no_rows()))
    # "1" comes after a stay: it is looked at only as far as a line of any type is
    assert [line.id.removeprefix("o") for _, line in every.told] == ["3", "5", "6", "8", "9", "19"]
    assert not {line.line for _, line in every.told} & {one.line for _, one in every.held}
    assert [one.line for one in every.all_held()] == [n for n in range(len(LINES)) if n != 1]
    assert every.get("Observation/o19") is not None


def test_what_came_after_the_last_moment_is_remembered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike_memory, "_memories", {})
    first = patient_lines()
    first.read(Aside("a", no_rows()))
    first.leave_later(NOON - timedelta(days=9))
    assert first.sort_out("a", content_of(None)).measured == []
    again = patient_lines()
    again.read(Aside("a", no_rows()))
    assert [line.id.removeprefix("o") for _, line in again.told] == ["3", "5", "6", "8", "9", "19"]


def test_an_id_that_is_none_leaves_everything_to_be_read() -> None:
    sorted_out()
    known = sorted_out(LINES[2] | {"id": "not an id"})
    assert known.measured == []
    assert len(known.rest) == len(LINES)

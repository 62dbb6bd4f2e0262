"""Measurements that are told apart once give the facts that reading everything at each moment gives."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cds_service.replay.evaluate_moment import answers_of, judge_moment
from cds_service.replay.held import Held, hold
from cds_service.replay.measured import Knowledge, sort_out
from cds_service.replay.plan import content_of
from cds_service.replay.triggers import Trigger

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
TEMPERATURE, HAEMOGLOBIN, HEART_RATE, COUNT = "8310-5", "718-7", "8867-4", "777-3"


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
]


def held_lines() -> list[Held]:
    terminology = content_of(None).terminology
    held = [hold(json.dumps(line).encode(), "x", n, terminology) for n, line in enumerate(LINES)]
    return [one for one in held if one is not None]


def read_at(knowledge: Knowledge, held: list[Held], at: datetime) -> tuple[Any, ...]:
    """Measurements, rules and what was set aside, as a moment has them."""
    trigger = Trigger("encounter", at, held[1])
    judged = judge_moment("a", None, knowledge, trigger, answers_of(["Observation"]), content_of(None))
    values = judged.facts.record.measurements
    rejected = {(one.resource.partition("[")[0], one.reason) for one in judged.rejected}
    return list(values.items()), judged.decision.outcomes, judged.decision.cards, rejected


@pytest.mark.parametrize("hours", [-29, -23.5, -20, -12, 0, 3])
def test_what_is_told_apart_is_read_as_everything_is_read(hours: float) -> None:
    held, at = held_lines(), NOON + timedelta(hours=hours)
    whole = read_at(Knowledge(tuple(enumerate(held))), held, at)
    first = read_at(sort_out("a", held, content_of(None)), held, at)
    again = read_at(sort_out("a", held, content_of(None)), held, at)  # by what is remembered now
    assert dict(whole[0]) == dict(first[0])
    assert whole == first == again


def test_only_what_is_a_measurement_and_nothing_else_is_told_apart() -> None:
    held = held_lines()
    for _ in range(2):
        told = sort_out("a", held, content_of(None))
        assert {one.reference.rpartition("/o")[2] for one in told.measured} == {
            *("1", "3", "5", "6", "8", "9", "13", "19")
        }
        assert len(told.rest) + len(told.measured) == len(held)


def test_an_id_that_is_none_leaves_everything_to_be_read() -> None:
    strange = json.dumps(LINES[2] | {"id": "not an id"}).encode()
    last = hold(strange, "x", 99, content_of(None).terminology)
    assert last is not None
    assert sort_out("a", [*held_lines(), last], content_of(None)).measured == ()

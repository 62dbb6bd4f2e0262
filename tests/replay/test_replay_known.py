"""No look-ahead: at each moment only what was known then. An export that ends at the moment gives the same cards."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.fhir.dates import read_instant
from cds_service.replay.known import as_known, changes_of, decode, known_from
from tests.replay.conftest import Replayed
from tests.replay.exports import Row, hash_in_tests, read_ndjson, replay, write_ndjson

# Written without the code that is tested: the member that says since when a resource of the made-up export was known.
SINCE = {
    "Observation": "issued",
    "Condition": "recordedDate",
    "MedicationRequest": "authoredOn",
    "ServiceRequest": "authoredOn",
    "Procedure": "performedDateTime",
}
AFTERWARDS = ("transfused_24h", "anti_infective_24h", "new_count_24h", "tpo_ra_30d")
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def cut_at(resource: Row, end: datetime) -> Row | None:
    """What an export at `end` would have held of the resource; None where it did not exist yet."""
    kind = resource["resourceType"]
    if kind == "Patient":
        return resource
    if kind == "Encounter":
        period = resource["period"]
        if instant(period["start"]) > end:
            return None
        if instant(period["end"]) > end:
            return resource | {"status": "in-progress", "period": {"start": period["start"]}}
        return resource
    since = resource.get(SINCE[kind])
    return resource if since is not None and instant(since) <= end else None


def test_an_export_that_ends_at_the_moment_gives_the_same_cards(demo: Replayed, tmp_path: Path) -> None:
    chance = random.Random(4)
    moments: dict[str, list[Row]] = defaultdict(list)
    for row in demo.tables["evaluations"]:
        moments[row["patient_hash"]].append(row)
    ends = {patient: chance.choice(rows)["at"] for patient, rows in moments.items()}
    kept = []
    for resource in read_ndjson(demo.export):
        patient = resource["id"] if resource["resourceType"] == "Patient" else _patient(resource)
        cut = cut_at(resource, ends[hash_in_tests(patient)]) if patient else None
        if cut is not None:
            kept.append(cut)
    found = replay(write_ndjson(tmp_path / "export", kept), tmp_path / "out")
    expected = [row for row in demo.tables["evaluations"] if row["at"] <= ends[row["patient_hash"]]]
    assert [_now(row) for row in found["evaluations"]] == [_now(row) for row in expected]
    chosen = {row["evaluation"] for row in expected}
    for name in ("cards", "cannot_tell"):
        assert found[name] == [row for row in demo.tables[name] if row["evaluation"] in chosen]
    assert len(found["cards"]) > 20
    assert len(chosen) < len(demo.tables["evaluations"])


def _patient(resource: Row) -> str:
    return str(resource.get("subject", {}).get("reference", "")).removeprefix("Patient/")


def _now(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in AFTERWARDS}


def count(id_: str, value: int, issued: str, status: str = "final") -> Row:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": status,
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "subject": {"reference": "Patient/a"},
        "effectiveDateTime": "2025-03-01T07:00:00Z",
        "issued": issued,
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "10*9/L"},
    }


def test_a_count_is_known_when_it_is_issued_and_a_later_correction_only_then(tmp_path: Path) -> None:
    export = write_ndjson(
        tmp_path / "export",
        [
            {"resourceType": "Patient", "id": "a", "gender": "male", "birthDate": "1970-02-01"},
            count("c", 6, "2025-03-01T09:00:00Z"),
            count("c", 160, "2025-03-01T15:00:00Z", status="corrected") | {"meta": {"versionId": "2"}},
        ],
    )
    found = replay(export, tmp_path / "out")
    assert [row["at"].hour for row in found["evaluations"]] == [9, 15]
    shown = [(row["evaluation"][-1], row["rule"]) for row in found["cards"] if row["state"] == "shown"]
    assert ("0", "TRF-06") in shown
    assert not any(rule.startswith("TRF") for evaluation, rule in shown if evaluation == "1")


@pytest.mark.parametrize(
    ("resource", "at"),
    [
        ({"resourceType": "Observation", "issued": "2025-03-01T10:00:00+01:00"}, "2025-03-01T09:00:00"),
        ({"resourceType": "Observation", "effectiveDateTime": "2025-03-01"}, "2025-03-01T23:59:59.999999"),
        (
            {"resourceType": "Observation", "issued": "soon", "effectiveDateTime": "2025-03-01T10:00:00Z"},
            "2025-03-01T10",
        ),
        (
            {
                "resourceType": "Condition",
                "recordedDate": "2025-03-02T08:00:00Z",
                "onsetDateTime": "2024-01-01",
            },
            "2025-03-02T08",
        ),
        (
            {"resourceType": "Procedure", "performedPeriod": {"start": "2025-03-01T10:00:00Z"}},
            "2025-03-01T10",
        ),
        ({"resourceType": "Observation"}, None),
        ({"resourceType": "AllergyIntolerance"}, None),
        ({"resourceType": "Condition", "recordedDate": 5}, None),
    ],
)
def test_since_when_a_resource_was_known(resource: Row, at: str | None) -> None:
    expected = None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert known_from(resource) == expected


LATER, EARLIER = "2025-03-01T18:00:00Z", "2025-03-01T06:00:00Z"


def then(resource: Row) -> Any:
    """The resource as it was known at noon."""
    raw = json.dumps(resource).encode()
    read = decode(raw)
    assert read is not None
    changes_until = changes_of(read)[-1]
    assert changes_until in {read_instant(LATER), read_instant(EARLIER)}
    for hours in range(-8, 9):  # it changes until then, and no longer
        at = NOON + timedelta(hours=hours)
        assert (as_known(read, raw, at) is raw) == (at >= changes_until)
    return json.loads(as_known(read, raw, NOON))


@pytest.mark.parametrize(
    ("kind", "over", "status", "before"),
    [
        ("Encounter", {"period": {"start": EARLIER, "end": LATER}}, "finished", "in-progress"),
        ("Procedure", {"performedPeriod": {"start": EARLIER, "end": LATER}}, "completed", "in-progress"),
        ("MedicationStatement", {"effectivePeriod": {"start": EARLIER, "end": LATER}}, "stopped", "active"),
        ("MedicationRequest", {"dispenseRequest": {"validityPeriod": {"end": LATER}}}, "completed", "active"),
        ("ServiceRequest", {"occurrenceDateTime": LATER}, "completed", "active"),
        ("Appointment", {"start": LATER}, "fulfilled", "booked"),
    ],
)
def test_a_later_end_is_taken_out_with_its_status(kind: str, over: Row, status: str, before: str) -> None:
    resource = {"resourceType": kind, "status": status, **over}
    assert then(resource)["status"] == before
    earlier = json.loads(json.dumps(resource).replace(LATER, EARLIER))
    assert then(earlier) == earlier


def test_a_condition_that_ended_later_was_active() -> None:
    resolved = {"coding": [{"system": "x", "code": "resolved"}]}
    condition = {"resourceType": "Condition", "clinicalStatus": resolved, "abatementDateTime": LATER}
    assert then(condition) == {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": "x", "code": "active"}]},
    }
    ended = condition | {"abatementDateTime": EARLIER}
    assert then(ended) == ended


def test_a_place_that_was_reached_later_is_not_yet_there_and_the_digits_of_numbers_stay() -> None:
    places = [
        {"location": {"display": "Ward"}, "status": "completed", "period": {"start": EARLIER, "end": LATER}},
        {"location": {"display": "ICU"}, "period": {"start": LATER}},
    ]
    encounter = {"resourceType": "Encounter", "status": "in-progress", "location": places}
    assert then(encounter)["location"] == [
        {"location": {"display": "Ward"}, "status": "active", "period": {"start": EARLIER}}
    ]
    raw = b'{"resourceType":"Appointment","status":"fulfilled","start":"%s","x":1.50}' % LATER.encode()
    assert b"1.50" in as_known(decode(raw) or {}, raw, NOON)

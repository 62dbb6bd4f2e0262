"""A replay of the made-up export finds what was planted in it, and nothing of it depends on how it was run."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.replay.aside import NO_TIME, UNMAPPED
from cds_service.replay.export_files import ExportError, export_files
from tests.replay.conftest import Replayed
from tests.replay.exports import hash_in_tests, replay, table_bytes, write_ndjson


def test_the_moments_are_those_that_were_planted(demo: Replayed) -> None:
    found = Counter(row["trigger"] for row in demo.tables["evaluations"])
    assert found == demo.planted["evaluations"]
    assert len(demo.tables["encounters"]) == demo.planted["encounters"]
    assert len(demo.tables["patients"]) == demo.planted["patients"]


def test_the_cards_are_those_that_were_planted(demo: Replayed) -> None:
    found = Counter(row["rule"] for row in demo.tables["cards"] if row["state"] == "shown")
    planted = demo.planted["cards"]
    assert {rule: found[rule] for rule in planted} == planted
    assert set(found) - set(planted) <= {"TPO-03"}  # other illnesses decide it, so that it is not planted


def test_the_lines_that_cannot_be_used_are_counted_and_located(demo: Replayed) -> None:
    lines = (demo.export / "Observation.ndjson").read_bytes().splitlines()
    bad = [row for row in demo.tables["rejected"] if row["patient_hash"] is None]
    planted = {why: many for why, many in demo.planted["bad_lines"].items() if many}
    assert Counter(row["reason"] for row in bad) == planted
    starts = {"not JSON": b'{"resourceType":"Observation","id":"cut-', "not a FHIR resource": b'["made-up"'}
    for row in bad:
        assert row["file"] == "Observation.ndjson"
        assert lines[row["line"] - 1].startswith(starts.get(row["reason"], b"{"))


def test_what_a_site_has_to_mend_is_named(demo: Replayed) -> None:
    found = Counter((row["reason"], row["code"]) for row in demo.tables["rejected"])
    local, undated = (
        demo.planted["courses"][f"count {how}"] for how in ("under a local code", "without a time")
    )
    assert found[UNMAPPED, "urn:oid:1.3.6.1.4.1.99999.7|PLT-AUTO"] == local
    assert found[NO_TIME, None] == undated
    assert found["a platelet count: no unit", None] == demo.planted["courses"]["count without unit"]
    whys = Counter(row["no_count"] for row in demo.tables["evaluations"] if row["trigger"] == "count")
    assert whys == {
        "a newer count has no unit": demo.planted["courses"]["count without unit"],
        None: demo.planted["evaluations"]["count"] - demo.planted["courses"]["count without unit"],
    }
    undatable = [row for row in demo.tables["rejected"] if row["reason"] == NO_TIME]
    lines = (demo.export / "Observation.ndjson").read_bytes().splitlines()
    assert all(b'"value":77' in lines[row["line"] - 1] for row in undatable)


def test_no_patient_is_named_in_a_table(demo: Replayed) -> None:
    assert b"demo-0" not in b"".join(table_bytes(demo.out).values())
    assert "demo-0" not in json.dumps(demo.tables, default=str)


def test_rows_stand_in_the_order_of_patient_and_time(demo: Replayed) -> None:
    keys = [(row["patient_hash"], row["at"]) for row in demo.tables["evaluations"]]
    assert keys == sorted(keys)


def test_other_file_names_gzip_and_a_manifest_give_the_same_rows(demo: Replayed, tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    named: list[dict[str, Any]] = []
    for file in demo.export.glob("*.ndjson"):
        with gzip.open(export / f"{file.name}.gz", "wb") as packed:
            packed.write(file.read_bytes())
        named += [{"type": file.stem, "url": f"https://ehr.example/bulk/{file.name}.gz?sig=a%2Fb"}] * 2
    (export / "manifest.json").write_text(json.dumps({"output": named}), encoding="utf-8")
    (export / "beside.ndjson").write_text("not named in the manifest\n", encoding="utf-8")
    again = replay(export, tmp_path / "out")
    for name in demo.tables:
        if name != "rejected":
            assert (tmp_path / f"out/{name}.parquet").read_bytes() == (
                demo.out / f"{name}.parquet"
            ).read_bytes()
    assert [row | {"file": None} for row in again["rejected"]] == [
        row | {"file": None} for row in demo.tables["rejected"]
    ]


def test_from_to_and_triggers_choose_moments(demo: Replayed, tmp_path: Path) -> None:
    all_rows = demo.tables["evaluations"]
    middle = all_rows[len(all_rows) // 2]["at"]
    chosen = replay(demo.export, tmp_path / "out", triggers=("count", "transfusion"), start=middle)
    assert [(row["patient_hash"], row["at"], row["trigger"]) for row in chosen["evaluations"]] == [
        (row["patient_hash"], row["at"], row["trigger"])
        for row in all_rows
        if row["at"] >= middle and row["trigger"] in ("count", "transfusion")
    ]
    assert chosen["evaluations"]


def test_a_drug_that_an_order_only_refers_to_is_known(tmp_path: Path) -> None:
    subject = {"reference": "Patient/a"}
    count_code = {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}
    export = write_ndjson(
        tmp_path / "export",
        [
            {"resourceType": "Patient", "id": "a", "gender": "male", "birthDate": "1970-02-01"},
            {
                "resourceType": "Observation",
                "id": "c",
                "status": "final",
                "code": count_code,
                "subject": subject,
                "issued": "2025-03-01T08:00:00Z",
                "effectiveDateTime": "2025-03-01T07:00:00Z",
                "valueQuantity": {"value": 21, "system": "http://unitsofmeasure.org", "code": "10*9/L"},
            },
            {
                "resourceType": "Condition",
                "id": "m",
                "code": {"coding": [{"system": "http://snomed.info/sct", "code": "61462000"}]},
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "subject": subject,
                "recordedDate": "2025-03-01T07:00:00Z",
            },
            {
                "resourceType": "Medication",
                "id": "asa",
                "code": {
                    "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1191"}]
                },
            },
            {
                "resourceType": "MedicationRequest",
                "id": "r",
                "status": "active",
                "intent": "order",
                "subject": subject,
                "authoredOn": "2025-03-01T10:00:00Z",
                "medicationReference": {"reference": "Medication/asa"},
            },
        ],
    )
    found = replay(export, tmp_path / "out")
    at_order = f"{hash_in_tests('a')}-00001"
    assert "ORD-01" in [row["rule"] for row in found["cards"] if row["evaluation"] == at_order]


def test_what_cannot_be_read_of_a_patient_without_a_moment_is_named(tmp_path: Path) -> None:
    of_stu3 = {
        "resourceType": "Condition",
        "id": "c",
        "clinicalStatus": "active",
        "subject": {"reference": "Patient/a"},
        "recordedDate": "2025-03-01",
    }
    export = write_ndjson(tmp_path / "export", [{"resourceType": "Patient", "id": "a"}, of_stu3])
    found = replay(export, tmp_path / "out")
    assert found["evaluations"] == []
    told = [(row["file"], row["line"], row["reason"]) for row in found["rejected"]]
    assert told == [("Condition.ndjson", 1, "not FHIR R4: clinicalStatus")]


# ------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("files", "options", "words"),
    [
        ({}, [], "no NDJSON files"),
        ({"a.parquet": "x"}, [], "no Parquet that pack-export has written"),
        ({"P.ndjson.parquet": "x"}, [], "no Parquet that pack-export has written"),
        ({"manifest.json": "{}"}, [], "no manifest of a Bulk export"),
        ({"manifest.json": '{"output": [{"url": "x/P.ndjson"}]}'}, [], "P.ndjson named, but not beside it"),
        ({"Patient.ndjson": ""}, ["--triggers", "discharge"], "expected some of encounter, count"),
        (
            {"Patient.ndjson": ""},
            ["--from", "2026-01-02", "--to", "2026-01-01"],
            "--from is later than --to: nothing lies between them",
        ),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    tmp_path: Path, files: dict[str, str], options: list[str], words: str
) -> None:
    export = tmp_path / "export"
    export.mkdir()
    for name, text in files.items():
        (export / name).write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["replay", str(export), "--out", str(tmp_path / "out"), *options])
    assert done.exit_code == 2
    assert words.casefold() in done.stderr.casefold()
    assert "Traceback" not in done.stderr


def test_a_file_that_leads_nowhere_is_no_missing_type(tmp_path: Path) -> None:
    export = write_ndjson(tmp_path / "export", [{"resourceType": "Patient", "id": "p"}])
    (export / "Condition.ndjson").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ExportError, match=r"Condition\.ndjson: leads to no file"):
        export_files(export)


@pytest.mark.parametrize(
    ("from_", "start"), [("2026-01-02", "2026-01-02T00:00"), ("2026-01-02T10:00", "2026-01-02T10:00")]
)
def test_the_days_of_from_and_to_both_belong_to_the_time(tmp_path: Path, from_: str, start: str) -> None:
    write_ndjson(tmp_path / "export", [{"resourceType": "Patient", "id": "p"}])
    out = tmp_path / "out"
    options = ["--out", str(out), "--from", from_, "--to", "2026-01-02", "--workers", "1"]
    assert CliRunner().invoke(main, ["replay", str(tmp_path / "export"), *options]).exit_code == 0
    asked = json.loads((out / "run.json").read_bytes())["asked"]
    assert (asked["from"], asked["to"]) == (f"{start}:00+00:00", "2026-01-02T23:59:59+00:00")


def test_a_folder_with_other_files_is_left_alone(demo: Replayed, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine").write_text("kept", encoding="utf-8")
    done = CliRunner().invoke(main, ["replay", str(demo.export), "--out", str(tmp_path / "out")])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["mine"]


def test_an_export_of_nothing_gives_empty_tables(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export/Patient.ndjson").write_text("\n\n", encoding="utf-8")
    found = replay(tmp_path / "export", tmp_path / "out")
    assert {name: len(rows) for name, rows in found.items()} == dict.fromkeys(found, 0)

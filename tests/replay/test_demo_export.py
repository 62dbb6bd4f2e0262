"""The made-up export: the same bytes for the same seed, and an account that its files bear out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.fhir.validate import invalid_reason
from cds_service.replay.demo_courses import COURSES, planned_patients
from cds_service.replay.demo_export import ExportExistsError, write_export


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_export(tmp_path / name, patients=120, seed=seed)
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert a["Observation.ndjson"] != c["Observation.ndjson"]


def test_the_account_counts_what_the_files_hold(tmp_path: Path) -> None:
    planted = write_export(tmp_path / "x", patients=500, seed=3)
    lines = [
        line for file in (tmp_path / "x").glob("*.ndjson") for line in file.read_bytes().splitlines() if line
    ]
    found: Counter[str] = Counter()
    for line in lines:
        try:
            resource = json.loads(line)
        except ValueError:
            found["not JSON"] += 1
            continue
        if not isinstance(resource, dict):
            found["not a FHIR resource"] += 1
        elif resource["resourceType"] != "Patient" and "subject" not in resource:
            found["names no patient"] += 1
        else:
            found[resource["resourceType"]] += 1
    assert found == planted["resources"] | planted["bad_lines"]
    assert planted == json.loads((tmp_path / "x/planted.json").read_bytes())
    assert found["Patient"] == planted["patients"] == sum(planted["courses"].values()) == 500
    assert found["not JSON"] == 10


def test_every_resource_is_valid_but_for_the_lines_that_were_spoiled(tmp_path: Path) -> None:
    write_export(tmp_path / "x", patients=60, seed=3)
    lines = {file.name: file.read_bytes().splitlines() for file in (tmp_path / "x").glob("*.ndjson")}
    assert [invalid_reason(line) for some in lines.values() for line in some[:40]] == [
        None for some in lines.values() for _ in some[:40]
    ]


@pytest.mark.parametrize("patients", [1, 10, 999, 1000, 12_345])
def test_every_patient_has_a_course(patients: int) -> None:
    assert sum(course.share for course in COURSES) == 1000
    assert sum(many for _, many in planned_patients(patients)) == patients


def test_a_folder_with_files_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportExistsError):
        write_export(tmp_path, patients=10, seed=1)
    done = CliRunner().invoke(main, ["demo-export", str(tmp_path), "--patients", "10"])
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "mine"


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["demo-export", str(tmp_path / "x"), "--patients", "100"])
    assert done.exit_code == 0
    assert done.stdout == (
        "100 patients, 1124 resources, 198 moments to evaluate, 4 bad lines: see planted.json\n"
    )

"""Real and realistic FHIR of several makers as an export: no crash, and its known oddities on the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.json import Encoder

from cds_service.input_files import Records, read_input
from tests.replay.exports import replay

ENCODER = Encoder(decimal_format="number")
FILES = (
    "be-macsys-815333049",
    "be-mips-uzg4-registered-novalue",
    "ch-epreg-platelets",
    "clinosim-us-gibleed-1",
    "mimic-demo-high_risk_bundle",
    "ms-medicationrequest0302-contained",
    "phenomics-thrombocytopenia-wrong-unit",
    "smart-dstu2-hca-pat-64",
    "smart-stu3-patient-2347217",
    "uscore-medicationrequest-referenced-oral-axid",
    "uscore-observation-cbc-platelets",
)


def test_files_of_many_makers_are_replayed(shared_data: Path, tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    written = 0
    for name in FILES:
        file = shared_data / f"data/{name}.json"
        if not file.is_file():
            pytest.skip(f"no {name} among the shared data")
        read = read_input(file)
        assert isinstance(read, Records)
        for resource in read.resources:
            with (export / f"{resource['resourceType']}.ndjson").open("ab") as opened:
                opened.write(ENCODER.encode(resource) + b"\n")
            written += 1
    found = replay(export, tmp_path / "out", triggers=("encounter", "count", "transfusion"))
    assert written > 100
    assert len(found["evaluations"]) > 5
    reasons = {(row["kind"], row["reason"]) for row in found["rejected"]}
    assert ("MedicationRequest", "unmapped drug") in reasons
    unmapped = [row for row in found["rejected"] if row["reason"].startswith("unmapped") and row["code"]]
    assert all(row["file"] and row["line"] for row in unmapped)
    assert unmapped

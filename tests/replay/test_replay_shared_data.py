"""Real and realistic FHIR of several makers as an export: no crash, and its known oddities on the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.json import Encoder

from cds_service.input_files import InputError, Records, read_input
from tests.replay.exports import Row, replay

ENCODER = Encoder(decimal_format="number")
FEWEST = 40  # files; others are requests, code lists, or broken on purpose


@pytest.fixture(scope="module")
def export(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file that holds records, as one export."""
    folder = tmp_path_factory.mktemp("export")
    read_files = 0
    for file in sorted((shared_data / "data").glob("*.json")):
        try:
            read = read_input(file)
        except InputError:
            continue
        if isinstance(read, Records):
            read_files += 1
            for resource in read.resources:
                with (folder / f"{resource['resourceType']}.ndjson").open("ab") as opened:
                    opened.write(ENCODER.encode(resource) + b"\n")
    if read_files < FEWEST:
        pytest.skip(f"only {read_files} files among the shared data")
    return folder


@pytest.fixture(scope="module")
def found(export: Path) -> dict[str, list[Row]]:
    return replay(export, export.parent / "out", triggers=("encounter", "count", "transfusion"))


def test_files_of_many_makers_are_replayed(found: dict[str, list[Row]]) -> None:
    assert len(found["evaluations"]) > 100
    assert any(row["state"] == "shown" for row in found["cards"])


@pytest.mark.parametrize(
    ("kind", "reason", "code"),
    [
        ("MedicationRequest", "unmapped drug", "nhi-drug-code"),  # Taiwan
        ("MedicationRequest", "unmapped drug", "master-HOT7"),  # Japan
        ("Observation", "no time from which it was known", None),  # results without effective[x]
        ("Condition", "not FHIR R4: clinicalStatus", None),  # DSTU2 and STU3
        (None, "names no patient", None),  # the count of 20 "10^12/L"
    ],
)
def test_known_oddities_stand_on_the_list_with_their_place(
    found: dict[str, list[Row]], export: Path, kind: str | None, reason: str, code: str | None
) -> None:
    named = [row for row in found["rejected"] if (row["kind"], row["reason"]) == (kind, reason)]
    chosen = [row for row in named if code is None or code in (row["code"] or "")]
    assert chosen
    assert all((export / row["file"]).is_file() and row["line"] for row in chosen)

"""Lines are dealt to parts: whichever way a file is cut and however many parts there are, each line comes once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.replay.by_patient import Patient, patients_of_part
from cds_service.replay.dealing import (
    FEWEST_PARTS,
    MOST_PARTS,
    MOST_SLICES,
    PART_BYTES,
    Stretch,
    accounts,
    deal,
    loads,
    part_count,
    share_of,
    stretches,
)
from cds_service.replay.demo_export import write_export
from cds_service.replay.export_files import export_files, raw_lines
from cds_service.replay.lines import Piece
from cds_service.replay.person import hash_of
from tests.replay.exports import lines_of_file

KEY = b"0123456789abcdef0123456789abcdef"
LINES = [b"a" * 40, b"", b'{"x":1}', b"b" * 300, b"\xff\x00", b"", b"", b"c"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("dealing") / "export"
    write_export(folder, patients=60, seed=3, noise=1)
    return export_files(folder)


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
@pytest.mark.parametrize("size", [1, 7, 41, 42, 50, 300, 10_000])
def test_a_file_that_is_cut_has_the_same_lines_under_the_same_numbers(
    tmp_path: Path, size: int, end: bytes
) -> None:
    file = tmp_path / "Observation.ndjson"
    file.write_bytes(b"\n".join(LINES) + end)
    pieces = list(stretches(0, file, size))
    assert (len(pieces) > 1) == (size < file.stat().st_size)
    found = [line for one in pieces for line in raw_lines(file, one.start, one.end, one.before)]
    assert found == list(raw_lines(file))


def dealt(files: tuple[Path, ...], folder: Path, size: int, slices: int) -> Path:
    (folder / "staged").mkdir(parents=True)
    for load in loads(files, size):
        deal(load, folder / "staged", KEY, slices)
    return folder


def patients(work: Path, parts: int) -> list[Patient]:
    return [one for part in range(parts) for one in patients_of_part(part, parts, work, KEY)]


@pytest.mark.parametrize(("size", "slices", "parts"), [(10**9, 8, 8), (5_000, 8, 8), (5_000, 8, 32)])
def test_each_patient_comes_once_with_all_lines_in_the_order_of_the_hashes(
    files: tuple[Path, ...], tmp_path: Path, size: int, slices: int, parts: int
) -> None:
    expected: dict[str, list[tuple[int, int, bytes]]] = {}
    for number, file in enumerate(files):
        for line in lines_of_file(file):
            if isinstance(line, Piece):
                expected.setdefault(line.patient, []).append((number, line.line, line.text))
    found = patients(dealt(files, tmp_path, size, slices), parts)
    assert [(one, [(line.file, line.line, line.raw) for line in lines]) for _, one, _, lines in found] == [
        (one, expected[one]) for one in sorted(expected, key=lambda name: hash_of(name, KEY))
    ]
    assert {key for key, *_ in found} == {hash_of(name, KEY) for name in expected}


def test_what_is_told_of_a_file_does_not_depend_on_how_it_is_cut(
    files: tuple[Path, ...], tmp_path: Path
) -> None:
    whole = accounts(dealt(files, tmp_path / "whole", 10**9, 8) / "staged")
    assert accounts(dealt(files, tmp_path / "cut", 3_000, 8) / "staged") == whole
    assert any(one["bad"] for one in whole)
    assert [one["bytes"] for one in whole] == [file.stat().st_size for file in files]


def test_bad_lines_are_told_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "Observation.ndjson"
    of_nobody = (
        b'{"resourceType":"Observation","id":"a","status":"final","code":{},"subject":{"reference":"Group/1"},'
        b'"effectiveDateTime":"2025-03-01T12:00:00Z","valueQuantity":{"value":1}}'
    )
    file.write_bytes(b"\n".join([of_nobody, b"{", of_nobody]))
    deal([(Stretch(0), file)], tmp_path, KEY, 8)
    assert accounts(tmp_path)[0]["bad"] == [[1, "names no patient"], [2, "not JSON"], [3, "names no patient"]]


def test_a_folder_that_was_made_anew_is_read_anew(files: tuple[Path, ...], tmp_path: Path) -> None:
    work = dealt(files, tmp_path, 10**9, 8)
    patients(work, 8)
    for one in (work / "staged").iterdir():
        one.unlink()
    few = tmp_path / "Patient.ndjson"
    few.write_bytes(b'{"resourceType":"Patient","id":"only"}')
    deal([(Stretch(0), few)], work / "staged", KEY, 8)
    assert [patient for _, patient, _, _ in patients(work, 8)] == ["only"]


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (0, FEWEST_PARTS),
        (FEWEST_PARTS * PART_BYTES, FEWEST_PARTS),
        (FEWEST_PARTS * PART_BYTES + 1, 2 * FEWEST_PARTS),
        (100 * PART_BYTES, 128),
        (10**15, MOST_PARTS),
    ],
)
def test_parts_are_a_power_of_two(size: int, parts: int) -> None:
    assert part_count(size) == parts


def test_a_part_lies_in_one_slice() -> None:
    for parts in (MOST_SLICES, 2 * MOST_SLICES, MOST_PARTS):
        for key in ("00000000", "0fffffff", "80000000", "ffffffff"):
            assert share_of(key, parts) * MOST_SLICES // parts == share_of(key, MOST_SLICES)


def test_small_files_are_read_together_and_large_ones_in_pieces(files: tuple[Path, ...]) -> None:
    assert len(list(loads(files, 10**9))) == 1
    cut = list(loads(files, 5_000))
    assert len(cut) > len(files)
    named = [stretch.name for load in cut for stretch, _ in load]
    assert named == sorted(named)
    assert {file for load in cut for _, file in load} == set(files)

"""An export that was packed gives the same bytes, and names the same files and lines."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.replay.lines import LONGEST_LINE, BadLine, Piece
from cds_service.replay.packed import COLUMNS
from tests.replay.conftest import Replayed
from tests.replay.exports import asked, lines_of_file, silent, table_bytes


def pack(export: Path, folder: Path) -> str:
    done = CliRunner().invoke(main, ["pack-export", str(export), str(folder)])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_a_packed_export_gives_the_same_tables(demo: Replayed, tmp_path: Path) -> None:
    from cds_service.replay.run import run

    pack(demo.export, tmp_path / "packed")
    names = {one.name for one in (tmp_path / "packed").iterdir()}
    assert names == {f"{one.name}.parquet" for one in demo.export.glob("*.ndjson")}
    run(asked(tmp_path / "packed", tmp_path / "out"), silent)
    assert table_bytes(tmp_path / "out") == table_bytes(demo.out)
    sizes = [sum(one.stat().st_size for one in f.iterdir()) for f in (tmp_path / "packed", demo.export)]
    assert sizes[0] * 5 < sizes[1]


def test_every_line_keeps_its_number_and_a_bad_one_its_reason(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    lines = [b'{"resourceType":"Patient","id":"a"}', b"", b"[1]", b"x" * (LONGEST_LINE + 1), b'{"cut":']
    (export / "Patient.ndjson").write_bytes(b"\n".join(lines))
    whole = gzip.compress(b'{"resourceType":"Patient","id":"b"}\n' * 50)
    (export / "more.ndjson.gz").write_bytes(whole[:-9])
    pack(export, tmp_path / "packed")
    for name in ("Patient.ndjson", "more.ndjson.gz"):
        plain = lines_of_file(export / name)
        assert lines_of_file(tmp_path / f"packed/{name}.parquet") == plain
        assert any(isinstance(one, BadLine) for one in plain)
    reasons = [
        (one.number, one.reason)
        for one in lines_of_file(export / "Patient.ndjson")
        if isinstance(one, BadLine)
    ]
    assert reasons == [(3, "not a FHIR resource"), (4, "longer than 16 MiB"), (5, "not JSON")]


@pytest.mark.parametrize(("size", "usable"), [(-1, True), (0, True), (1, False)])
def test_the_longest_line(tmp_path: Path, size: int, usable: bool) -> None:
    head, tail = b'{"resourceType":"Patient","id":"a","x":"', b'"}'
    text = head + b"x" * (LONGEST_LINE + size - len(head) - len(tail)) + tail
    (tmp_path / "Patient.ndjson").write_bytes(text + b"\n" + b'{"resourceType":"Patient","id":"b"}\n')
    first, second = lines_of_file(tmp_path / "Patient.ndjson")
    assert isinstance(first, BadLine) is not usable
    assert isinstance(second, Piece)
    assert second.line == 2


def test_what_is_packed_is_not_packed_again(demo: Replayed, tmp_path: Path) -> None:
    pack(demo.export, tmp_path / "packed")
    assert pack(demo.export, tmp_path / "packed").startswith("0 lines of 0 files")
    again = CliRunner().invoke(main, ["pack-export", str(tmp_path / "packed"), str(tmp_path / "twice")])
    assert (again.exit_code, len(again.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("schema", [COLUMNS.remove_metadata(), pa.schema([("a", pa.int64())])])
def test_parquet_of_other_makers_is_refused(tmp_path: Path, schema: pa.Schema) -> None:
    export = tmp_path / "export"
    export.mkdir()
    pq.write_table(schema.empty_table(), export / "Patient.ndjson.parquet")
    done = CliRunner().invoke(main, ["replay", str(export), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "no Parquet that pack-export has written" in done.stderr


def test_a_packed_file_beside_its_source_is_refused_for_nobody_is_to_be_counted_twice(
    demo: Replayed, tmp_path: Path
) -> None:
    pack(demo.export, tmp_path)
    (tmp_path / "Patient.ndjson").write_bytes((demo.export / "Patient.ndjson").read_bytes())
    done = CliRunner().invoke(main, ["replay", str(tmp_path), "--out", str(tmp_path / "out")])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "beside the file that it was packed of" in done.stderr

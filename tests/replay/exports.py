"""Made-up exports, replays of them, and their tables, for the tests of the replay."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cds_service.replay.alike import BlockReader
from cds_service.replay.export_files import read_blocks
from cds_service.replay.lines import BadLine, Passed, Piece
from cds_service.replay.run import Asked, run
from cds_service.replay.tables import SCHEMAS
from cds_service.replay.triggers import TRIGGERS

KEY = "0123456789abcdef0123456789abcdef"

Row = dict[str, Any]


def write_ndjson(folder: Path, resources: Iterable[Mapping[str, Any]]) -> Path:
    """An export of these resources: a file for each type."""
    folder.mkdir(parents=True, exist_ok=True)
    for resource in resources:
        with (folder / f"{resource['resourceType']}.ndjson").open("a", encoding="utf-8") as file:
            file.write(json.dumps(resource) + "\n")
    return folder


def read_ndjson(folder: Path) -> list[Row]:
    """The resources of an export, without the lines that are none."""
    found = []
    for file in sorted(folder.glob("*.ndjson")):
        for line in file.read_bytes().splitlines():
            try:
                resource = json.loads(line)
            except ValueError:
                continue
            if isinstance(resource, dict):
                found.append(resource)
    return found


def lines_of_file(file: Path) -> list[Piece | BadLine | Passed]:
    """What the lines of a file are, each by itself: bad ones and those of other types first."""
    return lines_of(BlockReader().read(read_blocks(file)))


def lines_of(told: Iterable[Piece | BadLine | Passed]) -> list[Piece | BadLine | Passed]:
    """Pieces as the lines that they are made of, in the order of the lines."""
    pieces: list[Piece] = []
    others: list[BadLine | Passed] = []
    for one in told:
        if isinstance(one, Piece):
            pieces += _each(one)
        else:
            others.append(one)
    return [*others, *sorted(pieces, key=lambda piece: (piece.file, piece.line))]


def _each(piece: Piece) -> Iterator[Piece]:
    columns = zip(piece.text.split(b"\n"), piece.ids.split("\n"), strict=True)
    for n, (text, id_) in enumerate(columns):
        numbers = (numbers[n : n + 1] for numbers in (piece.alike, piece.same, piece.known))
        head = piece.file, piece.line + n, piece.kind, piece.patient, piece.server, piece.refers
        yield Piece(*head, text.strip(), 1, id_, *numbers)


def asked(export: Path, out: Path, **options: Any) -> Asked:
    """A run with a fixed key, so that the hashes of two runs are the same."""
    key = out.parent / "key"
    key.write_text(KEY, encoding="ascii")
    return Asked(export=export, out=out, key_file=key, **({"triggers": TRIGGERS} | options))


def replay(export: Path, out: Path, **options: Any) -> dict[str, list[Row]]:
    """Replays an export in this process and gives every table."""
    run(asked(export, out, **options), silent)
    return tables(out)


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def tables(out: Path) -> dict[str, list[Row]]:
    return {name: pq.read_table(out / f"{name}.parquet").to_pylist() for name in SCHEMAS}


def table_bytes(out: Path) -> dict[str, bytes]:
    return {name: (out / f"{name}.parquet").read_bytes() for name in SCHEMAS}


@cache
def hash_in_tests(patient: str) -> str:
    """The patient's name in the tables of these tests."""
    from cds_service.replay.person import hash_of

    return hash_of(patient, KEY.encode())

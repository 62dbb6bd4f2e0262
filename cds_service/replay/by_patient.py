"""The local engine: DuckDB puts the lines in the order of the patients, worker processes judge them in parts.

Memory does not grow with the export: lines are staged in batches, sorted out of core, and read by ranges of hashes.
Each step leaves whole files behind or none, so that a run that was killed goes on where it was.
"""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cds_service.replay.export_files import BadLine, Line, Passed, read_lines
from cds_service.replay.person import hash_of
from cds_service.replay.replay_patient import Plan, replay_patient
from cds_service.replay.tables import IDS, IDS_SCHEMA, no_rows, tables_of, write_part

BATCH_BYTES: Final = 16 * 2**20
PART_BYTES: Final = 16 * 2**20
FEWEST_PARTS: Final = 8
MOST_PARTS: Final = 65_536
SORT_MEMORY: Final = "768MB"
PART_MEMORY: Final = "256MB"
SORTED_GROUP: Final = 8192
_HASHES: Final = 2**32

RawLine = tuple[int, int, bytes]
"""Number of the file, number of the line, text."""

Patient = tuple[str, str, str | None, list[RawLine]]
"""Hash, id, the address that references begin with, and all lines."""

STAGED: Final = pa.schema(
    [
        ("key", pa.string()),
        ("patient", pa.string()),
        ("server", pa.string()),
        ("kind", pa.string()),
        ("refers", pa.string()),
        ("file", pa.int32()),
        ("line", pa.int64()),
        ("raw", pa.binary()),
    ]
)

# A raw column may be long: rows are fetched in small batches.
_ROWS_AT_ONCE: Final = 2048


# ----------------------------------------------------------------------------------------------------- staging


def stage_file(number: int, file: Path, folder: Path, key: bytes) -> None:
    """One file of the export as rows with their patient, and beside it the account of its lines."""
    account = folder / f"{number:05d}.json"
    if account.exists():
        return
    being = folder / f"{number:05d}.being-written"
    kinds: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    passed: Counter[str] = Counter()
    size = 0
    with pq.ParquetWriter(being, STAGED, compression="zstd", compression_level=1) as writer:
        for batch in _batches(number, file, key, bad, passed):
            kinds.update(batch.column("kind").to_pylist())
            size += pc.sum(pc.binary_length(batch.column("raw"))).as_py()
            writer.write_table(batch)
    being.rename(folder / f"{number:05d}.parquet")
    write_account(account, file, Told(kinds, passed, bad, size))


def _batches(
    number: int, file: Path, key: bytes, bad: list[tuple[int, str]], passed: Counter[str]
) -> Iterator[pa.Table]:
    rows: list[tuple[str, str, str, str, str, int, int, bytes]] = []
    size = 0
    hashes: dict[str, str] = {"": ""}
    for line in read_lines(file):
        match line:
            case BadLine(where, reason):
                bad.append((where, reason))
            case Passed(kind):
                passed[kind] += 1
            case Line():
                if line.patient not in hashes:
                    hashes[line.patient] = hash_of(line.patient, key)
                known = hashes[line.patient]
                rows.append(
                    (known, line.patient, line.server, line.kind, line.refers, number, line.number, line.raw)
                )
                size += len(line.raw)
        if size >= BATCH_BYTES:
            yield _table(rows)
            rows, size, hashes = [], 0, {"": ""}
    if rows:
        yield _table(rows)


def _table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, STAGED, strict=True)], schema=STAGED
    )


def accounts(folder: Path) -> list[Mapping[str, Any]]:
    """What was told of each file, in the order of the files."""
    return [json.loads(one.read_bytes()) for one in sorted(folder.glob("*.json"))]


@dataclass(frozen=True, slots=True)
class Told:
    """What the lines of a file are: types, the bad ones with number and reason; `text`: bytes of the usable ones."""

    kinds: Mapping[str, int]
    passed: Mapping[str, int]
    bad: Sequence[tuple[int, str]]
    text: int


def write_account(path: Path, file: Path, told: Told) -> None:
    """Keeps what was told of a file."""
    being = path.with_name(path.name + ".being-written")
    content = {
        "bytes": file.stat().st_size,
        "kinds": told.kinds,
        "passed": told.passed,
        "bad": told.bad,
        "text": told.text,
    }
    being.write_text(json.dumps(content), encoding="utf-8")
    being.rename(path)


# ----------------------------------------------------------------------------------------------------- sorting


def sort_by_patient(staged: Path, work: Path, threads: int) -> None:
    """All rows of patients in the order of hash, file and line; drugs that belong to nobody in a file of their own."""
    for name, chosen, order in (
        ("drugs", "patient = ''", "refers, file, line"),
        ("sorted", "patient <> ''", "key, file, line"),
    ):
        done = work / f"{name}.parquet"
        if done.exists():
            continue
        being = work / f"{name}.being-written"
        with _open(threads, SORT_MEMORY, work) as database:
            database.execute(
                f"COPY (SELECT * FROM read_parquet({_quoted(staged / '*.parquet')}) WHERE {chosen} ORDER BY {order}) "
                f"TO {_quoted(being)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {SORTED_GROUP})"
            )
        being.rename(done)


def _open(threads: int, memory: str, work: Path) -> duckdb.DuckDBPyConnection:
    settings: dict[str, Any] = {"threads": threads, "memory_limit": memory}
    database = duckdb.connect(config=settings | {"temp_directory": str(work / "spill")})
    for setting in ("enable_progress_bar", "enable_external_file_cache"):
        database.execute(f"SET {setting} = false")
    return database


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


# ------------------------------------------------------------------------------------------------------- parts


def part_count(size: int) -> int:
    """In how many parts an export of so many bytes is judged; it depends on nothing else."""
    return min(max(FEWEST_PARTS, -(-size // PART_BYTES)), MOST_PARTS)


def judge_part(number: int, parts: int, work: Path, plan: Plan, files: Sequence[str]) -> int:
    """Judges the patients of one range of hashes and writes their rows. The number of patients."""
    done = work / "parts" / f"{number:05d}"
    if done.exists():
        return 0
    lowest, end = (f"{-(-bound * _HASHES // parts):08x}" for bound in (number, number + 1))
    last = number + 1 == parts
    range_ = f"key >= '{lowest}'" + ("" if last else f" AND key < '{end}'")
    tables = judge_patients(_patients(work, range_), plan, files)
    write_part(done, tables)
    return int(tables[IDS].num_rows)


def judge_patients(patients: Iterable[Patient], plan: Plan, files: Sequence[str]) -> dict[str, pa.Table]:
    """The tables of a part, and who its patients are; `files` are the names of the export's files."""
    rows = no_rows()
    ids: list[tuple[str, str]] = []
    with _collecting_at_the_end():
        for key, patient, server, lines in patients:
            named_lines = [(files[file], line, raw) for file, line, raw in lines]
            replay_patient(patient, server, named_lines, plan, rows)
            ids.append((key, patient))
    named = [{"patient_hash": key, "patient": patient} for key, patient in ids]
    return {**tables_of(rows), IDS: pa.Table.from_pylist(named, IDS_SCHEMA)}


@contextmanager
def _collecting_at_the_end() -> Iterator[None]:
    """Python's search for cycles costs a tenth of the time, and a part leaves hardly any: one search after each."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect()


def with_drugs(lines: list[RawLine], refers: Iterable[str], drugs: Mapping[str, RawLine]) -> list[RawLine]:
    """The lines of a patient, and after them the Medications that they refer to, by name."""
    if drugs:
        lines += [drugs[name] for name in sorted(set(refers)) if name in drugs]
    return lines


def _patients(work: Path, range_: str) -> Iterator[Patient]:
    """Each patient of a range of hashes, in the order of hash, file and line."""
    held = f"(SELECT * FROM read_parquet({_quoted(work / 'sorted.parquet')}) WHERE {range_})"
    database = _kept_open(work)
    drugs = _drugs(database, held, work)
    found = database.sql(
        f"SELECT key, patient, server, file, line, refers, raw FROM {held} ORDER BY key, patient, file, line"
    )
    reader = found.to_arrow_reader(_ROWS_AT_ONCE)
    for (key, patient), rows in groupby(_rows(reader), key=_key_and_patient):
        listed = list(rows)
        lines: list[RawLine] = [(file, line, raw) for _, _, _, file, line, _, raw in listed]
        server = next((row[2] for row in listed if row[2]), None)
        yield key, patient, server, with_drugs(lines, (row[5] for row in listed), drugs)


def _key_and_patient(row: tuple[Any, ...]) -> tuple[str, str]:
    return row[0], row[1]


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@lru_cache(maxsize=1)
def _kept_open(work: Path) -> duckdb.DuckDBPyConnection:
    """To open a database takes longer than to judge some dozens of patients: a process keeps the one that it has."""
    return _open(1, PART_MEMORY, work)


def _drugs(database: duckdb.DuckDBPyConnection, held: str, work: Path) -> dict[str, RawLine]:
    """The Medications that the patients of a part refer to; of two of one name the last."""
    found = database.execute(
        f"SELECT refers, file, line, raw FROM read_parquet({_quoted(work / 'drugs.parquet')}) "
        f"WHERE refers IN (SELECT DISTINCT refers FROM {held} WHERE refers <> '') ORDER BY refers, file, line"
    ).fetchall()
    return {refers: (file, line, bytes(raw)) for refers, file, line, raw in found}


def patients_of(work: Path, hashes: Sequence[str]) -> list[tuple[str, str]]:
    """Hash and id of some patients, for those who are to open their charts."""
    wanted = pa.array(hashes, pa.string())
    found: set[tuple[str, str]] = set()
    for file in sorted((work / "parts").glob(f"*/{IDS}.parquet")):
        table = pq.read_table(file)
        chosen = table.filter(pc.is_in(table["patient_hash"], wanted))
        found.update((one["patient_hash"], one["patient"]) for one in chosen.to_pylist())
    return sorted(found)

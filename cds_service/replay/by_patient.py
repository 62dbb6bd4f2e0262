"""The local engine: DuckDB puts the lines in the order of the patients, worker processes judge them in parts.

Memory does not grow with the export: lines are staged in batches, sorted out of core, and read by ranges of hashes.
Each step leaves whole files behind or none, so that a run that was killed goes on where it was.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cds_service.replay.export_files import BadLine, Line, Passed, read_lines
from cds_service.replay.person import hash_of
from cds_service.replay.replay_patient import Plan, replay_patient
from cds_service.replay.tables import no_rows, write_part

BATCH_BYTES: Final = 16 * 2**20
PART_BYTES: Final = 16 * 2**20
FEWEST_PARTS: Final = 8
MOST_PARTS: Final = 65_536
SORT_MEMORY: Final = "768MB"
PART_MEMORY: Final = "256MB"
SORTED_GROUP: Final = 8192
_HASHES: Final = 2**32

_Line = tuple[int, int, bytes]
"""Number of the file, number of the line, text."""

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
    with pq.ParquetWriter(being, STAGED, compression="zstd", compression_level=1) as writer:
        for batch in _batches(number, file, key, bad, passed):
            kinds.update(batch.column("kind").to_pylist())
            writer.write_table(batch)
    being.rename(folder / f"{number:05d}.parquet")
    told = {"bytes": file.stat().st_size, "bad": bad, "kinds": kinds, "passed": passed}
    _write_whole(account, json.dumps(told))


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


def _write_whole(path: Path, text: str) -> None:
    being = path.with_name(path.name + ".being-written")
    being.write_text(text, encoding="utf-8")
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
    rows, patients = no_rows(), 0
    lowest, end = (f"{-(-bound * _HASHES // parts):08x}" for bound in (number, number + 1))
    last = number + 1 == parts
    range_ = f"key >= '{lowest}'" + ("" if last else f" AND key < '{end}'")
    for patient, server, lines in _patients(work, range_):
        replay_patient(patient, server, [(files[file], line, raw) for file, line, raw in lines], plan, rows)
        patients += 1
    write_part(done, rows)
    return patients


def _patients(work: Path, range_: str) -> Iterator[tuple[str, str | None, list[_Line]]]:
    """Each patient of a range of hashes, with the drugs that are referred to; in the order of hash, file and line."""
    held = f"(SELECT * FROM read_parquet({_quoted(work / 'sorted.parquet')}) WHERE {range_})"
    database = _kept_open(work)
    drugs = _drugs(database, held, work)
    found = database.sql(
        f"SELECT key, patient, server, file, line, refers, raw FROM {held} ORDER BY key, patient, file, line"
    )
    reader = found.to_arrow_reader(_ROWS_AT_ONCE)
    for (_, patient), rows in groupby(_rows(reader), key=_key_and_patient):
        listed = list(rows)
        lines: list[_Line] = [(file, line, raw) for _, _, _, file, line, _, raw in listed]
        if drugs:
            lines += [drugs[name] for name in sorted({row[5] for row in listed}) if name in drugs]
        yield patient, next((row[2] for row in listed if row[2]), None), lines


def _key_and_patient(row: tuple[Any, ...]) -> tuple[str, str]:
    return row[0], row[1]


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@lru_cache(maxsize=1)
def _kept_open(work: Path) -> duckdb.DuckDBPyConnection:
    """To open a database takes longer than to judge some dozens of patients: a process keeps the one that it has."""
    return _open(1, PART_MEMORY, work)


def _drugs(database: duckdb.DuckDBPyConnection, held: str, work: Path) -> dict[str, _Line]:
    """The Medications that the patients of a part refer to."""
    found = database.execute(
        f"SELECT refers, file, line, raw FROM read_parquet({_quoted(work / 'drugs.parquet')}) "
        f"WHERE refers IN (SELECT DISTINCT refers FROM {held} WHERE refers <> '')"
    ).fetchall()
    return {refers: (file, line, bytes(raw)) for refers, file, line, raw in found}


def patients_of(work: Path, hashes: Sequence[str]) -> list[tuple[str, str]]:
    """Hash and id of some patients, for those who are to open their charts."""
    with _open(1, PART_MEMORY, work) as database:
        found = database.execute(
            f"SELECT DISTINCT key, patient FROM read_parquet({_quoted(work / 'sorted.parquet')}) "
            "WHERE list_contains(?, key) ORDER BY key, patient",
            [list(hashes)],
        ).fetchall()
    return [(str(key), str(patient)) for key, patient in found]

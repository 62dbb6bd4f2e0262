"""The local engine: worker processes judge the patients in parts, each part in the order of the patients' hashes.

Memory does not grow with the export: a worker holds the lines of one part. Each step leaves whole files behind or none,
so that a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from cds_service.replay.collecting import collecting_at_the_end
from cds_service.replay.dealing import DRUG_RUN, batches_of_part, share_of
from cds_service.replay.patient_pieces import Drug, LinesOfPatient, OwnPiece, held_drug, held_pieces
from cds_service.replay.person import hash_of
from cds_service.replay.replay_patient import Plan, Replay
from cds_service.replay.tables import IDS, IDS_SCHEMA, no_rows, read_part, tables_of, write_part

MEMORY: Final = "256MB"
"""Of DuckDB; what is more it puts into the work folder."""

Patient = tuple[str, str, str | None, LinesOfPatient]
"""Hash, id, the address that references begin with, and all lines."""

_FILE_AND_LINE: Final = attrgetter("piece.file", "piece.line")


# ------------------------------------------------------------------------------------------------------- drugs


def order_drugs(staged: Path, work: Path, threads: int) -> None:
    """The Medications that belong to nobody by their names, in one file, where there are any."""
    done, being = work / "drugs.parquet", work / "drugs.being-written"
    if done.exists() or next(staged.glob(f"*{DRUG_RUN}"), None) is None:
        return
    with _open(threads, work) as database:
        database.execute(
            f"COPY (SELECT * FROM read_parquet({_quoted(staged / f'*{DRUG_RUN}')}) ORDER BY refers, file, line) "
            f"TO {_quoted(being)} (FORMAT parquet, COMPRESSION zstd)"
        )
    being.rename(done)


def _open(threads: int, work: Path) -> duckdb.DuckDBPyConnection:
    settings: dict[str, Any] = {"threads": threads, "memory_limit": MEMORY}
    database = duckdb.connect(config=settings | {"temp_directory": str(work / "spill")})
    for setting in ("enable_progress_bar", "enable_external_file_cache"):
        database.execute(f"SET {setting} = false")
    return database


@lru_cache(maxsize=1)
def _kept_open(work: Path) -> duckdb.DuckDBPyConnection:
    """To open a database takes longer than to judge some dozens of patients: a process keeps the one that it has."""
    return _open(1, work)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _drugs(names: Iterable[str], work: Path) -> dict[str, Drug]:
    """The Medications that the patients of a part refer to; of two of one name the last."""
    drugs, asked = work / "drugs.parquet", pa.table({"refers": pa.array(sorted(names), pa.string())})
    if not asked.num_rows or not drugs.exists():
        return {}
    database = _kept_open(work)
    database.register("asked", asked)
    found = database.execute(
        f"SELECT refers, file, line, text FROM read_parquet({_quoted(drugs)}) "
        "WHERE refers IN (SELECT refers FROM asked) ORDER BY refers, file, line"
    ).fetchall()
    database.unregister("asked")
    return {refers: (file, line, bytes(raw)) for refers, file, line, raw in found}


# ------------------------------------------------------------------------------------------------------- parts


def judge_part(number: int, parts: int, work: Path, plan: Plan, files: Sequence[str]) -> Path:
    """Judges the patients of one range of hashes and writes their rows, unless they are there. The part's folder."""
    done = work / "parts" / f"{number:05d}"
    if not done.exists():
        write_part(done, judge_patients(patients_of_part(number, parts, work, plan.key), plan, files))
    return done


def judge_patients(patients: Iterable[Patient], plan: Plan, files: Sequence[str]) -> dict[str, pa.Table]:
    """The tables of a part, and who its patients are; `files` are the names of the export's files."""
    rows = no_rows()
    ids: list[tuple[str, str]] = []
    replay = Replay(files, plan, rows)
    with collecting_at_the_end():
        for key, patient, server, lines in patients:
            replay.add(patient, server, lines)
            ids.append((key, patient))
        replay.finish()
    named = [{"patient_hash": key, "patient": patient} for key, patient in ids]
    return {**tables_of(rows), IDS: pa.Table.from_pylist(named, IDS_SCHEMA)}


def lines_of(pieces: list[OwnPiece], drugs: Mapping[str, Drug]) -> tuple[str | None, LinesOfPatient]:
    """All lines of a patient and the first address that references begin with.

    The lines are in the order of files and lines, and after them come the Medications that they refer to, by name.
    """
    pieces.sort(key=_FILE_AND_LINE)
    server = next((one.server for one in pieces if one.server), None)
    named = sorted({one.refers for one in pieces if one.refers} & drugs.keys())
    return server, LinesOfPatient(
        [*(one.piece for one in pieces), *(held_drug(*drugs[name]) for name in named)]
    )


def patients_of_part(number: int, parts: int, work: Path, key: bytes) -> Iterator[Patient]:
    """Each patient of a range of hashes, in the order of hash, file and line."""
    held: dict[str, list[OwnPiece]] = {}
    for one in held_pieces(batches_of_part(number, parts, work / "staged")):
        held.setdefault(one.patient, []).append(one)
    named = sorted((hash_of(patient, key), patient) for patient in held)
    mine = [one for one in named if share_of(one[0], parts) == number]
    drugs = _drugs({one.refers for _, patient in mine for one in held[patient] if one.refers}, work)
    for hash_, patient in mine:
        yield hash_, patient, *lines_of(held.pop(patient), drugs)


def patients_of(work: Path, hashes: Sequence[str]) -> list[tuple[str, str]]:
    """Hash and id of some patients, for those who are to open their charts."""
    wanted = pa.array(hashes, pa.string())
    found: set[tuple[str, str]] = set()
    for part in sorted((work / "parts").iterdir()):
        table = read_part(part, IDS)
        chosen = table.filter(pc.is_in(table["patient_hash"], wanted))
        found.update((one["patient_hash"], one["patient"]) for one in chosen.to_pylist())
    return sorted(found)

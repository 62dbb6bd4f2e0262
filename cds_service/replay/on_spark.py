"""The Spark engine: the lines, the parts and the function of the local one, spread over executors.

Files are read as text, without a schema to be inferred. Lines go by the hash of their patient into the parts that the
local engine makes of the same export; executors judge each part in the order of its patients, and the driver writes
what they send. So the tables are the same bytes, and results need no folder that the machines share.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from cds_service.replay.alike import BlockReader
from cds_service.replay.by_patient import Patient, judge_patients, lines_of
from cds_service.replay.dealing import SLICE, Told, accounts, columns_of, part_count, write_account
from cds_service.replay.export_files import ExportError
from cds_service.replay.lines import TOO_LONG, BadLine, Piece, is_too_long
from cds_service.replay.packed import ENDING as PACKED
from cds_service.replay.packed import blocks_of
from cds_service.replay.patient_pieces import Drug, OwnPiece, held_pieces
from cds_service.replay.person import hash_of
from cds_service.replay.plan import Order, plan_of
from cds_service.replay.tables import write_part

Progress = Callable[[str, int, int], None]
Batches = Iterator[pa.RecordBatch]

LINES, BAD, PASSED = "lines", "bad", "passed"
STAGED: Final = (
    "what string, kind string, key string, patient string, server string, refers string, file int, line long, "
    "text binary, ids string, alike array<long>, same array<long>, known array<long>"
)
JUDGED: Final = "part int, name string, data binary"
PART: Final = "cast(conv(substring(key, 1, 8), 16, 10) as bigint) * {parts} div 4294967296"
"""The part of a patient, by the first 32 bits of the hash: `dealing.share_of`."""
_ROWS_AT_ONCE: Final = 1000
_BYTES_AT_ONCE: Final = 16 * 2**20
_PARTITIONS_A_CORE: Final = 4
_OF_QUERIES: Final = {
    "spark.sql.adaptive.enabled": "false",  # it would join small partitions, and they are what runs side by side
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(_ROWS_AT_ONCE),
    "spark.sql.execution.arrow.maxBytesPerBatch": str(_BYTES_AT_ONCE),
}
_LOOPBACK: Final = "127.0.0.1"
_CONFIGURED_BY: Final = ("PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT", "SPARK_CONF_DIR")
_ON_THIS_MACHINE: Final = (
    "--master local[{workers}] --conf spark.log.level=ERROR --conf spark.ui.enabled=false "
    "--conf spark.ui.showConsoleProgress=false --conf spark.driver.bindAddress={loopback} "
    "--conf spark.driver.host={loopback} pyspark-shell"
)


@contextmanager
def open_spark(workers: int) -> Iterator[Executors]:
    """Spark as it is configured from outside (spark-submit, `PYSPARK_SUBMIT_ARGS`), else on this machine's cores."""
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise ExportError(
            "the Spark engine needs Java, 17 or later (Debian: apt-get install default-jre-headless)"
        )
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if not any(name in os.environ for name in _CONFIGURED_BY):
        os.environ["PYSPARK_SUBMIT_ARGS"] = _ON_THIS_MACHINE.format(workers=workers, loopback=_LOOPBACK)
        os.environ.setdefault("SPARK_LOCAL_IP", _LOOPBACK)
    try:
        session = SparkSession.builder.appName("platelet-hooks replay").getOrCreate()
        spread = str(_PARTITIONS_A_CORE * session.sparkContext.defaultParallelism)
        for name, value in {**_OF_QUERIES, "spark.sql.shuffle.partitions": spread}.items():
            session.conf.set(name, value)
        try:
            yield Executors(session)
        finally:
            session.stop()
    except PySparkException as error:
        raise ExportError(f"Spark could not finish ({type(error).__name__}): see its own log") from error


class Executors:
    """One Spark session, and the lines that it holds on the disks of its executors."""

    def __init__(self, session: SparkSession) -> None:
        self._spark = session
        self._staged: DataFrame | None = None

    def stage(self, files: Sequence[Path], names: Sequence[str], key: bytes, folder: Path) -> None:
        """Reads all lines, and keeps beside the account of each file what the local engine tells of it."""
        texts = [file for file in files if not file.name.endswith(PACKED)]
        packed = [file for file in files if file.name.endswith(PACKED)]
        frames = []
        if texts:
            frames.append(self._staged_texts(self._texts(texts), _Places(files), key))
        if packed:
            frames.append(self._staged_packed(packed, _Places(files), key))
        staged = frames[0] if len(frames) == 1 else frames[0].unionByName(frames[1])
        self._staged = staged.persist(StorageLevel.DISK_ONLY)
        told = _told(self._staged, len(files))
        for number, file in enumerate(files):
            write_account(folder / f"{number:05d}.json", file.stat().st_size, told[number])

    def _texts(self, files: Sequence[Path]) -> DataFrame:
        addresses = [file.resolve().as_uri() for file in files]
        lines = self._spark.read.text(addresses, lineSep="\n")
        return lines.select(
            F.col("value").cast("binary").alias("raw"),
            F.col("_metadata.file_path").alias("path"),
            F.col("_metadata.file_block_start").alias("start"),
        )

    def _staged_texts(self, lines: DataFrame, places: _Places, key: bytes) -> DataFrame:
        """Text is read in blocks: what is counted of them first tells the number of each block's first line."""
        counted = lines.groupBy("path", "start").count().collect()
        firsts: dict[tuple[str, int], int] = {}
        before: dict[str, int] = {}
        for path, start, many in sorted((row["path"], row["start"], row["count"]) for row in counted):
            firsts[path, start] = before.get(path, 0)
            before[path] = firsts[path, start] + many
        return lines.mapInArrow(partial(_stage_texts, firsts, places, key), STAGED)

    def _staged_packed(self, files: Sequence[Path], places: _Places, key: bytes) -> DataFrame:
        addresses = [file.resolve().as_uri() for file in files]
        lines = self._spark.read.schema("line long, raw binary, reason string").parquet(*addresses)
        chosen = lines.select("line", "raw", "reason", F.col("_metadata.file_path").alias("path"))
        return chosen.mapInArrow(partial(_stage_packed, places, key), STAGED)

    def judge(self, order: Order, names: Sequence[str], work: Path, progress: Progress) -> None:
        """Writes every part that is not there yet."""
        assert self._staged is not None
        parts = part_count(sum(one["text"] for one in accounts(work / "staged")))
        done = {int(one.name) for one in (work / "parts").iterdir()}
        progress("judging", len(done), parts)
        wanted = min(parts, _PARTITIONS_A_CORE * self._spark.sparkContext.defaultParallelism)
        judged = (
            _with_drugs(_by_part(self._staged, parts))
            .filter(~F.col("part").isin(sorted(done)))
            .repartition(wanted, "part")
            .sortWithinPartitions("part", "key", "patient", "drug", "file", "line")
            .mapInArrow(partial(_judge, order, tuple(names)), JUDGED)
            .persist(StorageLevel.DISK_ONLY)
        )
        judged.count()  # all executors work; what follows only fetches, one partition after the other
        for number, rows in groupby(judged.toLocalIterator(), key=itemgetter("part")):
            write_part(work / f"parts/{number:05d}", {row["name"]: _read_table(row["data"]) for row in rows})
            done.add(number)
            progress("judging", len(done), parts)
        progress("judging", parts, parts)


# ---------------------------------------------------------------------------------------------- on the driver


class _Places:
    """Which file of the export an address of Spark means."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._numbers = {file.resolve().as_posix(): number for number, file in enumerate(files)}

    def number(self, address: str) -> int:
        return self._numbers[unquote(urlsplit(address).path)]


def _told(staged: DataFrame, files: int) -> list[Told]:
    """The account of each file."""
    kinds: list[dict[str, int]] = [{} for _ in range(files)]
    passed: list[dict[str, int]] = [{} for _ in range(files)]
    size = [0] * files
    grouped = staged.filter(F.col("what") != BAD).groupBy("file", "what", "kind")
    lines = F.when(F.col("what") == LINES, F.size("known")).otherwise(1)
    for row in grouped.agg(
        F.sum(lines).alias("many"), F.sum(F.length("text") - lines + 1).alias("text")
    ).collect():
        (kinds if row["what"] == LINES else passed)[row["file"]][row["kind"]] = row["many"]
        size[row["file"]] += row["text"] or 0
    bad: list[list[tuple[int, str]]] = [[] for _ in range(files)]
    for row in staged.filter(F.col("what") == BAD).select("file", "line", "kind").collect():
        bad[row["file"]].append((row["line"], row["kind"]))
    return [Told(kinds[n], passed[n], sorted(bad[n]), size[n]) for n in range(files)]


def _by_part(staged: DataFrame, parts: int) -> DataFrame:
    """The usable lines; `part` is None for Medications that belong to nobody."""
    lines = staged.filter(F.col("what") == LINES).drop("what", "kind")
    return lines.withColumn("part", F.expr(f"cast({PART.format(parts=parts)} as int)"))


def _with_drugs(lines: DataFrame) -> DataFrame:
    """The lines of patients, and for each patient the Medications that are referred to."""
    own, drugs = lines.filter(F.col("patient") != ""), lines.filter(F.col("patient") == "")
    asked = own.filter(F.col("refers") != "").select("part", "key", "patient", "refers").distinct()
    found = asked.join(drugs.drop("part", "key", "patient"), "refers")
    marked: Callable[[bool], Column] = F.lit
    return own.withColumn("drug", marked(False)).unionByName(found.withColumn("drug", marked(True)))


def _read_table(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


# -------------------------------------------------------------------------------------------- on the executors


def _stage_texts(
    firsts: Mapping[tuple[str, int], int], places: _Places, key: bytes, batches: Batches
) -> Batches:
    """The lines of blocks, which come in their order, with the numbers that they have in their files."""
    reader = BlockReader(key)
    block, number = ("", -1), 0
    for batch in batches:
        lines: list[tuple[int, int, bytes | str]] = []
        for raw, path, start in _rows_of(batch, "raw", "path", "start"):
            if (path, start) != block:
                block = (path, start)
                number = firsts[block]
            number += 1
            lines.append((places.number(path), number, TOO_LONG if is_too_long(raw) else raw))
        yield _staged(reader, lines)


def _stage_packed(places: _Places, key: bytes, batches: Batches) -> Batches:
    reader = BlockReader(key)
    for batch in batches:
        rows = _rows_of(batch, "path", "line", "raw", "reason")
        yield _staged(
            reader,
            [(places.number(path), line, reason if raw is None else raw) for path, line, raw, reason in rows],
        )


def _rows_of(batch: pa.RecordBatch, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(batch.column(name).to_pylist() for name in names), strict=True)


def _staged(reader: BlockReader, lines: Iterable[tuple[int, int, bytes | str]]) -> pa.RecordBatch:
    """Rows of `STAGED`; of a bad line the reason stands under `kind`."""
    pieces: list[Piece] = []
    others: list[tuple[str, str, int, int]] = []
    for file, some in groupby(lines, key=itemgetter(0)):
        for told in reader.read(blocks_of((number, text) for _, number, text in some), file):
            if isinstance(told, Piece):
                pieces.append(told)
            elif isinstance(told, BadLine):
                others.append((BAD, told.reason, file, told.number))
            else:
                others.append((PASSED, told.kind, file, 0))
    keys = [hash_of(piece.patient, reader.key) if piece.patient else "" for piece in pieces]
    usable = pa.Table.from_batches([columns_of(pieces)])
    named = (("what", [LINES] * len(pieces)), ("kind", [piece.kind for piece in pieces]), ("key", keys))
    for place, (name, values) in enumerate(named):
        usable = usable.add_column(place, name, pa.array(values, pa.string()))
    rest = [dict(zip(("what", "kind", "file", "line"), one, strict=True)) for one in others]
    every = pa.concat_tables([usable, pa.Table.from_pylist(rest, usable.schema)])
    return (
        every.combine_chunks().to_batches()[0]
        if every.num_rows
        else pa.RecordBatch.from_pylist([], every.schema)
    )


def _judge(order: Order, names: Sequence[str], batches: Batches) -> Batches:
    """The tables of each part, which come one after the other, each as a row with a stream of Arrow."""
    for number, rows in groupby(_rows(batches), key=itemgetter(0)):
        tables = judge_patients(_patients(rows), plan_of(order), names)
        yield pa.RecordBatch.from_arrays(
            [
                pa.array([number] * len(tables), pa.int32()),
                pa.array(list(tables), pa.string()),
                pa.array([_written(table) for table in tables.values()], pa.binary()),
            ],
            names=["part", "name", "data"],
        )


Row = tuple[int, str, bool, OwnPiece]
"""Part, hash of the patient, whether it is a Medication that is referred to, and the piece."""


def _rows(batches: Batches) -> Iterator[Row]:
    for batch in batches:
        pieces = held_pieces([batch.select(SLICE.names)])
        for told, piece in zip(_rows_of(batch, "part", "key", "drug"), pieces, strict=True):
            yield *told, piece


def _patients(rows: Iterable[Row]) -> Iterator[Patient]:
    for (key, patient), found in groupby(rows, key=lambda row: (row[1], row[3].patient)):
        pieces: list[OwnPiece] = []
        drugs: dict[str, Drug] = {}
        for _, _, is_drug, own in found:
            if is_drug:
                drugs[own.refers] = own.piece.file, own.piece.line, own.piece.text
            else:
                pieces.append(own)
        yield key, patient, *lines_of(pieces, drugs)


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())

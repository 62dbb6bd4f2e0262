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

import pandas as pd
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from cds_service.replay.by_patient import Patient, judge_patients, with_drugs
from cds_service.replay.dealing import Told, accounts, lines_of, part_count, write_account
from cds_service.replay.export_files import ExportError
from cds_service.replay.held import RawLine
from cds_service.replay.lines import BadLine, Line, LineReader
from cds_service.replay.packed import ENDING as PACKED
from cds_service.replay.person import hash_of
from cds_service.replay.plan import Order, plan_of
from cds_service.replay.tables import write_part

Progress = Callable[[str, int, int], None]
Frames = Iterator[pd.DataFrame]

LINE, BAD, PASSED = "line", "bad", "passed"
STAGED: Final = (
    "what string, kind string, key string, patient string, server string, refers string, "
    "file int, line long, raw binary, id string, alike long, value binary, known long"
)
_NOTHING: Final = {
    **dict.fromkeys(("patient", "server", "refers", "id"), ""),
    **dict.fromkeys(("raw", "value"), b""),
    **dict.fromkeys(("alike", "known"), 0),
}
"""In the columns that only usable lines have."""
JUDGED: Final = "part int, name string, data binary"
PART: Final = "cast(conv(substring(key, 1, 8), 16, 10) as bigint) * {parts} div 4294967296"
"""The part of a patient, by the first 32 bits of the hash: `dealing.share_of`."""
_ROWS_AT_ONCE: Final = 1000
_PARTITIONS_A_CORE: Final = 4
_OF_QUERIES: Final = {
    "spark.sql.adaptive.enabled": "false",  # it would join small partitions, and they are what runs side by side
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(_ROWS_AT_ONCE),
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
        return lines.mapInPandas(partial(_stage_texts, firsts, places, key), STAGED)

    def _staged_packed(self, files: Sequence[Path], places: _Places, key: bytes) -> DataFrame:
        addresses = [file.resolve().as_uri() for file in files]
        lines = self._spark.read.schema("line long, raw binary, reason string").parquet(*addresses)
        chosen = lines.select("line", "raw", "reason", F.col("_metadata.file_path").alias("path"))
        return chosen.mapInPandas(partial(_stage_packed, places, key), STAGED)

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
            .mapInPandas(partial(_judge, order, tuple(names)), JUDGED)
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
    told = [Told({}, {}, [], 0) for _ in range(files)]
    kinds: list[dict[str, int]] = [{} for _ in told]
    passed: list[dict[str, int]] = [{} for _ in told]
    size = [0] * files
    grouped = staged.filter(F.col("what") != BAD).groupBy("file", "what", "kind")
    for row in grouped.agg(F.count("*").alias("many"), F.sum(F.length("raw")).alias("text")).collect():
        (kinds if row["what"] == LINE else passed)[row["file"]][row["kind"]] = row["many"]
        size[row["file"]] += row["text"] or 0
    bad: list[list[tuple[int, str]]] = [[] for _ in told]
    for row in staged.filter(F.col("what") == BAD).select("file", "line", "kind").collect():
        bad[row["file"]].append((row["line"], row["kind"]))
    return [Told(kinds[n], passed[n], sorted(bad[n]), size[n]) for n in range(files)]


def _by_part(staged: DataFrame, parts: int) -> DataFrame:
    """The usable lines; `part` is None for Medications that belong to nobody."""
    lines = staged.filter(F.col("what") == LINE).drop("what", "kind")
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
    firsts: Mapping[tuple[str, int], int], places: _Places, key: bytes, frames: Frames
) -> Frames:
    """The lines of blocks, which come in their order, with the numbers that they have in their files."""
    block, number = ("", -1), 0
    for frame in frames:
        lines = []
        for raw, path, start in zip(frame["raw"], frame["path"], frame["start"], strict=True):
            if (path, start) != block:
                block = (path, start)
                number = firsts[block]
            number += 1
            lines.append((places.number(path), number, raw))
        yield _staged(lines, key)


def _stage_packed(places: _Places, key: bytes, frames: Frames) -> Frames:
    for frame in frames:
        columns = (frame["path"], frame["line"], frame["raw"], frame["reason"])
        yield _staged(
            [
                (places.number(path), int(line), reason if raw is None else raw)
                for path, line, raw, reason in zip(*columns, strict=True)
            ],
            key,
        )


def _staged(lines: Iterable[tuple[int, int, bytes | str]], key: bytes) -> pd.DataFrame:
    """Rows of `STAGED`; of a bad line the reason stands under `kind`."""
    rows: list[tuple[Any, ...]] = []
    found: list[Line] = []
    reader = LineReader(key)
    for file, some in groupby(lines, key=itemgetter(0)):
        for line in reader.read(((number, text) for _, number, text in some), file):
            if isinstance(line, Line):
                found.append(line)
            elif isinstance(line, BadLine):
                rows.append((BAD, line.reason, "", file, line.number))
            else:
                rows.append((PASSED, line.kind, "", file, 0))
    others = pd.DataFrame(rows, columns=["what", "kind", "key", "file", "line"])
    usable = lines_of(found).to_pandas()
    usable.insert(0, "what", LINE)
    usable.insert(1, "kind", [line.kind for line in found])
    names = {line.patient: hash_of(line.patient, key) if line.patient else "" for line in found}
    usable.insert(2, "key", [names[line.patient] for line in found])
    return pd.concat([usable, others.reindex(columns=usable.columns).fillna(_NOTHING)])


def _judge(order: Order, names: Sequence[str], frames: Frames) -> Frames:
    """The tables of each part, which come one after the other, each as a row with a stream of Arrow."""
    for number, rows in groupby(_rows(frames), key=itemgetter(0)):
        tables = judge_patients(_patients(rows), plan_of(order), names)
        sent = [(number, name, _written(table)) for name, table in tables.items()]
        yield pd.DataFrame(sent, columns=["part", "name", "data"])


_COLUMNS: Final = (
    *("part", "key", "patient", "server", "refers", "drug"),
    *("file", "line", "raw", "id", "alike", "value", "known"),
)


def _rows(frames: Frames) -> Iterator[tuple[Any, ...]]:
    for frame in frames:
        yield from zip(*(frame[name].tolist() for name in _COLUMNS), strict=True)


def _patients(rows: Iterable[tuple[Any, ...]]) -> Iterator[Patient]:
    for (key, patient), found in groupby(rows, key=itemgetter(1, 2)):
        lines: list[RawLine] = []
        drugs: dict[str, RawLine] = {}
        server: str | None = None
        for _, _, _, told, refers, is_drug, *columns in found:
            line = RawLine(*columns)
            if is_drug:
                drugs[refers] = line
            else:
                lines.append(line)
                server = server or told or None
        yield key, patient, server, with_drugs(lines, drugs, drugs)


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())

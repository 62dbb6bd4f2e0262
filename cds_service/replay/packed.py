"""An export as Parquet: the lines of each NDJSON file under their numbers, a tenth of the size, quicker to read again.

Nothing is read into them or left out but blank lines: a replay of the packed export gives the same tables, and names
the same files and lines. Parquet of other makers is refused, for nobody knows what its columns mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

ENDING: Final = ".parquet"
COLUMNS: Final = pa.schema(
    [("line", pa.int64()), ("raw", pa.binary()), ("reason", pa.string())],
    metadata={"platelet_hooks_lines": "1"},
)
"""Number and text of a line; or, without a text, why it has none."""
_BATCH_BYTES: Final = 8 * 2**20
_BATCH_ROWS: Final = 2048

RawLines = Iterable[tuple[int, bytes | str]]
"""Number and text of each line; of one that cannot be read the reason, as str."""


def plain_name(name: str) -> str:
    """The name of the file that was packed."""
    return name.removesuffix(ENDING)


def is_packed(file: Path) -> bool:
    """Whether it is Parquet that was written here."""
    try:
        schema = pq.read_schema(file)
    except (OSError, pa.ArrowInvalid):
        return False
    return bool(schema.equals(COLUMNS, check_metadata=False) and schema.metadata == COLUMNS.metadata)


def read_packed(file: Path) -> Iterator[tuple[int, bytes | str]]:
    """The lines as they were packed: those that stand one after the other at once, by the number of the first."""
    with pq.ParquetFile(file) as opened:
        for batch in opened.iter_batches(_BATCH_ROWS):
            columns = (column.to_pylist() for column in batch.columns)
            rows = zip(*columns, strict=True)
            yield from blocks_of((number, reason if raw is None else raw) for number, raw, reason in rows)


def blocks_of(lines: RawLines) -> Iterator[tuple[int, bytes | str]]:
    """Lines that stand one after the other at once, by the number of the first; reasons by themselves."""
    for _, run in groupby(enumerate(lines), key=_follows):
        some = [line for _, line in run]
        texts = [text for _, text in some if isinstance(text, bytes)]
        if texts:
            yield some[0][0], b"\n".join([*texts, b""])
        else:
            yield from some


def _follows(placed: tuple[int, tuple[int, bytes | str]]) -> tuple[int, bool]:
    """The same for all lines that follow each other in the file and have a text."""
    place, (number, text) = placed
    return number - place, isinstance(text, bytes)


def write_packed(lines: RawLines, file: Path) -> int:
    """Packs the lines of one file, which appears whole or not at all. The number of lines."""
    being = file.with_name(file.name + ".being-written")
    written = 0
    with pq.ParquetWriter(being, COLUMNS, compression="zstd") as writer:
        for rows in _batches(lines):
            numbers, texts, reasons = zip(*rows, strict=True)
            writer.write_table(pa.Table.from_arrays([numbers, texts, reasons], schema=COLUMNS))
            written += len(rows)
    being.rename(file)
    return written


def _batches(lines: RawLines) -> Iterator[list[tuple[int, bytes | None, str | None]]]:
    rows: list[tuple[int, bytes | None, str | None]] = []
    size = 0
    for number, text in lines:
        if isinstance(text, str):
            rows.append((number, None, text))
        elif text.strip():
            rows.append((number, text, None))
            size += len(text)
        if size >= _BATCH_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows

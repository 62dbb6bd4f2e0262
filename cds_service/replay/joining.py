"""The tables of a run, joined of those of its parts: each part as soon as it is judged, while others still are.

A table is written in row groups of one size, whatever the size of the parts that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cds_service.replay.tables import SCHEMAS, read_part

ROW_GROUP: Final = 50_000


def join_parts(
    parts: Iterable[Path], work: Path, out: Path, before: Mapping[str, list[dict[str, Any]]]
) -> None:
    """One file a table in `out`, the rows of `before` first, then those of the parts in their order.

    `work` holds the files until all parts are joined.
    """
    beings = {name: work / f"{name}.parquet.being-written" for name in SCHEMAS}
    with ExitStack() as writers:
        joined = {
            name: _Joined(writers.enter_context(pq.ParquetWriter(beings[name], schema, compression="zstd")))
            for name, schema in SCHEMAS.items()
        }
        for name, rows in before.items():
            joined[name].add(pa.Table.from_pylist(rows, SCHEMAS[name]))
        for part in parts:
            for name, table in joined.items():
                table.add(read_part(part, name))
        for table in joined.values():
            table.end()
    for name, being in beings.items():
        being.rename(out / f"{name}.parquet")


class _Joined:
    """One table in the making: rows wait until they are a whole row group."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP:
            whole = pa.concat_tables(self._waiting).combine_chunks()
            left = self._rows % ROW_GROUP
            self._writer.write_table(whole.slice(0, self._rows - left), row_group_size=ROW_GROUP)
            self._waiting, self._rows = [whole.slice(self._rows - left)], left

    def end(self) -> None:
        """Writes what still waits."""
        if self._rows:
            self._writer.write_table(
                pa.concat_tables(self._waiting).combine_chunks(), row_group_size=ROW_GROUP
            )

"""The tables of a replay: their columns, and those of a part as it is kept.

Rows come in the order of `patient_hash` and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

_TEXT: Final = pa.string()
_TIME: Final = pa.timestamp("us", tz="UTC")
_WHO: Final = [("sex", _TEXT), ("age_band", _TEXT), ("ancestry", _TEXT)]
_CARD: Final = pa.schema(
    [
        ("evaluation", _TEXT),
        ("position", pa.int32()),
        ("rule", _TEXT),
        ("rules", pa.list_(_TEXT)),
        ("indicator", _TEXT),
        ("state", _TEXT),
        ("why", _TEXT),
    ]
)

SCHEMAS: Final[Mapping[str, pa.Schema]] = {
    "evaluations": pa.schema(
        [
            ("evaluation", _TEXT),
            ("patient_hash", _TEXT),
            ("trigger", _TEXT),
            ("at", _TIME),
            ("hook", _TEXT),
            ("stay", pa.int32()),
            ("unit", _TEXT),
            *_WHO,
            ("no_count", _TEXT),
            ("shown", pa.int32()),
            ("highest", _TEXT),
            ("transfused_24h", pa.bool_()),
            ("anti_infective_24h", pa.bool_()),
            ("new_count_24h", pa.bool_()),
            ("tpo_ra_30d", pa.bool_()),
        ]
    ),
    "cards": _CARD,
    "cards_compared": _CARD,
    "cannot_tell": pa.schema([("evaluation", _TEXT), ("rule", _TEXT), ("fact", _TEXT)]),
    "rejected": pa.schema(
        [
            ("patient_hash", _TEXT),
            ("file", _TEXT),
            ("line", pa.int64()),
            ("kind", _TEXT),
            ("reason", _TEXT),
            ("code", _TEXT),
        ]
    ),
    "encounters": pa.schema(
        [("patient_hash", _TEXT), ("stay", pa.int32()), ("unit", _TEXT), ("minutes", pa.int64()), *_WHO]
    ),
    "patients": pa.schema([("patient_hash", _TEXT), *_WHO, ("evaluations", pa.int32())]),
}
"""`no_count`: why no count could decide at the moment; None where one could.

`state` of a card: shown, silent (by the site's switches), suppressed (another card or a limit; `why` says which).
"""

PART: Final = ".arrow"
"""Ends the names of the tables of a part: Arrow's own files, which are read and written in a tenth of the time."""
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)

IDS: Final = "ids"
IDS_SCHEMA: Final = pa.schema([("patient_hash", _TEXT), ("patient", _TEXT)])
"""Beside the tables of a part, while a run is worked at: whom a hash stands for."""

BY_COLUMN: Final = frozenset({"cannot_tell"})
"""The table that has by far the most rows is kept as its columns from the start."""

Rows = dict[str, list[Any]]
"""Of each table the rows, as tuples in the order of its columns; of `BY_COLUMN` a list for each column."""


def no_rows() -> Rows:
    """Every table, empty."""
    return {name: [[] for _ in schema] if name in BY_COLUMN else [] for name, schema in SCHEMAS.items()}


def tables_of(rows: Rows) -> dict[str, pa.Table]:
    """The rows as tables with their columns."""
    return {
        name: _table_of(rows[name] if name in BY_COLUMN else _columns_of(rows[name], schema), schema)
        for name, schema in SCHEMAS.items()
    }


def _columns_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> Iterable[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else [()] * len(schema)


def _table_of(columns: Iterable[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(column, one.type) for column, one in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def write_part(folder: Path, tables: Mapping[str, pa.Table]) -> None:
    """The tables of some patients, as a folder that appears whole or not at all."""
    being = folder.with_name(folder.name + ".being-written")
    being.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        path = str(being / f"{name}{PART}")
        with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema, options=_OPTIONS) as writer:
            writer.write_table(table)
    being.rename(folder)


def read_part(folder: Path, name: str) -> pa.Table:
    """One table of a part."""
    with pa.OSFile(str(folder / f"{name}{PART}")) as file:
        return pa.ipc.open_file(file).read_all()

"""Insights as CSV and Parquet: the same columns, one for each reason, in one fixed order."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from cds_service.feedback.keeping import NO_REASON, OTHER
from cds_service.insights import Insight, Insights
from cds_service.published_codes import OVERRIDE_REASONS

TEXTS: Final = ("rule", "service", "client", "tenant", "content_version")
COUNTS: Final = ("shown", "silent", "accepted", "overridden", "no_response")
SHARES: Final = ("seconds_to_action", "repeats")
REASONS: Final = (*OVERRIDE_REASONS, OTHER, NO_REASON)
NUMBERS: Final = (*COUNTS, *(f"overridden:{reason}" for reason in REASONS), *SHARES)
COLUMNS: Final = (*TEXTS, *NUMBERS)
SUPPRESSED: Final = "*"
TABLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "cards": TEXTS,
        "rules": ("rule",),
        "services": ("service",),
        "weeks": ("week",),
        "weekly": ("week", "rule", "service"),
    }
)
"""The tables, by their name in `Insights`, and by what each is grouped."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(found: Insights, table: str = "cards") -> str:
    """RFC 4180, a heading first; `*` is a suppressed count. A text that a spreadsheet would compute is quoted."""
    text = io.StringIO()
    written = csv.writer(text)
    texts = TABLES[table]
    written.writerow((*texts, *NUMBERS))
    for one in rows_of(found, table):
        names = (_plain(getattr(one, name)) for name in texts)
        counts = (SUPPRESSED if value is None else value for value in _counts(one))
        written.writerow((*names, *counts, *(_plain(getattr(one, name)) for name in SHARES)))
    return text.getvalue()


def as_parquet(found: Insights) -> bytes:
    """One Parquet file of `cards`; a suppressed count is null."""
    import pyarrow as pa  # large: only where it is asked for
    import pyarrow.parquet as parquet

    kinds = {**dict.fromkeys(TEXTS, pa.string()), **dict.fromkeys(SHARES, pa.float64())}
    schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in COLUMNS])
    columns = list(zip(*map(_row, found.cards), strict=True)) or [()] * len(COLUMNS)
    target = io.BytesIO()
    parquet.write_table(pa.table(dict(zip(COLUMNS, columns, strict=True)), schema=schema), target)
    return target.getvalue()


def rows_of(found: Insights, table: str) -> Sequence[Insight]:
    """The rows of a table of `TABLES`."""
    rows: tuple[Insight, ...] = getattr(found, table)
    return rows


def _row(one: Insight) -> tuple[Any, ...]:
    return (
        *(getattr(one, name) for name in TEXTS),
        *_counts(one),
        *(getattr(one, name) for name in SHARES),
    )


def _counts(one: Insight) -> tuple[int | None, ...]:
    return (
        *(getattr(one, name) for name in COUNTS),
        *(one.reasons.get(reason, 0) for reason in REASONS),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value

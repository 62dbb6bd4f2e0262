"""Insights as CSV and Parquet: the same columns, one for each reason, in one fixed order."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from cds_service.feedback.keeping import NO_REASON, OTHER
from cds_service.insights import Insight, Insights
from cds_service.published_codes import OVERRIDE_REASONS

TEXTS: Final = ("rule", "service", "client", "tenant", "content_version")
COUNTS: Final = ("shown", "silent", "accepted", "overridden", "no_response")
SHARES: Final = ("seconds_to_action", "repeats")
REASONS: Final = (*OVERRIDE_REASONS, OTHER, NO_REASON)
COLUMNS: Final = (*TEXTS, *COUNTS, *(f"overridden:{reason}" for reason in REASONS), *SHARES)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(found: Insights) -> str:
    """RFC 4180, a heading first. A text that a spreadsheet would compute is quoted."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for one in found.cards:
        table.writerow(_plain(value) for value in _row(one))
    return text.getvalue()


def as_parquet(found: Insights) -> bytes:
    """One Parquet file."""
    import pyarrow as pa  # large: only where it is asked for
    import pyarrow.parquet as parquet

    kinds = {**dict.fromkeys(TEXTS, pa.string()), **dict.fromkeys(SHARES, pa.float64())}
    schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in COLUMNS])
    columns = list(zip(*map(_row, found.cards), strict=True)) or [()] * len(COLUMNS)
    target = io.BytesIO()
    parquet.write_table(pa.table(dict(zip(COLUMNS, columns, strict=True)), schema=schema), target)
    return target.getvalue()


def _row(one: Insight) -> tuple[Any, ...]:
    return (
        *(getattr(one, name) for name in (*TEXTS, *COUNTS)),
        *(one.reasons.get(reason, 0) for reason in REASONS),
        *(getattr(one, name) for name in SHARES),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value

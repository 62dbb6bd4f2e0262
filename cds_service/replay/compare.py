"""Two configurations over the same moments: rule by rule, and the patients to whom another card would be shown."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import duckdb

from cds_service.replay.rates import FEW, hidden
from cds_service.replay.report_tables import Table

MOVED: Final = "moved.csv"

_SHOWN: Final = (
    "SELECT DISTINCT evaluation, split_part(evaluation, '-', 1) AS patient_hash, rule, indicator "
    "FROM {table} WHERE state = 'shown'"
)
_BOTH: Final = (
    f"({_SHOWN.format(table='cards')}) a FULL JOIN ({_SHOWN.format(table='cards_compared')}) b "
    "USING (evaluation, patient_hash, rule)"
)


def compare_table(database: duckdb.DuckDBPyConnection) -> Table:
    """For each rule the cards of either, and the patients who gained or lost one."""
    found = database.execute(
        "SELECT rule, count(a.indicator), count(b.indicator), count(a.indicator) FILTER (b.indicator IS NULL), "
        "count(b.indicator) FILTER (a.indicator IS NULL), count(*) FILTER (a.indicator <> b.indicator), "
        "count(DISTINCT patient_hash) FILTER (a.indicator IS DISTINCT FROM b.indicator) "
        f"FROM {_BOTH} GROUP BY 1 ORDER BY 7 DESC, 1"
    ).fetchall()
    small = hidden([row[6] for row in found])
    rows = tuple(
        (rule, FEW if n in small else "", *("" for _ in numbers[1:]))
        if n in small
        else (rule, *map(str, numbers))
        for n, (rule, *numbers) in enumerate(found)
    )
    columns = ("rule", "first", "second", "lost", "gained", "another indicator", "patients that moved")
    return Table(
        "First and second configuration", columns, rows, f"The patients that moved stand in {MOVED}."
    )


def write_moved(database: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Patient, moment and rule wherever the two do not show the same."""
    found = database.execute(
        "SELECT patient_hash, evaluation, rule, coalesce(a.indicator, ''), coalesce(b.indicator, '') "
        f"FROM {_BOTH} WHERE a.indicator IS DISTINCT FROM b.indicator ORDER BY 1, 2, 3"
    ).fetchall()
    with (out / MOVED).open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("patient_hash", "evaluation", "rule", "first", "second"))
        writer.writerows(found)

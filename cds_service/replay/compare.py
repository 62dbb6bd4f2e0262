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


_ROWS: Final = {
    "first": "a.indicator IS NOT NULL",
    "second": "b.indicator IS NOT NULL",
    "lost": "b.indicator IS NULL",
    "gained": "a.indicator IS NULL",
    "another indicator": "a.indicator <> b.indicator",
}
"""Columns of the table, and which rows of both together each counts."""


def compare_table(database: duckdb.DuckDBPyConnection) -> Table:
    """For each rule the cards of either, and the patients who gained or lost one.

    A rule is hidden where any of its numbers rests on few patients, and where "Cards by rule" hides it.
    """
    cards = ", ".join(f"count(*) FILTER ({chosen})" for chosen in _ROWS.values())
    patients = ", ".join(f"count(DISTINCT patient_hash) FILTER ({chosen})" for chosen in _ROWS.values())
    found = database.execute(
        f"SELECT rule, {cards}, count(DISTINCT patient_hash) FILTER (a.indicator IS DISTINCT FROM b.indicator), "
        f"{patients} FROM {_BOTH} GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    told, held = len(_ROWS) + 2, [row[len(_ROWS) + 2 :] for row in found]
    least = [min((n for n in row if n), default=0) for row in held]
    small = hidden([row[0] for row in held]) | hidden(least)
    rows = [
        (row[0], FEW, *("" for _ in row[2:told])) if n in small else tuple(map(str, row[:told]))
        for n, row in enumerate(found)
    ]
    moved = {row[0]: row[told - 1] for row in found}
    columns = ("rule", *_ROWS, "patients that moved")
    return Table(
        "First and second configuration",
        columns,
        tuple(sorted(rows, key=lambda row: (-moved[row[0]], row[0]))),
        f"The patients that moved stand in {MOVED}.",
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

"""Review of charts: a sample of shown cards as a form, and what the filled-in form says of the cards."""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from cards.frozen import dataclass
from cds_service.replay.rates import number_needed, share, shown
from cds_service.replay.report_tables import Table

FORM: Final = "review.csv"
PATIENTS: Final = "review-patients.csv"
COLUMNS: Final = ("case", "patient_hash", "at", "trigger", "hook", "rule", "rules", "indicator")
TO_FILL: Final = ("appropriate", "comment")
VERDICTS: Final = ("yes", "no", "unclear")


class ReviewError(Exception):
    """One line: what is wrong with the filled-in form."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer said of one case; "" where nothing was said yet."""

    rule: str
    indicator: str
    appropriate: str


def write_form(database: duckdb.DuckDBPyConnection, out: Path, cases: int) -> list[str]:
    """A random sample of the shown cards, the same for the same tables; a form that is there stays. The patients."""
    found = database.execute(
        'SELECT patient_hash, epoch_us("at"), trigger, hook, rule, '
        "array_to_string(rules, ' '), indicator FROM alerts "
        f"ORDER BY md5(evaluation || rule || 'review'), evaluation, rule LIMIT {cases:d}"
    ).fetchall()
    file = out / FORM
    if not file.exists():
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow((*COLUMNS, *TO_FILL))
            for number, (patient, at, *row) in enumerate(found, 1):
                moment = datetime.fromtimestamp(at // 1_000_000, UTC)
                writer.writerow((number, patient, f"{moment:%Y-%m-%dT%H:%M:%SZ}", *row, "", ""))
    return sorted({row[0] for row in found})


def write_patients(rows: list[tuple[str, str]], out: Path) -> None:
    """Hash and id of the patients whose charts are to be opened: for the reviewers only, so for this user only."""
    file = os.open(out / PATIENTS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("patient_hash", "patient"))
        writer.writerows(rows)


def read_form(file: Path) -> list[Verdict]:
    """The verdicts. ReviewError naming the line of the first one that is none."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            head = opened.readline()
            opened.seek(0)
            # Where the comma is the decimal sign, programs write such files with semicolons.
            reader = csv.DictReader(opened, delimiter=";" if head.count(";") > head.count(",") else ",")
            missing = {"rule", "indicator", "appropriate"} - set(reader.fieldnames or ())
            if missing:
                raise ReviewError(f"{file.name}: column {sorted(missing)[0]} is missing")
            return [_verdict(file.name, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ReviewError(f"{file.name}: cannot be read as CSV in UTF-8") from None


def _verdict(name: str, line: int, row: dict[str, str]) -> Verdict:
    said = (row["appropriate"] or "").strip().casefold()
    if said not in (*VERDICTS, ""):
        raise ReviewError(f"{name}, line {line}: appropriate: expected {', '.join(VERDICTS)} or nothing")
    return Verdict(row["rule"], row["indicator"], said)


def review_table(verdicts: list[Verdict]) -> Table | None:
    """Predictive value and number needed to alert, of all cases and by indicator; None where nobody said anything."""
    if not any(one.appropriate for one in verdicts):
        return None
    groups = [("all", verdicts)]
    for word in ("critical", "warning", "info"):
        groups.append((word, [one for one in verdicts if one.indicator == word]))
    rows = []
    for name, some in groups:
        said = Counter(one.appropriate for one in some)
        value = share(said["yes"], said["yes"] + said["no"])
        needed = None if value is None else number_needed(value)
        percent = shown(value and value.times(100))
        rows.append((name, str(said["yes"]), str(said["no"]), str(said["unclear"]), percent, shown(needed)))
    columns = (
        "cards",
        "appropriate",
        "not",
        "unclear",
        "positive predictive value, %",
        "number needed to alert",
    )
    note = (
        "Cases that were unclear are in neither value. In brackets 95 % intervals (Wilson). Cases are counted as they "
        "were filled in, small numbers too."
    )
    return Table("Review of charts", columns, tuple(rows), note)

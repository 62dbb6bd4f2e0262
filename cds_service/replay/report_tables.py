"""The numbers of the report, each a table: asked of the tables of a replay in SQL, small cells taken out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from cards.frozen import dataclass
from cds_service.replay.rates import FEW, hidden, rate, share, shown
from cds_service.replay.tables import SCHEMAS

MOST_ROWS: Final = 40
MEMORY: Final = "256MB"
HOUR: Final = "lpad((epoch_us(\"at\") // 3600000000 % 24)::VARCHAR, 2, '0')"

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report. `bars`: the column that is drawn beside it, by its number."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    bars: int | None = None


def open_tables(out: Path) -> duckdb.DuckDBPyConnection:
    """The tables of a folder by name, and `alerts`: every shown card with its moment."""
    spill = str(out / ".spill")  # what is more than the memory allowed; DuckDB takes it away again
    database = duckdb.connect(config={"threads": 1, "memory_limit": MEMORY, "temp_directory": spill})
    database.execute("SET enable_progress_bar = false")
    for name in SCHEMAS:
        place = str(out / f"{name}.parquet").replace("'", "''")
        database.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{place}')")
    database.execute(
        "CREATE VIEW alerts AS SELECT c.rule, c.rules, c.indicator, e.* FROM cards c "
        "JOIN evaluations e USING (evaluation) WHERE c.state = 'shown'"
    )
    return database


def one(database: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The only value of a query."""
    found = database.execute(query).fetchone()
    return None if found is None else found[0]


def all_tables(database: duckdb.DuckDBPyConnection) -> Iterator[Table]:
    """Every table in reading order."""
    yield summary(database)
    for title, column in (
        ("rule", "rule"),
        ("indicator", "indicator"),
        ("service", "hook"),
        ("trigger", "trigger"),
        ("hour of the day (UTC)", HOUR),
    ):
        yield alerts_by(database, title, column)
    for title, column, otherwise in (
        ("unit", "unit", "no encounter"),
        ("age band", "age_band", ""),
        ("sex", "sex", ""),
    ):
        yield alerts_of(database, title, column, otherwise)
    for title, column in (("sex", "sex"), ("age band", "age_band"), ("recorded ancestry", "ancestry")):
        yield fairness(database, title, column)
    yield not_shown(database)
    yield lacked(database)
    yield no_count(database)
    yield not_used(database)
    yield agreement(database)


def summary(database: duckdb.DuckDBPyConnection) -> Table:
    """How often, for whom, how much."""
    encounters, days = exposure(database)
    alerts = one(database, "SELECT count(*) FROM alerts")
    moments = one(database, "SELECT count(*) FROM evaluations")
    patients = one(database, "SELECT count(*) FROM patients")
    per_stay = (
        "SELECT patient_hash, stay, sum(shown) AS n FROM evaluations WHERE stay IS NOT NULL GROUP BY ALL"
    )
    in_window = f"SELECT patient_hash, s.n FROM ({per_stay}) s JOIN encounters USING (patient_hash, stay)"
    some, many = (
        database.execute(
            f"SELECT count(*), count(DISTINCT patient_hash) FROM ({in_window}) WHERE n > {n}"
        ).fetchall()[0]
        for n in (0, 2)
    )
    alerted = one(database, "SELECT count(DISTINCT patient_hash) FROM alerts")
    repeats = "SELECT patient_hash, rule FROM alerts GROUP BY ALL HAVING count(DISTINCT evaluation) > 1"
    repeated = one(database, f"SELECT count(DISTINCT patient_hash) FROM ({repeats})")
    per_encounter, per_day = rate(alerts, encounters), rate(alerts, days)
    rows = (
        ("patients with a moment or an encounter", str(patients)),
        ("encounters", str(encounters)),
        ("patient-days", f"{days:.0f}"),
        ("moments evaluated", str(moments)),
        ("cards shown", _guarded(alerted, str(alerts))),
        ("cards per 100 encounters", _guarded(alerted, shown(per_encounter and per_encounter.times(100)))),
        ("cards per 1,000 patient-days", _guarded(alerted, shown(per_day and per_day.times(1000)))),
        ("encounters with any card, %", _guarded(some[1], _percent(some[0], encounters))),
        ("encounters with more than two cards, %", _guarded(many[1], _percent(many[0], encounters))),
        ("patients with any card", _guarded(alerted, str(alerted))),
        ("patients to whom a rule spoke at more than one moment", _guarded(repeated, str(repeated))),
    )
    note = "In brackets 95 % intervals. Cards of one patient are not independent: true intervals are wider."
    return Table("Summary", ("", "number"), rows, note)


def alerts_by(database: duckdb.DuckDBPyConnection, title: str, column: str) -> Table:
    """Cards and patients in each group, and cards per encounters and days of all."""
    encounters, days = exposure(database)
    found = database.execute(
        f"SELECT {column} AS name, count(*), count(DISTINCT patient_hash) FROM alerts GROUP BY name "
        + ("ORDER BY name" if column == HOUR else "ORDER BY 2 DESC, name")
    ).fetchall()
    return _alerts(title, [(*row, encounters, days) for row in found], "")


def alerts_of(database: duckdb.DuckDBPyConnection, title: str, column: str, otherwise: str) -> Table:
    """Cards and patients in each group of encounters, and cards per encounters and days of that group."""
    found = database.execute(
        f"SELECT coalesce(name, '{otherwise}'), cards, patients, coalesce(stays, 0), coalesce(minutes, 0) / 1440 "
        f"FROM (SELECT {column} AS name, count(*) AS cards, count(DISTINCT patient_hash) AS patients "
        f"FROM alerts GROUP BY 1) LEFT JOIN (SELECT {column} AS name, count(*) AS stays, sum(minutes) AS minutes "
        "FROM encounters GROUP BY 1) USING (name) ORDER BY 2 DESC, 1"
    ).fetchall()
    return _alerts(title, found, "The encounters and days of each group are its own.")


def exposure(database: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    """Encounters, and the days that they lasted."""
    query = "SELECT count(*), coalesce(sum(minutes), 0) FROM encounters"
    [(encounters, minutes)] = database.execute(query).fetchall()
    return encounters, minutes / 1440


def _alerts(title: str, found: Sequence[tuple[str, int, int, int, float]], note: str) -> Table:
    """`found`: name, cards, patients, encounters and days that they are divided by."""
    rows = []
    for name, cards, patients, encounters, days in found:
        each = [(rate(cards, encounters), 100), (rate(cards, days), 1000)]
        rows.append(
            (str(name), str(cards), str(patients), *(shown(one and one.times(n), 2) for one, n in each))
        )
    columns = (title, "cards", "patients", "cards per 100 encounters", "cards per 1,000 patient-days")
    hide = _suppress(rows, [row[2] for row in found])
    return Table(f"Cards by {title}", columns, hide, note, bars=1)


def fairness(database: duckdb.DuckDBPyConnection, title: str, column: str) -> Table:
    """The share of the patients of each group who had any card."""
    found = database.execute(
        f"SELECT p.{column}, count(*), count(a.patient_hash) FROM patients p "
        f"LEFT JOIN (SELECT DISTINCT patient_hash FROM alerts) a USING (patient_hash) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    rows = [(str(name), str(all_), str(some), _percent(some, all_)) for name, all_, some in found]
    small = [min((n for n in (all_, some, all_ - some) if n), default=0) for _, all_, some in found]
    note = "A difference may be one of illness, of records, or of the rules: it is a question, not an answer."
    columns = (title, "patients", "with any card", "% with any card")
    return Table(f"Patients with any card, by {title}", columns, _suppress(rows, small), note, bars=3)


def not_shown(database: duckdb.DuckDBPyConnection) -> Table:
    """Cards that a rule gave and that were not shown."""
    found = database.execute(
        "SELECT c.rule, CASE c.state WHEN 'silent' THEN 'silent at this site' ELSE c.why END, count(*), "
        "count(DISTINCT e.patient_hash) FROM cards c JOIN evaluations e USING (evaluation) "
        f"WHERE c.state <> 'shown' GROUP BY ALL ORDER BY 3 DESC, 1, 2 LIMIT {MOST_ROWS}"
    ).fetchall()
    rows = [tuple(map(str, row)) for row in found]
    columns = ("rule", "why", "times", "patients")
    return Table("What was not shown, and why", columns, _suppress(rows, [row[3] for row in found]))


def lacked(database: duckdb.DuckDBPyConnection) -> Table:
    """The facts that rules could not tell without: a list for the integration, the largest first."""
    found = database.execute(
        "SELECT fact, rules, moments, patients FROM (SELECT fact, count(*) AS moments, "
        "count(DISTINCT split_part(evaluation, '-', 1)) AS patients "
        "FROM (SELECT DISTINCT fact, evaluation FROM cannot_tell) GROUP BY 1) "
        "JOIN (SELECT fact, count(DISTINCT rule) AS rules FROM cannot_tell GROUP BY 1) USING (fact) "
        f"ORDER BY 3 DESC, 1 LIMIT {MOST_ROWS}"
    ).fetchall()
    return Table(
        "What rules lacked",
        ("fact", "rules that asked for it", "moments"),
        tuple(_few_last(row) for row in found),
        "A fact that is missing at nearly every moment is more often a missing feed than a test that nobody ordered.",
        bars=2,
    )


def no_count(database: duckdb.DuckDBPyConnection) -> Table:
    """Moments without a usable count, by reason."""
    found = database.execute(
        "SELECT no_count, count(*), count(DISTINCT patient_hash) FROM evaluations "
        "WHERE no_count IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    return Table(
        "Why no platelet count could decide",
        ("why", "moments"),
        tuple(_few_last(row) for row in found),
        "Rules by number wait at these moments. Units, dates and codes can be mended; that nobody measured cannot.",
        bars=1,
    )


def not_used(database: duckdb.DuckDBPyConnection) -> Table:
    """Resources and lines that were rejected: a list for the integration, the largest first."""
    found = database.execute(
        "SELECT coalesce(kind, 'line'), reason, coalesce(code, ''), count(*), count(DISTINCT patient_hash) "
        f"FROM rejected GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT {MOST_ROWS}"
    ).fetchall()
    return Table(
        "What could not be used",
        ("resource", "reason", "code", "times"),
        tuple(_few_last(row) for row in found),
        "File and line of each stand in rejected.parquet. A local code is mapped under [content.local_codes].",
        bars=3,
    )


AGREEMENT: Final = (
    ("platelet transfusion within 24 h", "transfused_24h", "rule LIKE 'TRF-%'", "a TRF card"),
    ("anti-infective within 24 h", "anti_infective_24h", "rule LIKE 'INF-%'", "an INF card"),
    (
        "new platelet count within 24 h",
        "new_count_24h",
        "list_contains(rules, 'MON-01')",
        "a card with MON-01",
    ),
    ("TPO-RA within 30 days", "tpo_ra_30d", "rule LIKE 'TPO-%'", "a TPO card"),
)

_NONE: Final = (0, 0, 0, 0, 0)


def agreement(database: duckdb.DuckDBPyConnection) -> Table:
    """What was then done at moments with and without a card of the family."""
    rows: list[tuple[str, ...]] = []
    for what, column, chosen, cards in AGREEMENT:
        found = database.execute(
            f"SELECT evaluation IN (SELECT evaluation FROM alerts WHERE {chosen}), "
            f"count(*), count(*) FILTER ({column}), count(DISTINCT patient_hash), "
            f"count(DISTINCT patient_hash) FILTER ({column}), "
            f"count(DISTINCT patient_hash) FILTER (NOT {column}) FROM evaluations GROUP BY 1"
        ).fetchall()
        numbers_of = {with_card: numbers for with_card, *numbers in found}
        counted = [numbers_of.get(with_card, _NONE) for with_card in (True, False)]
        # Both lines or none: the one could be had by taking the other from the total.
        small = any(hidden([patients]) for _, _, *all_ in counted for patients in all_)
        for told, (moments, done, *_) in zip((f"with {cards}", "without"), counted, strict=True):
            numbers = (FEW, "", "") if small else (str(moments), str(done), _percent(done, moments))
            rows.append((what, told, *numbers))
    note = (
        "Not proof: that something was done does not make a card right, and nobody had seen the card. "
        "The count after a moment is looked up in what happened later, on purpose."
    )
    columns = ("what was done", "moments", "number", "followed", "% followed")
    return Table("Agreement with what was then done", columns, tuple(rows), note)


def _percent(part: int, whole: int) -> str:
    found = share(part, whole)
    return shown(found and found.times(100))


def _few_last(row: tuple[Any, ...]) -> tuple[str, ...]:
    """A row whose last member is the number of patients: the one before it is only shown where those are enough."""
    *told, number, patients = row
    return *map(str, told), _guarded(patients, str(number))


def _guarded(patients: int, told: str) -> str:
    """A number that rests on so many patients."""
    return FEW if hidden([patients]) else told


def _suppress(rows: Sequence[tuple[str, ...]], patients: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """The rows, those of few patients with their name only."""
    small = hidden(patients)
    return tuple(
        (row[0], *(("not shown",) if len(row) > 2 else ()), *(FEW,), *("" for _ in row[3:]))[: len(row)]
        if n in small
        else row
        for n, row in enumerate(rows)
    )

"""Insights of ten thousand made-up cards: the numbers of plain SQL, small ones suppressed in every form."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from cards.thresholds import Thresholds
from cds_service.app import create_app
from cds_service.insights import Insight, Insights, insights
from cds_service.insights_files import COUNTS, TABLES
from cds_service.insights_small import SUMS, suppress
from cds_service.settings import Settings
from cds_service.store.database import Database
from cds_service.web.insight_page import WIDTH, bar, insight_page
from tests.service.build import NOW
from tests.service.test_insights import answer, card, fill

CARDS = 10_000
RULES = ("TRF-02", "TRF-04", "TRF-05", "INF-EBV", "MON-01", "SAFE-12", "ORD-02", "PLT-03")
WEIGHTS = (30, 25, 20, 12, 8, 4, 0.9, 0.1)
SERVICES = ("itp-patient-view", "itp-order-select", "itp-order-sign")
REASONS = ("already-done", "palliative", "patient-declined", "other", "unstated")
LEAST = 5


def made_up() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Cards of ten weeks and feedback to two thirds of them; some rules are rare."""
    chance = random.Random(7)
    cards, answers = [], []
    for number in range(CARDS):
        (rule,) = chance.choices(RULES, WEIGHTS)
        (service,) = chance.choices(SERVICES, (70, 29, 1))
        at = NOW - timedelta(minutes=chance.randrange(70 * 24 * 60))
        cards.append(
            card(
                number,
                rule=rule,
                service=service,
                at=at,
                shown=chance.random() < 0.9,
                patient=f"p{chance.randrange(3000)}",
                facts="f",
                tenant=chance.choice(("north", "south")),
            )
        )
        if cards[-1]["shown"] and chance.random() < 0.66:
            outcome = chance.choice(("accepted", "accepted", "overridden"))
            reason = chance.choices(REASONS, (50, 30, 15, 4, 1))[0] if outcome == "overridden" else ""
            seconds = chance.randrange(5, 4000)
            given_at = at + timedelta(seconds=seconds)
            answers.append(
                answer(number, outcome, service=service, at=given_at, received=given_at, reason=reason)
            )
    return cards, answers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("insights")
    fill(Database(f"sqlite:///{path / 'store.db'}"), *made_up())
    return path


@pytest.fixture(scope="module")
def app(folder: Path) -> Flask:
    return create_app(Settings(log_level="error", state_dir=folder), lambda: NOW)


@pytest.fixture(scope="module")
def exact(folder: Path) -> Insights:
    return Database(f"sqlite:///{folder / 'store.db'}").commit(lambda c: insights(c, None, Thresholds()))


@pytest.fixture(scope="module")
def sql(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(folder / "store.db")
    yield connection
    connection.close()


def by_sql(sql: sqlite3.Connection, group: str) -> dict[str, tuple[int, ...]]:
    """Shown, silent, accepted, overridden and without response, by an expression over cards `c`."""
    found = sql.execute(
        f"""select {group}, sum(c.shown), sum(not c.shown),
               sum(c.shown and f.outcome = 'accepted'), sum(c.shown and f.outcome = 'overridden'),
               sum(c.shown and f.outcome is null)
            from cards c left join feedback f on f.card = c.uuid group by 1"""
    )
    return {row[0]: tuple(int(one or 0) for one in row[1:]) for row in found}


MONDAY = "date(c.at, 'weekday 0', '-6 days')"
GROUPS = {"rules": "c.rule", "services": "c.service", "weeks": MONDAY, "total": "''"}
WEEKLY = f"{MONDAY} || ' ' || c.rule || ' ' || c.service"


def counts_of(one: Insight) -> tuple[int | None, ...]:
    return tuple(getattr(one, name) for name in COUNTS)


def name_of(one: Insight) -> str:
    return one.rule or one.service or one.week


@pytest.mark.parametrize("table", GROUPS)
def test_the_numbers_are_those_of_plain_sql(exact: Insights, sql: sqlite3.Connection, table: str) -> None:
    rows = (exact.total,) if table == "total" else getattr(exact, table)
    assert {name_of(one): counts_of(one) for one in rows} == by_sql(sql, GROUPS[table])
    assert sum(int(one.shown or 0) + int(one.silent or 0) for one in rows) == CARDS


def test_the_weekly_numbers_are_those_of_plain_sql(exact: Insights, sql: sqlite3.Connection) -> None:
    found = {f"{one.week} {one.rule} {one.service}": counts_of(one) for one in exact.weekly}
    assert found == by_sql(sql, WEEKLY)
    assert len(found) > 150


def test_the_reasons_are_those_of_plain_sql(exact: Insights, sql: sqlite3.Connection) -> None:
    found = sql.execute(
        """select c.rule, f.reason, count(*) from cards c join feedback f on f.card = c.uuid
           where c.shown and f.outcome = 'overridden' group by 1, 2"""
    )
    expected: dict[str, dict[str, int]] = defaultdict(dict)
    for rule, reason, count in found:
        expected[rule][reason] = count
    assert {one.rule: one.reasons for one in exact.rules if one.reasons} == expected


def test_since_takes_only_what_is_newer(app: Flask, sql: sqlite3.Connection) -> None:
    since = NOW - timedelta(days=14)
    found = app.test_client().get("/insights.json?since=14d").get_json()
    (count,) = sql.execute(
        "select count(*) from cards where shown and at >= ?", (since.strftime("%Y-%m-%d %H:%M:%S"),)
    ).fetchone()
    assert found["total"]["shown"] == count


# ------------------------------------------------------------------------------------------ what is shown


def test_the_page_shows_the_numbers_of_plain_sql(app: Flask, sql: sqlite3.Connection) -> None:
    html = app.test_client().get("/insights").get_data(as_text=True)
    seen = 0
    for title, table in (("By rule", "rules"), ("By service", "services"), ("By week", "weeks")):
        part = html.split(f"<h2>{title} ")[1].split("</table>")[0]
        for name, counts in by_sql(sql, GROUPS[table]).items():
            row = unescape(part.split(f">{name}</")[1].split("</tr>")[0])
            shown, accepted, overridden, silent = re.findall(r"<td>([\d,*]+)</td>", row)
            for told, count in zip(
                (shown, silent, accepted, overridden), (*counts[:2], counts[2], counts[3]), strict=True
            ):
                if told == "*":
                    continue
                assert told == f"{count:,}"
                assert count == 0 or count >= LEAST
                seen += 1
    assert seen > 60
    total = by_sql(sql, GROUPS["total"])[""]
    assert f"<b>{total[0]:,}</b> cards shown" in html
    assert html.count('<g role="img"') == len(by_sql(sql, MONDAY))


@pytest.mark.parametrize("table", TABLES)
def test_a_download_holds_the_same_and_no_small_number(app: Flask, exact: Insights, table: str) -> None:
    response = app.test_client().get(f"/insights.csv?table={table}")
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{table}.csv"'
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))
    whole = getattr(exact, table)
    assert len(rows) == len(whole)
    hidden = 0
    for row, one in zip(rows, whole, strict=True):
        assert tuple(row[name] for name in TABLES[table]) == tuple(getattr(one, n) for n in TABLES[table])
        for name in COUNTS:
            count = getattr(one, name)
            hidden += row[name] == "*"
            assert row[name] == "*" or (int(row[name]) == count and (count == 0 or count >= LEAST))
        reasons = {name.partition(":")[2]: told for name, told in row.items() if ":" in name}
        assert all(told == "*" or not 0 < int(told) < LEAST for told in reasons.values())
    assert bool(hidden) is (table in ("rules", "cards", "weekly"))


def test_the_json_holds_no_small_number(app: Flask) -> None:
    found = app.test_client().get("/insights.json").get_json()
    for table in TABLES:
        for row in found[table]:
            for count in (*(row[name] for name in ("shown", "silent", "accepted")), *row["reasons"].values()):
                assert count is None or not 0 < count < LEAST


def test_an_unknown_table_is_refused(app: Flask) -> None:
    assert app.test_client().get("/insights.csv?table=patients").status_code == 400


# --------------------------------------------------------------------------------------------- suppression


def row(rule: str, accepted: int, overridden: int, no_response: int, silent: int = 0, **more: Any) -> Insight:
    usual: dict[str, Any] = {
        "reasons": {"palliative": overridden} if overridden else {},
        "seconds_to_action": 1.5 if accepted else None,
        "repeats": 0.0,
    }
    return Insight(
        rule=rule,
        shown=accepted + overridden + no_response,
        silent=silent,
        accepted=accepted,
        overridden=overridden,
        no_response=no_response,
        **usual | more,
    )


def found(*rows: Insight) -> Insights:
    total = row("", *(sum(getattr(one, name) for one in rows) for name in COUNTS[2:]))
    return Insights(
        since=None, cards=rows, rules=rows, services=(), weeks=(), weekly=(), total=total, review=(),
        unmatched_feedback=2,
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, LEAST - 1, LEAST, LEAST + 1])
def test_both_sides_of_the_least_count(count: int) -> None:
    (told,) = suppress(found(row("A-1", 50, 50, 50, silent=count)), LEAST).rules
    assert told.silent == (count if count in (0, LEAST, LEAST + 1) else None)


def test_a_small_part_takes_another_with_it() -> None:
    (told,) = suppress(found(row("A-1", 100, 3, 40)), LEAST).rules
    assert (told.shown, told.accepted, told.overridden, told.no_response) == (143, 100, None, None)
    assert told.reasons == {"palliative": None}
    (many,) = suppress(found(row("A-1", 100, 8, 40, reasons={"palliative": 3, "other": 5})), LEAST).rules
    assert (many.overridden, many.reasons) == (8, {"palliative": None, "other": None})
    assert told.seconds_to_action == 1.5


def test_a_small_row_takes_another_with_it() -> None:
    told = suppress(found(row("A-1", 3, 0, 0), row("B-1", 60, 0, 0), row("C-1", 70, 0, 0)), LEAST).rules
    assert [one.shown for one in told] == [None, None, 70]
    assert [one.accepted for one in told] == [None, None, 70]
    assert told[0].seconds_to_action is None
    assert suppress(found(row("A-1", 9, 0, 0)), LEAST).unmatched_feedback is None


def test_with_one_nothing_is_suppressed() -> None:
    whole = found(row("A-1", 3, 1, 2), row("B-1", 1, 0, 0))
    assert suppress(whole, 1) == whole


ROWS = st.lists(
    st.tuples(*[st.sampled_from(("R-1", "R-2", "R-3"))] * 1, *[st.integers(0, 12)] * 4),
    min_size=1,
    max_size=6,
)


@given(ROWS)
def test_no_sum_gives_a_suppressed_number_away(rows: list[tuple[Any, ...]]) -> None:
    """In no row and in no group is one number alone suppressed, unless all others of it are nought."""
    weekly = tuple(row(rule, *counts, week=f"w{n}", service="s") for n, (rule, *counts) in enumerate(rows))
    whole = Insights(
        since=None, cards=(), rules=(), services=(), weeks=(), weekly=weekly, total=row("", 0, 0, 0), review=(),
        unmatched_feedback=0,
    )  # fmt: skip
    told = suppress(whole, LEAST).weekly
    for one, before in zip(told, weekly, strict=True):
        parts = [(getattr(one, name), getattr(before, name)) for name in ("shown", *COUNTS[2:])]
        assert not_alone(parts)
        assert all(count is None or count == 0 or count >= LEAST for count in counts_of(one))
    for names in SUMS:
        groups: dict[Any, list[int]] = defaultdict(list)
        for number, one in enumerate(weekly):
            groups[tuple(getattr(one, name) for name in names)].append(number)
        for some in groups.values():
            for name in COUNTS:
                assert not_alone([(getattr(told[n], name), getattr(weekly[n], name)) for n in some])


def not_alone(cells: list[tuple[int | None, int]]) -> bool:
    hidden = [before for now, before in cells if now is None]
    return len(hidden) != 1 or not any(now for now, _ in cells)


# ---------------------------------------------------------------------------------------------- drawing


def test_bars_fit_their_drawing() -> None:
    shown = insight_page(suppress(found(row("TRF-02", 20, 10, 40), row("MON-01", 8, 0, 0)), 1))
    first, second = shown.tables[0].rows
    assert (first.name, first.shown, second.name, shown.shown) == ("TRF-02", "70", "MON-01", "78")
    assert (shown.answered, shown.unmatched) == ("38", "2")
    assert [count for _, count in first.reasons] == ["10"]
    assert [part.count for part in first.bar] == [20, 10, 40]
    assert all(one.start + one.width == other.start for one, other in pairwise(first.bar))
    assert abs(first.bar[-1].start + first.bar[-1].width - WIDTH) <= len(first.bar)


def test_what_is_suppressed_is_neither_drawn_nor_said() -> None:
    shown = insight_page(suppress(found(row("TRF-02", 100, 3, 40)), LEAST))
    (line,) = shown.tables[0].rows
    assert [part.kind for part in line.bar] == ["accepted"]
    assert line.said == "accepted 100, overridden not told, no response not told"
    assert line.overridden == "*"


def test_columns_stand_beside_each_other(exact: Insights) -> None:
    columns = insight_page(suppress(exact, LEAST)).columns
    assert len(columns) == len(exact.weeks)
    assert all(one.x + one.width <= other.x for one, other in pairwise(columns))
    assert all(sum(part.width for part in column.parts) <= 122 for column in columns)
    assert Counter(column.said[:7] for column in columns) == {"Week of": len(columns)}
    assert bar(exact.total, 0)[0].width == 0


def test_nothing_recorded(tmp_path: Path) -> None:
    client = create_app(Settings(log_level="error", state_dir=tmp_path), lambda: NOW).test_client()
    assert "Nothing was recorded" in client.get("/insights").get_data(as_text=True)
    assert json.loads(client.get("/insights.json").data)["total"]["shown"] == 0

"""The report as one HTML file that needs nothing else: tables, and beside some of them bars drawn as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import duckdb

from cds_service.content import Content
from cds_service.published_plans import title_of
from cds_service.replay.compare import compare_table, write_moved
from cds_service.replay.report_tables import Table, all_tables
from cds_service.replay.review import FORM, read_form, review_table

REPORT: Final = "report.html"
_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.7rem}h2{font-size:1.2rem;margin-top:2.5rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}
.note{color:#444}svg{display:block;margin:.5rem 0 1rem;max-width:100%;height:auto}.scroll{overflow-x:auto}
"""
_MOST_BARS: Final = 24
_BAR, _NAME, _WIDE = 22, 260, 420

INTRO: Final = (
    "What the cards would have been over this export, had the service been on. At each moment only what was known "
    "then was used. For evaluation only: not a medical device. Numbers that rest on fewer than five patients are "
    "not shown."
)
LIMITS: Final = (
    "An export holds the last state of a record. Entries that were changed later without a time (a status, an entry "
    "in error) are seen as they were at the export; results and entries without any time are left out and counted."
)


def write_report(
    database: duckdb.DuckDBPyConnection, out: Path, account: Mapping[str, Any], content: Content
) -> None:
    """Makes report.html of the tables of a finished run, with the review where its form was filled in."""
    tables = list(_tables(database, out, account, content))
    being = out / f"{REPORT}.being-written"
    being.write_text(_page(tables, account), encoding="utf-8")
    being.rename(out / REPORT)


def _tables(
    database: duckdb.DuckDBPyConnection, out: Path, account: Mapping[str, Any], content: Content
) -> Iterable[Table]:
    yield from all_tables(database)
    reviewed = review_table(read_form(out / FORM)) if (out / FORM).is_file() else None
    if reviewed is not None:
        yield reviewed
    if account["asked"]["compared_content"] is not None:
        write_moved(database, out)
        yield compare_table(database)
    yield rule_names(database, content)
    yield _about(account)


def rule_names(database: duckdb.DuckDBPyConnection, content: Content) -> Table:
    """What the rules of the report say: a committee does not know their ids by heart."""
    found = database.execute(
        "SELECT rule FROM cards UNION SELECT rule FROM cards_compared ORDER BY rule"
    ).fetchall()
    rows = tuple((rule, title_of(rule, content)) for (rule,) in found)
    note = "The first summary of the card, or its infection; \u2039 \u203a stands for a value. All: cards/RULEBOOK.md."
    return Table("The rules in words", ("rule", "its card"), rows, note)


def _about(account: Mapping[str, Any]) -> Table:
    asked = account["asked"]
    rows = [
        ("content", asked["content"]),
        ("second content", asked["compared_content"] or "none"),
        ("triggers", ", ".join(asked["triggers"])),
        ("from", asked["from"] or "the beginning"),
        ("to", asked["to"] or "the end"),
        ("files", str(len(asked["files"]))),
        ("lines that could not be used", str(account["bad_lines"])),
        *((f"{kind} read", str(many)) for kind, many in account["resources"].items()),
        *((f"{kind} passed over", str(many)) for kind, many in account["passed_over"].items()),
        ("types of which the export says nothing", ", ".join(account["missing_types"]) or "none"),
    ]
    return Table("What was read", ("", ""), tuple(rows), LIMITS)


def _page(tables: Iterable[Table], account: Mapping[str, Any]) -> str:
    parts = "\n".join(map(_section, tables))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Replay of an export</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>Replay of an export</h1>"
        f'<p class="note">{escape(INTRO)}</p>\n{parts}\n</main></body></html>\n'
    )


def _section(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = "".join(
        "<tr>"
        + f'<th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(one)}</td>" for one in row[1:])
        + "</tr>"
        for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    body = f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f"<section><h2>{escape(table.title)}</h2>{note}{_bars(table)}{body if rows else '<p>None.</p>'}</section>"


def _bars(table: Table) -> str:
    """Horizontal bars of one column, the first rows of the table; "" where there is nothing to draw."""
    if table.bars is None:
        return ""
    found = [(row[0], _number(row[table.bars])) for row in table.rows[:_MOST_BARS]]
    drawn = [(name, value) for name, value in found if value is not None]
    most = max((value for _, value in drawn), default=0.0)
    if most <= 0:
        return ""
    lines = []
    for n, (name, value) in enumerate(drawn):
        y, width = n * _BAR, round(value / most * _WIDE, 1)
        short = name if len(name) < 38 else name[:36] + "…"
        lines.append(
            f'<text x="{_NAME - 8}" y="{y + 15}" text-anchor="end" font-size="12">{escape(short)}</text>'
            f'<rect x="{_NAME}" y="{y + 4}" width="{width}" height="{_BAR - 8}" fill="#2f5d8a"/>'
            f'<text x="{_NAME + width + 6}" y="{y + 15}" font-size="12">{value:g}</text>'
        )
    title = escape(f"{table.title}: {table.columns[table.bars]}")
    size = f'viewBox="0 0 {_NAME + _WIDE + 80} {len(drawn) * _BAR}" width="{_NAME + _WIDE + 80}"'
    return f'<svg {size} role="img" aria-label="{title}">{"".join(lines)}</svg>'


def _number(text: str) -> float | None:
    first = text.partition(" ")[0]
    return float(first) if first.replace(".", "", 1).isdigit() else None

"""`platelet-hooks insights`: what became of the cards that were shown."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
from msgspec.json import format as indented
from rich.console import Console
from rich.table import Table

from cards.thresholds import Thresholds
from cds_service.hooks.wire import encode
from cds_service.insights import Insights, read_since
from cds_service.insights import insights as count
from cds_service.insights_files import SUPPRESSED, TABLES, TEXTS, as_csv, as_parquet
from cds_service.insights_small import suppress
from cds_service.settings import SettingsError, load_settings
from cds_service.store.address import store_url
from cds_service.store.database import Database, StoreDown


@click.command()
@click.option("--since", help="Only cards since a date, a dateTime, or so many days ago: 30d.")
@click.option("--csv", "form", flag_value="csv", help="Print a CSV table.")
@click.option("--parquet", "form", flag_value="parquet", help="Write a Parquet file (with --output).")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option(
    "--table",
    type=click.Choice(list(TABLES)),
    default="cards",
    help="Which table --csv prints.",
    show_default=True,
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write into this file.")
def insights(since: str | None, form: str | None, table: str, output: Path | None) -> None:
    """Count what was shown, silent, accepted and overridden, per rule, service, tenant and content version.

    A * is a small number, or one that would give it away ([memory] least_count).

    platelet-hooks insights --since 30d --csv --output insights.csv
    """
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("A Parquet file is not for a terminal: name it with --output.")
    if form is None and output is not None:
        raise click.UsageError("--output takes --csv, --parquet or --json.")
    found = _count(since)
    match form:
        case "csv":
            _write(as_csv(found, table).encode(), output)
        case "parquet":
            _write(as_parquet(found), output)
        case "json":
            _write(indented(encode(found)) + b"\n", output)
        case _:
            _print(found)


def _count(since: str | None) -> Insights:
    try:
        start = None if since is None else read_since(since, datetime.now(UTC))
    except ValueError:
        raise click.UsageError(
            f"--since: {since!r} is no date, dateTime or number of days such as 30d"
        ) from None
    try:
        settings = load_settings()
    except SettingsError as error:
        _stop(str(error))
    database = Database(store_url(settings))
    try:
        found = database.commit(lambda connection: count(connection, start, Thresholds()))
        return suppress(found, settings.memory.least_count)
    except StoreDown:
        _stop("the store cannot be reached: is PLATELET_HOOKS_DATABASE_URL right?")
    finally:
        database.close()


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        _stop(f"cannot write to {output}: {error.strerror or error}")


def _print(found: Insights) -> None:
    if not found.cards:
        click.echo("No cards are recorded" + ("." if found.since is None else " since then."))
        return
    table = Table()
    names = [name for name in TEXTS if any(getattr(one, name) for one in found.cards)]
    for name in names:
        table.add_column(name.replace("_", " "), no_wrap=name == "rule")
    for heading in ("shown", "silent", "accepted", "overridden", "no response", "to action", "repeats"):
        table.add_column(heading, justify="right")
    for one in found.cards:
        numbers = (one.shown, one.silent, one.accepted, one.overridden, one.no_response)
        table.add_row(
            *(getattr(one, name) for name in names),
            *(SUPPRESSED if number is None else str(number) for number in numbers),
            "" if one.seconds_to_action is None else f"{one.seconds_to_action:.0f} s",
            "" if one.repeats is None else f"{one.repeats:.0%}",
        )  # fmt: skip
    console = Console(highlight=False)
    console.print(table)
    if found.unmatched_feedback != 0:
        told = SUPPRESSED if found.unmatched_feedback is None else found.unmatched_feedback
        console.print(f"Feedback to cards that are not known: {told}")
    if found.review:
        console.print(f"Overridden so often that they need review: {', '.join(found.review)}")


def _stop(text: str) -> NoReturn:
    click.echo(f"platelet-hooks: {text}", err=True)
    sys.exit(2)

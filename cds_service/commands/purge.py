"""`platelet-hooks purge`: what was kept long enough goes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from cds_service.memory_start import purge_old
from cds_service.settings import SettingsError, load_settings
from cds_service.store.address import store_url
from cds_service.store.database import Database


@click.command()
@click.option(
    "--older-than",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Days to keep. [default: retention_days of the settings]",
)
def purge(older_than: int | None) -> None:
    """Delete recorded cards and feedback that are older than the retention, and used tokens that expired.

    A running service does so by itself once an hour.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        click.echo(f"platelet-hooks: {error}", err=True)
        sys.exit(2)
    days = settings.memory.retention_days if older_than is None else older_than
    database = Database(store_url(settings))
    gone = purge_old(database, days, datetime.now(UTC))
    database.close()
    if gone is None:
        click.echo("platelet-hooks: the store cannot be reached; nothing was deleted", err=True)
        sys.exit(2)
    cards, feedback, tokens = gone
    click.echo(f"Deleted: {cards} cards, {feedback} feedback entries, {tokens} used tokens")

"""`platelet-hooks doctor`: whether the service can do its work here, and what to do where it cannot."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.text import Text

from cds_service.checkup import Level, check_up
from cds_service.settings import PREFIX, SettingsError, load_settings

STYLES = {Level.FINE: "green", Level.NOTE: "cyan", Level.WRONG: "bold red"}
WIDTH = max(len(level.value) for level in Level)


@click.command(
    epilog="Example: PLATELET_HOOKS_CONFIG=site.toml platelet-hooks doctor && platelet-hooks serve"
)
@click.option("--offline", is_flag=True, help="Ask no other machine: settings, folders and database only.")
def doctor(offline: bool) -> None:
    """Look at settings, content, database, key sets, FHIR servers and clock, and say what to do.

    It reads the same environment as `serve` and changes nothing. Exit status: 0 nothing is wrong, 1 something is,
    2 the settings cannot be read.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        settings = load_settings()
    except SettingsError as error:
        click.echo(f"platelet-hooks: {error}", err=True)
        click.echo(f"Settings are variables {PREFIX}... and the file that {PREFIX}CONFIG names.", err=True)
        sys.exit(2)
    wrong = 0
    with console.status("Looking ...") if console.is_terminal else nullcontext():
        for finding in check_up(settings, lambda: datetime.now(UTC), asks=not offline):
            wrong += finding.level is Level.WRONG
            mark = Text(finding.level.value.ljust(WIDTH), style=STYLES[finding.level])
            console.print(mark, Text(finding.what))
            if finding.remedy:
                console.print(Text(f"{' ' * WIDTH} {finding.remedy}", style="dim"))
    if wrong:
        console.print(f"\n{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
        sys.exit(1)

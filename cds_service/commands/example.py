"""`platelet-hooks example`: made-up hook requests with fresh dates, to send to a running service."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec.json import format as indented

from cards.valuesets import load
from cds_service.discovery import prefetch_keys
from cds_service.examples import NoExampleError, example_request, list_examples
from cds_service.hooks.wire import encode


@click.command()
@click.argument("name", required=False)
@click.option(
    "--all",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write all requests into this folder, one file each.",
)
def example(name: str | None, folder: Path | None) -> None:
    """Print the made-up request NAME; without NAME list them.

    The requests are made now: their dates are fresh. Send one with curl, or write them all with --all:

    platelet-hooks example ebv-nosebleed | curl -s -d @- -H "Content-Type: application/json"
    http://127.0.0.1:8080/cds-services/itp-patient-view
    """
    if name is not None and folder is not None:
        raise click.UsageError("Give a NAME or --all DIR, not both.")
    if folder is not None:
        _write_all(folder)
    elif name is not None:
        _print(name)
    else:
        _list()


def _list() -> None:
    examples = list_examples()
    width = max(len(one.name) for one in examples)
    for one in examples:
        click.echo(f"{one.name:{width}}  {one.hook:12}  {one.about}")


def _print(name: str) -> None:
    try:
        click.echo(_json(_make(name)))
    except NoExampleError:
        click.echo(f"platelet-hooks: no example {name!r}; `platelet-hooks example` lists them", err=True)
        sys.exit(2)


def _write_all(folder: Path) -> None:
    examples = list_examples()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in examples:
            (folder / f"{one.name}.json").write_text(_json(_make(one.name)) + "\n", encoding="utf-8")
    except OSError as error:
        click.echo(f"platelet-hooks: cannot write to {folder}: {error.strerror or error}", err=True)
        sys.exit(2)
    click.echo(f"{len(examples)} requests in {folder}", err=True)


def _make(name: str) -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    return example_request(name, now, prefetch_keys(load()))


def _json(request: dict[str, Any]) -> str:
    """Indented, for people; numbers with all their digits."""
    return indented(encode(request)).decode()

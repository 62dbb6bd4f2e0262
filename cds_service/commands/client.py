"""`platelet-hooks client add`: an entry of the configuration for an EHR, checked before it is written."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from cds_service.auth.key_sets import fetch_key_set
from cds_service.auth.keys import read_key_set
from cds_service.client_entry import EntryError, append_entry, entry_text, guess_dialect
from cds_service.settings import PREFIX

DIALECTS = ("standard", "epic", "oracle-health", "sandbox")


@click.group()
def client() -> None:
    """Make the configuration's entry for an EHR that may call."""


@client.command(
    epilog="Example: platelet-hooks client add general-hospital --iss https://ehr.example.org/fhir "
    "--jku https://ehr.example.org/jwks.json --fhir-server https://ehr.example.org/fhir --config site.toml"
)
@click.argument("name")
@click.option("--iss", required=True, help="The issuer that its tokens name, letter by letter.")
@click.option("--jku", help="The web address of its key set.")
@click.option("--jwks-file", help="Or the path of its key set, from the folder of the configuration.")
@click.option("--fhir-server", "fhir_servers", multiple=True, help="A FHIR base address; repeat as needed.")
@click.option("--tenant", "tenants", multiple=True, help="A tenant; repeat as needed. [default: any]")
@click.option("--service", "services", multiple=True, help="A service's id; repeat. [default: all]")
@click.option("--origin", "origins", multiple=True, help="A browser origin that may call; repeat.")
@click.option("--dialect", type=click.Choice(DIALECTS), help="[default: guessed by the addresses]")
@click.option("--config", type=click.Path(path_type=Path), help=f"The TOML file. [default: {PREFIX}CONFIG]")
@click.option("--offline", is_flag=True, help="Do not fetch the key set to see whether it can be used.")
@click.option("--print", "only_print", is_flag=True, help="Print the entry and write nothing.")
def add(
    name: str,
    iss: str,
    jku: str | None,
    jwks_file: str | None,
    fhir_servers: tuple[str, ...],
    tenants: tuple[str, ...],
    services: tuple[str, ...],
    origins: tuple[str, ...],
    dialect: str | None,
    config: Path | None,
    offline: bool,
    only_print: bool,
) -> None:
    """Add the EHR called NAME to the configuration.

    Take iss and the key set's address from the EHR's team, not from a token. Exit status: 0 written, 1 the key set
    cannot be used and nothing was written, 2 the entry is not one.
    """
    members = {
        "name": name,
        "iss": iss,
        "jku": jku,
        "jwks_file": jwks_file,
        "tenants": tenants,
        "services": services,
        "fhir_servers": fhir_servers,
        "dialect": dialect or guess_dialect(iss, jku, *fhir_servers),
        "origins": origins,
    }
    path = config or (Path(named) if (named := os.environ.get(f"{PREFIX}CONFIG")) else None)
    try:
        text = entry_text(members)
        if not offline:
            _try_keys(jku, jwks_file, path)
        if only_print:
            click.echo(text, nl=False)
            return
        if path is None:
            _stop(f"no file: name one with --config or {PREFIX}CONFIG, or use --print", 2)
        append_entry(path, text, name)
    except EntryError as error:
        _stop(str(error), 2)
    click.echo(
        f"Added {name} to {path}. `platelet-hooks doctor` checks it; a running service reads it at its next start."
    )


def _try_keys(jku: str | None, jwks_file: str | None, path: Path | None) -> None:
    """Stops with status 1 where the key set is not one that can be used."""
    try:
        folder = path.parent if path is not None else Path()
        body = fetch_key_set(jku) if jku is not None else (folder / str(jwks_file)).read_bytes()
        keys = read_key_set(body)
    except (OSError, ValueError) as error:
        reason = str(error) if type(error) is ValueError else type(error).__name__
        _stop(f"no usable key set: {reason}. Nothing was written; --offline writes without asking", 1)
    click.echo(f"The key set holds {len(keys)} usable keys.", err=True)


def _stop(text: str, status: int) -> NoReturn:
    click.echo(f"platelet-hooks: {text}", err=True)
    sys.exit(status)

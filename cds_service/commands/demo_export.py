"""`platelet-hooks demo-export`: a made-up population to try a replay on."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cds_service.replay.demo_export import NOISE, PLANTED, ExportExistsError, write_export


@click.command("demo-export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--patients", type=click.IntRange(1), default=1000, show_default=True, help="How many patients."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--noise",
    type=click.IntRange(0),
    default=NOISE,
    show_default=True,
    help="Vital signs of each patient that change nothing.",
)
def demo_export(folder: Path, patients: int, seed: int, noise: int) -> None:
    """Write a made-up Bulk FHIR export to FOLDER, and what was planted in it to planted.json."""
    try:
        planted = write_export(folder, patients, seed, noise)
    except (ExportExistsError, OSError) as error:
        click.echo(f"platelet-hooks: {error}", err=True)
        sys.exit(2)
    evaluations = sum(planted["evaluations"].values())
    click.echo(
        f"{planted['patients']} patients, {sum(planted['resources'].values())} resources, "
        f"{evaluations} moments to evaluate, {sum(planted['bad_lines'].values())} bad lines: see {PLANTED}"
    )

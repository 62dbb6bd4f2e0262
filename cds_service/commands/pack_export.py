"""`platelet-hooks pack-export`: an export as Parquet, which a replay reads like the export itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cds_service.replay.export_files import ExportError, export_files, raw_lines
from cds_service.replay.packed import ENDING, write_packed


@click.command("pack-export")
@click.argument("export_dir", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def pack_export(export_dir: Path, folder: Path) -> None:
    """Write the NDJSON files of EXPORT_DIR to FOLDER as Parquet: smaller, and quicker to read again.

    `replay FOLDER` then gives the same tables as `replay EXPORT_DIR`. What was packed already is left as it is, so that
    a run that was stopped goes on. Exit status: 0 done, 2 the export cannot be read.
    """
    try:
        lines, files = pack(export_dir, folder)
    except (ExportError, OSError) as error:
        click.echo(f"platelet-hooks: {error}", err=True)
        sys.exit(2)
    click.echo(f"{lines} lines of {files} files: see {folder}")


def pack(export_dir: Path, folder: Path) -> tuple[int, int]:
    """How many lines of how many files were written now. ExportError where there is nothing to pack."""
    files = [file for file in export_files(export_dir) if not file.name.endswith(ENDING)]
    if not files:
        raise ExportError(f"{export_dir}: is packed already")
    lines = written = 0
    for file in files:
        target = folder / (file.relative_to(export_dir).as_posix() + ENDING)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            lines += write_packed(raw_lines(file), target)
            written += 1
    return lines, written

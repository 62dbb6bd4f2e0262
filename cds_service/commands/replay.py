"""`platelet-hooks replay`: what the cards would have been over a Bulk FHIR export."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cds_service.commands.call import read_time
from cds_service.content import ContentError
from cds_service.replay.compare import MOVED
from cds_service.replay.export_files import ExportError
from cds_service.replay.report import REPORT
from cds_service.replay.review import FORM, PATIENTS, ReviewError
from cds_service.replay.run import EARLIER, RUN, WORK, Asked, run
from cds_service.replay.tables import SCHEMAS
from cds_service.replay.triggers import TRIGGERS
from cds_service.settings import SettingsError

MOST_WORKERS = 8


def read_start(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    """As `read_time`, but of a date the begin of that day: the days of --from and --to both belong to the time."""
    time = read_time(ctx, param, text)
    if time is None or text is None or "T" in text or " " in text:
        return time
    return time.replace(hour=0, minute=0, second=0)


def read_triggers(_: click.Context, param: click.Parameter, text: str) -> tuple[str, ...]:
    """Names with commas between them. A usage error for one that is none."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    wrong = [name for name in names if name not in TRIGGERS]
    if wrong or not names:
        raise click.BadParameter(f"expected some of {', '.join(TRIGGERS)}, with commas between")
    return names


@click.command()
@click.argument("export_dir", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the results."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What does the work: this machine, or Spark (an extra).",
)
@click.option(
    "--from",
    "start",
    callback=read_start,
    metavar="DATETIME",
    help="Leave out moments before (a date: before its day).",
)
@click.option(
    "--to",
    "end",
    callback=read_time,
    metavar="DATETIME",
    help="Leave out moments after (a date: after its day).",
)
@click.option("--triggers", callback=read_triggers, default=",".join(TRIGGERS), show_default=True)
@click.option(
    "--config", type=click.Path(path_type=Path, exists=True), help="Settings file with the site's content."
)
@click.option(
    "--compare", type=click.Path(path_type=Path, exists=True), help="A second one, to compare with."
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, exists=True),
    help="Key of the patients' hashes. [default: made, and kept in the folder of the results]",
)
@click.option(
    "--sample",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="Cards for the review of charts (review.csv).",
)
@click.option("--workers", type=click.IntRange(1), help="Processes. [default: one for each core, 8 at most]")
@click.option(
    "--restart", is_flag=True, help="Delete what an earlier run left in the folder, and begin anew."
)
def replay(
    export_dir: Path,
    out: Path,
    engine: str,
    start: datetime | None,
    end: datetime | None,
    triggers: tuple[str, ...],
    config: Path | None,
    compare: Path | None,
    key_file: Path | None,
    sample: int,
    workers: int | None,
    restart: bool,
) -> None:
    """Evaluate every moment of EXPORT_DIR as it was known then: tables and report.html in the folder of --out.

    EXPORT_DIR holds the NDJSON files of a Bulk FHIR export (also .gz), or what pack-export made of them. A run that was
    stopped goes on when it is called again; called again after it is finished, it makes the report anew with the
    filled-in review.csv. Exit status: 0 done, 2 the export, an option or the form cannot be used.
    """
    if engine == "spark" and find_spec("pyspark") is None:
        _stop("the Spark engine is not installed: make install EXTRAS=spark, or use --engine local")
    if start is not None and end is not None and start > end:
        _stop("--from is later than --to: nothing lies between them")
    asked = Asked(
        export=export_dir,
        out=out,
        triggers=triggers,
        start=start,
        end=end,
        config=config,
        compare=compare,
        key_file=key_file,
        engine=engine,
        workers=workers or min(os.cpu_count() or 1, MOST_WORKERS),
        cases=sample,
    )
    try:
        if restart:
            forget(out)
        with shown_progress(Console(stderr=True)) as progress:
            account = run(asked, progress)
    except (ExportError, ReviewError, SettingsError, ContentError, OSError) as error:
        _stop(str(error))
    resources = sum(account["resources"].values())
    click.echo(f"{resources} resources, {account['bad_lines']} bad lines set aside: see {out / REPORT}")


def forget(out: Path) -> None:
    """Deletes what a run made, and nothing else. The key stays, and each form of reviewers under another name."""
    shutil.rmtree(out / WORK, ignore_errors=True)
    for name in (RUN, REPORT, MOVED, PATIENTS, *(f"{table}.parquet" for table in SCHEMAS)):
        (out / name).unlink(missing_ok=True)
    if (out / FORM).exists():
        (out / FORM).rename(next(name for name in earlier_forms(out) if not name.exists()))


def earlier_forms(out: Path) -> Iterator[Path]:
    """`earlier-review.csv`, `earlier-review-2.csv`, ...: what reviewers wrote is never written over."""
    yield out / f"{EARLIER}{FORM}"
    form = Path(FORM)
    yield from (out / f"{EARLIER}{form.stem}-{number}{form.suffix}" for number in count(2))


@contextmanager
def shown_progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each step with its rate and the time left; where nobody watches, a line for each finished step."""
    if not console.is_terminal:
        yield lambda step, done, total: click.echo(f"{step}: done", err=True) if done == total else None
        return
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # Without a thread that redraws it: beside another thread workers cannot be copies of this process.
    with Progress(*columns, console=console, auto_refresh=False) as bar:
        tasks: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done, refresh=True)

        yield show


def _stop(text: str) -> NoReturn:
    click.echo(f"platelet-hooks: {text}", err=True)
    sys.exit(2)

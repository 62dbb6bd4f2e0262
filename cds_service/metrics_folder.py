"""The folder in which the workers of one `serve` share their metrics: below the state directory, one per start."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
PREFIX: Final = "metrics-"


def share_metrics(state_dir: Path) -> None:
    """Makes the folder and names it in the environment, unless one is named; what dead processes left goes.

    In a new installation this makes the state directory, which is its owner's alone. Where nothing can be written,
    every worker counts for itself.
    """
    if FOLDER in os.environ:
        return
    mine = state_dir / f"{PREFIX}{os.getpid()}"
    try:
        for left in state_dir.glob(f"{PREFIX}*"):
            if not _runs(left.name.removeprefix(PREFIX)):
                shutil.rmtree(left, ignore_errors=True)
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        mine.mkdir(exist_ok=True)
    except OSError:
        return
    os.environ[FOLDER] = str(mine)


def forget_metrics(state_dir: Path) -> None:
    """Takes the folder of this process away."""
    shutil.rmtree(state_dir / f"{PREFIX}{os.getpid()}", ignore_errors=True)


def forget_dead_workers(folder: Path) -> None:
    """Takes away what only a living worker can say, such as how many cards wait in it. What was counted stays."""
    for left in folder.glob("gauge_live*.db"):
        if not _runs(left.stem.rpartition("_")[2]):
            left.unlink(missing_ok=True)


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True

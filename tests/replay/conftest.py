"""One made-up export and its tables, for all tests of the replay that only look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cds_service.replay.demo_export import write_export
from tests.replay.exports import Row, replay


@dataclass(frozen=True)
class Replayed:
    """The export, what was planted in it, the folder of the results and its tables."""

    export: Path
    planted: dict[str, Any]
    out: Path
    tables: dict[str, list[Row]]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """100 made-up patients, replayed in this process."""
    folder = tmp_path_factory.mktemp("demo")
    planted = write_export(folder / "export", patients=100, seed=11, noise=2)
    return Replayed(folder / "export", planted, folder / "out", replay(folder / "export", folder / "out"))

"""A run that is stopped anywhere goes on, does nothing twice, and ends with the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.replay.demo_export import write_export
from cds_service.replay.export_files import ExportError
from cds_service.replay.run import KEY, RUN, WORK, run
from tests.replay.exports import asked, silent, table_bytes


class StoppedError(Exception):
    """The run is stopped here."""


def stopping_at(number: int) -> Callable[[str, int, int], None]:
    """Progress that stops the run when it is told of something for the `number`th time."""
    seen = 0

    def progress(step: str, done: int, total: int) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise StoppedError

    return progress


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resume")
    write_export(folder / "export", patients=24, seed=5, noise=0)
    run(asked(folder / "export", folder / "whole"), silent)
    return folder / "export"


@pytest.fixture(scope="module")
def whole(export: Path) -> dict[str, bytes]:
    return table_bytes(export.parent / "whole")


def steps(export: Path, out: Path) -> list[tuple[str, int, int]]:
    told: list[tuple[str, int, int]] = []
    run(asked(export, out), lambda *one: told.append(one))
    return told


def test_a_run_that_is_stopped_at_ten_random_points_ends_with_the_same_tables(
    export: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    chance = random.Random(2)
    stops = 0
    for _ in range(10):
        try:
            run(asked(export, out), stopping_at(chance.randrange(1, 19)))
        except StoppedError:
            stops += 1
            assert not any(out.glob("*.parquet"))
    assert stops >= 5
    run(asked(export, out), silent)
    assert table_bytes(out) == whole
    assert not (out / WORK).exists()


def test_what_a_killed_process_left_is_used_and_halves_are_not(
    export: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    out, key = tmp_path / "out", asked(export, tmp_path / "out").key_file
    command = [
        sys.executable,
        "-c",
        "from cds_service.cli import main; main()",
        *("replay", str(export), "--out", str(out), "--key-file", str(key), "--workers", "2"),
    ]
    started = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any((out / WORK / "parts").glob("*")):
        time.sleep(0.02)
    os.killpg(started.pid, signal.SIGKILL)  # its workers with it
    started.wait()
    assert any((out / WORK / "parts").glob("*"))
    half = out / WORK / "parts/00007.being-written"
    half.mkdir(exist_ok=True)
    (half / "cards.arrow").write_bytes(b"half a file")
    kept = {part.name: part.stat().st_mtime_ns for part in (out / WORK / "parts").iterdir() if part != half}
    touched: dict[str, int] = {}

    def look(step: str, done: int, total: int) -> None:
        if step == "judging" and done == total:
            touched.update({p.name: p.stat().st_mtime_ns for p in (out / WORK / "parts").iterdir()})

    run(asked(export, out), look)
    whole_ones = {name: at for name, at in kept.items() if not name.endswith(".being-written")}
    assert {name: touched[name] for name in whole_ones} == whole_ones
    assert table_bytes(out) == whole


def test_a_finished_run_is_not_done_again(export: Path) -> None:
    told = steps(export, export.parent / "whole")
    assert told == [("complete", 1, 1)]


def test_other_options_or_a_changed_export_need_another_folder(export: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="with other options"):
        run(asked(export, export.parent / "whole", triggers=("count",)), silent)
    done = CliRunner().invoke(
        main, ["replay", str(export), "--out", str(export.parent / "whole"), "--triggers", "count"]
    )
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)


def test_a_run_goes_on_with_its_own_key_only(export: Path, whole: dict[str, bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(StoppedError):
        run(asked(export, out), stopping_at(12))
    with pytest.raises(ExportError, match="another key"):
        run(replace(asked(export, out), key_file=None), silent)
    (other := tmp_path / "other").write_text("f" * 32, encoding="ascii")
    with pytest.raises(ExportError, match="another key"):
        run(replace(asked(export, out), key_file=other), silent)
    assert not (out / KEY).exists()
    run(asked(export, out), silent)
    assert table_bytes(out) == whole


def test_what_another_version_began_is_not_gone_on_with(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(StoppedError):
        run(asked(export, out), stopping_at(12))
    begun = json.loads((out / RUN).read_bytes())
    del begun["layout"]  # as before there was one
    (out / RUN).write_text(json.dumps(begun), encoding="utf-8")
    with pytest.raises(ExportError, match="another version of the program began: name another folder"):
        run(asked(export, out), silent)


def test_restart_begins_anew(export: Path, whole: dict[str, bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(StoppedError):
        run(asked(export, out), stopping_at(12))
    key = str(asked(export, out).key_file)
    arguments = [
        "replay",
        str(export),
        "--out",
        str(out),
        "--key-file",
        key,
        "--restart",
        "--triggers",
        "count",
    ]
    done = CliRunner().invoke(main, [*arguments, "--workers", "1"])
    assert done.exit_code == 0, done.stderr
    assert (out / RUN).is_file()
    assert table_bytes(out)["cards"] != whole["cards"]

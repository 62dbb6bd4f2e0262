"""What `make` says and does where something is missing, wrong or failing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import PROJECT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-spark.lock", "requirements-uv.lock")
CHECKS = ("ruff", "mypy", "lint-imports", "bandit", "python")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")


def clean_environment() -> dict[str, str]:
    """What this test run was itself started with stays out of the runs that it starts."""
    started = ("EXTRAS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON")
    return {name: value for name, value in os.environ.items() if name not in started}


def make(folder: Path, *args: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs make in a folder, free of what this test run was itself started with."""
    own = clean_environment()
    if path is not None:
        own["PATH"] = path
    command = [str(shutil.which("make")), *args]
    return subprocess.run(
        command, cwd=folder, env=own, capture_output=True, text=True, timeout=60, check=False
    )


def write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with a space in its name, and in it what `make install` reads."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        shutil.copy(PROJECT / name, folder)
    return folder


@pytest.fixture
def installed(clone: Path) -> Path:
    """The same after an install, whose tools only say that they were called."""
    for tool in (*CHECKS, "platelet-hooks"):
        write_script(clone / ".venv/bin" / tool, f'echo "{tool} $*"')
    for stamp in (".installed", ".installed-dev", ".installed-spark"):
        (clone / ".venv" / stamp).touch()
    return clone


def test_bare_make_lists_every_command() -> None:
    listed = make(PROJECT).stdout
    commands = {"install", "serve", "test", "check", "fix", "fuzz", "lock", "clean"}
    assert commands <= set(re.findall(r"^  make ([a-z]+) +\S", listed, flags=re.MULTILINE))


def test_an_extra_that_is_unknown_is_refused_in_one_line(clone: Path) -> None:
    done = make(clone, "install", "EXTRAS=hadoop")
    assert done.returncode == 2
    assert "EXTRAS=hadoop is not known, only: otel spark" in done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert not (clone / ".venv").exists()


def test_an_extra_is_installed_from_its_own_lock_and_only_when_it_is_asked_for(installed: Path) -> None:
    (installed / ".venv/.installed-spark").unlink()
    assert make(installed, "install").stdout == ""
    told = make(installed, "install", "EXTRAS=spark").stdout
    assert "install --require-hashes -r requirements-spark.lock" in told
    assert make(installed, "install", "EXTRAS=spark").stdout == ""


def test_a_lock_is_installed_by_uv_and_where_uv_fails_by_pip(installed: Path) -> None:
    for fails in (False, True):
        (installed / ".venv/.installed-spark").unlink()
        write_script(installed / ".venv/bin/uv", 'echo "uv $*"' + ("; exit 1" if fails else ""))
        told = make(installed, "install", "EXTRAS=spark").stdout.splitlines()
        by_uv = "uv pip install -q --python .venv/bin/python --require-hashes -r requirements-spark.lock --no-deps"
        assert told[1] == by_uv
        assert [one.startswith("python -m pip ") for one in told[2:]] == [True] * fails


def test_an_extra_is_installed_beside_the_checks_and_counts_as_one(installed: Path) -> None:
    (installed / ".venv/.installed-spark").unlink()
    write_script(installed / ".venv/bin/python", 'case "$*" in *pip*) echo no; exit 1;; esac')
    done = make(installed, "check", "EXTRAS=spark")
    assert "\n== extras\nInstalling the locked packages of the extra spark\nno\n" in done.stdout
    assert done.stdout.endswith("\nfailed: extras\nchecks: 9 passed, 1 failed\n")
    assert done.returncode != 0


def test_a_python_without_venv_is_named_with_its_remedy(clone: Path, tmp_path: Path) -> None:
    python = tmp_path / "python3.12"
    write_script(python, 'case "$2" in *ensurepip*) exit 1;; esac; echo 3.12')
    done = make(clone, "install", f"PYTHON={python}")
    assert done.returncode != 0
    assert re.search(r"python3\.12 cannot create environments: install .*python3-venv", done.stderr)
    assert not (clone / ".venv").exists()


def test_a_python_out_of_range_is_refused(clone: Path, tmp_path: Path) -> None:
    python = tmp_path / "python3.10"
    write_script(python, "echo 3.10")
    done = make(clone, "install", f"PYTHON={python}")
    assert done.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed, found: 3.10" in done.stderr


def test_the_newest_python_that_can_make_environments_is_taken(clone: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    # A launcher without a version behind it, one without its venv package, and one that is complete.
    write_script(tools / "python3.13", "exit 127")
    write_script(tools / "python3.12", 'case "$2" in *ensurepip*) exit 1;; esac; echo 3.12')
    write_script(tools / "python3.11", 'case "$1" in -m) echo "made $*"; exit 3;; esac; echo 3.11')
    done = make(clone, "install", path=f"{tools}:/usr/bin:/bin")
    assert "Creating .venv with python3.11 (3.11)\nmade -m venv --clear .venv\n" in done.stdout


def test_nothing_is_installed_twice(installed: Path) -> None:
    assert make(installed, "install").stdout == ""
    assert (
        make(installed, "serve", "PORT=9000").stdout == "platelet-hooks serve --host 127.0.0.1 --port 9000\n"
    )


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed(installed: Path, changed: str) -> None:
    later = (installed / ".venv/.installed").stat().st_mtime + 5
    os.utime(installed / changed, (later, later))
    assert "install --require-hashes -r requirements.lock" in make(installed, "install").stdout


def test_check_runs_everything_and_reports_all_failures_at_the_end(installed: Path) -> None:
    for tool in ("mypy", "lint-imports"):
        write_script(installed / ".venv/bin" / tool, f'echo "{tool} fails"; exit 1')
    done = make(installed, "check")
    headings = re.findall(r"^== (.+)$", done.stdout, flags=re.MULTILINE)
    assert headings == [
        *("format", "lint", "types", "imports"),
        *("security", "security-of-replay", "rulebook", "soak", "tests"),
    ]
    assert done.stdout.endswith("\nfailed: types imports\nchecks: 7 passed, 2 failed\n")
    assert done.returncode != 0


def test_check_ends_with_the_summary_of_the_tests(installed: Path) -> None:
    write_script(installed / ".venv/bin/python", 'echo "12 passed in 0.30s"')
    done = make(installed, "check")
    assert done.returncode == 0
    assert done.stdout.endswith("\n== tests\n12 passed in 0.30s\n")


def test_ci_runs_make_check_from_anywhere(installed: Path, tmp_path: Path) -> None:
    (installed / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci/run", installed / ".ci/run")
    command = ["bash", str(installed / ".ci/run")]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    tests = "python -m pytest -n auto --dist loadgroup --no-loadscope-reorder -q"
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, tests)


def test_the_project_runs_on_the_pythons_that_make_looks_for() -> None:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"python3\.(\d+)(?= )", text.partition("for python in")[2].partition(";")[0]) == [
        "13",
        "12",
        "11",
    ]
    assert (3, 11) <= sys.version_info < (3, 14)

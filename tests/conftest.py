"""What all tests share: where the shared test data lies, and how long property tests look."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from cards import decide
from cards.outcome import Advice, Advise
from cds_service import content

PROJECT = Path(__file__).resolve().parent.parent

# Real-world FHIR and the checker are no part of the project; tests that need them skip where they are absent.
SHARED_DATA = Path(os.environ.get("PLATELET_HOOKS_TEST_DATA") or PROJECT.parent / "shared")

# `make test` gives the same answer every time; `make fuzz` looks further.
settings.register_profile("short", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=5_000, deadline=None)
settings.load_profile("short")

# The settings of whoever runs the tests are not what is tested.
for variable in [name for name in os.environ if name.upper().startswith("PLATELET_HOOKS_")]:
    del os.environ[variable]

# Each of the many processes that tests start would compile every module anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What the service keeps goes into a folder of this run.
_STATE = tempfile.TemporaryDirectory(prefix="platelet-hooks-")
os.environ["XDG_STATE_HOME"] = _STATE.name


# Applications are made by the hundred, and the shipped content is frozen: it is read once in a process.
content.load_content = cache(content.load_content)

# A rule that raises costs a running service one card; here it fails the test, unless the test is about that.
_TELL_FAULTS = decide.failed_checks


def _fail(failed: Sequence[Advice]) -> Advise:
    raise AssertionError(f"rules raised: {', '.join(one.stem for one in failed)}")


decide.failed_checks = _fail


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests of running services and of browsers wait half of their time."""
    return (os.cpu_count() or 1) + 1


# Modules, content and the list of tests live as long as the process: no collection has to look through them again,
# least of all those that the replay asks for.
gc.disable()


# Files that take longest, first: those that wait for other processes, then those that compute.
LONGEST = (
    "replay/test_replay_spark",
    "e2e",
    "replay",
    "service/test_served_signals",
    "service/test_faults_served",
    "service/test_docs",
    "service/test_described_api",
    "service/test_privacy",
    "service/test_store_databases",
    "cards/test_codings",
    "cards/test_vignettes",
    "cards/test_boundaries",
)
TOGETHER = ("e2e", "replay/test_replay_resume", "replay/test_replay_spark", "replay")
"""Files of one worker, which make the same browser or export but once."""


def pytest_configure(config: pytest.Config) -> None:
    """The marker of xdist is known where xdist is not."""
    config.addinivalue_line("markers", "xdist_group(name): tests of one worker")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each file, or some together, belongs to one worker, and the longest come first: none ends alone with them."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            file = _file(item)
            group = next((one for one in TOGETHER if file.startswith(one)), file)
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _place(_file(item)))


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(PROJECT / "tests").with_suffix("").as_posix()


def _place(file: str) -> int:
    return next((n for n, start in enumerate(LONGEST) if file.startswith(start)), len(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture
def rules_may_raise() -> Iterator[None]:
    """For tests that make a rule raise: it is told as it is in a running service."""
    decide.failed_checks = _TELL_FAULTS
    yield
    decide.failed_checks = _fail


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the shared test data."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no shared test data at {SHARED_DATA}: name its folder in PLATELET_HOOKS_TEST_DATA")
    return SHARED_DATA

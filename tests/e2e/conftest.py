"""One server and one browser for all tests of the pages; without Chromium they are skipped, but never in CI."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import CHROMIUM, Visit, running_browser, running_service


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the service keeps its store."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def base(state: Path) -> Iterator[str]:
    """The address of a running service."""
    with running_service(state) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Where it is missing: a skip with the reason, and in CI a failure."""
    if CHROMIUM is None:
        reason = "no chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_browser() as started:
        yield started


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def visit(browser: Browser, base: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A page of its own on which nothing may go wrong: no console error, no request to another host.

    Of a test that fails a picture is kept.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base)
    opened = Visit(context.new_page(), base)
    yield opened
    if request.node.stash.get(FAILED, False):
        opened.shoot(re.sub(r"\W+", "-", request.node.name))
    context.close()
    assert opened.said == []
    assert opened.elsewhere == []

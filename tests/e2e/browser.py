"""A real Chromium and a real server for the tests of the pages, and what went on in a page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import PROJECT
from tests.service.serving import served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = PROJECT / ".cache" / "screenshots"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
TALLEST = 4_000

# A busy machine is no fault of a page.
expect.set_options(timeout=20_000)


@contextmanager
def running_service(state: Path) -> Iterator[str]:
    """`platelet-hooks serve` in a process of its own; its base address. Its store lies in `state`."""
    with served(PLATELET_HOOKS_STATE_DIR=str(state), PLATELET_HOOKS_LOG_LEVEL="error") as service:
        yield service.address


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page with a record of everything that should not happen on it."""

    page: Page
    base: str
    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._note_request)

    def _note_console(self, message: object) -> None:
        kind, text = str(getattr(message, "type", "")), str(getattr(message, "text", ""))
        if kind in ("error", "warning"):
            self.said.append(f"{kind}: {text}")

    def _note_request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((f"{self.base}/", "blob:", "data:")):
            self.elsewhere.append(url)

    def go(self, path: str) -> None:
        """Opens a path of the service."""
        self.page.goto(f"{self.base}{path}", wait_until="load")

    def open(self, path: str) -> None:
        """The same, and waits for what the page's script adds."""
        self.go(path)
        if path.startswith("/api"):
            self.page.wait_for_selector(".opblock")
        if path.startswith("/playground"):
            expect(self.page.locator("#holds")).to_contain_text("FHIR records")

    def shoot(self, name: str) -> None:
        """A picture of the page; of a very long one the upper part."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        width, height = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        part = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)}
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True, clip=part)

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA and its best practices."""
        # What holds is not told in full: nobody reads it, and on a large page it is most of the work.
        options = {"runOnly": {"type": "tag", "values": list(LEVELS)}, "resultTypes": ["violations"]}
        found = Axe().run(self.page, options=options).response["violations"]
        return [
            f"{one['id']}: {node['target']} {re.sub(chr(10), ' ', node['failureSummary'])}"
            for one in found
            for node in one["nodes"]
        ]

"""A real Chromium and a real server for the tests of the pages, and what went on in a page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import PROJECT
from tests.service.serving import free_port

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
STARTS_WITHIN = 60
TALLEST = 4_000

# A busy machine is no fault of a page.
expect.set_options(timeout=20_000)


@contextmanager
def running_service(state: Path) -> Iterator[str]:
    """`platelet-hooks serve` in a process of its own; its base address. Its store lies in `state`."""
    port = free_port()
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PLATELET_HOOKS_")}
    environment |= {"PLATELET_HOOKS_STATE_DIR": str(state), "PLATELET_HOOKS_LOG_LEVEL": "error"}
    command = [sys.executable, "-c", "from cds_service.cli import main; main()", "serve", "--port", str(port)]
    base = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(base, process)
            yield base
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_until_ready(base: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with status {process.returncode}")
        try:
            with urlopen(f"{base}/health/live", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the service did not answer within {STARTS_WITHIN} seconds")


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

"""Makes the pictures of the documents from the running product: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.conftest import PROJECT
from tests.e2e.browser import Visit, running_browser, running_service

FOLDER = PROJECT / "docs" / "images"
SIZE = {"width": 1200, "height": 820}
TIMELINE = ("timeline", "/timeline?example=ebv-nosebleed&rule=TRF-02")


def main() -> None:
    """Every picture, in light colours, at one size."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as state,
        running_service(Path(state)) as base,
        running_browser() as browser,
    ):
        for name, path in (("home", "/"), ("rule", "/rules/TRF-02"), ("rules", "/rules?q=dengue"), TIMELINE):
            take(browser, base, path, name)
        take(browser, base, "/playground?example=ebv-nosebleed", "playground", sends=True)


def take(browser: Browser, base: str, path: str, name: str, *, sends: bool = False) -> None:
    """One picture of the top of a page; `sends` presses Send first."""
    context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
    visit = Visit(context.new_page(), base)
    visit.open(path)
    if sends:
        visit.page.get_by_role("button", name="Send", exact=True).click()
        expect(visit.page.locator(".card").first).to_be_visible()
        visit.page.evaluate("window.scrollTo(0, 120); document.querySelector('.asked').scrollTo(0, 0)")
    visit.page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()

"""Every page in a real browser: it loads, can be read by everybody, and loads nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Visit

PAGES = {
    "home": "/",
    "rules": "/rules",
    "rules-found": "/rules?q=dengue&topic=transfusion",
    "rule": "/rules/TRF-04",
    "rule-of-a-pathogen": "/rules/INF-HP-02",
    "history": "/history",
    "pathogens": "/pathogens",
    "pathogen": "/pathogens/INF-HP",
    "value-sets": "/valuesets?q=heparin",
    "value-set": "/valuesets/obs-platelet-count",
    "playground": "/playground",
    "timeline": "/timeline?example=ebv-nosebleed&rule=TRF-02",
    "insights": "/insights",
    "api": "/api",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_on_a_desk_and_on_a_phone_in_the_dark_and_keeps_to_itself(
    name: str, visit: Visit
) -> None:
    page = visit.page
    visit.open(PAGES[name])
    assert visit.violations() == []
    page.set_viewport_size({"width": 360, "height": 780})
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # no colour between two
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, "the page scrolls sideways"
    assert visit.violations() == []


def test_the_keyboard_leads_past_the_navigation(visit: Visit) -> None:
    visit.go("/rules")
    visit.page.keyboard.press("Tab")
    expect(visit.page.locator(".skip")).to_be_focused()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#main")).to_be_focused()


def test_the_discovery_address_is_copied(visit: Visit) -> None:
    visit.go("/")
    visit.page.get_by_role("button", name="Copy").click()
    expect(visit.page.get_by_text("Copied.")).to_be_visible()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{visit.base}/cds-services"


def test_rules_are_found_by_words_topic_and_source(visit: Visit) -> None:
    visit.go("/rules")
    visit.page.get_by_label("Search").fill("dengue")
    visit.page.get_by_label("Topic").select_option(label="Platelet transfusion")
    visit.page.get_by_role("button", name="Show").click()
    visit.page.get_by_role("link", name="TRF-08").click()
    expect(visit.page.locator("h1")).to_have_text("TRF-08")


def test_a_story_is_tried_in_the_playground(visit: Visit) -> None:
    visit.go("/rules/TRF-02")
    visit.page.get_by_role("link", name="Try it (V-01)").click()
    expect(visit.page.locator("#holds")).to_contain_text("FHIR records")
    visit.page.get_by_role("button", name="Send", exact=True).click()
    expect(visit.page.locator(".card.critical h3")).to_contain_text("immediate platelet transfusion")
    assert "V-01" in visit.page.url


def test_an_operation_is_tried_in_the_browsable_description(visit: Visit) -> None:
    visit.open("/api")
    visit.page.locator("#operations-CDS_Hooks-discover .opblock-summary-control").click()
    visit.page.locator("#operations-CDS_Hooks-discover .execute").click()
    expect(visit.page.locator("#operations-CDS_Hooks-discover .live-responses-table")).to_contain_text(
        "itp-patient-view"
    )

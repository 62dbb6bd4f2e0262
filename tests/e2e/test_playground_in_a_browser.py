"""The playground as somebody uses it: choose, edit, send, read, answer; and the patients at the product's heart."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Visit

HEART = {
    "ebv-nosebleed": ["TRF-02", "INF-EBV"],
    "ebv-supportive": ["INF-EBV"],
    "h-pylori-untreated": ["INF-HP-02"],
    "ebv-purpura": ["TRF-04", "INF-EBV"],
    "tpo-ra-candidate": ["TPO-01"],
    "recovery": ["PLT-06"],
}


def send(visit: Visit) -> None:
    """Sends what the form holds, and waits for the answer."""
    visit.page.get_by_role("button", name="Send", exact=True).click()
    expect(visit.page.get_by_text("On the wire")).to_be_visible(timeout=20_000)


def choose(visit: Visit, key: str) -> None:
    """Opens the playground with a made-up patient in the editor."""
    visit.go(f"/playground?example={key}")
    expect(visit.page.locator("#holds")).to_contain_text("FHIR records")


def leading_rules(visit: Visit) -> list[str]:
    """The rule that leads each card."""
    cards = visit.page.locator(".card")
    for number in range(cards.count()):
        cards.nth(number).get_by_text("Rules and values behind this card").click()
    return [cards.nth(n).locator(".asked-for p a").first.inner_text() for n in range(cards.count())]


@pytest.mark.parametrize("key", HEART)
def test_the_patients_at_the_heart_give_their_cards(key: str, visit: Visit) -> None:
    choose(visit, key)
    send(visit)
    found = leading_rules(visit)
    assert [rule for rule in HEART[key] if rule not in found] == [], found
    assert visit.violations() == []


def stored(state: Path, card: str) -> list[tuple[str, str]]:
    """Outcome and reason of the feedback for a card, from the database itself."""
    (file,) = state.glob("*.db")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        return list(database.execute("SELECT outcome, reason FROM feedback WHERE card = ?", (card,)))


def test_an_accepted_suggestion_arrives_in_the_database(visit: Visit, state: Path) -> None:
    choose(visit, "ebv-nosebleed")
    send(visit)
    card = visit.page.locator(".card.critical")
    card.locator("[data-suggestion]").first.click()
    expect(card.locator("[data-told]")).to_contain_text("The service was told")
    assert stored(state, card.get_attribute("data-card") or "") == [("accepted", "")]


def test_a_dismissed_card_arrives_in_the_database_with_its_reason(visit: Visit, state: Path) -> None:
    choose(visit, "melaena")
    send(visit)
    card = visit.page.locator(".card.critical").first
    card.get_by_label("Dismiss this card, because").select_option(label="Patient declined")
    card.get_by_role("button", name="Dismiss").click()
    expect(card.locator("[data-told]")).to_contain_text("Dismissed: Patient declined")
    assert stored(state, card.get_attribute("data-card") or "") == [("overridden", "patient-declined")]


def test_a_fault_is_shown_at_its_line(visit: Visit) -> None:
    choose(visit, "ebv-nosebleed")
    visit.page.locator("#text").fill('{\n  "resourceType": "Bundle",\n  "entry": [ ,\n}')
    expect(visit.page.locator("#problems")).to_contain_text("Line 3")
    expect(visit.page.locator("#mark")).to_be_visible()
    visit.page.get_by_role("button", name="Line 3").click()
    expect(visit.page.locator("#text")).to_be_focused()
    assert visit.page.evaluate("document.getElementById('text').selectionStart") > 20
    assert visit.violations() == []


def test_a_wrong_member_of_a_request_is_shown_at_its_line(visit: Visit) -> None:
    choose(visit, "ebv-nosebleed")
    request = {"hook": "patient-view", "hookInstance": "1", "context": {"userId": "me", "patientId": "1"}}
    visit.page.locator("#text").fill(json.dumps(request, indent=1))
    expect(visit.page.locator("#problems")).to_contain_text("Line 5: context.userId: expected Type/id")
    expect(visit.page.get_by_label("Hook", exact=True)).to_be_disabled()


def test_an_order_is_chosen_and_judged(visit: Visit) -> None:
    choose(visit, "dengue")
    visit.page.get_by_label("Hook", exact=True).select_option("order-select")
    visit.page.get_by_label("Order to select").fill("ibuprofen, 400 mg, 3 times daily, oral")
    send(visit)
    expect(visit.page.locator(".card h3").first).to_contain_text("NSAID")
    visit.page.get_by_label("Order to select").fill("a drug that nobody knows")
    visit.page.get_by_role("button", name="Send", exact=True).click()
    expect(visit.page.locator("#fault")).to_contain_text("nothing is known by the name")


def test_a_draft_of_the_text_is_selected(visit: Visit) -> None:
    choose(visit, "dengue-platelets-selected")
    expect(visit.page.locator("#drafts input")).to_be_checked()
    send(visit)
    assert leading_rules(visit)[0].startswith("ORD-")


def test_a_patient_who_reads_gets_no_card(visit: Visit) -> None:
    choose(visit, "ebv-nosebleed")
    visit.page.get_by_label("User").fill("Patient/ebv-nosebleed")
    send(visit)
    assert visit.page.locator(".card").count() == 0
    expect(visit.page.locator("#answer")).to_contain_text("No card.")


@pytest.mark.parametrize("client", ["Standard", "Epic", "Oracle Health", "Public sandbox"])
def test_every_client_is_played(client: str, visit: Visit) -> None:
    choose(visit, "dengue-platelets-selected")
    visit.page.get_by_label("Client").select_option(label=client)
    send(visit)
    assert visit.page.locator(".card").count() > 0
    visit.page.get_by_text("Request, as curl").click()
    curl = visit.page.locator("#curl").inner_text()
    assert ("com.epic.cdshooks.request" in curl) == (client == "Epic")
    assert ("COREPRACTITIONER1" in curl) == (client == "Public sandbox")
    draft_orders = curl.partition('"draftOrders"')[2][:60]
    assert ('"type"' in draft_orders) == (client != "Public sandbox")


def test_the_copied_curl_gives_the_same_cards(visit: Visit) -> None:
    choose(visit, "ebv-purpura")
    send(visit)
    visit.page.get_by_role("button", name="Copy as curl").click()
    expect(visit.page.get_by_text("Copied.")).to_be_visible()
    command = visit.page.evaluate("navigator.clipboard.readText()")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    summaries = [card["summary"] for card in json.loads(done.stdout)["cards"]]
    assert summaries == visit.page.locator(".card h3").all_inner_texts()


def test_a_state_is_saved_as_a_file_and_opened_again(visit: Visit, tmp_path: Path) -> None:
    choose(visit, "dengue-platelets-selected")
    visit.page.get_by_label("Client").select_option(label="Epic")
    visit.page.get_by_label("Order to select").fill("aspirin, 100 mg, daily, oral")
    with visit.page.expect_download() as waiting:
        visit.page.get_by_role("button", name="Save as a file").click()
    file = tmp_path / "playground.json"
    waiting.value.save_as(file)
    text = visit.page.locator("#text").input_value()
    assert json.loads(file.read_text())["text"] == text
    assert "dengue" not in visit.page.url.partition("?example=")[0]
    choose(visit, "ebv-nosebleed")
    visit.page.locator("#file").set_input_files(file)
    expect(visit.page.get_by_label("Client")).to_have_value("epic")
    assert visit.page.locator("#text").input_value() == text
    assert visit.page.get_by_label("Order to select").input_value() == "aspirin, 100 mg, daily, oral"


def test_ndjson_is_opened_and_what_is_set_aside_is_named(visit: Visit, tmp_path: Path) -> None:
    choose(visit, "ebv-nosebleed")
    records = json.loads(visit.page.locator("#text").input_value())
    lines = [json.dumps(entry["resource"]) for entry in records["entry"]]
    stranger = {
        "resourceType": "Condition",
        "id": "other",
        "subject": {"reference": "Patient/other"},
        "code": {},
    }
    file = tmp_path / "record.ndjson"
    file.write_text("\n".join([*lines, json.dumps(stranger)]), encoding="utf-8")
    visit.page.locator("#file").set_input_files(file)
    expect(visit.page.locator("#holds")).to_contain_text("4 Condition")
    send(visit)
    expect(visit.page.get_by_role("row", name="Condition/other")).to_be_visible()


def test_every_rule_is_explained_and_leads_to_its_page(visit: Visit) -> None:
    choose(visit, "ebv-nosebleed")
    send(visit)
    visit.page.get_by_text("Stayed silent").click()
    visit.page.get_by_role("row", name="TRF-04").get_by_role("link").click()
    expect(visit.page.locator("h1")).to_have_text("TRF-04")


def test_a_link_of_a_card_opens_its_evidence_here(visit: Visit) -> None:
    choose(visit, "ebv-nosebleed")
    send(visit)
    with visit.page.expect_popup() as opened:
        visit.page.get_by_role("link", name="Why, and what a specialist would weigh (rule TRF-02)").click()
    expect(opened.value.locator("h1")).to_have_text("TRF-02")
    assert opened.value.url == f"{visit.base}/rules/TRF-02"


def test_a_refused_call_says_why(visit: Visit) -> None:
    visit.go("/playground?example=counts-not-sent.expect-412")
    expect(visit.page.locator("#holds")).to_contain_text("A hook request for patient-view")
    visit.page.get_by_role("button", name="Send", exact=True).click()
    expect(visit.page.locator("#answer")).to_contain_text("Refused with HTTP 412")
    expect(visit.page.locator("#answer")).to_contain_text("platelets")
    visit.said.clear()  # the browser itself logs every answer that is not 2xx

"""The public CDS Hooks sandbox, as its own code behaves, calls from a page of another origin in a real browser.

So Chromium makes the preflights, and hides what CORS does not allow. What the page sends is what the sandbox sends:
a token on every call, no Bundle type, no medication at first, a category that is an object, never an encounter.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

TOKEN = "eyJhbGciOiJFUzM4NCJ9.eyJpc3MiOiJodHRwczovL3NhbmRib3guY2RzLWhvb2tzLm9yZyJ9.c2lnbmVk"
USER = "Practitioner/COREPRACTITIONER1"
PATIENT = "smart-1"
CALL = """async ([method, url, token, body]) => {
  const headers = { Accept: "application/json", Authorization: `Bearer ${token}` };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(url, { method, headers, body: body ? JSON.stringify(body) : undefined });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}"""


class BlankPage(http.server.BaseHTTPRequestHandler):
    """The sandbox's own host: a page with nothing on it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>client</title>")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def client(browser: Browser) -> Iterator[Page]:
    """A page of another origin than the service's."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), BlankPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_context().new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
        page.context.close()
        server.shutdown()


def call(client: Page, method: str, url: str, body: object = None) -> Any:
    """Status and body, as the page's script sees them; an Error where CORS hides them."""
    return client.evaluate(CALL, [method, url, TOKEN, body])


def prefetch(patient: dict[str, Any], *records: dict[str, Any]) -> dict[str, Any]:
    """What its FHIR server answers; a search that fails is a key that is absent."""
    entries = [{"resource": record} for record in records]
    return {
        "patient": patient,
        "platelets": {"resourceType": "Bundle", "type": "searchset", "total": len(records), "entry": entries},
    }


def count() -> dict[str, Any]:
    """Platelets of 14, three hours ago."""
    return {
        "resourceType": "Observation",
        "id": "count",
        "status": "final",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "effectiveDateTime": (datetime.now(UTC) - timedelta(hours=3)).isoformat(timespec="seconds"),
        "valueQuantity": {
            "value": 14,
            "unit": "10*9/L",
            "system": "http://unitsofmeasure.org",
            "code": "10*9/L",
        },
    }


def person() -> dict[str, Any]:
    return {"resourceType": "Patient", "id": PATIENT, "gender": "male", "birthDate": "1980-05-05"}


def draft(**members: Any) -> dict[str, Any]:
    """The draft of its prescription screen; without members as it is sent at once when the screen opens."""
    return {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": datetime.now(UTC).date().isoformat(),
        **members,
    }


def order_select(server: str, order: dict[str, Any]) -> dict[str, Any]:
    return {
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "hook": "order-select",
        "fhirServer": server,
        "context": {
            "userId": USER,
            "patientId": PATIENT,
            "selections": ["MedicationRequest/request-123"],
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
        },
        "prefetch": prefetch(person(), count()),
    }


IBUPROFEN = {
    "intent": "order",
    "medicationCodeableConcept": {
        "text": "ibuprofen",
        "coding": [
            {
                "display": "ibuprofen",
                "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                "code": "5640",
            }
        ],
    },
    "category": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category"}]},
    "dosageInstruction": [{"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}],
    "dispenseRequest": {"validityPeriod": {"start": "2026-06-15"}},
}


def test_a_session_from_discovery_to_feedback(client: Page, base: str) -> None:
    found = call(client, "GET", f"{base}/cds-services")
    services = {one["hook"]: one["id"] for one in found["body"]["services"]}
    assert found["status"] == 200

    view = {
        "hookInstance": "1f1d7f6c-2f6c-4a3d-9d3c-8a0f7b4c9d11",
        "hook": "patient-view",
        "fhirServer": "https://launch.smarthealthit.org/v/r2/fhir",
        "context": {"patientId": PATIENT, "userId": USER},
        "prefetch": prefetch(person(), count()),
    }
    answer = call(client, "POST", f"{base}/cds-services/{services['patient-view']}", view)
    assert answer["status"] == 200
    card = answer["body"]["cards"][0]
    accepted = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": datetime.now(UTC).isoformat(),
    }
    url = f"{base}/cds-services/{services['patient-view']}/feedback"
    assert call(client, "POST", url, {"feedback": [accepted]})["status"] == 200
    chosen = card["overrideReasons"][0]
    reason = {"reason": {"code": chosen["code"], "system": chosen["system"]}}
    overridden = {
        "card": card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-06-15T10:00:00.000Z",
    }
    assert call(client, "POST", url, {"feedback": [overridden | {"overrideReason": reason}]})["status"] == 200


def test_a_trailing_slash_in_the_typed_address(client: Page, base: str) -> None:
    view = {
        "hookInstance": "1f1d7f6c-2f6c-4a3d-9d3c-8a0f7b4c9d11",
        "hook": "patient-view",
        "fhirServer": "https://launch.smarthealthit.org/v/r2/fhir",
        "context": {"patientId": PATIENT, "userId": USER},
        "prefetch": prefetch(person(), count()),
    }
    assert call(client, "GET", f"{base}/cds-services/")["status"] == 200
    assert call(client, "POST", f"{base}/cds-services//itp-patient-view", view)["status"] == 200


def test_the_prescription_screen_opens_without_a_drug_and_then_has_one(client: Page, base: str) -> None:
    url = f"{base}/cds-services/itp-order-select"
    opened = call(client, "POST", url, order_select("https://launch.smarthealthit.org/v/r4/fhir", draft()))
    assert opened["status"] == 200
    chosen = call(
        client, "POST", url, order_select("https://launch.smarthealthit.org/v/r4/fhir", draft(**IBUPROFEN))
    )
    assert chosen["status"] == 200
    (card,) = [
        one for one in chosen["body"]["cards"] if "NSAID" in one["summary"] or "ibuprofen" in one["summary"]
    ]
    deleted = [
        action["resourceId"]
        for suggestion in card["suggestions"]
        for action in suggestion["actions"]
        if action["type"] == "delete"
    ]
    assert deleted == ["MedicationRequest/request-123"]


def test_a_search_that_failed_is_told_and_the_page_may_read_it(client: Page, base: str) -> None:
    view = {
        "hookInstance": "1f1d7f6c-2f6c-4a3d-9d3c-8a0f7b4c9d11",
        "hook": "patient-view",
        "context": {"patientId": PATIENT, "userId": USER},
        "prefetch": {"patient": person()},
    }
    answer = call(client, "POST", f"{base}/cds-services/itp-patient-view", view)
    assert answer["status"] == 412
    assert "platelets" in json.dumps(answer["body"]["issue"])


def test_every_action_has_the_description_that_it_shows(client: Page, base: str) -> None:
    url = f"{base}/cds-services/itp-order-select"
    answer = call(
        client, "POST", url, order_select("https://launch.smarthealthit.org/v/r4/fhir", draft(**IBUPROFEN))
    )
    cards = answer["body"]["cards"]
    actions = [a for card in cards for s in card.get("suggestions", ()) for a in s["actions"]]
    assert actions
    assert all(action["description"] for action in actions)

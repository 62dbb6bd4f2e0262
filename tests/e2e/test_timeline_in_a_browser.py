"""The timeline in a real browser: on made-up patients, launched by an EHR and by itself, and where that must fail."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from cds_service.examples import example_patient
from tests.e2e.browser import Visit
from tests.service.smart_server import Ehr, running_ehr

NAME = "ebv-nosebleed"
PATIENTS = {
    # counts of the whole record, as they were reported, and the bars
    "ebv-supportive": (["186", "72"], {"infection", "window"}),
    "ebv-nosebleed": (["234", "31", "22"], {"bleeding", "infection", "window"}),
    "ebv-purpura": (["58", "45"], {"bleeding", "infection", "window"}),
    "tpo-ra-candidate": (["198", "22", "28", "26", "24"], {"infection"}),
    "recovery": (["48", "62", "96", "131"], {"infection", "window"}),
    "search-failed": ([], {"infection", "window"}),  # no count at all
}
FOCUSED = """(() => {
  const value = document.activeElement.closest(".value");
  if (!value) return ["", ""];
  const seen = [...value.querySelectorAll(".told text")]
    .filter(text => getComputedStyle(text).visibility === "visible");
  return [value.getAttribute("aria-label"), seen.map(text => text.textContent).join(". ")];
})()"""


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    now = datetime.now(UTC).replace(microsecond=0)
    resources = json.loads(json.dumps(example_patient(NAME, now), default=float))
    with running_ehr(patient=NAME, resources=resources, now=int(time.time())) as running:
        yield running


def launch(visit: Visit, ehr: Ehr, **query: str) -> None:
    """As an EHR opens it. On the way the browser is at the authorization server, and nowhere else."""
    visit.go("/smart/launch?" + urlencode({"iss": ehr.iss} | query))
    was_at_the_ehr(visit, ehr)


def was_at_the_ehr(visit: Visit, ehr: Ehr) -> None:
    assert [one for one in visit.elsewhere if not one.startswith(f"{ehr.origin}/auth/authorize?")] == []
    visit.elsewhere.clear()


def show_all(visit: Visit) -> None:
    whole = visit.page.get_by_role("radio", name="Whole record")
    if whole.count():
        whole.check()


def labels(visit: Visit, kind: str = "") -> list[str]:
    """What the values of the view say."""
    found = visit.page.locator(f".view:visible .value{kind}")
    said: list[str] = found.evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-label'))")
    return said


@pytest.mark.parametrize("name", PATIENTS)
def test_the_right_points_and_bars_and_every_value_by_keyboard(name: str, visit: Visit) -> None:
    counts, kinds = PATIENTS[name]
    visit.go(f"/timeline?example={name}")
    show_all(visit)
    assert [one.split()[1] for one in labels(visit, ".count")] == counts
    drawn = visit.page.locator("svg:visible circle.dot")
    assert drawn.count() == len(counts)
    bars = visit.page.locator("svg:visible rect.bar").evaluate_all(
        "nodes => nodes.map(node => node.classList[1])"
    )
    assert set(bars) == kinds
    assert len(bars) == len(labels(visit)) - len(labels(visit, ".count")) - len(labels(visit, ".limit"))
    assert labels(visit, ".limit") != []
    assert by_keyboard(visit) == labels(visit)
    if name == "search-failed":  # a page with everything is looked at elsewhere
        assert visit.violations() == []


def by_keyboard(visit: Visit) -> list[str]:
    """What Tab alone reaches, from the drawing on, in its order; each is told while it has the focus."""
    visit.page.locator(".view:visible > [role=region]").focus()
    reached = []
    while True:
        visit.page.keyboard.press("Tab")
        said, told = visit.page.evaluate(FOCUSED)
        if not said:
            return reached
        assert told == said
        reached.append(said)


def test_the_pointer_tells_value_unit_and_source(visit: Visit) -> None:
    visit.go(f"/timeline?example={NAME}")
    point = visit.page.locator(".value.count:visible").last
    told = point.locator(".told")
    expect(told).to_be_hidden()
    point.locator(".target").hover()
    expect(told).to_be_visible()
    expect(told).to_contain_text("Platelets 22 ×10⁹/L")
    expect(told).to_contain_text("Source: Observation/platelets-3")


def test_the_print_view_holds_the_same_facts(visit: Visit) -> None:
    visit.go(f"/timeline?example={NAME}")
    show_all(visit)
    said = [one for one in labels(visit) if not one.startswith("Limit")]
    limits = [one for one in labels(visit) if one.startswith("Limit")]
    visit.page.emulate_media(media="print")
    expect(visit.page.locator("header.top")).to_be_hidden()
    expect(visit.page.locator("form.filters").first).to_be_hidden()
    expect(visit.page.locator("svg.timeline:visible")).to_have_count(1)
    table = visit.page.get_by_role("region", name="All values")
    rows = table.locator("tbody tr").all_inner_texts()
    assert len(rows) == len(said)
    for one in said:
        source = one.split("Source: ")[1].split(";")[0]
        assert any(source in row for row in rows), one
    assert visit.page.get_by_role("region", name="Limits").locator("tbody tr").count() >= len(limits)
    width = visit.page.evaluate("document.querySelector('svg.timeline').getBoundingClientRect().width")
    assert width <= visit.page.evaluate("document.documentElement.clientWidth")
    visit.page.emulate_media(media="screen")


def test_a_playground_card_leads_to_its_timeline(visit: Visit) -> None:
    visit.open(f"/playground?example={NAME}")
    visit.page.get_by_role("button", name="Send", exact=True).click()
    with visit.page.expect_popup() as popup:
        visit.page.get_by_role("button", name="Timeline of this patient, at this card").first.click()
    opened = popup.value
    opened.wait_for_load_state()
    expect(opened.locator("#card-title")).to_contain_text("immediate platelet transfusion")
    assert opened.url == f"{visit.base}/timeline"
    opened.close()


# ------------------------------------------------------------------------------------------------- launches


def test_an_ehr_opens_it_at_the_card_of_its_link(visit: Visit, ehr: Ehr) -> None:
    cards = call_as_an_ehr_that_launches(visit, ehr)
    link = next(one for one in cards[1]["links"] if one["type"] == "smart")
    assert link["url"] == f"{visit.base}/smart/launch"
    ehr.app_context = link["appContext"]
    launch(visit, ehr, launch="xyz123")
    expect(visit.page.locator("#card-title")).to_contain_text("supportive care")
    expect(visit.page.locator(".eyebrow")).to_contain_text(f"Patient/{NAME}, female, 34 years")
    assert visit.page.url == f"{visit.base}/timeline", "the code of the launch leaves the history"
    show_all(visit)
    assert [one.split()[1] for one in labels(visit, ".count")] == ["234", "31", "22"]
    assert visit.page.locator("circle.ring").count() > 0
    assert visit.violations() == []


def call_as_an_ehr_that_launches(visit: Visit, ehr: Ehr) -> list[dict[str, object]]:
    """The cards of a call in the shape of the reference client that was itself launched: with leave to read."""
    body = json.loads(urlopen(f"{visit.base}/playground/made-up/{NAME}").read())["text"]
    made = post(f"{visit.base}/playground/request", {"text": body, "dialect": "sandbox"})
    request = json.loads(str(made["body"])) | {
        "fhirServer": ehr.iss,
        "fhirAuthorization": {
            "access_token": "t", "token_type": "Bearer", "expires_in": 300, "subject": "x",
            "scope": "patient/*.* user/*.* launch openid profile online_access",
        },
    }  # fmt: skip
    return post(f"{visit.base}/cds-services/itp-patient-view", request)["cards"]  # type: ignore[return-value]


def post(address: str, message: object) -> dict[str, object]:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(address, json.dumps(message).encode(), headers)) as answer:
        found: dict[str, object] = json.loads(answer.read())
    return found


def test_it_opens_by_itself_with_a_fhir_server(visit: Visit, ehr: Ehr) -> None:
    visit.go("/timeline?rule=TRF-02")
    assert visit.violations() == []
    visit.page.get_by_label("Another FHIR server on this machine").fill(ehr.iss)
    visit.page.get_by_role("button", name="Choose").click()
    visit.page.get_by_role("link", name="Sign in with this server").click()
    expect(visit.page.locator("#card-title")).to_contain_text("immediate platelet transfusion")
    was_at_the_ehr(visit, ehr)
    assert "launch" not in ehr.authorizations[0]
    assert "launch/patient" in ehr.authorizations[0]["scope"].split()


def test_a_server_that_fails_half_way(visit: Visit, ehr: Ehr) -> None:
    ehr.fails = frozenset({"Condition"})
    launch(visit, ehr, launch="xyz123")
    banner = visit.page.get_by_role("status").filter(has_text="Not everything could be read")
    expect(banner).to_contain_text("conditions")
    show_all(visit)
    assert len(labels(visit, ".count")) == 3


FAILURES = {
    "refused": ({"refuses": True}, "access was not granted"),
    "expired": ({"refuses_token": True}, "does not accept the access token"),
    "wrong-state": ({"state": "x" * 48}, "was not begun here"),
    "wrong-nonce": ({"claims": {"nonce": "another"}}, "could not be verified"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_must_not_succeed_ends_in_a_sentence(name: str, visit: Visit, ehr: Ehr) -> None:
    members, words = FAILURES[name]
    for member, value in members.items():
        setattr(ehr, member, value)
    launch(visit, ehr, launch="xyz123")
    expect(visit.page.get_by_role("alert")).to_contain_text(words)
    assert visit.page.locator("svg.timeline").count() == 0
    # Chromium tells the status of the page, which is meant.
    assert all("the server responded with a status of" in one for one in visit.said)
    visit.said.clear()


def test_counts_that_the_scopes_leave_out(visit: Visit, ehr: Ehr) -> None:
    ehr.grants = "launch patient/Patient.rs patient/Condition.rs"
    launch(visit, ehr, launch="xyz123")
    expect(visit.page.get_by_text("No platelet count with a value")).to_be_visible()
    expect(visit.page.get_by_text("Not everything could be read")).to_be_visible()
    assert labels(visit, ".count") == []

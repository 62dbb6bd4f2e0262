"""Pages for people, and the codes that are published."""

from __future__ import annotations

import re

import pytest
from fhir.resources.R4B.codesystem import CodeSystem
from markupsafe import Markup, escape

from cards.anti_infective.content import Pathogen
from cds_service.content import load_content
from cds_service.discovery import SERVICES
from cds_service.examples import list_examples
from cds_service.published_codes import CODE_SYSTEMS, FAMILY_TOPICS, OVERRIDE_REASONS, TOPICS
from cds_service.routes.pages import EXAMPLE, sandbox_link
from cds_service.web.history import clinical_history
from cds_service.web.markdown import to_html
from cds_service.web.rule_list import Asked, rule_list
from tests.conftest import PROJECT
from tests.service.hook_calls import client
from tests.together import together

CONTENT = load_content()
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


PAGES = (
    "/",
    "/rules",
    "/rules?q=dengue&topic=transfusion&source=AABB25",
    "/rules/TPO-01",
    "/rules/INF-DEN",
    "/history",
    "/pathogens",
    "/pathogens/INF-HP",
    "/valuesets",
    "/valuesets?q=777-3",
    "/valuesets/obs-platelet-count",
    "/insights",
    "/playground",
    "/timeline",
    "/timeline?example=ebv-nosebleed&rule=TRF-02",
    "/api",
)


def text_of(path: str) -> str:
    """The page at a path, which has to be there."""
    response = client().get(path)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    return str(response.get_data(as_text=True))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(path: str) -> None:
    policy = client().get(path).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    html = text_of(path)
    assert re.findall(r"<script(?![^>]* src=)", html) == []
    assert re.findall(r"\s(?:style|on[a-z]+)=", html) == []
    loaded = re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"', html)
    assert loaded
    for address in set(loaded):
        assert address.startswith(("/static/", "/api/ui/"))
        assert client().get(address).status_code == 200
    assert '<html lang="en">' in html


def test_the_first_page_says_what_runs_here() -> None:
    html = client().get("/").get_data(as_text=True)
    assert "http://127.0.0.1:8080/cds-services" in html
    assert "not a medical device" in html
    assert all(row.id in html for row in SERVICES)
    assert EXAMPLE in {one.name for one in list_examples()}
    assert f"platelet-hooks example {EXAMPLE} |" in html


@together({rule: rule for rule in CONTENT.words.sections})
def test_every_rule_has_a_page(rule: str) -> None:
    response = client().get(f"/rules/{rule}")
    assert response.status_code == 200
    html = response.get_data(as_text=True)
    assert f"<h1>{rule}</h1>" in html
    assert "{limit:" not in html
    assert "**" not in html


def test_the_page_of_a_rule_has_its_numbers_and_sources() -> None:
    html = client().get("/rules/TPO-01").get_data(as_text=True)
    assert "https://doi.org/10.1182/bloodadvances.2019000966" in html
    assert "Evidence" in html


def test_an_unknown_rule_is_a_page_for_people_and_an_outcome_for_programs() -> None:
    page = client().get("/rules/<script>", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "<script" not in page.get_data(as_text=True)
    assert client().get("/rules/NONE-01").mimetype == "application/fhir+json"


def test_health() -> None:
    assert client().get("/health/live").get_json() == {"status": "live"}
    assert client().get("/health/ready").get_json() == {"status": "ready", "contentVersion": CONTENT.version}


@pytest.mark.parametrize("name", CODE_SYSTEMS)
def test_a_code_system_is_valid_fhir(name: str) -> None:
    response = client().get(f"/fhir/CodeSystem/{name}")
    assert response.mimetype == "application/fhir+json"
    published = CodeSystem.model_validate_json(response.get_data())
    assert published.url == f"http://127.0.0.1:8080/fhir/CodeSystem/{name}"
    assert published.count == len(published.concept) > 0


def test_topics_and_own_reasons_are_published() -> None:
    topics = client().get("/fhir/CodeSystem/card-topic").get_json()["concept"]
    assert {one["code"] for one in topics} == {topic.value for topic in TOPICS}
    reasons = client().get("/fhir/CodeSystem/override-reason").get_json()["concept"]
    assert {one["code"] for one in reasons} == {
        key for key, (code, _) in OVERRIDE_REASONS.items() if code is None
    }


def test_every_rule_with_words_has_a_topic() -> None:
    assert {rule.partition("-")[0] for rule in CONTENT.words.sections} <= set(FAMILY_TOPICS)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo", "<p>One\ntwo</p>"),
        ("**Bold** < & >", "<p><strong>Bold</strong> &lt; &amp; &gt;</p>"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
        ("Lead:\n- one\n- two", "<p>Lead:</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ],
)
def test_markdown_as_html(text: str, html: str) -> None:
    assert to_html(text) == Markup(html)


def cells(markdown: str) -> str:
    """The table of a text, without the lines between its cells."""
    return re.sub(r"\n", "", to_html(markdown)).partition("<table>")[2].partition("</table>")[0]


def test_a_table_without_headings_has_none_and_its_rows_are_named() -> None:
    html = cells("| | | |\n|---|---|---|\n| Platelets | 22 | today |\n| | 23 | now |")
    assert "thead" not in html
    assert '<tr><th scope="row">Platelets</th><td>22</td><td>today</td></tr>' in html
    assert "<tr><td></td><td>23</td><td>now</td></tr>" in html


def test_a_table_with_headings_keeps_them_and_leaves_the_empty_corner_a_cell() -> None:
    html = cells("| | A |\n|---|---|\n| B | 1 |")
    assert '<thead><tr><td></td><th scope="col">A</th></tr></thead>' in html
    assert '<tr><th scope="row">B</th><td>1</td></tr>' in html


def test_pages_about_rules_lead_to_the_value_sets_and_back() -> None:
    assert 'href="/valuesets/inf-h-pylori"' in text_of("/pathogens/INF-HP")
    assert 'href="/rules/PLT-03"' in text_of("/valuesets/obs-platelet-count")
    assert 'href="/pathogens/INF-HP"' in text_of("/rules/INF-HP-02")


def test_the_rules_are_found_by_all_words_by_topic_and_by_source() -> None:
    found = rule_list(CONTENT, Asked("dengue PLATELETS", "transfusion", "AABB25"))
    rules = [line.rule for _, lines in found.groups for line in lines]
    assert "TRF-08" in rules
    assert {rule for rule in rules if not rule.startswith(("TRF-", "IMM-"))} == set()
    wider = rule_list(CONTENT, Asked("dengue"))
    assert found.found < wider.found < wider.total
    assert rule_list(CONTENT, Asked("dengue nosuchword")).found == 0
    everything = rule_list(CONTENT, Asked())
    assert everything.found == everything.total == len(CONTENT.words.sections)


def test_rules_stand_in_the_order_of_their_numbers() -> None:
    (orders,) = [lines for topic, lines in rule_list(CONTENT, Asked(topic="ordersafety")).groups]
    numbers = [int(line.rule.partition("-")[2]) for line in orders]
    assert numbers == sorted(numbers)


@together({set_id: set_id for set_id in CONTENT.terminology})
def test_every_value_set_has_a_page_with_all_its_codes(set_id: str) -> None:
    html = text_of(f"/valuesets/{set_id}")
    codes = CONTENT.terminology[set_id].codes
    assert [code.code for code in codes if f"<code>{escape(code.code)}</code>" not in html] == []
    assert ("No code is confirmed" in html) is (not codes)


@pytest.mark.parametrize("one", CONTENT.pathogens, ids=lambda one: one.id)
def test_every_pathogen_has_a_page(one: Pathogen) -> None:
    html = text_of(f"/pathogens/{one.id}")
    for name in (*one.named_sets, *one.therapy_sets):
        assert f'href="/valuesets/{name}"' in html
    assert "**" not in html


def test_the_condition_of_a_rule_has_the_numbers_in_force() -> None:
    html = text_of("/rules/TRF-04")
    condition = html.partition("When it speaks")[2].partition("What it says")[0]
    assert f"{CONTENT.limits.skin_only_defer:f}" in condition
    assert "V-02" in html


def test_the_sandbox_is_opened_with_this_service() -> None:
    assert sandbox_link("http://127.0.0.1:8080").endswith(
        "?serviceDiscoveryURL=http%3A%2F%2F127.0.0.1%3A8080%2Fcds-services"
    )


def test_the_history_is_the_clinical_part_of_the_changelog() -> None:
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = clinical_history()
    assert [one.name for one in releases] == re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert any(one.changes for one in releases)

"""Pages for people, and the codes that are published."""

from __future__ import annotations

import re

import pytest
from fhir.resources.R4B.codesystem import CodeSystem
from markupsafe import Markup

from cds_service.content import load_content
from cds_service.examples import list_examples
from cds_service.published_codes import CODE_SYSTEMS, FAMILY_TOPICS, OVERRIDE_REASONS, TOPICS
from cds_service.routes.pages import EXAMPLE
from cds_service.web.markdown import to_html
from tests.service.hook_calls import client

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
        assert address.startswith("/static/")
        assert client().get(address).status_code == 200
    assert '<html lang="en">' in html


def test_the_first_page_says_what_runs_here() -> None:
    html = client().get("/").get_data(as_text=True)
    assert "http://127.0.0.1:8080/cds-services" in html
    assert "not a medical device" in html
    assert "itp-patient-view" in html
    assert "itp-order-select" in html
    assert EXAMPLE in {one.name for one in list_examples()}
    assert f"platelet-hooks example {EXAMPLE} |" in html


@pytest.mark.parametrize("rule", CONTENT.words.sections)
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

"""Pages for people, and the codes that are published."""

from __future__ import annotations

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


@pytest.mark.parametrize("path", ["/", "/rules", "/rules/TPO-01"])
def test_a_page_loads_nothing_but_our_stylesheet(path: str) -> None:
    response = client().get(path)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    html = response.get_data(as_text=True)
    assert "<script" not in html
    assert "style=" not in html
    assert '<html lang="en">' in html
    assert client().get("/static/style.css").status_code == 200


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
        ("One\ntwo", "<p>One two</p>"),
        ("**Bold** < & >", "<p><strong>Bold</strong> &lt; &amp; &gt;</p>"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
        ("Lead:\n- one\n  more\n- two", "<p>Lead:</p><ul><li>one more</li><li>two</li></ul>"),
        (
            "| A | B |\n|---|---|\n| 1 | 2 |",
            '<div class="wide"><table><thead><tr><th>A</th><th>B</th></tr></thead>'
            "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>",
        ),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ],
)
def test_markdown_of_our_words(text: str, html: str) -> None:
    assert to_html(text) == Markup(html)

"""Pages for people: what runs here, and a page for each rule, to which the cards link."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from cards.outcome import Topic
from cds_service import __version__
from cds_service.content import Content
from cds_service.discovery import SERVICES
from cds_service.errors import Refused
from cds_service.published_codes import TOPICS, topic_of
from cds_service.settings import Settings
from cds_service.web.rule_page import rule_page

# Nothing but our own stylesheet is loaded, nothing runs, nobody frames it.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
EXAMPLE: Final = "ebv-nosebleed"


def page_routes(settings: Settings, content: Content) -> Blueprint:
    """Plain pages; `/rules/{id}` of an unknown rule is a page for browsers and an OperationOutcome for others."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def home() -> Response:
        return _page(
            "home.html",
            services=SERVICES,
            base_url=settings.public_url,
            mode=settings.mode.value,
            sandbox=settings.sandbox,
            version=__version__,
            content_version=content.version,
            example=EXAMPLE,
        )

    @routes.get("/rules")
    def rules() -> Response:
        return _page("rules.html", topics=_by_topic(content), content_version=content.version)

    @routes.get("/rules/<rule_id>")
    def rule(rule_id: str) -> Response:
        if rule_id in content.words:
            return _page("rule.html", page=rule_page(rule_id, content), content_version=content.version)
        if request.accept_mimetypes.best_match(["application/fhir+json", "text/html"]) == "text/html":
            return _page("missing.html", 404)
        raise Refused("not-found")

    return routes


def _page(template: str, status: int = 200, **values: object) -> Response:
    page = make_response(render_template(template, **values), status)
    page.headers["Content-Security-Policy"] = POLICY
    page.headers["X-Content-Type-Options"] = "nosniff"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


def _by_topic(content: Content) -> list[tuple[str, list[tuple[str, str]]]]:
    """Rules with their titles, under the topics in their order."""
    found: dict[Topic, list[tuple[str, str]]] = {topic: [] for topic in TOPICS}
    for rule, section in content.words.sections.items():
        found[topic_of(rule)].append((rule, _title(section.paragraphs.get("title", ""))))
    return [(TOPICS[topic], rules) for topic, rules in found.items() if rules]


def _title(text: str) -> str:
    return " ".join(text.replace("{", "‹").replace("}", "›").split())

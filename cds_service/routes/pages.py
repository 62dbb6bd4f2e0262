"""Pages for people: what runs here, and the evidence, to which the cards link.

What makes a page is imported when the page is first asked for: a worker that only answers calls starts without it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request

from cds_service import __version__
from cds_service.content import Content
from cds_service.discovery import CDS_HOOKS_VERSION, SERVICES
from cds_service.errors import Refused
from cds_service.published_codes import TOPICS
from cds_service.settings import Settings
from cds_service.web.responses import page

EXAMPLE: Final = "ebv-nosebleed"
PUBLIC_SANDBOX: Final = "https://sandbox.cds-hooks.org/"
INSIGHTS: Final = "insights.insights"
NAVIGATION: Final = (
    ("pages.home", "Home"),
    ("playground.playground", "Playground"),
    ("timeline.timeline", "Timeline"),
    ("pages.rules", "Rules"),
    ("pages.pathogens", "Pathogens"),
    ("pages.value_sets", "Value sets"),
    (INSIGHTS, "Insights"),
    ("api_pages.browse", "API"),
)


def page_routes(settings: Settings, content: Content) -> Blueprint:
    """Home and evidence. What is unknown is a page for browsers and an OperationOutcome for others."""
    routes = Blueprint("pages", __name__)

    @routes.app_context_processor
    def shared() -> dict[str, object]:
        known = current_app.view_functions.keys() - (set() if settings.sandbox else {INSIGHTS})
        return {
            "nav": [(name, label) for name, label in NAVIGATION if name in known],
            "is_served": known.__contains__,
            "sandbox": settings.sandbox,
            "content_version": content.version,
            "known_rules": content.words.sections.keys(),
        }

    @routes.get("/")
    def home() -> Response:
        return page(
            "home.html",
            services=SERVICES,
            base_url=settings.public_url,
            mode=settings.mode.value,
            version=__version__,
            cds_hooks_version=CDS_HOOKS_VERSION,
            health=_health(),
            rule_count=len(content.words.sections),
            example=EXAMPLE,
            sandbox_link=sandbox_link(settings.public_url),
        )

    @routes.get("/rules")
    def rules() -> Response:
        from cds_service.web.rule_list import Asked, rule_list
        from cds_service.web.rule_page import sources_in_use

        asked = Asked(*(request.args.get(name, "") for name in ("q", "topic", "source")))
        return page(
            "rules.html",
            list=rule_list(content, asked),
            asked=asked,
            topics=TOPICS,
            sources=sources_in_use(content),
        )

    @routes.get("/rules/<rule_id>")
    def rule(rule_id: str) -> Response:
        from cds_service.web.rule_page import rule_page

        if rule_id not in content.words:
            return _missing()
        return page("rule.html", page=rule_page(rule_id, content))

    @routes.get("/history")
    def history() -> Response:
        from cds_service.web.history import clinical_history

        return page("history.html", releases=clinical_history())

    @routes.get("/pathogens")
    def pathogens() -> Response:
        return page("pathogens.html", pathogens=content.pathogens)

    @routes.get("/pathogens/<pathogen_id>")
    def pathogen(pathogen_id: str) -> Response:
        from cds_service.web.pathogen_page import find_pathogen, pathogen_page

        found = find_pathogen(pathogen_id, content)
        return _missing() if found is None else page("pathogen.html", page=pathogen_page(found, content))

    @routes.get("/valuesets")
    def value_sets() -> Response:
        from cds_service.web.rule_list import Asked
        from cds_service.web.value_set_page import value_set_groups

        asked = Asked(request.args.get("q", ""))
        return page("value_sets.html", groups=value_set_groups(content, asked), asked=asked)

    @routes.get("/valuesets/<set_id>")
    def value_set(set_id: str) -> Response:
        from cds_service.web.value_set_page import value_set_page

        if set_id not in content.terminology:
            return _missing()
        return page("value_set.html", page=value_set_page(set_id, content))

    return routes


def sandbox_link(base_url: str) -> str:
    """The public CDS Hooks sandbox with this service added to it."""
    return f"{PUBLIC_SANDBOX}?{urlencode({'serviceDiscoveryURL': f'{base_url}/cds-services'})}"


def _health() -> str:
    """What `/health/ready` says at this moment, in a word."""
    try:
        current_app.view_functions["health.ready"]()
    except Refused:
        return "not ready"
    return "ready"


def _missing() -> Response:
    if request.accept_mimetypes.best_match(["application/fhir+json", "text/html"]) == "text/html":
        return page("missing.html", 404)
    raise Refused("not-found")

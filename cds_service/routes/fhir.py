"""`/fhir`: what the service publishes of its content. Read-only; each resource is made when it is first asked for.

So is what makes it: most workers never publish anything, and start without it.
"""

from __future__ import annotations

from functools import cache
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from cds_service.content import Content
from cds_service.errors import FHIR_JSON, Refused
from cds_service.hooks.wire import encode


def fhir_routes(content: Content, base_url: str) -> Blueprint:
    """CodeSystem, ValueSet, PlanDefinition and metadata of the content for all."""
    routes = Blueprint("fhir", __name__, url_prefix="/fhir")

    @cache
    def made(kind: str, name: str) -> bytes:
        from cds_service.published_codes import code_system
        from cds_service.published_plans import plan_definition
        from cds_service.published_value_sets import value_set

        match kind:
            case "CodeSystem":
                return encode(code_system(name, base_url, content.version))
            case "ValueSet":
                return encode(value_set(content.terminology[name], base_url, content.version))
        return encode(plan_definition(name, content, base_url))

    @routes.get("/CodeSystem/<name>")
    def read_code_system(name: str) -> Response:
        from cds_service.published_codes import CODE_SYSTEMS

        return _resource(made("CodeSystem", name) if name in CODE_SYSTEMS else None)

    @routes.get("/ValueSet/<name>")
    def read_value_set(name: str) -> Response:
        return _resource(made("ValueSet", name) if name in content.terminology else None)

    @routes.get("/PlanDefinition/<name>")
    def read_plan(name: str) -> Response:
        from cds_service.published_plans import plan_ids

        return _resource(made("PlanDefinition", name) if name in plan_ids() else None)

    @routes.get("/ValueSet")
    def search_value_sets() -> Response:
        from cds_service.published_value_sets import find_by_url, searchset, value_set

        url = request.args.get("url")
        if not url:
            raise Refused("bad-request", "url: expected, value sets are searched by url alone")
        one = find_by_url(url, content.terminology, base_url)
        found = [] if one is None else [value_set(one, base_url, content.version)]
        return _resource(encode(searchset(found, f"{base_url}/fhir/ValueSet?{urlencode({'url': url})}")))

    @routes.get("/metadata")
    def metadata() -> Response:
        from cds_service.published_capability import capability_statement

        return _resource(encode(capability_statement(base_url, content.version)))

    return routes


def _resource(body: bytes | None) -> Response:
    if body is None:
        raise Refused("not-found")
    return Response(body, mimetype=FHIR_JSON)

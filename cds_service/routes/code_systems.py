"""`/fhir/CodeSystem`: the codes of our own that cards and errors carry."""

from __future__ import annotations

from flask import Blueprint, Response

from cds_service.errors import FHIR_JSON, Refused
from cds_service.hooks.wire import encode
from cds_service.published_codes import CODE_SYSTEMS, code_system


def code_system_routes(base_url: str, content_version: str) -> Blueprint:
    """Each CodeSystem, made once."""
    routes = Blueprint("code_systems", __name__)
    made = {name: encode(code_system(name, base_url, content_version)) for name in CODE_SYSTEMS}

    @routes.get("/fhir/CodeSystem/<name>")
    def read(name: str) -> Response:
        if name not in made:
            raise Refused("not-found")
        return Response(made[name], mimetype=FHIR_JSON)

    return routes

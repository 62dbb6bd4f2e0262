"""`/openapi.json`, `/schemas/{name}`, and `/api`, where they can be browsed: Swagger UI from its installed package.

What describes the API is imported when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, send_from_directory

from cds_service.discovery import PrefetchKey
from cds_service.errors import Refused
from cds_service.hooks.wire import encode
from cds_service.settings import Settings
from cds_service.web.responses import POLICY, page

SWAGGER_FILES: Final = ("swagger-ui.css", "swagger-ui-bundle.js")
# Its style sheet holds its icons as data: addresses.
SWAGGER_POLICY: Final = POLICY.replace("img-src 'self'", "img-src 'self' data:")


def api_routes(settings: Settings, keys: Sequence[PrefetchKey], clock: Callable[[], datetime]) -> Blueprint:
    """The description is made when it is asked for, so that its examples are always fresh."""
    routes = Blueprint("api_pages", __name__)

    @routes.get("/openapi.json")
    def description() -> Response:
        from cds_service.openapi import openapi

        now = clock().replace(microsecond=0)
        return _json(openapi(settings.public_url, keys, now, settings.sandbox))

    @routes.get("/schemas/<name>")
    def schema(name: str) -> Response:
        from cds_service.openapi_schemas import SCHEMAS_OFFERED, json_schema

        if name not in SCHEMAS_OFFERED:
            raise Refused("not-found")
        return _json(json_schema(name, keys, settings.public_url))

    @routes.get("/api")
    def browse() -> Response:
        from cds_service.openapi_schemas import SCHEMAS_OFFERED

        return page("api.html", policy=SWAGGER_POLICY, schemas=SCHEMAS_OFFERED)

    @routes.get("/api/ui/<name>")
    def swagger(name: str) -> Response:
        if name not in SWAGGER_FILES:
            raise Refused("not-found")
        return send_from_directory(_swagger_folder(), name, max_age=3600)

    return routes


def _swagger_folder() -> Path:
    """Where the package keeps its files; the package itself is not imported."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or spec.origin is None:
        raise Refused("not-found")
    return Path(spec.origin).parent / "dist"


def _json(message: object) -> Response:
    return Response(encode(message), mimetype="application/json")

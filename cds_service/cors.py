"""CORS: browsers may call from any origin in sandbox mode, else from the origins of the clients; never with cookies.

Browsers send no Authorization with a preflight, so it is answered before anything else is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Flask, Response, request

from cds_service.settings import Settings

METHODS: Final = "GET, POST, OPTIONS"
HEADERS: Final = "Authorization, Content-Type, Accept"
SECONDS: Final = "600"


def allow_origins(app: Flask, settings: Settings) -> None:
    """Answers preflights and marks every other answer, errors too."""
    is_allowed = _rule(settings)

    @app.before_request
    def answer_preflight() -> Response | None:
        asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if asked and "Origin" in request.headers else None

    @app.after_request
    def mark(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin is None or not is_allowed(origin):
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = HEADERS
            response.headers["Access-Control-Max-Age"] = SECONDS
            if settings.sandbox and request.headers.get("Access-Control-Request-Private-Network") == "true":
                # A public page, such as the CDS Hooks sandbox, calls a service on the reader's own machine.
                response.headers["Access-Control-Allow-Private-Network"] = "true"
        return response


def _rule(settings: Settings) -> Callable[[str], bool]:
    if settings.sandbox:
        return lambda origin: True
    origins = frozenset(origin for client in settings.clients for origin in client.origins)
    return origins.__contains__

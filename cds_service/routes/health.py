"""`/health`: whether the process lives, and whether it can answer calls."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from cds_service.errors import Refused
from cds_service.hooks.wire import encode


def health_routes(content_version: str, is_ready: Callable[[], bool] = lambda: True) -> Blueprint:
    """Alive once the content is loaded, which is before the first request is taken; ready while the store answers."""
    routes = Blueprint("health", __name__, url_prefix="/health")

    @routes.get("/live")
    def live() -> Response:
        return Response(encode({"status": "live"}), mimetype="application/json")

    @routes.get("/ready")
    def ready() -> Response:
        if not is_ready():
            raise Refused("not-ready", "The store cannot be reached; calls are answered without it")
        return Response(
            encode({"status": "ready", "contentVersion": content_version}), mimetype="application/json"
        )

    return routes

"""`/health`: whether the process lives, and whether it can answer calls."""

from __future__ import annotations

from flask import Blueprint, Response

from cds_service.hooks.wire import encode


def health_routes(content_version: str) -> Blueprint:
    """Both are green once the content is loaded, which is before the first request is taken."""
    routes = Blueprint("health", __name__, url_prefix="/health")

    @routes.get("/live")
    def live() -> Response:
        return Response(encode({"status": "live"}), mimetype="application/json")

    @routes.get("/ready")
    def ready() -> Response:
        return Response(
            encode({"status": "ready", "contentVersion": content_version}), mimetype="application/json"
        )

    return routes

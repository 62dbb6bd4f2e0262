"""`/health`: whether the process lives, and whether it can answer calls in full."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from cds_service.errors import Refused
from cds_service.hooks.wire import encode


def health_routes(
    content_version: str,
    store_answers: Callable[[], bool] = lambda: True,
    can_prove: Callable[[], bool] = lambda: True,
) -> Blueprint:
    """Alive once the content is loaded, which is before the first request is taken.

    Ready while the store answers and at least one client's key set can be had.
    """
    routes = Blueprint("health", __name__, url_prefix="/health")

    @routes.get("/live")
    def live() -> Response:
        return Response(encode({"status": "live"}), mimetype="application/json")

    @routes.get("/ready")
    def ready() -> Response:
        missing = []
        if not store_answers():
            missing.append("The store cannot be reached; calls are answered without it")
        if not can_prove():
            missing.append("No client's key set can be read; no call can be proven to be a client's")
        if missing:
            raise Refused("not-ready", *missing)
        return Response(
            encode({"status": "ready", "contentVersion": content_version}), mimetype="application/json"
        )

    return routes

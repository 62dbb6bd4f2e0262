"""`/metrics`: the numbers for Prometheus."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from cds_service import __version__
from cds_service.content import Contents
from cds_service.memory import Memory
from cds_service.metrics import State, exposition
from cds_service.routes.admin import require_admin
from cds_service.settings import Settings

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metric_routes(settings: Settings, memory: Memory | None, contents: Contents) -> Blueprint:
    """Open in sandbox mode, else with the admin token."""
    routes = Blueprint("metrics", __name__)
    versions = {name: one.version for name, one in {"": contents.general, **contents.by_client}.items()}

    @routes.get("/metrics")
    def metrics() -> Response:
        require_admin(settings)
        state = State(__version__, versions, memory is not None and memory.database.check())
        return Response(exposition(state), content_type=CONTENT_TYPE)

    return routes

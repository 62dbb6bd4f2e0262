"""`/cds-services`: discovery and the hooks."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from cds_service.account import Account
from cds_service.auth.caller import current_caller
from cds_service.discovery import discovery
from cds_service.errors import Refused
from cds_service.hook_calls import OFFERED, Clock, HookCalls
from cds_service.hooks.wire import encode
from cds_service.routes.bodies import LargeBodies, read_body

__all__ = ["Clock", "hook_routes"]


def hook_routes(calls: HookCalls) -> Blueprint:
    """Discovery is made once. A doubled slash, which clients make of a trailing one, is served without a redirect."""
    routes = Blueprint("cds_services", __name__)
    limits = calls.settings.limits
    announced = encode(discovery(calls.evaluation.keys))
    large_bodies = LargeBodies(limits.large_bodies)

    @routes.get("/cds-services")
    @routes.get("/cds-services/")
    def discover() -> Response:
        return Response(announced, mimetype="application/json")

    @routes.post("/cds-services/<service_id>")
    @routes.post("/cds-services/<service_id>/")
    @routes.post("/cds-services//<service_id>")
    def call(service_id: str) -> Response:
        service = OFFERED.get(service_id)
        if service is None:
            raise Refused("unknown-service")
        account = g.account = Account(service=service.id)
        body = read_body(request, limits.body_bytes)
        noted = g.setdefault("noted", {})
        with large_bodies.room_for(body):
            answer = calls.answer(body, service, current_caller(), account, noted)
        return Response(answer, mimetype="application/json")

    return routes

"""`/cds-services`: discovery and the hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, Response, g, request

from cds_service.account import Account
from cds_service.auth.caller import current_caller
from cds_service.dialects.choice import evaluation_for
from cds_service.discovery import SERVICES, HookService, discovery
from cds_service.errors import Refused
from cds_service.evaluate import Evaluation, evaluate
from cds_service.fhir_client import FhirAccess
from cds_service.hooks.request import read_request
from cds_service.hooks.wire import encode
from cds_service.memory import CalledBy, Memory
from cds_service.routes.bodies import LargeBodies, read_body
from cds_service.settings import Settings

Clock = Callable[[], datetime]


def hook_routes(
    settings: Settings, evaluation: Evaluation, clock: Clock, access: FhirAccess, memory: Memory | None = None
) -> Blueprint:
    """Discovery is made once. A doubled slash, which clients make of a trailing one, is served without a redirect."""
    routes = Blueprint("cds_services", __name__)
    offered: Mapping[str, HookService] = {row.id: row for row in SERVICES}
    announced = encode(discovery(evaluation.keys))
    large_bodies = LargeBodies(settings.limits.large_bodies)

    @routes.get("/cds-services")
    @routes.get("/cds-services/")
    def discover() -> Response:
        return Response(announced, mimetype="application/json")

    @routes.post("/cds-services/<service_id>")
    @routes.post("/cds-services/<service_id>/")
    @routes.post("/cds-services//<service_id>")
    def call(service_id: str) -> Response:
        service = offered.get(service_id)
        if service is None:
            raise Refused("unknown-service")
        account = g.account = Account(service=service.id)
        body = read_body(request, settings.limits.body_bytes)
        with large_bodies.room_for(body):
            return answer_call(body, service, account)

    def answer_call(body: bytes, service: HookService, account: Account) -> Response:
        hook_request = read_request(body, service.hook, settings.limits.depth, evaluation.decoder)
        g.noted = {
            **g.get("noted", {}),
            "service": service.id,
            "instance_is_uuid": hook_request.instance_is_uuid,
        }
        account.lap("read")
        caller, now = current_caller(), clock()
        if memory is not None:
            account.recollection = memory.recollect(
                hook_request, CalledBy.of(service.id, caller, settings), now
            )
        fetch = access.for_call(caller.fhir_servers)
        g.noted["fetched"] = fetch.counts  # filled later, also where the call ends in a refusal
        in_force = evaluation_for(evaluation, caller, hook_request)
        answer = encode(evaluate(hook_request, in_force, now, fetch, account))
        account.lap("encode")
        return Response(answer, mimetype="application/json")

    return routes

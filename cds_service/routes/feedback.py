"""`POST /cds-services/{id}/feedback`: what became of cards. 200 means that it is on disk."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, g, request

from cds_service.auth.caller import current_caller
from cds_service.discovery import SERVICES
from cds_service.errors import Refused
from cds_service.feedback.entries import OVERRIDDEN, read_feedback
from cds_service.feedback.keeping import keep_feedback, reason_key
from cds_service.memory import CalledBy, Memory
from cds_service.metrics import FEEDBACK, OVERRIDES
from cds_service.routes.bodies import read_body
from cds_service.routes.cds_services import Clock
from cds_service.settings import Settings
from cds_service.store.database import StoreDown, ValueRefused

RETRY_SECONDS: Final = "5"


def feedback_routes(settings: Settings, memory: Memory | None, clock: Clock) -> Blueprint:
    """Every service takes feedback; doubled and trailing slashes are served as they are for calls."""
    routes = Blueprint("feedback", __name__)
    offered = frozenset(row.id for row in SERVICES)

    @routes.post("/cds-services/<service_id>/feedback")
    @routes.post("/cds-services/<service_id>/feedback/")
    @routes.post("/cds-services//<service_id>/feedback")
    @routes.post("/cds-services/<service_id>//feedback")
    def feedback(service_id: str) -> Response:
        if service_id not in offered:
            raise Refused("unknown-service")
        entries = read_feedback(read_body(request, settings.limits.body_bytes), settings.limits.depth)
        g.noted = {**g.get("noted", {}), "service": service_id, "entries": len(entries)}
        caller = CalledBy.of(service_id, current_caller(), settings)
        try:
            if memory is None:
                raise StoreDown
            rules = keep_feedback(entries, memory, caller, clock())
        except (StoreDown, ValueRefused):
            raise Refused("store-unavailable", headers={"Retry-After": RETRY_SECONDS}) from None
        for entry, rule in zip(entries, rules, strict=True):
            FEEDBACK.labels(service_id, entry.outcome, str(rule is not None).lower()).inc()
            if rule is not None and entry.outcome == OVERRIDDEN:
                OVERRIDES.labels(service_id, rule, reason_key(entry)).inc()
        g.noted["unmatched"] = rules.count(None)
        return Response(status=200)

    return routes

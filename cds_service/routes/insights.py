"""`/insights.json` and `/insights.csv`, and `/insights` for people: what became of the cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from cards.thresholds import Thresholds
from cds_service.errors import Refused
from cds_service.hooks.wire import encode
from cds_service.memory import Memory
from cds_service.routes.admin import require_admin
from cds_service.routes.cds_services import Clock
from cds_service.settings import Settings
from cds_service.store.database import StoreDown
from cds_service.web.responses import page

if TYPE_CHECKING:
    from cds_service.insights import Insights


def insight_routes(settings: Settings, memory: Memory | None, clock: Clock, limits: Thresholds) -> Blueprint:
    """Open in sandbox mode, else with the admin token. `?since=` takes a date, a dateTime or `30d`.

    Small numbers are suppressed in every form.
    """
    routes = Blueprint("insights", __name__)

    @routes.get("/insights.json")
    def as_json() -> Response:
        found = _counted(settings, memory, clock, limits)
        return Response(encode(found), mimetype="application/json", headers={"Cache-Control": "no-store"})

    @routes.get("/insights.csv")
    def as_csv() -> Response:
        from cds_service.insights_files import TABLES, as_csv

        require_admin(settings)
        table = request.args.get("table", "cards")
        if table not in TABLES:
            raise Refused("bad-request", f"table: expected {', '.join(TABLES)}")
        text = as_csv(_counted(settings, memory, clock, limits), table)
        told = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{table}.csv"'}
        return Response(text, mimetype="text/csv", headers=told)

    @routes.get("/insights", endpoint="insights")
    def as_page() -> Response:
        from cds_service.web.insight_page import insight_page

        found = _counted(settings, memory, clock, limits)
        since = request.args.get("since", "")
        return page("insights.html", page=insight_page(found), since=since, least=settings.memory.least_count)

    return routes


def _counted(settings: Settings, memory: Memory | None, clock: Clock, limits: Thresholds) -> Insights:
    """What was recorded since the time that is asked for, as far as it may be told."""
    from cds_service.insights import insights, read_since
    from cds_service.insights_small import suppress

    require_admin(settings)
    asked = request.args.get("since") or None
    try:
        since = None if asked is None else read_since(asked, clock())
    except (ValueError, OverflowError):
        raise Refused("bad-request", "since: expected a date, a dateTime or days such as 30d") from None
    try:
        if memory is None:
            raise StoreDown
        counted = memory.database.commit(lambda connection: insights(connection, since, limits))
    except StoreDown:
        raise Refused("store-unavailable", headers={"Retry-After": "5"}) from None
    return suppress(counted, settings.memory.least_count)

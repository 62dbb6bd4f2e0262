"""The one place that wires: settings, content, routes, errors, CORS and log become a Flask application."""

from __future__ import annotations

import atexit
import gc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flask import Flask

from cds_service.answer_headers import mark_answers
from cds_service.auth.guard import Guard, guard_calls
from cds_service.auth.jti import ProcessMemory
from cds_service.content import load_contents
from cds_service.cors import allow_origins
from cds_service.dialects.choice import check_order_codes, offer_timeline
from cds_service.evaluate import prepare_all
from cds_service.fhir.validate import warm
from cds_service.fhir_client import FhirAccess
from cds_service.hook_calls import Clock, HookCalls
from cds_service.logs import ends_noted, log_requests, open_log
from cds_service.memory import Memory
from cds_service.memory_start import remember
from cds_service.metrics import KEY_SET_FAILURES
from cds_service.refusals import answer_failures
from cds_service.routes.api_pages import api_routes
from cds_service.routes.cds_services import hook_routes
from cds_service.routes.feedback import feedback_routes
from cds_service.routes.fhir import fhir_routes
from cds_service.routes.health import health_routes
from cds_service.routes.insights import insight_routes
from cds_service.routes.metrics import metric_routes
from cds_service.routes.pages import page_routes
from cds_service.routes.playground import playground_routes
from cds_service.routes.smart import smart_routes
from cds_service.routes.timeline import TimelinePages, timeline_routes
from cds_service.settings import Settings, load_settings
from cds_service.short_way import ShortWay
from cds_service.store.tokens import StoredJtis
from cds_service.traces import trace_requests

if TYPE_CHECKING:
    from cds_service.auth.gate import Gate

COLLECT_AFTER: Final = 50_000
"""Allocations between collections: decoded JSON holds no cycles, so they may be rare."""


def now() -> datetime:
    """The clock of a running service."""
    return datetime.now(UTC)


def create_app(settings: Settings | None = None, clock: Clock = now, remembers: bool = True) -> Flask:
    """The application. SettingsError or ContentError, each one line, when it must not start.

    Unless it `remembers`, nothing is read from the store and nothing written.
    """
    settings = settings or load_settings()
    gate = _gate(settings, clock)
    contents = load_contents(settings)
    content = contents.general
    check_order_codes(settings, content.templates)
    base_url = settings.public_url
    evaluation = prepare_all(
        contents, base_url, settings.limits.entries, settings.sandbox, settings.limits.validated
    )
    evaluation = offer_timeline(evaluation, settings)
    log = open_log(settings)
    memory = remember(settings, clock, log) if remembers else None
    jtis = ProcessMemory(clock)

    app = Flask(
        __name__, static_folder="web/static", static_url_path="/static", template_folder="web/templates"
    )
    app.config["MAX_CONTENT_LENGTH"] = settings.limits.body_bytes + 1
    app.url_map.merge_slashes = False
    access = FhirAccess(settings)
    calls = HookCalls(settings, evaluation, clock, access, memory)
    app.register_blueprint(hook_routes(calls))
    app.register_blueprint(fhir_routes(content, base_url))
    app.register_blueprint(feedback_routes(settings, memory, clock))
    app.register_blueprint(insight_routes(settings, memory, clock, content.limits))
    app.register_blueprint(metric_routes(settings, memory, contents))
    store_answers = memory.database.check if memory else lambda: True
    can_prove = (lambda: True) if settings.sandbox or gate is None else gate.can_prove
    app.register_blueprint(health_routes(content.version, store_answers, can_prove))
    app.register_blueprint(page_routes(settings, content))
    app.register_blueprint(api_routes(settings, evaluation.keys, clock))
    used = StoredJtis(memory.database, jtis) if memory else jtis
    timelines = TimelinePages(settings, evaluation, clock)
    app.register_blueprint(timeline_routes(timelines))
    app.register_blueprint(smart_routes(timelines, access, used))
    if settings.sandbox:
        app.register_blueprint(playground_routes(settings, evaluation.keys, clock))
    trace_requests(app, settings, content.version, log)
    note_end = ends_noted(log)
    log_requests(app, note_end)
    mark_answers(app)
    allow_origins(app, settings)
    guard = Guard(settings, gate, used, log)
    guard_calls(app, guard)
    answer_failures(app, base_url, log)
    if settings.traces == "off":  # spans are made where Flask ends a request
        app.wsgi_app = ShortWay(app, calls, guard, note_end)  # type: ignore[method-assign]
    app.extensions["memory"] = memory
    return app


def _gate(settings: Settings, clock: Clock) -> Gate | None:
    """None where nobody's token is looked at: the libraries that read keys are not loaded then."""
    if settings.sandbox and not settings.clients:
        return None
    from cds_service.auth.gate import open_gate

    return open_gate(settings, clock, lambda client: KEY_SET_FAILURES.labels(client).inc())


def create_warm_app() -> Flask:
    """The application as a server runs it: models loaded first, and what lives for ever kept out of collections."""
    app = create_app()
    warm()
    memory: Memory = app.extensions["memory"]
    memory.database.open()
    memory.writer.start()
    atexit.register(memory.close)
    gc.freeze()  # without a search before it, which is a tenth of the start and finds next to nothing
    gc.set_threshold(COLLECT_AFTER, 10, 10)
    return app

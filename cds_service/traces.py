"""OpenTelemetry traces, where `PLATELET_HOOKS_TRACES` is `otlp` and the extra `otel` is installed.

A span for each request and one inside for each stage of a call, made of the account when the request ends: nothing is
measured twice, and nothing costs anything where traces are off. A span holds what the log's line holds, so nothing of a
record; of the caller's headers `traceparent` alone is read, since `tracestate` and `baggage` are free text. Where spans
go is told by OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`).
"""

from __future__ import annotations

import logging
import os
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, g, request

from cds_service import __version__
from cds_service.account import Account
from cds_service.logs import METHODS, Log
from cds_service.settings import PREFIX, Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

NAMED_BY: Final = "platelet-hooks"
NEEDED: Final = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
PARENT: Final = "traceparent"


def check_traces(settings: Settings) -> None:
    """SettingsError, one line, where traces are wanted and cannot be made."""
    if settings.traces != "off" and not all(map(_is_installed, NEEDED)):
        raise SettingsError(
            f"{PREFIX}TRACES: expected off, or the extra installed: pip install 'platelet-hooks[otel]'"
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def trace_requests(app: Flask, settings: Settings, content_version: str, log: Log) -> None:
    """Sends spans from now on; does nothing where traces are off. `app.extensions["traces"]` is their provider."""
    if settings.traces == "off":
        return
    check_traces(settings)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    logging.getLogger("opentelemetry").addHandler(_OurLog(log))
    logging.getLogger("opentelemetry").propagate = False
    named = {SERVICE_VERSION: __version__, "platelet_hooks.content_version": content_version}
    if "OTEL_SERVICE_NAME" not in os.environ:
        named[SERVICE_NAME] = NAMED_BY
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    app.extensions["traces"] = provider
    tracer = provider.get_tracer(NAMED_BY, __version__)

    @app.after_request
    def trace(response: Response) -> Response:
        seconds = time.perf_counter() - g.began
        _send(tracer, response.status_code, time.time_ns(), round(seconds * 1e9), g.get("account"))
        return response


def _send(tracer: Tracer, status: int, ended: int, took: int, account: Account | None) -> None:
    """The spans of a request that ended at `ended` (nanoseconds since 1970) and took so many nanoseconds."""
    from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

    method = request.method if request.method in METHODS else "_OTHER"
    route = request.url_rule.rule if request.url_rule is not None else ""
    span = tracer.start_span(
        f"{method} {route}".strip(),
        context=_parent(),
        kind=SpanKind.SERVER,
        start_time=ended - took,
        attributes={"http.request.method": method, "http.route": route, **_noted(status, account)},
    )
    if status >= 500:
        span.set_status(StatusCode.ERROR)
    inside, at = set_span_in_context(span), ended - took
    for stage, milliseconds in (account.stages if account is not None else {}).items():
        part = tracer.start_span(stage, context=inside, start_time=at)
        at += round(milliseconds * 1e6)
        part.end(end_time=min(at, ended))
    span.end(end_time=ended)


def _noted(status: int, account: Account | None) -> dict[str, Any]:
    """What the span tells: numbers, and ids of our own."""
    noted: dict[str, Any] = {
        "http.response.status_code": status,
        "platelet_hooks.request_id": g.request_id,
    }
    for outcome, number in g.get("noted", {}).get("fetched", {}).items():
        noted[f"platelet_hooks.fetched.{outcome}"] = number
    if account is not None:
        noted["platelet_hooks.service"] = account.service
        noted["platelet_hooks.rules"] = [one.rule for one in account.cards if not one.silenced_by]
        noted["platelet_hooks.silent"] = [one.rule for one in account.cards if one.silenced_by]
        noted["platelet_hooks.rejected"] = account.rejected
    return noted


def _parent() -> Context:
    """The caller's span, where it names one."""
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    told = {PARENT: request.headers[PARENT]} if PARENT in request.headers else {}
    return TraceContextTextMapPropagator().extract(told, Context())


class _OurLog(logging.Handler):
    """What OpenTelemetry has to say, as a line of our log: which part, never its words, which may quote an answer."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self._log.warning("traces", part=record.name, line=record.lineno)

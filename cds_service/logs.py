"""One structured line per request: what was asked, what was decided, how long it took. No patient data, no identifiers.

Path, query, user and hook instance are left out: they name people or are free text. The request id is our own. The
same account goes into `Server-Timing` and the metrics.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Final, cast
from uuid import uuid4

import orjson
import structlog
from flask import Flask, Response, g, request

from cds_service.account import Account
from cds_service.settings import Settings

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other is free text of the caller."""

Log = structlog.typing.FilteringBoundLogger


def open_log(settings: Settings) -> Log:
    """A log to standard error, JSON or for a terminal, at the level that is set."""
    wanted = structlog.make_filtering_bound_logger(LEVELS[settings.log_level])
    common: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        log = structlog.wrap_logger(
            structlog.BytesLogger(sys.stderr.buffer),
            processors=[*common, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
            wrapper_class=wanted,
        )
    else:
        log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[*common, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
            wrapper_class=wanted,
        )
    return cast("Log", log)


def log_requests(app: Flask, log: Log) -> None:
    """A line when each request ends. Routes add what they know in `g.noted`, calls their account in `g.account`."""
    # How Prometheus' numbers are kept is settled when it is imported: in a worker, not in what starts the workers.
    from cds_service.metrics import REQUESTS, SECONDS, count_call, count_fetches

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = str(uuid4())

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        seconds = time.perf_counter() - g.began
        route = request.url_rule.rule if request.url_rule is not None else ""
        account: Account | None = g.get("account")
        if account is not None:
            response.headers["Server-Timing"] = account.server_timing()
            count_call(account)
            count_fetches(g.get("noted", {}).get("fetched", {}))
        REQUESTS.labels(
            route, request.method if request.method in METHODS else "", response.status_code
        ).inc()
        SECONDS.labels(route).observe(seconds)
        log.info(
            "request",
            request_id=g.request_id,
            method=request.method if request.method in METHODS else None,
            route=route or None,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            bytes=response.content_length,
            **g.get("noted", {}),
            **(account.noted() if account is not None else {}),
        )
        return response

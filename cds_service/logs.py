"""One structured line per request: what was asked, how it ended, how long it took. No patient data, no identifiers.

Path, query, user and hook instance are left out: they name people or are free text. The request id is our own.
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

from cds_service.settings import Settings

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

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
    """A line when each request ends. Routes add what they know in `g.noted`."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = str(uuid4())

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        log.info(
            "request",
            request_id=g.request_id,
            method=request.method,
            route=request.url_rule.rule if request.url_rule is not None else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.began) * 1000, 1),
            bytes=response.content_length,
            **g.get("noted", {}),
        )
        return response

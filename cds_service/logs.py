"""One structured line per request: what was asked, what was decided, how long it took. No patient data, no identifiers.

Path, query, user and hook instance are left out: they name people or are free text. The request id is our own. The
same account goes into `Server-Timing` and the metrics.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from uuid import uuid4

import orjson
import structlog
from flask import Flask, Response, g, request

from cards.frozen import dataclass
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
    return cast("Log", log.bind())  # bound once, not at every line


NoteEnd = Callable[["Ended"], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """A request that was answered: `began` by `time.perf_counter`, `noted` what is told beside the account."""

    request_id: str
    began: float
    method: str
    route: str
    status: int
    length: int | None
    noted: Mapping[str, Any]
    account: Account | None


def ends_noted(log: Log) -> NoteEnd:
    """What counts a request that ended and writes its line."""
    # How Prometheus' numbers are kept is settled when it is imported: in a worker, not in what starts the workers.
    from cds_service.metrics import count_call, count_fetches, count_request

    def note(one: Ended) -> None:
        seconds = time.perf_counter() - one.began
        account, method = one.account, one.method if one.method in METHODS else ""
        if account is not None:
            count_call(account)
            count_fetches(one.noted.get("fetched", {}))
        count_request(one.route, method, one.status, seconds)
        log.info(
            "request",
            request_id=one.request_id,
            method=method or None,
            route=one.route or None,
            status=one.status,
            milliseconds=round(seconds * 1000, 1),
            bytes=one.length,
            **one.noted,
            **(account.noted() if account is not None else {}),
        )

    return note


def log_requests(app: Flask, note: NoteEnd) -> None:
    """A line when each request ends. Routes add what they know in `g.noted`, calls their account in `g.account`."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = str(uuid4())

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule is not None else ""
        noted, account = g.get("noted", {}), g.get("account")
        response.headers["X-Request-Id"] = g.request_id
        if account is not None:
            response.headers["Server-Timing"] = account.server_timing()
        length = response.content_length
        note(
            Ended(g.request_id, g.began, request.method, route, response.status_code, length, noted, account)
        )
        return response

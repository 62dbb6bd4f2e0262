"""The short way: an ordinary call of a hook is answered before Flask is asked.

Flask's part of a call that has nothing to say (context, routes, its hooks, headers) is longer than the answer itself.
So a POST of a JSON body of ordinary size to a service that is offered, from no browser, is brought to the same guard,
the same answer and the same log by this module. Whatever else comes, and every refusal, is Flask's: a test holds both
ways against each other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import Flask, g
from werkzeug.exceptions import ClientDisconnected

from cds_service.account import Account
from cds_service.answer_headers import NO_STORE, ON_EVERY_ANSWER
from cds_service.auth.caller import NOBODY, Caller
from cds_service.auth.guard import GUARDED, Asked, Guard
from cds_service.discovery import SERVICES, HookService
from cds_service.hook_calls import HookCalls
from cds_service.logs import Ended, NoteEnd
from cds_service.routes.bodies import LARGE_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE: Final = f"{GUARDED}/<service_id>"
_UNUSUAL: Final = (
    "HTTP_ORIGIN",  # a browser
    "HTTP_CONTENT_ENCODING",
    "HTTP_TRANSFER_ENCODING",
)
_HEADERS: Final = (
    ("Content-Type", "application/json"),
    ("Vary", "Origin"),
    *ON_EVERY_ANSWER,
    NO_STORE,
)


@dataclass(slots=True)
class _Call:
    """One call on its way: what Flask's `g` holds of others."""

    service: HookService
    asked: Asked
    began: float
    caller: Caller = NOBODY
    account: Account | None = None
    noted: dict[str, Any] = field(default_factory=dict)


class ShortWay:
    """A WSGI application in front of Flask's."""

    def __init__(self, app: Flask, calls: HookCalls, guard: Guard, note_end: NoteEnd) -> None:
        self._app = app
        self._whole: WSGIApplication = app.wsgi_app
        self._calls, self._guard, self._note_end = calls, guard, note_end
        self._services: Final = {f"{GUARDED}/{one.id}": one for one in SERVICES}
        self._most = min(calls.settings.limits.body_bytes, LARGE_BYTES)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        service = self._services.get(environ.get("PATH_INFO", ""))
        length = _length(environ) if service is not None else None
        if service is None or length is None or length > self._most:
            return self._whole(environ, start_response)
        call = _Call(service, _asked(environ, service), time.perf_counter())
        try:
            answer = self._answer(call, environ, length)
            headers = self._end(call, answer)
        except Exception as error:
            return self._refuse(call, error, environ, start_response)
        start_response("200 OK", headers)
        return (answer,)

    def _answer(self, call: _Call, environ: WSGIEnvironment, length: int) -> bytes:
        """The same steps as a request takes in Flask: guard, body, answer."""
        call.caller = self._guard.recognise(call.asked)
        call.noted["client"] = call.caller.name
        self._guard.let_in(call.caller, call.asked)
        account = call.account = Account(service=call.service.id)
        body = environ["wsgi.input"].read(length)
        if len(body) != length:
            raise ClientDisconnected
        return self._calls.answer(body, call.service, call.caller, account, call.noted)

    def _end(self, call: _Call, answer: bytes) -> list[tuple[str, str]]:
        """Notes the request, which ends here, and gives the headers of its answer."""
        request_id = call.asked.request_id
        timing = "" if call.account is None else call.account.server_timing()
        self._note_end(
            Ended(request_id, call.began, "POST", ROUTE, 200, len(answer), call.noted, call.account)
        )
        return [
            *_HEADERS,
            ("Content-Length", str(len(answer))),
            ("X-Request-Id", request_id),
            ("Server-Timing", timing),
        ]

    def _refuse(
        self, call: _Call, error: Exception, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Every failure is worded, noted and marked by Flask's handlers, as if it had come that way."""
        with self._app.request_context(environ):
            g.began, g.request_id = call.began, call.asked.request_id
            g.caller, g.noted = call.caller, call.noted
            if call.account is not None:
                g.account = call.account
            response = self._app.finalize_request(self._app.handle_user_exception(error), True)
            return response(environ, start_response)


def _length(environ: WSGIEnvironment) -> int | None:
    """The length of the body of an ordinary call; None for any other request."""
    if environ["REQUEST_METHOD"] != "POST" or environ.get("CONTENT_TYPE") != "application/json":
        return None
    length = environ.get("CONTENT_LENGTH", "")
    if not (length.isascii() and length.isdigit()) or len(length) > 9:
        return None
    return None if any(name in environ for name in _UNUSUAL) else int(length)


def _asked(environ: WSGIEnvironment, service: HookService) -> Asked:
    return Asked(
        environ["PATH_INFO"],
        service.id,
        environ.get("HTTP_AUTHORIZATION"),
        environ.get("REMOTE_ADDR"),
        str(uuid4()),
    )

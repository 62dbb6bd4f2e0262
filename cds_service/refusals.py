"""Every failure of every path as an OperationOutcome: ours, the framework's, and what nobody foresaw."""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service.errors import FHIR_JSON, Refused, code_of, operation_outcome
from cds_service.logs import Log


def answer_failures(app: Flask, base_url: str, log: Log) -> None:
    """A failure is never an empty answer, and tells nothing of the code or the record."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        answer = _outcome(error.status, error.code, error.details)
        answer.headers.update(error.headers)
        return answer

    @app.errorhandler(HTTPException)
    def refused_by_framework(error: HTTPException) -> Response:
        status = error.code or 500
        answer = _outcome(status, code_of(status), ())
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        # Its message may hold a value of the record: the kind of error and the place are enough to find it.
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place is not None else ""
        log.error("failed", kind=type(error).__name__, where=where)
        return _outcome(500, "internal-error", ())

    def _outcome(status: int, code: str, details: tuple[str, ...]) -> Response:
        return Response(operation_outcome(code, details, base_url), status=status, mimetype=FHIR_JSON)

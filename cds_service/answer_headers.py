"""Headers of every answer that tell a browser what it may not do with it.

Calls come from servers, so most of this is for the day on which somebody opens an answer in a browser: it is not taken
for a page, shows nothing in a frame, is kept by no cache, and tells no other host where it was read.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

CALLS: Final = "/cds-services/"
NO_PAGE: Final = "default-src 'none'; frame-ancestors 'none'"


def mark_answers(app: Flask) -> None:
    """Marks every answer, refusals too; what an answer says itself stays."""

    @app.after_request
    def mark(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Content-Security-Policy", NO_PAGE)
        if request.path.startswith(CALLS):  # what is about a patient
            headers.setdefault("Cache-Control", "no-store")
        return response

"""Headers of every answer that tell a browser what it may not do with it.

Calls come from servers, so most of this is for the day on which somebody opens an answer in a browser: it is not taken
for a page, shows nothing in a frame, is kept by no cache, and tells no other host where it was read.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

CALLS: Final = "/cds-services/"
NO_PAGE: Final = "default-src 'none'; frame-ancestors 'none'"
ON_EVERY_ANSWER: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", NO_PAGE),
)
NO_STORE: Final = ("Cache-Control", "no-store")


def mark_answers(app: Flask) -> None:
    """Marks every answer, refusals too; what an answer says itself stays. One without a body has no type."""

    @app.after_request
    def mark(response: Response) -> Response:
        for name, value in ON_EVERY_ANSWER:
            response.headers.setdefault(name, value)
        if request.path.startswith(CALLS):  # what is about a patient
            response.headers.setdefault(*NO_STORE)
        if response.is_sequence and response.calculate_content_length() == 0:
            # Flask's own is HTML, which is no answer to a JSON client.
            response.headers.remove("Content-Type")
        return response

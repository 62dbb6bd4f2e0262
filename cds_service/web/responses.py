"""A page as a response: its template filled, and the policy under which a browser shows it."""

from __future__ import annotations

from typing import Final

from flask import Response, make_response, render_template

# Everything comes from this host, nothing runs or is styled inline, nobody frames it.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(template: str, status: int = 200, policy: str = POLICY, **values: object) -> Response:
    """The page, never kept by a cache: it may show what was pasted into it."""
    response = make_response(render_template(template, **values), status)
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response

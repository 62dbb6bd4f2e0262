"""Request bodies, bounded: JSON in UTF-8 of at most so many bytes, however they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import Refused

LARGE_BYTES: Final = 1_048_576
WAIT_SECONDS: Final = 2
_JSON: Final = re.compile(r"application/(json|[a-z0-9.+\-]*\+json)")


class LargeBodies:
    """Room in this worker for so many large bodies at a time: each holds several times its size while it is read."""

    def __init__(self, most: int) -> None:
        self._room = BoundedSemaphore(most)

    @contextmanager
    def room_for(self, body: bytes) -> Iterator[None]:
        """Waits a moment for room. Refused with 503 and Retry-After where there is none."""
        if len(body) <= LARGE_BYTES:
            yield
            return
        if not self._room.acquire(timeout=WAIT_SECONDS):
            raise Refused("busy", headers={"Retry-After": str(WAIT_SECONDS)})
        try:
            yield
        finally:
            self._room.release()


def read_body(request: Request, most_bytes: int) -> bytes:
    """The body. Refused with 415 unless it is JSON in UTF-8, with 413 when it is too large."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if not _JSON.fullmatch(request.mimetype) or charset not in ("utf-8", "utf8", "us-ascii"):
        raise Refused("unsupported-media-type", "Content-Type: expected application/json in UTF-8")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused("unsupported-media-type", "Content-Encoding: expected none")
    # A body without a length (chunked) is cut off silently at Flask's limit, which is one byte above ours.
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = None
    if body is None or len(body) > most_bytes:
        raise Refused("too-large", f"The body may have {most_bytes} bytes at most")
    return body

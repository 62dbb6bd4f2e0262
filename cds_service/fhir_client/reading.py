"""One page from a FHIR server, or the reason why there is none. Reads only, so that asking again does no harm."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from threading import Lock
from typing import Any, Final

import requests
from msgspec import Raw
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.util import Timeout

from cards.frozen import dataclass
from cds_service.errors import Refused
from cds_service.fhir.bundles import Opened, open_bundle
from cds_service.fhir_client.asked import Problem
from cds_service.fhir_client.connections import Addresses, AddressRefused
from cds_service.hooks.strict_json import check_depth, check_text

CONNECT_SECONDS: Final = 1.0
ATTEMPTS: Final = 3
WAIT_SECONDS: Final = 0.05
"""Before the second attempt; twice as long before the third."""
LEAST_SECONDS: Final = 0.02
"""Less time than this is not worth an attempt."""
CHUNK: Final = 65_536

_JSON: Final = re.compile(r"application/(?:json|(?:[a-z0-9.-]+\+)?json)", re.IGNORECASE)
_BY_STATUS: Final = {
    401: Problem.UNAUTHORISED,
    403: Problem.FORBIDDEN,
    404: Problem.NOT_FOUND,
    410: Problem.GONE,
    429: Problem.BUSY,
    503: Problem.BUSY,
}
_AGAIN: Final = frozenset({429, 502, 503, 504})


class Failed(Exception):
    """A read that brought nothing. `answered`: the server did answer. `pause`: how long it asks to be left alone."""

    def __init__(
        self, problem: Problem, answered: bool = False, again: bool = False, pause: float | None = None
    ) -> None:
        super().__init__(problem)
        self.problem, self.answered, self.again, self.pause = problem, answered, again, pause


@dataclasses.dataclass(slots=True)
class Budget:
    """What all answers to one call may weigh together, in bytes."""

    bytes_left: int
    _lock: Lock = field(default_factory=Lock)

    def take(self, size: int) -> bool:
        """False when it is used up."""
        with self._lock:
            self.bytes_left -= size
            return self.bytes_left >= 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages of one server for one call, until a moment (`time.monotonic`)."""

    session: requests.Session
    addresses: Addresses
    header: str | None = field(repr=False)
    until: float
    page_bytes: int
    depth: int
    budget: Budget
    pause: Callable[[float], None]

    def read(self, address: str) -> Opened:
        """The page at that address. Failed when it cannot be had in the time that is left."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._read_once(address)
            except Failed as failed:
                wait = WAIT_SECONDS * attempt if failed.pause is None else failed.pause
                has_time = self.until - time.monotonic() > wait + LEAST_SECONDS
                if failed.pause is not None and not has_time:
                    self.pause(failed.pause)
                if not failed.again or not has_time or attempt == ATTEMPTS:
                    raise
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _read_once(self, address: str) -> Opened:
        left = self.until - time.monotonic()
        if left < LEAST_SECONDS:
            raise Failed(Problem.TIMED_OUT)
        try:
            self.addresses.current(left)
        except AddressRefused:
            raise Failed(Problem.NOT_ALLOWED) from None
        except TimeoutError:
            raise Failed(Problem.TIMED_OUT) from None
        except (OSError, UnicodeError):
            raise Failed(Problem.UNREACHABLE) from None
        answer = self._send(address)
        try:
            _check(answer)
            return _open(self._body(answer), self.depth)
        finally:
            answer.close()

    def _send(self, address: str) -> requests.Response:
        left = self.until - time.monotonic()
        headers = {
            "Accept": "application/fhir+json",
            "Accept-Encoding": "gzip",
            "User-Agent": "platelet-hooks",
        }
        if self.header is not None:
            headers["Authorization"] = self.header
        timeout: Any = Timeout(total=max(left, LEAST_SECONDS), connect=CONNECT_SECONDS)
        try:
            return self.session.get(
                address, headers=headers, timeout=timeout, stream=True, allow_redirects=False
            )
        except requests.ReadTimeout:
            raise Failed(Problem.TIMED_OUT) from None
        except requests.ConnectionError as error:
            was_cut = bool(error.args) and isinstance(error.args[0], ProtocolError)
            raise Failed(Problem.UNREACHABLE, again=was_cut) from None
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError):
            raise Failed(Problem.UNREACHABLE) from None

    def _body(self, answer: requests.Response) -> bytes:
        """The whole body. What is too large is let go as soon as that is known."""
        parts: list[bytes] = []
        size = 0
        try:
            while part := answer.raw.read(CHUNK, decode_content=True):
                size += len(part)
                if size > self.page_bytes or not self.budget.take(len(part)):
                    raise Failed(Problem.TOO_LARGE, answered=True)
                parts.append(part)
        except (ReadTimeoutError, TimeoutError):
            raise Failed(Problem.TIMED_OUT, answered=True) from None
        except (HTTPError, HTTPException, OSError, ValueError):
            raise Failed(Problem.UNREADABLE, answered=True, again=True) from None
        return b"".join(parts)


def _check(answer: requests.Response) -> None:
    """Failed unless the answer is one of FHIR."""
    status = answer.status_code
    if status != requests.codes.ok:
        _drain(answer)
        pause = pause_seconds(answer.headers.get("Retry-After")) if status in (429, 503) else None
        raise Failed(_problem_of(status), answered=True, again=status in _AGAIN, pause=pause)
    kind, _, options = answer.headers.get("Content-Type", "").partition(";")
    charset = re.search(r"charset=\"?([^\s;\"]*)", options, re.IGNORECASE)
    is_utf_8 = charset is None or charset[1].lower() in ("utf-8", "utf8", "us-ascii")
    if not _JSON.fullmatch(kind.strip()) or not is_utf_8:
        raise Failed(Problem.NOT_FHIR, answered=True)


def _drain(answer: requests.Response) -> None:
    """Reads a short error to its end, so that the connection can be used again."""
    length = answer.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) <= CHUNK:
        with suppress(HTTPError, HTTPException, OSError, ValueError):
            answer.raw.read(CHUNK)


def _problem_of(status: int) -> Problem:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Problem.BROKEN
    if status >= 400:
        return Problem.REJECTED
    return Problem.REDIRECTED if status >= 300 else Problem.NOT_FHIR


def _open(body: bytes, depth: int) -> Opened:
    try:
        check_text(body)
        check_depth(body, depth)
        return open_bundle(Raw(body))
    except (Refused, ValueError):
        raise Failed(Problem.UNREADABLE, answered=True) from None


def pause_seconds(header: str | None) -> float | None:
    """What a Retry-After asks for, in seconds from now; None where it cannot be read."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return int(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0)

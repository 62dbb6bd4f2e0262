"""Where a client's keys come from, kept for a while and renewed when a token names a key that is not among them.

The address is the one of the configuration. A token's own `jku` is compared with it elsewhere and never fetched.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Final

import requests
from requests.auth import AuthBase
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from cds_service.auth.keys import LARGEST_SET, KeySet, VerifyingKey, read_key_set
from cds_service.config_file import is_loopback

FRESH_SECONDS: Final = 3_600
"""A key that its owner withdrew is believed no longer than this."""

STALE_SECONDS: Final = 86_400
"""How long the keys serve on while their address does not answer."""

RENEW_SECONDS: Final = 30
"""Between two renewals: a caller who invents key ids does not make us call the EHR."""

RETRY_SECONDS: Final = 5
"""After a failure, while there are no keys at all."""

FETCH_SECONDS: Final = 3

Monotonic = Callable[[], float]
Fetch = Callable[[], bytes]
Report = Callable[[], None]

_NONE: Final[KeySet] = MappingProxyType({})


class KeysUnavailable(Exception):
    """There are no keys: never fetched, or not for too long."""


class KeySource:
    """The keys of one client. `fetch` gives the JWKS, OSError or ValueError when it cannot. Safe among threads.

    `report` is told of each failure to read them.
    """

    def __init__(
        self, fetch: Fetch, monotonic: Monotonic = time.monotonic, report: Report = lambda: None
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._report = report
        self._lock = Lock()
        self._keys: KeySet = _NONE
        self._read_at: float | None = None
        self._next_try: float | None = None
        self.renewals = 0

    def find(self, kid: str) -> tuple[VerifyingKey, ...]:
        """The keys of that id, none when there are none. KeysUnavailable when no set can be had."""
        if kid not in self._keys:
            with self._lock:  # whoever waited finds what the first one fetched
                if kid not in self._keys:
                    self._renew()
        elif self._age() >= FRESH_SECONDS and self._lock.acquire(blocking=self._age() >= STALE_SECONDS):
            try:
                self._renew()
            finally:
                self._lock.release()
        if self._age() >= STALE_SECONDS:
            raise KeysUnavailable
        return self._keys.get(kid, ())

    @property
    def has_keys(self) -> bool:
        """Whether there are keys that may be believed, without asking for any."""
        return self._age() < STALE_SECONDS

    def check(self) -> bool:
        """Whether there are such keys, after asking for them where there are none."""
        if not self.has_keys:
            with self._lock:
                if not self.has_keys:
                    self._renew()
        return self.has_keys

    def _age(self) -> float:
        return STALE_SECONDS if self._read_at is None else self._monotonic() - self._read_at

    def _renew(self) -> None:
        now = self._monotonic()
        if self._next_try is not None and now < self._next_try:
            return
        self.renewals += 1
        try:
            self._keys = read_key_set(self._fetch())
        except (OSError, ValueError):
            self._report()
            self._next_try = self._monotonic() + (RENEW_SECONDS if self._keys else RETRY_SECONDS)
            return
        self._read_at = self._monotonic()
        self._next_try = self._read_at + RENEW_SECONDS


def keys_of_file(
    path: Path, monotonic: Monotonic = time.monotonic, report: Report = lambda: None
) -> KeySource:
    """A source that reads a file, and again when a token names another key. ValueError, one line, if it is useless."""
    try:
        read_key_set(path.read_bytes())
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    return KeySource(path.read_bytes, monotonic, report)


def keys_of_address(
    url: str, monotonic: Monotonic = time.monotonic, report: Report = lambda: None
) -> KeySource:
    """A source that fetches `url`, for the first time when the first token comes."""
    return KeySource(lambda: fetch_key_set(url), monotonic, report)


class _NoCredentials(AuthBase):
    """Keeps credentials of a `.netrc` from being sent."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def fetch_key_set(url: str) -> bytes:
    """The body at `url`, bounded in time and size; no redirect is followed. OSError or ValueError if there is none."""
    until = time.monotonic() + FETCH_SECONDS
    with requests.Session() as session:
        # Proxies and certificates of the environment hold: the address is the site's own choice.
        session.trust_env = not is_loopback(url)
        session.auth = _NoCredentials()
        with session.get(
            url,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            timeout=FETCH_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.status_code != requests.codes.ok:
                raise ValueError(f"HTTP {answer.status_code}")
            body = b""
            while part := _next_part(answer.raw):
                body += part
                if len(body) > LARGEST_SET or time.monotonic() > until:
                    raise ValueError("too large or too slow")
            return body


def _next_part(body: HTTPResponse) -> bytes:
    """What has arrived, without waiting for more than that: a slow sender is noticed between two parts."""
    try:
        return body.read1(8_192)
    except HTTPError as error:
        raise ValueError(type(error).__name__) from None

"""Connections to one FHIR server: kept open, to checked addresses only, and never longer than the time there is.

The name is resolved and checked here, and the address that was checked is the one connected to; TLS still verifies the
name. The time for reading is for the whole answer: a server that sends a byte now and then does not prolong it.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Callable
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any, Final, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.response import HTTPResponse

from cds_service.fhir_guard import Server, net_of

KEPT_OPEN: Final = 64
MOST_ADDRESSES: Final = 4
RESOLVED_SECONDS: Final = 30
"""How long an address stays known; a connection that is open is not asked again."""

Address = tuple[int, tuple[Any, ...]]
"""Family and socket address."""

Resolve = Callable[[str, int], list[Address]]
AnySession = TypeVar("AnySession", bound=requests.Session)


class AddressRefused(OSError):
    """A name leads to an address that it may not lead to."""


def resolve(host: str, port: int) -> list[Address]:
    """What the system resolves a host to. OSError where that is nothing."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, where) for family, _, _, _, where in found]


class Addresses:
    """The checked addresses of a server, asked for at most every half minute and by one thread at a time."""

    def __init__(self, server: Server, resolve: Resolve = resolve) -> None:
        self._server = server
        self._resolve = resolve
        self._lock = Lock()
        self._known: list[Address] = []
        self._until = 0.0

    def current(self, seconds: float) -> list[Address]:
        """AddressRefused unless all may be called; TimeoutError, or OSError of the system's resolver."""
        if not self._lock.acquire(timeout=max(seconds, 0)):
            raise TimeoutError("the name is still being resolved")
        try:
            if time.monotonic() >= self._until:
                self._known = self._checked()
                self._until = time.monotonic() + RESOLVED_SECONDS
            return self._known
        finally:
            self._lock.release()

    def _checked(self) -> list[Address]:
        found = self._resolve(self._server.host, self._server.port)
        if not found or any(net_of(str(where[0])) not in self._server.reach for _, where in found):
            raise AddressRefused("the name leads where it may not lead")
        return found[:MOST_ADDRESSES]


# ------------------------------------------------------------------------------------------------ sockets


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class TimedSocket(socket.socket):
    """A socket that gives up reading at a moment (`time.monotonic`), however often something arrives."""

    until: float | None = None

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        if self.until is not None:
            self.settimeout(_left(self.until))
        return super().recv_into(buffer, nbytes, flags)


class TimedTlsSocket(ssl.SSLSocket):
    """The same under TLS."""

    until: float | None = None

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        if self.until is not None:
            self.settimeout(_left(self.until))
        return super().recv_into(buffer, nbytes, flags)


def _open_socket(addresses: list[Address], seconds: float) -> TimedSocket:
    """Connects to the first address that answers; each has its share of the time."""
    until = time.monotonic() + seconds
    failure: OSError = OSError("no address")
    for number, (family, where) in enumerate(addresses):
        opened = TimedSocket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(_left(until) / (len(addresses) - number))
            opened.connect(where)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(_left(until))  # for the TLS handshake
            return opened
        except OSError as error:
            opened.close()
            failure = error
    raise failure


class _Pinned(HTTPConnection):
    """A connection whose address is taken from `addresses`."""

    def __init__(self, *args: Any, addresses: Addresses, **options: Any) -> None:
        super().__init__(*args, **options)
        self._addresses = addresses

    def _new_conn(self) -> socket.socket:
        seconds = self.timeout if self.timeout is not None else 1.0
        try:
            return _open_socket(self._addresses.current(seconds), seconds)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "timed out") from error
        except OSError as error:
            raise NewConnectionError(self, "not connected") from error

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
        if isinstance(self.sock, TimedSocket | TimedTlsSocket) and self.timeout is not None:
            self.sock.until = time.monotonic() + self.timeout
        return super().getresponse()


class _PinnedTls(_Pinned, HTTPSConnection):
    """The same under TLS, with the name verified."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Pinned


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedTls


@cache
def tls() -> ssl.SSLContext:
    """Verifies by the system's authorities (`SSL_CERT_FILE` adds a site's own) and by those that come with requests."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = TimedTlsSocket
    return context


class _OneServer(HTTPAdapter):
    """Sends everything to one pool of connections."""

    def __init__(self, pool: HTTPConnectionPool) -> None:
        super().__init__(max_retries=0)
        self._pool = pool

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The pool's own context verifies; nothing a request says changes that."""

    def close(self) -> None:
        self._pool.close()
        super().close()


def open_session(server: Server, addresses: Addresses) -> requests.Session:
    """A session for this server alone."""
    return confine(requests.Session(), server, addresses)


def confine(session: AnySession, server: Server, addresses: Addresses) -> AnySession:
    """A new session, bound to a server: no cookies, no proxies or passwords of the environment, no other host."""
    logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)  # it logs addresses, in which ids stand
    options: dict[str, Any] = {"maxsize": KEPT_OPEN, "block": False, "addresses": addresses}
    pool: HTTPConnectionPool
    if server.scheme == "https":
        pool = _TlsPool(server.host, server.port, ssl_context=tls(), **options)
    else:
        pool = _Pool(server.host, server.port, **options)
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    session.mount(f"{server.origin}/", _OneServer(pool))
    session.headers.clear()
    return session

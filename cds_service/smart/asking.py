"""Questions to a server of a launch: to checked addresses only, bounded in time and size, no redirect followed."""

from __future__ import annotations

import time
from typing import Any, Final, TypeVar

import requests
from urllib3.exceptions import HTTPError

from cds_service.fhir_client.connections import Addresses, AnySession, Resolve, confine, resolve
from cds_service.fhir_guard import Server

SECONDS: Final = 5.0
LARGEST: Final = 262_144
"""Bytes of a configuration, a key set or an answer with a token."""
CHUNK: Final = 16_384

T = TypeVar("T")


class TooLarge(ValueError):
    """An answer of more bytes than any that is expected."""


def bound(session: AnySession, server: Server, resolve: Resolve = resolve) -> AnySession:
    """The session, for this server alone, its answers bounded."""
    session = confine(session, server, Addresses(server, resolve))
    session.hooks["response"].append(_read_bounded)
    return session


def get_json(server: Server, address: str) -> Any:
    """The JSON at an address of the server. OSError or ValueError where there is none."""
    with bound(requests.Session(), server) as session:
        answer = session.get(
            address,
            headers={"Accept": "application/json", "User-Agent": "platelet-hooks"},
            timeout=SECONDS,
            stream=True,
            allow_redirects=False,
        )
        if answer.status_code != requests.codes.ok:
            raise ValueError(f"HTTP {answer.status_code}")
        return answer.json()


def _read_bounded(answer: requests.Response, *_: Any, **__: Any) -> None:
    """Reads the body here, so that nothing larger or slower is read elsewhere."""
    until = time.monotonic() + SECONDS
    parts: list[bytes] = []
    size = 0
    try:
        while part := answer.raw.read(CHUNK, decode_content=True):
            size += len(part)
            if size > LARGEST or time.monotonic() > until:
                raise TooLarge("too large or too slow")
            parts.append(part)
    except HTTPError as error:
        raise requests.ConnectionError(type(error).__name__) from None
    answer._content = b"".join(parts)
    answer._content_consumed = True  # type: ignore[attr-defined]

"""Sends a hook request to the service, in this process or over HTTP, and tells what was answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import requests
from msgspec import DecodeError
from msgspec.json import decode

from cards.frozen import dataclass
from cards.valuesets import load
from cds_service.discovery import SERVICES, PrefetchKey, keys_of, prefetch_keys
from cds_service.settings import load_settings

SECONDS: Final = 30


class CallError(Exception):
    """One line: why there is no answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of an answer; `body` is the JSON object, an OperationOutcome unless the status is 200."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_answered(self) -> bool:
        return self.status == HTTPStatus.OK

    def issues(self) -> tuple[str, ...]:
        """The lines of an OperationOutcome."""
        found = self.body.get("issue", ())
        return tuple(i.get("details", {}).get("text") or i.get("code", "") for i in found)


class Service(Protocol):
    """What answers hooks: its prefetch keys, and a call."""

    def keys(self, hook: str) -> Sequence[PrefetchKey]: ...

    def call(self, hook: str, body: bytes) -> Reply: ...


class ServiceHere:
    """The service in this process, at the time that `clock` tells; needs no running server."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        from cds_service.app import create_app  # it loads all content: only where it is used

        settings = load_settings()
        if "log_level" not in settings.model_fields_set:  # a line per request is for a server
            settings = settings.model_copy(update={"log_level": "error"})
        self._client = create_app(settings, clock, remembers=False).test_client()

    def keys(self, hook: str) -> Sequence[PrefetchKey]:
        return keys_of(hook, prefetch_keys(load()))

    def call(self, hook: str, body: bytes) -> Reply:
        answer = self._client.post(
            f"/cds-services/{service_of(hook)}", data=body, content_type="application/json"
        )
        return _reply(answer.status_code, answer.data)


class ServiceAt:
    """A running service at a base URL; which of its services answers a hook, and with which keys, discovery says."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/").removesuffix("/cds-services")
        self._session = requests.Session()
        found = self._json(self._send("GET", "/cds-services"))
        services = found.get("services")
        if not isinstance(services, list):
            raise CallError(f"{self._base}: no CDS Hooks discovery there")
        self._services = {s["hook"]: s for s in services if isinstance(s, dict) and "hook" in s}

    def keys(self, hook: str) -> Sequence[PrefetchKey]:
        return [PrefetchKey(name, text) for name, text in self._service(hook).get("prefetch", {}).items()]

    def call(self, hook: str, body: bytes) -> Reply:
        sent = self._send("POST", f"/cds-services/{self._service(hook)['id']}", body)
        return Reply(sent.status_code, self._json(sent))

    def _service(self, hook: str) -> Mapping[str, Any]:
        if hook not in self._services:
            raise CallError(f"{self._base}: no service for {hook}")
        found: Mapping[str, Any] = self._services[hook]
        return found

    def _send(self, method: str, path: str, body: bytes | None = None) -> requests.Response:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            return self._session.request(
                method, self._base + path, data=body, headers=headers, timeout=SECONDS
            )
        except (requests.RequestException, ValueError) as error:
            raise CallError(f"{self._base}: no answer ({type(error).__name__})") from error

    def _json(self, answer: requests.Response) -> Mapping[str, Any]:
        return _reply(answer.status_code, answer.content).body


def service_of(hook: str) -> str:
    """The id of the service that answers a hook. CallError where there is none."""
    for row in SERVICES:
        if row.hook == hook:
            return row.id
    raise CallError(f"no service for {hook}: there is one for {', '.join(row.hook for row in SERVICES)}")


def _reply(status: int, body: bytes) -> Reply:
    try:
        content = decode(body)
    except DecodeError:
        content = None
    if not isinstance(content, dict):
        raise CallError(f"the answer (HTTP {status}) is no JSON object")
    return Reply(status, content)

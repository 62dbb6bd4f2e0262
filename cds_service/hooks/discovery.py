"""Discovery: what the service offers, and the data that it wants with a call."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.hooks.wire import Wire


class Service(Wire, frozen=True, kw_only=True):
    """`version` is that of CDS Hooks, `hook_version` that of the hook."""

    hook: str
    title: str
    description: str
    id: str
    prefetch: Mapping[str, str]
    usage_requirements: str
    version: str
    hook_version: str


class Discovery(Wire, frozen=True, kw_only=True):
    """The body of `GET /cds-services`."""

    services: tuple[Service, ...]

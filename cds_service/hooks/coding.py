"""Coding: a code of a topic or an override reason."""

from __future__ import annotations

from cds_service.hooks.wire import Wire


class Coding(Wire, frozen=True, kw_only=True):
    """`display` is required of override reasons."""

    code: str
    system: str
    display: str

"""link: where the reader may go from a card."""

from __future__ import annotations

from typing import Literal

from cds_service.hooks.wire import Wire


class Link(Wire, frozen=True, kw_only=True):
    """`appContext` is handed to the app that a smart link launches; an absolute link never has one."""

    label: str
    url: str
    type: Literal["absolute", "smart"]
    app_context: str | None = None

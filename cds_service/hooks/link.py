"""link: where the reader may go from a card."""

from __future__ import annotations

from typing import Literal

from cds_service.hooks.wire import Wire


class Link(Wire, frozen=True, kw_only=True):
    """Absolute links only: there is no SMART app to start."""

    label: str
    url: str
    type: Literal["absolute", "smart"]

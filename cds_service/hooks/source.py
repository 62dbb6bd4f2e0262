"""source: where a card's advice comes from."""

from __future__ import annotations

from cds_service.hooks.coding import Coding
from cds_service.hooks.wire import Wire


class Source(Wire, frozen=True, kw_only=True):
    """`url` is the guideline's address where one was confirmed, else that of the page about the rule."""

    label: str
    url: str
    topic: Coding

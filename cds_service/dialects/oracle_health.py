"""Oracle Health (Cerner Millennium): cards in a panel of about an eighth of the screen's width, so tables become lists.

Documented in fhir.cerner.com, "CDS Hooks" (beta): no `appContext`, and links that are not registered are taken out by
the client. Nothing else of the cards is said to differ.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from cds_service.card_text import Page
from cds_service.hooks.card import Card

_ROW: Final = re.compile(r"\|(.*)\|")
_CELL: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r"[|\-: ]+")


def oracle_health_card(card: Card, page: Page) -> Card:
    """The card with its tables as lists; a smart link opens the timeline, but at no card."""
    links = tuple(replace(link, app_context=None) for link in card.links)
    return replace(card, detail=as_lists(card.detail), links=links)


def as_lists(markdown: str) -> str:
    """The same Markdown, each row of a table as one item: `- First: second, third`."""
    lines = []
    for line in markdown.split("\n"):
        row = _ROW.fullmatch(line)
        if row is None:
            lines.append(line)
        elif not _RULE.fullmatch(line):
            first, *others = (cell.strip() for cell in _CELL.split(row[1]))
            lines.append(f"- {first}: {', '.join(others)}" if others else f"- {first}")
    return "\n".join(lines)

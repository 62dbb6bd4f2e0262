"""The Markdown that our words use, as HTML: paragraphs, lists, tables, bold. All text is escaped first."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
_RULER: Final = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")


def to_html(text: str) -> Markup:
    """Blocks are separated by blank lines."""
    blocks = (block.strip() for block in re.split(r"\n\s*\n", text))
    return Markup("\n").join(_block(block) for block in blocks if block)


def _block(block: str) -> Markup:
    lines = block.splitlines()
    if len(lines) > 1 and lines[0].startswith("|") and _RULER.fullmatch(lines[1].strip()):
        return _table(lines)
    first = next((number for number, line in enumerate(lines) if line.startswith("- ")), None)
    if first is None:
        return _wrapped("p", _inline(" ".join(lines)))
    lead = _wrapped("p", _inline(" ".join(lines[:first]))) if first else Markup("")
    items = re.split(r"^- ", "\n".join(lines[first:]), flags=re.MULTILINE)[1:]
    return lead + _wrapped(
        "ul", Markup("").join(_wrapped("li", _inline(" ".join(item.split()))) for item in items)
    )


def _table(lines: list[str]) -> Markup:
    head, _, *body = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines)
    top = Markup("").join(_wrapped("th", _inline(cell)) for cell in head)
    rows = (Markup("").join(_wrapped("td", _inline(cell)) for cell in row) for row in body)
    table = _wrapped("thead", _wrapped("tr", top)) + _wrapped(
        "tbody", Markup("").join(_wrapped("tr", row) for row in rows)
    )
    return Markup('<div class="wide">') + _wrapped("table", table) + Markup("</div>")


def _inline(text: str) -> Markup:
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(text))))


def _wrapped(tag: str, inside: Markup) -> Markup:
    return Markup(f"<{tag}>") + inside + Markup(f"</{tag}>")

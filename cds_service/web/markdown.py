"""Markdown of our words and of cards as HTML, by a kept library: CommonMark with tables, and never raw HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup


@cache
def renderer(*, raw_html: bool = False) -> MarkdownIt:
    """The renderer. `raw_html` is there for the test that it makes no difference to any card."""
    return MarkdownIt("commonmark", {"html": raw_html}).enable(["table", "strikethrough"])


def to_html(text: str) -> Markup:
    """Markdown as HTML whose tables can be read aloud: their first column names the row."""
    parser = renderer()
    tokens = list(_readable_tables(parser.parse(text)))
    return Markup(parser.renderer.render(tokens, parser.options, {}).strip())  # nosec B704 # raw HTML is off


def _readable_tables(tokens: Sequence[Token]) -> Iterator[Token]:
    """A head without words is left out, an empty heading is a plain cell, and a row begins with its heading."""
    first_in_row = in_head = False
    empty_head = False
    for number, token in enumerate(tokens):
        match token.type:
            case "table_open":
                yield _html('<div class="wide" tabindex="0" role="group" aria-label="Table">')
            case "thead_open":
                in_head, empty_head = True, _is_empty_head(tokens, number)
            case "tr_open":
                first_in_row = True
            case "th_open" | "th_close" if in_head and not _has_words(tokens, number):
                token.tag = "td"
            case "th_open":
                token.attrSet("scope", "col")
            case "td_open" if first_in_row and _has_words(tokens, number):
                token.tag = "th"
                token.attrSet("scope", "row")
            case "td_close" if first_in_row and _has_words(tokens, number):
                token.tag = "th"
        if not (in_head and empty_head):
            yield token
        match token.type:
            case "thead_close":
                in_head = False
            case "td_close" | "th_close":
                first_in_row = False
            case "table_close":
                yield _html("</div>")


def _is_empty_head(tokens: Sequence[Token], start: int) -> bool:
    for token in tokens[start:]:
        if token.type == "thead_close":
            return True
        if token.type == "inline" and token.content.strip():
            return False
    return True


def _has_words(tokens: Sequence[Token], number: int) -> bool:
    """Whether the cell that opens or closes at this token holds anything."""
    content = tokens[number + 1 if tokens[number].nesting == 1 else number - 1]
    return bool(content.content.strip())


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)

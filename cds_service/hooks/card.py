"""card: one piece of advice, with the extension of this service (contract section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from cds_service.hooks.coding import Coding
from cds_service.hooks.link import Link
from cds_service.hooks.source import Source
from cds_service.hooks.suggestion import Suggestion
from cds_service.hooks.wire import Wire

EXTENSION = "org.platelet-hooks.card"

if TYPE_CHECKING:
    Value = Decimal | int | str
else:  # msgspec describes no union of Decimal and str: the JSON Schema says what is written
    Value = Annotated[Any, Meta(extra_json_schema={"type": ["number", "string"]})]


class Evidence(Wire, frozen=True, kw_only=True):
    """What a source recommends, in our words, and the grade that it gives."""

    source: str
    recommendation: str
    grade: str | None = None


class Input(Wire, frozen=True, kw_only=True):
    """A value that the card rests on; `reference` is the resource's `Type/id`, `unit` UCUM, `time` ISO 8601."""

    fact: str
    value: Value
    unit: str | None = None
    time: str | None = None
    reference: str | None = None


class CardExtension(Wire, frozen=True, kw_only=True):
    """`rules`: the deciding rule first, then those that are merged in or changed the text."""

    rules: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    inputs: tuple[Input, ...] = ()
    content_version: str


class Card(Wire, frozen=True, kw_only=True):
    """`summary` has at most 139 characters; `detail` is GitHub-flavoured Markdown without raw HTML."""

    uuid: str
    summary: str
    detail: str
    indicator: Literal["info", "warning", "critical"]
    source: Source
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: Literal["at-most-one", "any"] | None = None
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    extension: Mapping[str, CardExtension] = {}

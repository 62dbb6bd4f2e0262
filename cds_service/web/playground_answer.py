"""What the playground shows of an answer: its cards as an EHR would, the reasons for every silence, and the clocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup
from msgspec import DecodeError, Struct
from msgspec.json import decode
from msgspec.json import format as indented

from cards.frozen import dataclass
from cds_service.calling import Reply
from cds_service.hooks.card import EXTENSION as CARD
from cds_service.hooks.response import EXTENSION as EVALUATION
from cds_service.hooks.wire import encode
from cds_service.web.json_places import Place
from cds_service.web.markdown import to_html
from cds_service.web.pasted import resource_places

Json = Mapping[str, Any]

OUTCOMES: Final = (
    ("advise", "Spoke"),
    ("cannot-tell", "Cannot tell: what is missing"),
    ("no-advice", "Stayed silent"),
)
_STAGE: Final = re.compile(r"([\w-]+)(?:;desc=\"([^\"]*)\")?;dur=([\d.]+)")


class Answered(Struct, frozen=True, rename="camel"):
    """What the browser got: status, body and how long it took, and what it had sent."""

    status: int
    body: str
    service: str
    request: str = ""
    text: str = ""
    milliseconds: float = 0.0
    server_timing: str = ""


@dataclass(frozen=True, slots=True)
class ShownAction:
    """One step of a suggestion, with its draft as JSON."""

    kind: str
    description: str
    resource: str | None


@dataclass(frozen=True, slots=True)
class ShownSuggestion:
    """A button."""

    uuid: str
    label: str
    recommended: bool
    actions: tuple[ShownAction, ...]


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card; `raw` is the JSON of it."""

    raw: Json
    uuid: str
    indicator: str
    summary: str
    detail: Markup
    suggestions: tuple[ShownSuggestion, ...]
    one_of: bool
    rules: tuple[str, ...]
    inputs: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule's outcome."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A resource that was not read, why, and where it stands in the text."""

    resource: str
    reason: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """Everything that the template prints."""

    status: int
    service: str
    cards: tuple[ShownCard, ...]
    refusals: tuple[str, ...]
    reasons: tuple[tuple[str, tuple[Reason, ...]], ...]
    rejected: tuple[SetAside, ...]
    degraded: tuple[str, ...]
    clocks: tuple[tuple[str, str], ...]
    request: str
    body: str
    size: int
    explains: bool


def show_answer(answered: Answered) -> ShownAnswer:
    """The view of an answer. ValueError where its body is no JSON object."""
    try:
        body = decode(answered.body)
    except DecodeError as error:
        raise ValueError("the answer is no JSON") from error
    if not isinstance(body, dict):
        raise ValueError("the answer is no JSON object")
    evaluation: Json = body.get("extension", {}).get(EVALUATION, {})
    return ShownAnswer(
        status=answered.status,
        service=answered.service,
        cards=tuple(_card(card) for card in body.get("cards", ())),
        refusals=() if "cards" in body else Reply(answered.status, body).issues(),
        reasons=tuple(_reasons(evaluation.get("evaluated", ()))),
        rejected=tuple(_set_aside(evaluation.get("rejected", ()), answered.text)),
        degraded=tuple(evaluation.get("degraded", ())),
        clocks=tuple(_clocks(answered)),
        request=answered.request,
        body=indented(answered.body),
        size=len(answered.body.encode()),
        explains=bool(evaluation),
    )


def _card(card: Json) -> ShownCard:
    own: Json = card.get("extension", {}).get(CARD, {})
    return ShownCard(
        raw=card,
        uuid=card.get("uuid", ""),
        indicator=card.get("indicator", "info"),
        summary=card.get("summary", ""),
        detail=to_html(card.get("detail", "")),
        suggestions=tuple(_suggestion(one) for one in card.get("suggestions", ())),
        one_of=card.get("selectionBehavior") == "at-most-one",
        rules=tuple(own.get("rules", ())),
        inputs=tuple(own.get("inputs", ())),
    )


def _suggestion(suggestion: Json) -> ShownSuggestion:
    return ShownSuggestion(
        uuid=suggestion.get("uuid", ""),
        label=suggestion.get("label", ""),
        recommended=bool(suggestion.get("isRecommended")),
        actions=tuple(_action(one) for one in suggestion.get("actions", ())),
    )


def _action(action: Json) -> ShownAction:
    resource = action.get("resource")
    text = indented(encode(resource)).decode() if resource is not None else action.get("resourceId")
    return ShownAction(action.get("type", ""), action.get("description", ""), text)


def _reasons(evaluated: Iterable[Json]) -> Iterator[tuple[str, tuple[Reason, ...]]]:
    rows = list(evaluated)
    for outcome, words in OUTCOMES:
        found = tuple(
            Reason(row.get("rule", ""), _because(row)) for row in rows if row.get("outcome") == outcome
        )
        if found:
            yield words, found


def _because(row: Json) -> str:
    """The reason, and the facts that a newer explanation may name beside it."""
    facts = row.get("facts", ())
    named = ", ".join(fact if isinstance(fact, str) else str(fact.get("fact", "")) for fact in facts)
    return "; ".join(part for part in (row.get("because", ""), named) if part)


def _set_aside(rejected: Iterable[Json], text: str) -> Iterator[SetAside]:
    try:
        known = resource_places(text)
    except (ValueError, IndexError, RecursionError):
        known = {}
    for one in rejected:
        name = one.get("resource", "")
        yield SetAside(name, one.get("reason", ""), known.get(name))


def _clocks(answered: Answered) -> Iterator[tuple[str, str]]:
    yield "Seen by this browser", f"{answered.milliseconds:.1f} ms"
    for name, words, milliseconds in _STAGE.findall(answered.server_timing):
        yield f"Server: {words or name}", f"{milliseconds} ms"

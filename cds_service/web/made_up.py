"""The made-up patients and stories of `fixtures/` as the playground offers them: a text, and how to send it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from cards.frozen import dataclass
from cds_service.discovery import SERVICES, PrefetchKey
from cds_service.examples import Example, NoExampleError, example_request, list_examples
from cds_service.stories.request import story_request
from cds_service.stories.resources import write, write_orders
from cds_service.stories.vignettes import Vignette
from cds_service.web.vignette_index import all_vignettes

STORY: Final = "story:"
PATIENT: Final = "made-up"


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list of patients."""

    key: str
    about: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a choice puts into the editor: FHIR records, or a whole request where it cannot be made of records."""

    content: dict[str, Any]
    hook: str
    user: str
    about: str


def choices() -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    """Requests first, then the stories by the family of the rule that they are about."""
    offered = {row.hook for row in SERVICES}
    requests = tuple(Choice(one.name, one.about) for one in list_examples() if one.hook in offered)
    stories = [one for one in all_vignettes().values() if one.story.hook in offered]
    groups = [
        (f"Stories: {name}", tuple(Choice(f"{STORY}{one.id}", f"{one.id} {one.about}") for one in some))
        for name, some in groupby(sorted(stories, key=_family), key=_family)
    ]
    return (("Made-up patients", requests), *groups)


def choose(key: str, now: datetime, keys: Sequence[PrefetchKey]) -> Chosen:
    """The content of a choice, made now. NoExampleError for an unknown key."""
    if key.startswith(STORY):
        found = all_vignettes().get(key.removeprefix(STORY))
        if found is None:
            raise NoExampleError(key)
        return _story(found, now, keys)
    example = next((one for one in list_examples() if one.name == key), None)
    if example is None:
        raise NoExampleError(key)
    return _example(example, now, keys)


def _example(example: Example, now: datetime, keys: Sequence[PrefetchKey]) -> Chosen:
    request = example_request(example.name, now, keys)
    chosen = Chosen(request, example.hook, request["context"]["userId"], example.about)
    prefetch = request["prefetch"]
    whole = len(prefetch) == len(keys) and not any(_is_failure(value) for value in prefetch.values())
    if not whole:
        return chosen
    drafts = [entry["resource"] for entry in request["context"].get("draftOrders", {}).get("entry", ())]
    return replace(chosen, content=bundle([*_within(prefetch), *drafts]))


def _story(vignette: Vignette, now: datetime, keys: Sequence[PrefetchKey]) -> Chosen:
    story = vignette.story
    user = "Practitioner/example"
    if story.failed or story.absent:
        return Chosen(story_request(story, PATIENT, now, keys), story.hook, user, vignette.about)
    resources = [*write(story, PATIENT, now), *write_orders(story, PATIENT, now)]
    return Chosen(bundle(resources), story.hook, user, vignette.about)


def bundle(resources: Sequence[Any]) -> dict[str, Any]:
    """A collection of resources, each once."""
    kept = {(one["resourceType"], one["id"]): one for one in resources}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in kept.values()],
    }


def _within(prefetch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in prefetch.values():
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", ()))
        elif isinstance(value, dict):
            yield value


def _is_failure(value: object) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "OperationOutcome"


def _family(vignette: Vignette) -> str:
    """Stories with an order, and the others by the family of the card that leads."""
    if vignette.story.orders:
        return "selected orders"
    led = vignette.expect[0].rules[0].partition("-")[0] if vignette.expect else ""
    return _FAMILIES.get(led, "silence, and what is not known")


_FAMILIES: Final = {
    "TRF": "transfusion",
    "IMM": "transfusion",
    "SAFE": "what must not be missed",
    "BLD": "bleeding",
    "INF": "infections",
    "TPO": "TPO receptor agonists",
    "PROC": "procedures",
    "MON": "monitoring",
    "PLT": "monitoring",
    "DATA": "doubtful data",
}

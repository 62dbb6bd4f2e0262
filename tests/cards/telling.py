"""The stories of `fixtures/vignettes/` told to the whole service, and its answers judged. Each is asked once.

answer = ask(vignette)                       # the story as it stands, at `NOW`
answer = tell(vignette.story, dialect=...)   # the same told in another way
judge(vignette, answer) == []                # what the clinician expects
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import Any

import pytest

from cards.advice import ALL_ADVICE
from cards.decide import SCOPE
from cards.valuesets import load
from cds_service.app import create_app
from cds_service.discovery import SERVICES, prefetch_keys
from cds_service.fixture_files import fixtures_folder
from cds_service.hooks.wire import encode
from cds_service.settings import Settings
from cds_service.stories.coding import STANDARD, Dialect
from cds_service.stories.request import story_request
from cds_service.stories.story import Story
from cds_service.stories.vignettes import ExpectedCard, Vignette, read_vignettes
from tests.together import check_all, named_as

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
VIGNETTES = read_vignettes(fixtures_folder() / "vignettes")
BY_ID = {v.id: v for v in VIGNETTES}
URLS = {service.hook: f"/cds-services/{service.id}" for service in SERVICES}
KEYS = prefetch_keys(load())
RULES = frozenset((SCOPE, *(rule for advice in ALL_ADVICE for rule in advice.ids)))

Answer = Mapping[str, Any]

WORKER_STORIES = 40
"""Stories that follow each other and belong to one worker, whatever is asked of them: each is answered once."""


def each_vignette(check: Callable[[Vignette], None]) -> Callable[[Sequence[Vignette]], None]:
    """Makes a test of the check of a story. The many cases of a story are one test, which tells all that fail."""

    @pytest.mark.parametrize("stories", _with_cases())
    def test(stories: Sequence[Vignette]) -> None:
        check_all(check, {f"{story.id}: {story.about}": story for story in stories})

    return named_as(check, test)


def _with_cases() -> list[Any]:
    """A vignette and its cases each, by its id."""
    found = []
    for base, some in groupby(enumerate(VIGNETTES), key=lambda one: one[1].id.partition("/")[0]):
        numbers, stories = zip(*some, strict=True)
        worker = pytest.mark.xdist_group(f"stories-{numbers[0] // WORKER_STORIES}")
        found.append(pytest.param(stories, id=base, marks=worker))
    return found


@cache
def service_at(now: datetime) -> Any:
    """The service with a clock that stands still."""
    return create_app(Settings(log_level="error"), clock=lambda: now, remembers=False).test_client()


def tell(
    story: Story, now: datetime = NOW, dialect: Dialect = STANDARD, shuffle: str | None = None
) -> Answer:
    """The answer to the story's call; `shuffle` seeds another order of the resources of each key."""
    request = story_request(story, "case", now, KEYS, dialect)
    if shuffle is not None:
        for value in request["prefetch"].values():
            if value and "entry" in value:
                random.Random(shuffle).shuffle(value["entry"])
    answer = service_at(now).post(URLS[story.hook], data=encode(request), content_type="application/json")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: Answer = answer.get_json()
    return body


@cache
def ask(vignette: Vignette, now: datetime = NOW) -> Answer:
    """The answer to the vignette's story as it is written."""
    return tell(vignette.story, now)


# ------------------------------------------------------------------------------------------------- reading answers


def own(card: Answer) -> Answer:
    """What the card says of itself in its extension."""
    extension: Answer = card["extension"]["org.platelet-hooks.card"]
    return extension


def rules_of(card: Answer) -> list[str]:
    rules: list[str] = own(card)["rules"]
    return rules


def told(card: Answer) -> str:
    """A card as the tests name it."""
    return f"{'+'.join(rules_of(card))} {card['indicator']}"


def words_of(card: Answer) -> str:
    """Summary, detail, and the labels of source and links."""
    labels = [card["source"]["label"], *(link["label"] for link in card.get("links", ()))]
    return "\n".join((card["summary"], card["detail"], *labels)).casefold()


def actions(answer: Answer) -> list[Answer]:
    return [a for c in answer["cards"] for s in c.get("suggestions", ()) for a in s["actions"]]


def drafts(answer: Answer) -> str:
    """What the drafts say: description, drug or service with its code, priority, quantity, dose, time until due."""
    return "\n".join(_draft(a) for a in actions(answer) if a["type"] != "delete").casefold()


def _draft(action: Answer) -> str:
    resource = action["resource"]
    code = resource.get("code") or resource.get("medicationCodeableConcept") or {}
    quantity = resource.get("quantityQuantity") or {}
    told = [
        f"{action['description']} | {code.get('text', '')}",
        *(str(coding["code"]) for coding in code.get("coding", ())),
        str(resource.get("priority", "")),
        f"{quantity['value']} {quantity['unit']}" if quantity else "",
        *(str(dosage.get("text", "")) for dosage in resource.get("dosageInstruction", ())),
    ]
    if "occurrenceDateTime" in resource:
        due = datetime.fromisoformat(resource["occurrenceDateTime"]) - NOW
        told.append(f"due in {due.total_seconds() / 3600:.1f} h")
    return " | ".join(filter(None, told))


def buttons(answer: Answer) -> str:
    """The labels of all suggestions."""
    return "\n".join(s["label"] for card in answer["cards"] for s in card.get("suggestions", ())).casefold()


def outcomes(answer: Answer) -> dict[str, str]:
    """Each rule that was evaluated, with its outcome."""
    return {entry["rule"]: entry["outcome"] for entry in _evaluated(answer)}


def reasons(answer: Answer) -> dict[str, str]:
    """Each rule that was evaluated, with its outcome and why: "no-advice: the bleeding is over"."""
    return {entry["rule"]: f"{entry['outcome']}: {entry.get('because')}" for entry in _evaluated(answer)}


def _evaluated(answer: Answer) -> list[Answer]:
    evaluated: list[Answer] = answer["extension"]["org.platelet-hooks.evaluation"]["evaluated"]
    return evaluated


# --------------------------------------------------------------------------------------------------------- judging

BESIDES = ("MON-01", "MON-02", "MON-03", "PLT-04")
"""When to count next and the basic work-up: they stand in most answers, and a story names them where they matter."""

URGENCY = ("info", "warning", "critical")


def names(rule: str, patterns: tuple[str, ...]) -> bool:
    """Whether a rule is among ids and families (`TRF-*`)."""
    return any(rule == one or (one.endswith("*") and rule.startswith(one[:-1])) for one in patterns)


def is_card(card: Answer, expected: ExpectedCard) -> bool:
    first, *others = expected.rules
    rules = rules_of(card)
    return rules[0] == first and set(others) <= set(rules) and card["indicator"] == expected.indicator


def judge(vignette: Vignette, answer: Answer) -> list[str]:
    """Everything in which the answer is not what the clinician expects."""
    cards = answer["cards"]
    leads = {card.rules[0] for card in vignette.expect}
    besides = tuple(rule for rule in (*BESIDES, *vignette.may) if rule not in leads)
    counted = [card for card in cards if not names(rules_of(card)[0], besides)]
    wrong = []
    if len(counted) != len(vignette.expect) or not all(map(is_card, counted, vignette.expect)):
        wrong.append(f"expected {[str(card) for card in vignette.expect]}")
    if vignette.at_most is not None and len(cards) > vignette.at_most:
        wrong.append(f"at most {vignette.at_most} cards")
    if vignette.highest is not None:
        higher = URGENCY[URGENCY.index(vignette.highest) + 1 :]
        wrong += [
            f"more urgent than {vignette.highest}: {told(c)}" for c in cards if c["indicator"] in higher
        ]
    wrong += [f"has {r}" for r in (rules_of(c)[0] for c in cards) if names(r, vignette.not_rules)]
    wrong += _has_what_it_should_not(vignette, answer) + _lacks(vignette, answer)
    return [f"shown {[told(card) for card in cards]}", *wrong] if wrong else []


def _has_what_it_should_not(vignette: Vignette, answer: Answer) -> list[str]:
    text, offered, labels = "\n".join(map(words_of, answer["cards"])), drafts(answer), buttons(answer)
    return [
        *(f"says {words!r}" for words in vignette.not_words if words.casefold() in text),
        *(f"offers {words!r}" for words in vignette.not_drafts if words.casefold() in offered),
        *(f"has a button {words!r}" for words in vignette.not_buttons if words.casefold() in labels),
    ]


def _lacks(vignette: Vignette, answer: Answer) -> list[str]:
    """What the cards should name, say and offer, and do not."""
    text, offered = " ".join("\n".join(map(words_of, answer["cards"])).split()), drafts(answer)
    merged = {rule for card in answer["cards"] for rule in rules_of(card)}
    types = {action["type"] for action in actions(answer)}
    found, why = outcomes(answer), reasons(answer)
    labels = buttons(answer)
    return [
        *(f"no card names {rule}" for rule in vignette.merged if rule not in merged),
        *(f"does not say {words!r}" for words in vignette.says if words.casefold() not in text),
        *(f"offers no {words!r}" for words in vignette.drafts if words.casefold() not in offered),
        *(f"has no {kind} action" for kind in vignette.offers if kind not in types),
        *(f"has no button {words!r}" for words in vignette.buttons if words.casefold() not in labels),
        *(
            f"{r} is {why.get(r)}, not {o}"
            for r, o in vignette.outcomes
            if o not in (found.get(r), why.get(r))
        ),
    ]

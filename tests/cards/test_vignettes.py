"""The clinicians' tests: every story of `fixtures/vignettes/` as FHIR through the whole service, its cards judged."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from cards.advice import ALL_ADVICE
from cards.decide import SCOPE
from cards.valuesets import load
from cds_service.app import create_app
from cds_service.discovery import prefetch_keys
from cds_service.fhir.validate import invalid_reason
from cds_service.fixture_files import fixtures_folder
from cds_service.hooks.wire import encode
from cds_service.settings import Settings
from cds_service.stories.coding import DIALECTS
from cds_service.stories.request import story_request
from cds_service.stories.resources import write, write_orders
from cds_service.stories.vignettes import ExpectedCard, Vignette, read_vignettes

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
VIGNETTES = read_vignettes(fixtures_folder() / "vignettes")
SERVICES = {"patient-view": "itp-patient-view", "order-select": "itp-order-select"}
RULES = frozenset((SCOPE, *(rule for advice in ALL_ADVICE for rule in advice.ids)))

Answer = Mapping[str, Any]
Call = Callable[[Vignette, datetime], Answer]

each_vignette = pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda v: v.id.replace(" ", "-"))


@cache
def service_at(now: datetime) -> Any:
    """The service with a clock that stands still."""
    return create_app(Settings(), clock=lambda: now).test_client()


def post(vignette: Vignette, request: Mapping[str, Any], now: datetime) -> Answer:
    url = f"/cds-services/{SERVICES[vignette.story.hook]}"
    answer = service_at(now).post(url, data=encode(request), content_type="application/json")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: Answer = answer.get_json()
    return body


@cache
def ask(vignette: Vignette, now: datetime = NOW) -> Answer:
    """The answer to the story's call."""
    return post(vignette, story_request(vignette.story, "case", now, prefetch_keys(load())), now)


def rules_of(card: Answer) -> list[str]:
    rules: list[str] = card["extension"]["org.platelet-hooks.card"]["rules"]
    return rules


def told(card: Answer) -> str:
    """A card as the tests name it."""
    return f"{'+'.join(rules_of(card))} {card['indicator']}"


def waits(expected: ExpectedCard) -> bool:
    """Whether the rule that leads the card is not built yet (`WAITING`)."""
    return expected.rules[0] not in RULES


def is_card(card: Answer, expected: ExpectedCard) -> bool:
    first, *others = expected.rules
    rules = rules_of(card)
    others = [rule for rule in others if rule in RULES]
    return rules[0] == first and set(others) <= set(rules) and card["indicator"] == expected.indicator


def names(rule: str, patterns: tuple[str, ...]) -> bool:
    """Whether a rule is among ids and families (`TRF-*`)."""
    return any(rule == one or (one.endswith("*") and rule.startswith(one[:-1])) for one in patterns)


def words_of(card: Answer) -> str:
    return f"{card['summary']}\n{card['detail']}".casefold()


def actions(answer: Answer) -> list[Answer]:
    return [a for c in answer["cards"] for s in c.get("suggestions", ()) for a in s["actions"]]


def drafts(answer: Answer) -> str:
    """What the drafts say: their description, and the drug or service that they name."""
    found = []
    for action in actions(answer):
        if action["type"] != "delete":
            resource = action["resource"]
            code = resource.get("code") or resource.get("medicationCodeableConcept") or {}
            found.append(f"{action['description']} | {code.get('text', '')}")
    return "\n".join(found).casefold()


BESIDES = ("MON-01", "MON-02", "MON-03", "PLT-04")
"""When to count next and the basic work-up: they stand in most answers, and a story names them where they matter."""


def judge(vignette: Vignette, answer: Answer) -> list[str]:
    """Everything in which the answer is not what the clinician expects."""
    cards = answer["cards"]
    shown = [told(card) for card in cards]
    wrong = []
    leads = {card.rules[0] for card in vignette.expect}
    besides = tuple(rule for rule in (*BESIDES, *vignette.may) if rule not in leads)
    counted = [card for card in cards if not names(rules_of(card)[0], besides)]
    wanted = [card for card in vignette.expect if not waits(card)]
    if len(counted) != len(wanted) or not all(map(is_card, counted, wanted)):
        wrong.append(f"expected {[str(card) for card in wanted]}")
    if vignette.at_most is not None and len(cards) > vignette.at_most:
        wrong.append(f"at most {vignette.at_most} cards")
    wrong += [f"has {r}" for r in (rules_of(c)[0] for c in cards) if names(r, vignette.not_rules)]
    text = "\n".join(words_of(card) for card in cards)
    wrong += [f"says {words!r}" for words in vignette.not_words if words.casefold() in text]
    wrong += [f"offers {words!r}" for words in vignette.not_drafts if words.casefold() in drafts(answer)]
    if RULES.issuperset(vignette.merged) and not any(map(waits, vignette.expect)):
        wrong += lacks(vignette, answer, text)
    return [f"shown {shown}", *wrong] if wrong else []


def lacks(vignette: Vignette, answer: Answer, text: str) -> list[str]:
    """What the cards should name, say and offer, and do not."""
    merged = {rule for card in answer["cards"] for rule in rules_of(card)}
    wrong = [f"no card names {rule}" for rule in vignette.merged if rule not in merged]
    wrong += [f"does not say {words!r}" for words in vignette.says if words.casefold() not in text]
    offered = drafts(answer)
    wrong += [f"offers no {words!r}" for words in vignette.drafts if words.casefold() not in offered]
    types = {action["type"] for action in actions(answer)}
    wrong += [f"has no {kind} action" for kind in vignette.offers if kind not in types]
    outcomes = {
        e["rule"]: e["outcome"] for e in answer["extension"]["org.platelet-hooks.evaluation"]["evaluated"]
    }
    return wrong + [
        f"{r} is {outcomes.get(r)}, not {o}" for r, o in vignette.outcomes if outcomes.get(r) != o
    ]


@each_vignette
def test_the_cards_are_what_the_clinician_expects(vignette: Vignette) -> None:
    assert judge(vignette, ask(vignette)) == [], f"{vignette.id}: {vignette.about}"


@each_vignette
def test_every_card_keeps_the_form(vignette: Vignette) -> None:
    for card in ask(vignette)["cards"]:
        assert 0 < len(card["summary"]) < 140
        assert "…" not in card["summary"]
        assert "{" not in card["summary"] + card["detail"]
        assert card["source"]["label"]
        assert card["detail"].startswith("**Why this card**")
        assert "**Evidence**" in card["detail"]
        for action in (a for s in card.get("suggestions", ()) for a in s["actions"]):
            assert action["type"] != "create" or invalid_reason(encode(action["resource"])) is None


@each_vignette
def test_a_story_is_valid_fhir(vignette: Vignette) -> None:
    resources = write(vignette.story, "case", NOW) + write_orders(vignette.story, "case", NOW)
    broken = any(o.broken for o in vignette.story.platelets)
    found = [reason for r in resources if (reason := invalid_reason(encode(r))) is not None]
    assert bool(found) == broken, found


@each_vignette
def test_the_order_of_resources_does_not_matter(vignette: Vignette) -> None:
    request = story_request(vignette.story, "case", NOW, prefetch_keys(load()))
    for value in request["prefetch"].values():
        if value and "entry" in value:
            random.Random(vignette.id).shuffle(value["entry"])
    assert judge(vignette, post(vignette, request, NOW)) == []


@pytest.mark.parametrize("name", ["icd-10-cm", "icd-10"])
def test_the_code_system_does_not_matter(name: str) -> None:
    """Conditions in ICD, drugs in RxNorm or ATC: what the record says is the same."""
    different = []
    for v in VIGNETTES:
        request = story_request(v.story, "case", NOW, prefetch_keys(load()), DIALECTS[name])
        shown = [told(card) for card in post(v, request, NOW)["cards"]]
        if shown != (usual := [told(card) for card in ask(v)["cards"]]):
            different.append(f"{v.id}: {usual} became {shown}")
    assert different == []


@pytest.mark.parametrize(
    "now",
    [
        datetime(2028, 2, 28, 23, 30, tzinfo=UTC),
        datetime(2027, 1, 1, 0, 20, tzinfo=UTC),
    ],
    ids=lambda now: f"{now:%Y-%m-%d}",
)
def test_any_day_gives_the_same_cards(now: datetime) -> None:
    def shown(answer: Answer) -> list[str]:
        return [told(card) for card in answer["cards"]]

    different = [
        f"{v.id}: {shown(ask(v))} became {shown(ask(v, now))}"
        for v in VIGNETTES
        if shown(ask(v)) != shown(ask(v, now))
    ]
    assert different == []


NOT_BUILT = {
    "INF": "B19 CMV COV HAN HBV HCV HIV HSV LEPTO MAL MEN RICK SFTS TB TYPH VL ZIK",
    "TPO": "14",
}
WAITING = frozenset(f"{family}-{one}" for family, ids in NOT_BUILT.items() for one in ids.split())
"""Rules that stories expect and that are not built yet: their cards are not judged."""


def test_what_stories_expect_is_built_or_known_to_wait() -> None:
    told_of = {rule for v in VIGNETTES for card in v.expect for rule in card.rules}
    assert told_of - RULES <= WAITING


def test_every_rule_speaks_in_a_story() -> None:
    speak = {
        e["rule"]
        for v in VIGNETTES
        for e in ask(v)["extension"]["org.platelet-hooks.evaluation"]["evaluated"]
        if e["outcome"] == "advise"
    }
    assert RULES - speak <= CLASSIFICATIONS


CLASSIFICATIONS = frozenset({"PLT-01", "PLT-02", "PLT-07", "BLD-01", "BLD-02", "DATA-07", "ORD-32"})
"""They class what others judge, or say why there is no card: they have none of their own."""

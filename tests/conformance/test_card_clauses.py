"""K: cards."""

from __future__ import annotations

import re
from itertools import chain
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from tests.conformance.clauses import SERVICES, all_cards, answer, references
from tests.service.build import PATIENT

CARD = {
    "uuid",
    "summary",
    "detail",
    "indicator",
    "source",
    "suggestions",
    "selectionBehavior",
    "overrideReasons",
}
CARD |= {"links", "extension"}
HTML = re.compile(r"<\s*/?\s*[a-zA-Z][\w-]*(\s[^<>]*)?>|javascript:")


def is_web_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in text


def suggestions() -> list[dict[str, object]]:
    found = list(chain.from_iterable(card.get("suggestions", []) for card in all_cards()))
    assert found
    return found


def actions() -> list[dict[str, object]]:
    return [action for one in suggestions() for action in one["actions"]]  # type: ignore[attr-defined]


def test_k1_k18_uuids_are_unique_within_and_between_answers() -> None:
    found = [card["uuid"] for card in all_cards() + all_cards()]
    found += [str(one["uuid"]) for one in suggestions()]
    assert len(set(found)) == len(found)
    assert all(str(UUID(one)) == one for one in found)


def test_k2_summaries_are_short() -> None:
    assert all(0 < len(card["summary"]) < 140 and "\n" not in card["summary"] for card in all_cards())


def test_k3_details_are_markdown_without_html() -> None:
    for card in all_cards():
        assert card["detail"].strip()
        assert not HTML.search(re.sub(r"`[^`]*`", "", card["detail"]))


def test_k4_indicators() -> None:
    assert {card["indicator"] for card in all_cards()} <= {"info", "warning", "critical"}


def test_k5_sources_have_a_label_and_a_topic() -> None:
    for card in all_cards():
        source = card["source"]
        assert source["label"].strip()
        assert "url" not in source or is_web_address(source["url"])
        assert source["topic"].keys() == {"code", "system", "display"}
        assert source["topic"]["code"].isalnum()


def test_k6_k7_selection_behaviour() -> None:
    for card in all_cards():
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        recommended = [one for one in card.get("suggestions", []) if one.get("isRecommended")]
        assert card.get("selectionBehavior") in (None, "any", "at-most-one")
        assert card.get("selectionBehavior") != "at-most-one" or len(recommended) <= 1


def test_k8_suggestions() -> None:
    for one in suggestions():
        assert set(one) <= {"label", "uuid", "isRecommended", "actions"}
        assert str(one["label"]).strip()
        assert one["actions"]


def test_k9_to_k11_actions() -> None:
    for action in actions():
        assert set(action) <= {"type", "description", "resource", "resourceId"}
        assert action["description"]
        match action["type"]:
            case "create":
                assert action["resource"]["resourceType"]  # type: ignore[index]
                assert "resourceId" not in action
            case "update":
                assert action["resource"]["id"]  # type: ignore[index]
            case "delete":
                assert re.fullmatch(r"[A-Z]\w+/[\w.-]+", str(action["resourceId"]))
                assert "resource" not in action
            case other:
                pytest.fail(f"no type of action: {other}")
    assert {action["type"] for action in actions()} >= {"create", "delete"}


def test_k12_override_reasons_are_codings_with_display() -> None:
    for card in all_cards():
        for reason in card.get("overrideReasons", []):
            assert reason.keys() == {"code", "system", "display"}
        assert ("overrideReasons" in card) == (card["indicator"] != "info")


def test_k13_to_k15_links() -> None:
    for card in all_cards():
        assert card["links"]
        for link in card["links"]:
            assert link.keys() == {"label", "url", "type"}
            assert link["type"] == "absolute"
            assert is_web_address(link["url"])


@pytest.mark.parametrize("service", SERVICES)
def test_k16_k17_nothing_that_needs_a_client_which_announced_it(service: str) -> None:
    found = answer(service)
    assert "systemActions" not in found
    assert all(set(card) <= CARD for card in found["cards"])
    assert "actionSelectionBehavior" not in str(found)


def test_k19_drafts_are_for_the_patient_of_the_context() -> None:
    for action in actions():
        patients = {one for one in references(action.get("resource")) if one.startswith("Patient/")}
        assert patients <= {f"Patient/{PATIENT}"}
        assert action["type"] != "create" or patients

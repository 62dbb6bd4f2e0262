"""Every code that the service emits stands in a value set or in a code system of its own, and was verified."""

from __future__ import annotations

from typing import Any

import pytest

from cards.valuesets import Terminology
from cds_service.content import load_content
from cds_service.published_codes import (
    CODE_SYSTEMS,
    HL7_REASONS,
    OVERRIDE_REASONS,
    TOPICS,
    code_system,
    reason_coding,
    topic_coding,
)
from tests.together import together

CONTENT = load_content()
BASE = "https://cds.example.org"


@together({one: one for one in CONTENT.templates})
def test_the_code_of_a_draft_is_verified(name: str) -> None:
    code = CONTENT.templates[name].coding(CONTENT.terminology)
    if code is None:
        assert CONTENT.templates[name].text
        return
    assert code.is_emittable
    assert code.source
    assert CONTENT.terminology.sets_of(code.system, code.code)


def test_many_drafts_are_coded() -> None:
    coded = [one for one in CONTENT.templates.values() if one.coding(CONTENT.terminology) is not None]
    assert len(coded) > 10


def test_an_unverified_code_is_never_emitted() -> None:
    terminology: Terminology = CONTENT.terminology
    sound = {(s, c.code) for s in terminology for c in terminology[s].codes if c.is_emittable}
    doubtful = {(s, c.code) for s in terminology for c in terminology[s].codes} - sound
    assert len(doubtful) > 50
    for set_id, code in doubtful:
        with pytest.raises(LookupError):
            terminology.emit(set_id, code)


def own(name: str) -> set[Any]:
    return {concept["code"] for concept in code_system(name, BASE, "1")["concept"]}


@pytest.mark.parametrize("reason", OVERRIDE_REASONS)
def test_an_override_reason_is_of_hl7_or_published(reason: str) -> None:
    coding = reason_coding(reason, BASE)
    if coding.system == HL7_REASONS:
        assert coding.code == OVERRIDE_REASONS[reason][0]
    else:
        assert coding.system == f"{BASE}/fhir/CodeSystem/override-reason"
        assert coding.code in own("override-reason")


@together({one: one for one in CONTENT.words.sections})
def test_the_topic_of_a_card_is_published(rule: str) -> None:
    coding = topic_coding(rule, BASE)
    assert coding.system == f"{BASE}/fhir/CodeSystem/card-topic"
    assert coding.code in own("card-topic") == {topic.value for topic in TOPICS}


def test_the_code_systems_of_the_contract_are_there() -> None:
    assert {"card-topic", "override-reason", "who-bleeding-grade", "error"} == set(CODE_SYSTEMS)

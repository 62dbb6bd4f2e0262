"""The words of the mimics: every summary fits with its longest holes, every hole is one that its rule fills."""

from __future__ import annotations

import pytest

from cards.safety import ADVICE
from cards.safety.drug_induced import DRUGS
from cards.safety.infections import NAMED
from cards.safety.purpura_sepsis import EXPLAINING
from cards.safety.splenic_rupture import INFECTIONS as IN_THE_SPLEEN
from cards.wording import fill, holes
from tests.cards.build import LIMITS
from tests.cards.direct import words
from tests.cards.safety_cards import LONGEST

IDS = [rule for advice in ADVICE for rule in advice.ids]
HOLES = {
    **LONGEST,
    "four_ts": "4 to 6",
    "plasmic": "6 to 7",
    "dic_score": "5 to 8",
    "ferritin": "123456.5 ug/L",
    "value": "39.65",
    "time": "22 Nov 2025, 04:10",
    "days": "365",
    "drug": max((name for _, name, _ in DRUGS), key=len),
    "more": ", ".join(name for _, name, _ in DRUGS),
    "bleeding": "gastrointestinal bleeding",
    "bleeding_grade": "4",
}
INFECTIONS = {"SAFE-12": (*EXPLAINING, "rickettsia"), "SAFE-14": IN_THE_SPLEEN}
"""Which of them a card may name."""

TITLES = [(rule, key) for rule in IDS for key in words()[rule].paragraphs if key.startswith("title")]


def value_of(rule: str, hole: str) -> str:
    kind, colon, name = hole.partition(":")
    if colon:
        return str(getattr(LIMITS, name))
    if kind == "infection":
        return max((NAMED[key].name for key in INFECTIONS[rule]), key=len)
    return HOLES[kind]


@pytest.mark.parametrize(("rule", "key"), TITLES)
def test_every_summary_fits(rule: str, key: str) -> None:
    summary = fill(words()[rule].paragraph(key), lambda hole: value_of(rule, hole))
    assert len(summary) <= 139, (len(summary), summary)


@pytest.mark.parametrize("rule", IDS)
def test_every_hole_is_known(rule: str) -> None:
    for text in words()[rule].paragraphs.values():
        assert {hole for hole in holes(text) if ":" not in hole} <= HOLES.keys() | {"infection"}


def test_the_family_owns_each_of_its_rules_once() -> None:
    assert sorted(IDS) == [f"SAFE-{n:02}" for n in range(1, 16)]


@pytest.mark.parametrize("rule", IDS)
def test_no_card_states_a_diagnosis_or_orders(rule: str) -> None:
    text = " ".join(words()[rule].paragraphs.values()).lower()
    assert "the patient has" not in text
    assert "you must" not in text


@pytest.mark.parametrize("rule", IDS)
def test_every_rule_has_evidence_and_a_reason_to_override(rule: str) -> None:
    section = words()[rule]
    assert section.evidence
    assert section.overrides
    assert section.source

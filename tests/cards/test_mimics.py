"""The gate: which SAFE rules hold, by the functions of their own stems."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest

from cards.record import Finding
from cards.safety import dic, hit, hlh, stec_hus, ttp, vitt
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from tests.cards.build import LIMITS, condition, facts, measured, purpura
from tests.cards.safety_cards import card_of


@pytest.mark.parametrize(
    ("set_id", "rule"),
    [
        ("mimic-tma", "SAFE-01"),
        ("mimic-tma-other", "SAFE-01"),
        ("mimic-hit", "SAFE-02"),
        ("mimic-hus", "SAFE-03"),
        ("mimic-vitt", "SAFE-04"),
        ("mimic-dic", "SAFE-07"),
    ],
)
def test_each_recorded_mimic_gates(set_id: str, rule: str) -> None:
    assert mimics(facts(22, findings=[condition(set_id)]), LIMITS) == {rule}


@pytest.mark.parametrize(
    "found", [condition("mimic-hlh"), condition("mimic-marrow"), condition("mimic-hellp")]
)
def test_what_does_not_gate(found: Finding) -> None:
    assert mimics(facts(22, findings=[found]), LIMITS) == frozenset()


@pytest.mark.parametrize(
    ("set_id", "name"), [("mimic-hit", "hit_days"), ("mimic-hus", "mimic_days"), ("mimic-dic", "dic_days")]
)
def test_the_windows_are_closed(set_id: str, name: str) -> None:
    days = LIMITS.span(name).days
    at, after = condition(set_id, days=days), condition(set_id, days=days, minutes=1)
    assert mimics(facts(22, findings=[at]), LIMITS)
    assert not mimics(facts(22, findings=[after]), LIMITS)


def test_purpura_with_fever_gates() -> None:
    p = facts(22, findings=[purpura()], measurements=[measured("obs-temperature", "38.0")])
    assert mimics(p, LIMITS) == {"SAFE-12"}


def test_it_is_worked_out_once_and_for_these_limits_and_facts_only() -> None:
    p = facts(22, findings=[condition("mimic-hit", days=90)])
    assert mimics(p, LIMITS) is mimics(p, LIMITS) == {"SAFE-02"}
    assert mimics(replace(p, platelets=facts(90).platelets), LIMITS) == {"SAFE-02"}
    assert replace(p, hook="order-select").once == {}, "other facts, other answers"
    other = Thresholds()
    assert mimics(p, other) == {"SAFE-02"}
    assert {limits is other for limits, _ in p.once.values()} == {True}


@pytest.mark.parametrize(
    ("stem", "rule", "now", "set_id"),
    [
        (ttp, "SAFE-01", condition("mimic-tma"), "mimic-tma"),
        (hit, "SAFE-02", condition("mimic-hit"), "mimic-hit"),
        (stec_hus, "SAFE-03", condition("mimic-hus"), "mimic-hus"),
        (vitt, "SAFE-04", condition("mimic-vitt"), "mimic-vitt"),
        (hlh, "SAFE-05", condition("mimic-hlh"), "mimic-hlh"),
        (dic, "SAFE-07", condition("mimic-dic"), "mimic-dic"),
    ],
)
def test_what_is_over_is_named_in_the_card(stem: ModuleType, rule: str, now: Finding, set_id: str) -> None:
    old = condition(set_id, days=900, past=True)
    card = card_of(stem.decide, facts(22, findings=[now, old]))
    named = {row.reference: row.fact for row in card.inputs}
    assert card.rule == rule
    assert named[old.reference].startswith("history: ")
    assert not named[now.reference].startswith("history: ")


def test_nothing_recorded_nothing_gates() -> None:
    assert mimics(facts(22), LIMITS) == frozenset()
    assert mimics(facts(None), LIMITS) == frozenset()

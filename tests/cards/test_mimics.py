"""The gate: which SAFE rules hold, by the functions of their own stems."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cards.record import Finding
from cards.safety.mimics import mimics
from cards.thresholds import Thresholds
from tests.cards.build import LIMITS, condition, facts, measured, purpura


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
    assert p.once["mimics"][0] is other


def test_nothing_recorded_nothing_gates() -> None:
    assert mimics(facts(22), LIMITS) == frozenset()
    assert mimics(facts(None), LIMITS) == frozenset()

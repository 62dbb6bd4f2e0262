"""ORD-31: ganciclovir or valganciclovir below the counts of its label."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.ganciclovir import decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from tests.cards.build import LIMITS, facts, measured, near, order
from tests.cards.ordering import CRITICAL, card, created, ordering

DRUG = order("med-ganciclovir")
below_25, at_25, _ = near(LIMITS.ganciclovir_count)
below_n, at_n, _ = near(LIMITS.ganciclovir_neutrophils)
below_hb, at_hb, _ = near(LIMITS.ganciclovir_hb)
FINE = [measured("obs-neutrophils", at_n), measured("obs-hemoglobin", at_hb)]


def asked(platelets: Any, *measurements: Any) -> Any:
    return decide(ordering(platelets, DRUG, measurements=list(measurements)), LIMITS)


@pytest.mark.parametrize(
    ("platelets", "measurements", "title"),
    [
        (below_25, FINE, "title.platelets"),
        (at_25, [measured("obs-neutrophils", below_n)], "title.neutrophils"),
        (at_25, [measured("obs-hemoglobin", below_hb)], "title.haemoglobin"),
        (None, [measured("obs-hemoglobin", below_hb)], "title.haemoglobin.no-count"),
    ],
)
def test_each_limit(platelets: Any, measurements: list[Any], title: str) -> None:
    found = card(asked(platelets, *measurements))
    assert (found.rule, found.indicator, found.title) == ("ORD-31", CRITICAL, title)
    assert created(found) == ["infectious-diseases", "haematology"]
    assert found.suggestions[0].recommended


def test_at_the_limits() -> None:
    assert asked(at_25, *FINE) == NoAdvice(Why.COUNT_NOT_LOW)


def test_what_is_missing() -> None:
    assert asked(at_25, FINE[0]) == CannotTell(Fact.HAEMOGLOBIN)
    assert asked(at_25, FINE[1], measured("obs-neutrophils", at_n, days=8)) == CannotTell(Fact.NEUTROPHILS)
    assert asked(None, *FINE) == CannotTell(Fact.PLATELETS)
    assert decide(facts(14), LIMITS) == NoAdvice(Why.NOT_SELECTED)

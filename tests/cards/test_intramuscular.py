"""ORD-07: an injection into a muscle is selected."""

from __future__ import annotations

from typing import Any

import pytest

from cards.code_systems import CVX
from cards.orders.intramuscular import decide
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from tests.cards.build import LIMITS, condition, facts, near, nosebleed, order, purpura, service_order
from tests.cards.ordering import CRITICAL, WARNING, card, ordering

HEPATITIS_B = order(codes=((CVX, "43"),), route="intramuscular")
KETOROLAC = order("med-nsaid", route="intramuscular")
UNMAPPED = order(route="intramuscular")
below_20, at_20, _ = near(LIMITS.intramuscular_critical)
below_50, at_50, _ = near(LIMITS.intramuscular_warning)


def asked(platelets: Any, drug: Any, *findings: Any) -> Any:
    return decide(ordering(platelets, drug, findings=list(findings)), LIMITS)


@pytest.mark.parametrize("drug", [HEPATITIS_B, KETOROLAC, service_order("proc-im-injection")])
@pytest.mark.parametrize(
    ("platelets", "findings", "indicator"),
    [
        (below_20, [], CRITICAL),
        (at_20, [], WARNING),
        (below_50, [], WARNING),
        (below_50, [nosebleed(hours=1)], CRITICAL),
        (below_50, [purpura()], WARNING),
    ],
)
def test_by_count_and_bleeding(drug: Any, platelets: Any, findings: list[Any], indicator: Indicator) -> None:
    assert card(asked(platelets, drug, *findings)).indicator is indicator


@pytest.mark.parametrize("findings", [[], [nosebleed(hours=1)]])
def test_from_50(findings: list[Any]) -> None:
    assert asked(at_50, KETOROLAC, *findings) == NoAdvice(Why.COUNT_NOT_LOW)


def test_a_vaccine_keeps_its_route() -> None:
    found = card(asked(38, HEPATITIS_B))
    assert found.title == "title.vaccine"
    assert "suggestion.drug" not in found.say
    assert card(asked(38, KETOROLAC)).title == "title.drug"


@pytest.mark.parametrize("platelets", [below_20, at_20])
def test_an_unmapped_drug_may_be_an_emergency_drug(platelets: Any) -> None:
    assert card(asked(platelets, UNMAPPED)).indicator is WARNING


def test_after_an_exposure_a_warning_at_most() -> None:
    rabies = order("vax-post-exposure", codes=((CVX, "18"),), route="intramuscular")
    found = card(asked(below_20, rabies))
    assert (found.indicator, "post-exposure" in found.say) == (WARNING, True)


PENICILLIN = order("med-penicillin", "med-antibacterial", route="intramuscular")
ARTESUNATE = order("med-antimalarial", "med-artesunate", route="intramuscular")


@pytest.mark.parametrize(
    ("drug", "findings"),
    [
        (order("med-emergency-im", route="intramuscular"), []),
        (PENICILLIN, [condition("inf-meningococcal", suspected=True)]),
        (PENICILLIN, [purpura(), condition("sign-fever")]),
        (ARTESUNATE, [condition("inf-malaria-severe")]),
    ],
)
def test_what_saves_a_life_at_once(drug: Any, findings: list[Any]) -> None:
    assert asked(12, drug, *findings) == NoAdvice(Why.OTHER_ROW)


@pytest.mark.parametrize("drug", [PENICILLIN, ARTESUNATE])
def test_the_same_drugs_for_another_reason(drug: Any) -> None:
    assert card(asked(12, drug)).indicator is CRITICAL


def test_other_routes_and_unknown_counts() -> None:
    assert asked(12, order("med-nsaid", route="oral")) == NoAdvice(Why.NOT_SELECTED)
    assert asked(None, KETOROLAC) == CannotTell(Fact.PLATELETS)
    assert decide(facts(12), LIMITS) == NoAdvice(Why.NOT_SELECTED)

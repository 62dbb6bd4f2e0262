"""ORD-15: a drug that can lower platelets is selected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cards.orders.toxic import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from tests.cards.build import LIMITS, condition, count, drug, facts, near, order, sepsis
from tests.cards.ordering import CRITICAL, INFO, WARNING, card, ordering, removed

TOXIC = "med-drug-induced-thrombocytopenia"
RIFAMPICIN = order(TOXIC, "med-rifamycin", "med-antituberculosis", codes=(("rxnorm", "rif"),))
LINEZOLID = order(TOXIC, "med-linezolid", "med-antibacterial", route="intravenous")
VANCOMYCIN = order("med-drug-induced-thrombocytopenia-tier2", codes=(("rxnorm", "van"),))
below_20, at_20, _ = near(LIMITS.toxic_critical)
below_50, at_50, _ = near(LIMITS.toxic_warning)
below_100, at_100, _ = near(LIMITS.toxic_info)


def asked(platelets: Any, *orders: Any, **members: Any) -> Any:
    return decide(ordering(platelets, *orders, **members), LIMITS)


@pytest.mark.parametrize(
    ("platelets", "indicator", "title"),
    [
        (below_20, CRITICAL, "title.very-low"),
        (at_20, WARNING, "title.low"),
        (below_50, WARNING, "title.low"),
        (at_50, INFO, "title.watch"),
        (below_100, INFO, "title.watch"),
    ],
)
def test_tier_1_by_the_count(platelets: Any, indicator: Indicator, title: str) -> None:
    found = card(asked(platelets, RIFAMPICIN))
    assert (found.rule, found.indicator, found.title) == ("ORD-15", indicator, title)
    assert removed(found) == [RIFAMPICIN.reference]
    assert "rifamycin" in found.say


def test_tier_1_from_100() -> None:
    assert asked(at_100, RIFAMPICIN) == NoAdvice(Why.COUNT_NOT_LOW)


@pytest.mark.parametrize(
    ("members", "drug_order", "speaks"),
    [
        ({"medications": [drug("med-linezolid", days=14)]}, LINEZOLID, True),
        ({"medications": [drug("med-linezolid", days=13)]}, LINEZOLID, False),
        ({}, order(TOXIC, "med-linezolid", duration=timedelta(days=14)), True),
        ({}, order(TOXIC, "med-linezolid", duration=timedelta(days=13)), False),
        ({"medications": [drug("med-linezolid", days=14)]}, RIFAMPICIN, False),
    ],
)
def test_linezolid_for_two_weeks_at_any_count(members: Any, drug_order: Any, speaks: bool) -> None:
    outcome = asked(180, drug_order, **members)
    assert isinstance(outcome, Advise) is speaks
    if speaks:
        assert (card(outcome).indicator, card(outcome).title) == (INFO, "title.watch")


def test_an_infection_that_cannot_wait_is_warned_of_at_most() -> None:
    found = card(asked(below_20, LINEZOLID, findings=[sepsis()]))
    assert (found.indicator, "time-critical" in found.say) == (WARNING, True)
    assert card(asked(below_20, LINEZOLID)).indicator is CRITICAL


DRUG_INDUCED = condition("cond-thrombocytopenia-drug", past=True)


@pytest.mark.parametrize("selected", [RIFAMPICIN, VANCOMYCIN])
def test_the_drug_that_did_it_before(selected: Any) -> None:
    before = drug(TOXIC, codes=selected.codes, status="stopped")
    found = card(asked(180, selected, findings=[DRUG_INDUCED], medications=[before]))
    assert (found.indicator, found.title) == (CRITICAL, "title.again")
    other = card(asked(180, selected, findings=[DRUG_INDUCED]))
    assert (other.indicator, other.title) == (WARNING, "title.some-drug")


def test_tier_2_is_not_judged_by_the_count() -> None:
    assert asked(12, VANCOMYCIN) == NoAdvice(Why.OTHER_ROW)


@pytest.mark.parametrize(("days", "speaks"), [(7, True), (2, False)])
def test_tier_2_by_its_timing(days: float, speaks: bool) -> None:
    before = drug("med-drug-induced-thrombocytopenia-tier2", codes=VANCOMYCIN.codes, days=days)
    counts = [count(210, days=days, hours=2), count(90, hours=3)]
    outcome = asked(counts, VANCOMYCIN, medications=[before])
    assert isinstance(outcome, Advise) is speaks
    if speaks:
        assert (card(outcome).indicator, card(outcome).title) == (WARNING, "title.timing")
    other = order("med-drug-induced-thrombocytopenia-tier2", codes=(("rxnorm", "pip"),))
    assert asked(counts, other, medications=[before]) == NoAdvice(Why.OTHER_ROW)


def test_silence() -> None:
    ganciclovir = order(TOXIC, "med-ganciclovir")
    assert asked(12, ganciclovir) == NoAdvice(Why.NOT_SELECTED)
    assert asked(None, RIFAMPICIN) == CannotTell(Fact.PLATELETS)
    assert decide(facts(12), LIMITS) == NoAdvice(Why.NOT_SELECTED)

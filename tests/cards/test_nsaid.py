"""ORD-02: an NSAID is selected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.orders.nsaid import decide
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import (
    LIMITS,
    allergy,
    condition,
    count,
    dengue,
    ebv,
    lab,
    measured,
    near,
    nosebleed,
    order,
    purpura,
)
from tests.cards.ordering import CRITICAL, WARNING, card, created, ordering, removed

KETOROLAC = order("med-nsaid")
below_50, at_50, _ = near(LIMITS.nsaid_critical)
below_100, at_100, above_100 = near(LIMITS.nsaid_warning)
CHIKUNGUNYA = condition("inf-zika-chik", days=3)


@pytest.mark.parametrize(
    ("platelets", "indicator"), [(below_50, CRITICAL), (at_50, WARNING), (below_100, WARNING)]
)
def test_by_the_count(platelets: Decimal, indicator: Indicator) -> None:
    found = card(decide(ordering(platelets, KETOROLAC), LIMITS))
    assert (found.rule, found.indicator, found.title) == ("ORD-02", indicator, "title.count")
    assert removed(found) == [KETOROLAC.reference]


@pytest.mark.parametrize("platelets", [at_100, above_100])
def test_from_100_it_is_silent(platelets: Decimal) -> None:
    assert decide(ordering(platelets, KETOROLAC, findings=[ebv()]), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)


@pytest.mark.parametrize("route", ["oral", "intravenous", "intramuscular"])
def test_the_routes_that_count(route: str) -> None:
    assert card(decide(ordering(72, order("med-nsaid", route=route)), LIMITS)).indicator is WARNING


def test_a_gel_or_a_suppository_cannot_be_told() -> None:
    assert decide(ordering(22, order("med-nsaid", route="other")), LIMITS) == CannotTell(Fact.ROUTE)


@pytest.mark.parametrize(
    ("findings", "title"),
    [
        ([dengue()], "title.dengue"),
        ([dengue(suspected=True)], "title.dengue"),
        ([condition("inf-vhf-other", suspected=True)], "title.vhf"),
        ([CHIKUNGUNYA], "title.zika-chik"),
        ([nosebleed(severity=1)], "title.bleeding"),
        ([nosebleed(patient_reported=True)], "title.bleeding"),
    ],
)
def test_critical_at_any_count(findings: list[Any], title: str) -> None:
    found = card(decide(ordering(165, KETOROLAC, findings=findings), LIMITS))
    assert (found.indicator, found.title) == (CRITICAL, title)


def test_a_warning_count_does_not_soften_dengue() -> None:
    found = card(decide(ordering(below_100, KETOROLAC, findings=[dengue()]), LIMITS))
    assert found.indicator is CRITICAL
    assert found.say[:2] == ("suggestion.dengue", "suggestion.count")


def test_skin_bleeding_is_judged_by_the_count() -> None:
    assert decide(ordering(120, KETOROLAC, findings=[purpura()]), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)


def test_chikungunya_by_test_alone() -> None:
    found = card(decide(ordering(104, KETOROLAC, tests=[lab("lab-zika-chik")]), LIMITS))
    assert found.title == "title.zika-chik"


@pytest.mark.parametrize(("days", "excluded"), [(2, True), (5, False)])
def test_a_negative_dengue_test_of_this_illness_excludes_it(days: int, excluded: bool) -> None:
    negative = lab("lab-dengue", "negative", days=days)
    outcome = decide(ordering(104, KETOROLAC, findings=[CHIKUNGUNYA], tests=[negative]), LIMITS)
    assert (outcome == NoAdvice(Why.COUNT_NOT_LOW)) is excluded


@pytest.mark.parametrize(("more", "speaks"), [(0, True), (1, False)])
def test_chikungunya_is_current_for_its_window(more: int, speaks: bool) -> None:
    fever = condition("inf-zika-chik", days=float(LIMITS.zika_chik_days) + more)
    outcome = decide(ordering(120, KETOROLAC, findings=[fever]), LIMITS)
    assert (outcome != NoAdvice(Why.COUNT_NOT_LOW)) is speaks


# -------------------------------------------------------------------------------------------------- paracetamol


def test_paracetamol_is_offered_in_its_place() -> None:
    found = card(decide(ordering(45, KETOROLAC), LIMITS))
    replace, alone = found.suggestions
    assert (replace.label, alone.label) == ("replace", "remove")
    assert [a.template for a in replace.actions] == [None, "paracetamol"]
    assert all(a.dosage is None for a in replace.actions)
    assert found.one_of


@pytest.mark.parametrize(
    "members",
    [
        {"age": 17},
        {"age": None},
        {"allergies": [allergy("med-paracetamol")]},
        {"unanswered": {Kind.ALLERGIES: Answer.ABSENT}},
        {"findings": [condition("risk-liver")]},
        {"measurements": [measured("obs-alt", 240, "U/L", high=Decimal(50))]},
    ],
)
def test_no_draft_of_paracetamol_where_it_cannot_be_told(members: dict[str, Any]) -> None:
    found = card(decide(ordering(45, KETOROLAC, **members), LIMITS))
    assert created(found) == []
    assert removed(found) == [KETOROLAC.reference]


@pytest.mark.parametrize(
    ("days", "high", "warned"),
    [(1, Decimal(50), True), (1, Decimal(240), False), (31, Decimal(50), False)],
)
def test_a_high_alt_limits_paracetamol(days: int, high: Decimal, warned: bool) -> None:
    alt = measured("obs-alt", 240, "U/L", high=high, days=days)
    found = card(decide(ordering(45, KETOROLAC, measurements=[alt]), LIMITS))
    assert ("caution.alt" in found.cautions) is warned


# ------------------------------------------------------------------------------------------------------ unknown


def test_dengue_without_a_count() -> None:
    found = card(decide(ordering(None, KETOROLAC, findings=[dengue()]), LIMITS))
    assert found.title == "title.dengue.no-count"


def test_stale_count() -> None:
    found = card(decide(ordering([count(45, days=9)], KETOROLAC), LIMITS))
    assert found.values["count"] == "last known platelets"


@pytest.mark.parametrize(
    ("platelets", "members", "missing"),
    [
        (None, {}, Fact.PLATELETS),
        (120, {"unanswered": {Kind.CONDITIONS: Answer.ABSENT}}, Fact.CONDITIONS),
        (120, {"findings": [nosebleed(days=5)]}, Fact.BLEEDING_ACTIVITY),
    ],
)
def test_unknown_is_not_no(platelets: int | None, members: dict[str, Any], missing: Fact) -> None:
    assert decide(ordering(platelets, KETOROLAC, **members), LIMITS) == CannotTell(missing)


def test_not_selected() -> None:
    assert decide(ordering(12, order("med-paracetamol")), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    assert decide(ordering(12, order()), LIMITS) == CannotTell(Fact.SELECTED_DRUG)

"""ORD-01: an antiplatelet drug is selected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.orders.antiplatelet import decide
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import (
    LIMITS,
    ago,
    condition,
    count,
    dengue,
    done,
    drug,
    facts,
    near,
    nosebleed,
    on,
    order,
    purpura,
    service_order,
)
from tests.cards.ordering import CRITICAL, WARNING, card, created, ordering, removed

ASPIRIN = order("med-aspirin", "med-antiplatelet", "med-salicylate")
CLOPIDOGREL = order("med-p2y12", "med-antiplatelet")
TIROFIBAN = order("med-gp2b3a", "med-antiplatelet", "med-drug-induced-thrombocytopenia")
INFARCTION = condition("risk-acs", days=60)

below_30, at_30, above_30 = near(LIMITS.antiplatelet_critical)
below_50, at_50, above_50 = near(LIMITS.antiplatelet_warning)


@pytest.mark.parametrize("drug_order", [ASPIRIN, CLOPIDOGREL, TIROFIBAN])
@pytest.mark.parametrize(
    ("platelets", "indicator"),
    [(below_30, CRITICAL), (at_30, WARNING), (above_30, WARNING), (below_50, WARNING)],
)
def test_by_the_count(drug_order: Any, platelets: Decimal, indicator: Indicator) -> None:
    found = card(decide(ordering(platelets, drug_order), LIMITS))
    assert (found.rule, found.indicator, found.title) == ("ORD-01", indicator, "title.count")
    assert removed(found) == [drug_order.reference]


@pytest.mark.parametrize("platelets", [at_50, above_50])
def test_from_50_it_is_silent(platelets: Decimal) -> None:
    assert decide(ordering(platelets, ASPIRIN), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)


def test_active_bleeding_at_any_count() -> None:
    found = card(decide(ordering(180, ASPIRIN, findings=[nosebleed(hours=2)]), LIMITS))
    assert (found.indicator, found.title) == (CRITICAL, "title.bleeding")


@pytest.mark.parametrize("finding", [nosebleed(severity=1), purpura(), nosebleed(patient_reported=True)])
def test_bleeding_that_is_minor_or_of_the_skin_is_judged_by_the_count(finding: Any) -> None:
    assert decide(ordering(180, ASPIRIN, findings=[finding]), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)


@pytest.mark.parametrize("suspected", [False, True])
def test_dengue_at_any_count_also_suspected(suspected: bool) -> None:
    found = card(decide(ordering(165, ASPIRIN, findings=[dengue(suspected=suspected)]), LIMITS))
    assert (found.indicator, found.title) == (CRITICAL, "title.dengue")


def test_a_haemorrhagic_fever_at_any_count_while_current() -> None:
    def fever(days: float) -> Any:
        return condition("inf-vhf-other", suspected=True, days=days)

    last_day = float(LIMITS.vhf_days)
    found = card(decide(ordering(165, ASPIRIN, findings=[fever(last_day)]), LIMITS))
    assert (found.indicator, found.title) == (CRITICAL, "title.vhf")
    assert decide(ordering(165, ASPIRIN, findings=[fever(last_day + 1)]), LIMITS) == NoAdvice(
        Why.COUNT_NOT_LOW
    )


def test_exposure_counts_with_fever_only() -> None:
    exposed = condition("exposure-high-consequence", days=5)
    febrile = condition("sign-fever")
    assert card(decide(ordering(165, ASPIRIN, findings=[exposed, febrile]), LIMITS)).title == "title.vhf"
    assert decide(ordering(165, ASPIRIN, findings=[exposed]), LIMITS) == NoAdvice(Why.COUNT_NOT_LOW)


# ------------------------------------------------------------------------------------------ after ACS or stent

below_10, at_10, _ = near(LIMITS.acs_aspirin)


@pytest.mark.parametrize(
    ("orders", "platelets", "indicator"),
    [
        ([ASPIRIN], below_10, CRITICAL),
        ([ASPIRIN], at_10, WARNING),
        ([ASPIRIN], below_50, WARNING),
        ([CLOPIDOGREL], below_30, CRITICAL),
        ([CLOPIDOGREL], at_30, WARNING),
        ([ASPIRIN, CLOPIDOGREL], below_30, CRITICAL),
        ([ASPIRIN, CLOPIDOGREL], at_30, WARNING),
    ],
)
def test_the_limits_after_an_infarction(orders: list[Any], platelets: Decimal, indicator: Indicator) -> None:
    found = card(decide(ordering(platelets, *orders, findings=[INFARCTION]), LIMITS))
    assert (found.indicator, found.title) == (indicator, "title.acs")


def test_aspirin_beside_clopidogrel_in_use_is_dual() -> None:
    members: dict[str, Any] = {"findings": [INFARCTION], "medications": [drug("med-p2y12")]}
    assert card(decide(ordering(below_30, ASPIRIN, **members), LIMITS)).indicator is CRITICAL


def test_never_a_bare_stop_after_a_stent() -> None:
    found = card(decide(ordering(at_10, ASPIRIN, findings=[INFARCTION]), LIMITS))
    first, second = found.suggestions
    assert [a.template for a in first.actions] == ["cardiology", "haematology"]
    assert {a.template for a in second.actions} == {None, "cardiology", "haematology"}
    assert "coronary" in found.say
    assert found.one_of


def test_active_bleeding_beats_the_stent_and_still_asks() -> None:
    found = card(decide(ordering(above_30, ASPIRIN, findings=[INFARCTION, nosebleed(hours=2)]), LIMITS))
    assert (found.indicator, found.title) == (CRITICAL, "title.bleeding")
    assert created(found) == ["cardiology", "haematology"]


@pytest.mark.parametrize(
    ("date", "is_recent"), [("2025-06-15", True), ("2025-06-14", False), ("2025-06", True)]
)
def test_twelve_calendar_months(date: str, is_recent: bool) -> None:
    event = condition("risk-acs", at=on(date))
    title = card(decide(ordering(at_30, ASPIRIN, findings=[event]), LIMITS)).title
    assert (title == "title.acs") is is_recent


def test_a_stent_as_a_procedure_counts_by_its_date() -> None:
    stent = done("status-coronary-stent", days=30)
    assert card(decide(ordering(at_30, ASPIRIN, performed=[stent]), LIMITS)).title == "title.acs"


def test_a_stent_without_a_date_is_named_and_asked_about() -> None:
    stent = condition("status-coronary-stent", code="undated", undated=True, recorded=ago(days=3))
    found = card(decide(ordering(at_30, ASPIRIN, findings=[stent]), LIMITS))
    assert found.title == "title.count"
    assert "coronary-undated" in found.say
    assert created(found) == ["cardiology", "haematology"]


# ---------------------------------------------------------------------------------------------- doubtful counts


def test_a_stale_count_is_called_last_known() -> None:
    found = card(decide(ordering([count(22, days=4)], ASPIRIN), LIMITS))
    assert found.indicator is CRITICAL
    assert found.values["count"] == "last known platelets"
    assert "ORD-11/caution.last-known" in found.cautions


def test_of_two_counts_that_conflict_the_lower_is_used() -> None:
    found = card(decide(ordering([count(19, hours=3), count(88, hours=1)], ASPIRIN), LIMITS))
    assert found.indicator is CRITICAL
    assert found.values["platelets"] == "19 x10^9/L"
    assert len([row for row in found.inputs if row.fact.startswith("platelet count")]) == 2


def test_bleeding_without_any_count() -> None:
    found = card(decide(ordering(None, ASPIRIN, findings=[nosebleed(hours=2)]), LIMITS))
    assert found.title == "title.bleeding.no-count"
    assert Fact.PLATELETS in found.unknown


@pytest.mark.parametrize(
    ("platelets", "members", "missing"),
    [
        (None, {}, Fact.PLATELETS),
        (120, {"unanswered": {Kind.CONDITIONS: Answer.FAILED}}, Fact.CONDITIONS),
        (120, {"findings": [nosebleed(days=5)]}, Fact.BLEEDING_ACTIVITY),
    ],
)
def test_unknown_is_not_no(platelets: int | None, members: dict[str, Any], missing: Fact) -> None:
    assert decide(ordering(platelets, ASPIRIN, **members), LIMITS) == CannotTell(missing)


def test_what_is_not_selected_or_not_mapped() -> None:
    assert decide(facts(12), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    assert decide(ordering(12, order("med-paracetamol")), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    assert decide(ordering(12, order()), LIMITS) == CannotTell(Fact.SELECTED_DRUG)
    assert decide(ordering(12, service_order()), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    not_chosen = order("med-aspirin", selected=False)
    assert decide(ordering(12, not_chosen), LIMITS) == NoAdvice(Why.NOT_SELECTED)

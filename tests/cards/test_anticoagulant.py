"""ORD-03 and ORD-04: an anticoagulant is selected in a full or in a prophylactic dose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.anticoagulant_dose import LIMITS as DOSES
from cards.anticoagulant_dose import is_prophylactic
from cards.orders.anticoagulant import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Amount, Answer, Kind
from cards.valuesets import load
from tests.cards.build import (
    LIMITS,
    brain_bleed,
    condition,
    count,
    facts,
    gi_bleed,
    near,
    nosebleed,
    order,
    purpura,
)
from tests.cards.ordering import CRITICAL, WARNING, card, created, ordering, removed


def dosed(
    set_id: str, *more: str, dose: str, unit: str = "mg", a_day: str | None = "1", **members: Any
) -> Any:
    """A selected anticoagulant with a dose and times a day."""
    per_day = None if a_day is None else Decimal(a_day)
    return order(set_id, *more, dose=Amount(Decimal(dose), unit), per_day=per_day, **members)


APIXABAN = dosed("med-apixaban", "med-doac", "med-anticoagulant", dose="5", a_day="2")
ENOXAPARIN_40 = dosed("med-enoxaparin", "med-lmwh", "med-heparin", dose="40")
ENOXAPARIN_KG = dosed("med-enoxaparin", "med-lmwh", "med-heparin", dose="1", unit="mg/kg", a_day="2")
below_25, at_25, _ = near(LIMITS.anticoagulant_critical)
below_50, at_50, _ = near(LIMITS.anticoagulant_warning)


def asked(platelets: Any, drug: Any, *findings: Any, **members: Any) -> Any:
    return decide(ordering(platelets, drug, findings=list(findings), **members), LIMITS)


# ---------------------------------------------------------------------------------------------------------- dose


@pytest.mark.parametrize(
    ("drug", "prophylactic"),
    [
        (ENOXAPARIN_40, True),
        (dosed("med-enoxaparin", dose="40.1"), False),
        (dosed("med-enoxaparin", dose="30", a_day="2"), True),
        (dosed("med-enoxaparin", dose="31", a_day="2"), False),
        (dosed("med-enoxaparin", dose="40", a_day=None), False),
        (dosed("med-enoxaparin", dose="40", unit="unit"), False),
        (ENOXAPARIN_KG, False),
        (dosed("med-dalteparin", dose="5000", unit="unit"), True),
        (dosed("med-dalteparin", dose="5001", unit="unit"), False),
        (dosed("med-tinzaparin", dose="4500", unit="unit"), True),
        (dosed("med-tinzaparin", dose="4501", unit="unit"), False),
        (
            dosed("med-heparin-unfractionated", dose="5000", unit="unit", a_day="3", route="subcutaneous"),
            True,
        ),
        (
            dosed("med-heparin-unfractionated", dose="5001", unit="unit", a_day="3", route="subcutaneous"),
            False,
        ),
        (
            dosed("med-heparin-unfractionated", dose="5000", unit="unit", a_day="3", route="intravenous"),
            False,
        ),
        (dosed("med-fondaparinux", dose="2.5"), True),
        (dosed("med-fondaparinux", dose="7.5"), False),
        (dosed("med-apixaban", dose="2.5", a_day="2"), True),
        (dosed("med-apixaban", dose="5", a_day="1"), False),
        (APIXABAN, False),
        (dosed("med-rivaroxaban", dose="10"), True),
        (dosed("med-rivaroxaban", dose="15"), False),
        (dosed("med-vitamin-k-antagonist", dose="1"), False),
        (order("med-enoxaparin"), False),
    ],
)
def test_the_prophylactic_doses(drug: Any, prophylactic: bool) -> None:
    assert is_prophylactic(drug, LIMITS) is prophylactic


def test_the_sets_of_the_doses_exist() -> None:
    assert {limit.set_id for limit in DOSES} <= set(load())


# -------------------------------------------------------------------------------------------------------- ORD-03


@pytest.mark.parametrize(
    ("platelets", "indicator", "title"),
    [
        (below_25, CRITICAL, "title.very-low"),
        (at_25, WARNING, "title.low"),
        (below_50, WARNING, "title.low"),
    ],
)
def test_a_full_dose_by_the_count(platelets: Decimal, indicator: Indicator, title: str) -> None:
    answers = asked(platelets, APIXABAN)
    found = card(answers)
    assert (found.rule, found.indicator, found.title) == ("ORD-03", indicator, title)
    assert answers["ORD-04"] == NoAdvice(Why.NOT_SELECTED)
    assert removed(found) == [APIXABAN.reference]


def test_a_full_dose_from_50() -> None:
    assert asked(at_50, APIXABAN)["ORD-03"] == NoAdvice(Why.COUNT_NOT_LOW)


def test_bleeding_at_any_count() -> None:
    found = card(asked(180, APIXABAN, nosebleed(hours=2)))
    assert (found.indicator, found.title) == (CRITICAL, "title.bleeding")
    assert card(asked(None, APIXABAN, nosebleed(hours=2))).title == "title.bleeding.no-count"
    assert asked(180, APIXABAN, purpura())["ORD-03"] == NoAdvice(Why.COUNT_NOT_LOW)


@pytest.mark.parametrize(("days", "acute"), [(10, True), (29.9, True), (30, False)])
def test_an_acute_clot_is_not_simply_stopped(days: float, acute: bool) -> None:
    found = card(asked(below_25, ENOXAPARIN_KG, condition("risk-thrombosis", days=days)))
    assert ("acute-clot" in found.say) is acute
    assert found.suggestions[0].label == ("ask" if acute else "hold")
    assert created(found) == ["haematology"]


def test_a_dose_that_is_not_stated_is_full_and_said() -> None:
    found = card(asked(38, order("med-anticoagulant")))
    assert (found.rule, found.cautions) == ("ORD-03", ("caution.dose",))
    assert Fact.DOSE in found.unknown


def test_a_stale_count() -> None:
    found = card(asked([count(20, hours=30)], APIXABAN))
    assert found.values["count"] == "last known platelets"


@pytest.mark.parametrize("mimic", ["mimic-hit", "mimic-vitt"])
def test_with_hit_or_vitt_a_low_count_is_no_reason(mimic: str) -> None:
    illness = condition(mimic, days=1)
    fondaparinux = dosed("med-fondaparinux", "med-anticoagulant", dose="7.5")
    assert asked(20, fondaparinux, illness)["ORD-03"] == NoAdvice(Why.EXPLAINED)
    bleeding = card(asked(20, fondaparinux, illness, nosebleed(hours=1)))
    assert bleeding.indicator is CRITICAL
    assert "anti-pf4" in bleeding.say
    assert "alternatives" not in bleeding.say
    assert not any(isinstance(o, Advise) for o in asked(20, ENOXAPARIN_KG, illness).values())


# -------------------------------------------------------------------------------------------------------- ORD-04


@pytest.mark.parametrize(
    ("platelets", "findings", "indicator", "title"),
    [
        (below_25, [], WARNING, "title.very-low"),
        (below_50, [nosebleed(hours=2)], WARNING, "title.some-bleeding"),
        (None, [nosebleed(hours=2)], WARNING, "title.some-bleeding.no-count"),
        (180, [gi_bleed(severity=3, hours=2)], CRITICAL, "title.bleeding"),
        (180, [brain_bleed(hours=2)], CRITICAL, "title.bleeding"),
    ],
)
def test_a_prophylactic_dose(platelets: Any, findings: list[Any], indicator: Indicator, title: str) -> None:
    answers = asked(platelets, ENOXAPARIN_40, *findings)
    found = card(answers)
    assert (found.rule, found.indicator, found.title) == ("ORD-04", indicator, title)
    assert answers["ORD-03"] == NoAdvice(Why.NOT_SELECTED)


@pytest.mark.parametrize(("platelets", "findings"), [(at_25, []), (at_50, [nosebleed(hours=2)])])
def test_a_prophylactic_dose_that_goes_on(platelets: Any, findings: list[Any]) -> None:
    assert asked(platelets, ENOXAPARIN_40, *findings)["ORD-04"] == NoAdvice(Why.COUNT_NOT_LOW)


@pytest.mark.parametrize(
    ("platelets", "members", "missing"),
    [
        (None, {}, Fact.PLATELETS),
        (120, {"unanswered": {Kind.CONDITIONS: Answer.FAILED}}, Fact.CONDITIONS),
    ],
)
def test_unknown_is_not_no(platelets: Any, members: dict[str, Any], missing: Fact) -> None:
    assert asked(platelets, APIXABAN, **members)["ORD-03"] == CannotTell(missing)
    assert asked(platelets, ENOXAPARIN_40, **members)["ORD-04"] == CannotTell(missing)


def test_nothing_selected() -> None:
    assert set(decide(facts(12), LIMITS).values()) == {NoAdvice(Why.NOT_SELECTED)}

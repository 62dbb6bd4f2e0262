"""What the transfusion cards say to children, in pregnancy, in age, with liver or kidney disease, and on refusal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.outcome import Advise, Indicator
from cards.reasons import Fact
from cards.transfusion.decision import decide
from tests.cards.build import (
    LIMITS,
    blood_blister,
    condition,
    done,
    facts,
    gi_bleed,
    measured,
    near,
    nosebleed,
    purpura,
    service_order,
)
from tests.cards.direct import drafts, filled, text_of


def card(*args: Any, **members: Any) -> Advise:
    """The one transfusion card."""
    (found,) = (o for o in decide(facts(*args, **members), LIMITS).values() if isinstance(o, Advise))
    text_of(found)
    return found


# ---------------------------------------------------------------------------------------------- children


@pytest.mark.parametrize(
    ("weight", "volume"),
    [
        (Decimal("3.4"), Decimal(50)),  # 51 mL, rounded down to 5
        (10, Decimal(150)),
        (Decimal("12.3"), Decimal(180)),  # 184.5
        (LIMITS.adult_unit_volume / LIMITS.child_dose_high, LIMITS.adult_unit_volume),
        (60, LIMITS.adult_unit_volume),
    ],
)
def test_a_child_gets_a_dose_by_weight_and_at_most_one_adult_unit(weight: Decimal, volume: Decimal) -> None:
    found = card(22, age=3, weight=weight, findings=[nosebleed()])
    platelets = found.suggestions[0].actions[0]
    assert (platelets.template, platelets.quantity) == ("platelets-child", (volume, "mL"))
    low, high = found.values["volume_low"], found.values["volume_high"]
    assert ("One adult unit, 300 mL" if low == high else f"{low} to {high} mL") in text_of(found)
    assert volume <= LIMITS.child_dose_high * Decimal(weight)


def test_a_child_without_a_weight_gets_no_dose_but_the_question() -> None:
    found = card(22, age=3, weight=None, findings=[nosebleed()])
    assert drafts(found)[0] == "body-weight"
    assert not {"platelets-child", "platelets-adult"} & set(drafts(found))
    assert Fact.WEIGHT in found.unknown
    old = [measured("obs-body-weight", 14, days=31)]
    assert drafts(card(22, age=3, weight=None, measurements=old, findings=[nosebleed()]))[0] == "body-weight"


def test_without_an_age_there_is_no_dose() -> None:
    found = card(22, age=None, findings=[nosebleed()])
    assert (found.rule, found.indicator) == ("TRF-02", Indicator.CRITICAL)
    assert not {"platelets-child", "platelets-adult"} & set(drafts(found))
    assert Fact.AGE in found.unknown
    assert "no dose is drafted" in text_of(found)


@pytest.mark.parametrize(
    ("value", "findings", "key"),
    [
        (22, [nosebleed()], "bleeding"),
        (22, [gi_bleed(severity=3)], "severe"),
        (22, [purpura()], "no-bleeding"),
        (8, [purpura()], "no-bleeding"),
        (22, [blood_blister()], "bleeding"),
    ],
)
def test_a_child_hears_what_holds_for_children(value: int, findings: list[Any], key: str) -> None:
    found = card(value, age=9, findings=findings)
    assert f"POP-02/{key}" in found.say
    assert "POP-02" in found.also
    assert "POP-02" not in card(value, age=18, findings=findings).also


@pytest.mark.parametrize("other", ["mimic-dic", "mimic-acute-leukaemia", "inf-dengue", "inf-sepsis"])
def test_drugs_for_immune_destruction_are_not_named_beside_another_cause(other: str) -> None:
    findings = [nosebleed(), condition(other), condition("refusal-of-blood")]
    child = card(22, age=9, findings=findings)
    assert {"POP-02/other-cause", "POP-09/remains.other-cause"} <= set(child.say)
    mother = card(22, sex="female", age=30, pregnant=True, findings=findings)
    assert {"POP-03/first", "POP-03/birth"} <= set(mother.say)
    assert "POP-03/immune" not in mother.say


def test_in_life_threatening_bleeding_nothing_comes_first_in_pregnancy() -> None:
    found = card(22, sex="female", age=30, pregnant=True, findings=[gi_bleed(severity=3)])
    assert "POP-03/severe" in found.say
    assert not {"POP-03/first", "POP-03/immune"} & set(found.say)


def test_a_child_below_10_is_urgent_too() -> None:
    found = card(8, age=9, findings=[purpura()])
    assert (found.rule, found.indicator) == ("TRF-06", Indicator.CRITICAL)
    assert not any(key.startswith("IMM-") for key in found.say)


# ---------------------------------------------------------------------------------------------- others


def test_pregnancy_adds_its_own_paragraph() -> None:
    found = card(22, sex="female", age=30, pregnant=True, findings=[nosebleed()])
    assert {"POP-03/first", "POP-03/immune", "POP-03/birth"} <= set(found.say)
    assert "pregnancy" in {i.fact for i in found.inputs}
    assert "POP-03" not in card(22, sex="female", age=30, findings=[nosebleed()]).also


def test_age_is_a_caution_from_65_on_and_overload_where_platelets_are_advised() -> None:
    below, at, _ = near(LIMITS.elderly, "1")
    assert "POP-04" not in card(22, age=int(below), findings=[nosebleed()]).also
    found = card(22, age=int(at), findings=[nosebleed()])
    assert {"POP-04/caution.age", "POP-04/caution.overload"} <= set(found.cautions)
    quiet = card(22, age=int(at))
    assert "POP-04/caution.age" in quiet.cautions
    assert "POP-04/caution.overload" not in quiet.cautions


def test_varices_come_before_platelets_in_cirrhosis() -> None:
    found = card(40, findings=[gi_bleed(), condition("risk-liver")])
    assert "POP-06/variceal" in found.say
    assert "POP-06/caution.spleen" in found.cautions
    nose = card(40, findings=[nosebleed(), condition("risk-liver")])
    assert "POP-06/variceal" not in nose.say
    spleen = card(40, findings=[gi_bleed(), condition("risk-splenomegaly")])
    assert "POP-06/variceal" not in spleen.say


def test_uraemia_and_irradiation_are_cautions_where_they_matter() -> None:
    found = card(22, findings=[nosebleed(), condition("risk-ckd"), condition("status-transplant")])
    assert {"POP-07/caution.uraemia", "POP-05/caution.irradiated"} <= set(found.cautions)
    grafted = card(22, findings=[nosebleed()], performed=[done("status-transplant", days=900)])
    assert "POP-05/caution.irradiated" in grafted.cautions
    quiet = card(22, findings=[condition("risk-ckd"), condition("status-transplant")])
    assert not {"POP-07/caution.uraemia", "POP-05/caution.irradiated"} & set(quiet.cautions)


@pytest.mark.parametrize(
    ("value", "findings", "rule"),
    [
        (22, [nosebleed()], "TRF-02"),
        (22, [gi_bleed(severity=3)], "TRF-01"),
        (None, [gi_bleed(severity=3)], "TRF-01"),
        (None, [nosebleed()], "TRF-15"),
    ],
)
def test_refusal_of_blood_changes_the_title_and_drafts_no_product(
    value: Any, findings: Any, rule: str
) -> None:
    found = card(value, findings=[*findings, condition("refusal-of-blood")])
    assert found.rule == rule
    assert "blood products refused (recorded)" in filled(found, found.title)
    assert "platelets-adult" not in drafts(found)
    assert "POP-09" in found.also
    assert "POP-09/refused" in found.say
    assert "refusal of blood products" in {i.fact for i in found.inputs}
    assert not any(key.startswith("TRF-16/dose") for key in found.say)


def test_refusal_below_10_does_not_advise_platelets_to_a_failing_marrow() -> None:
    findings = [condition("mimic-acute-leukaemia"), condition("refusal-of-blood")]
    found = card(8, findings=findings)
    assert found.title == "title"
    assert "platelets-adult" not in drafts(found)


def test_refusal_with_selected_platelets_drafts_nothing_either() -> None:
    chosen = [service_order("proc-platelet-transfusion")]
    found = card(
        22,
        hook="order-select",
        orders=chosen,
        findings=[nosebleed(), condition("refusal-of-blood")],
    )
    assert "cbc-after-platelets" not in drafts(found)

"""High bleeding risk (rulebook A.9), platelets on their way, and the marrow: what other rules ask of the record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.host import hypoproliferative, immunocompromised
from cards.record import Amount, Medication
from cards.transfusion.bleeding_risk import high_bleeding_risk
from cards.transfusion.given import find_given
from cards.transfusion.marrow import without_prophylaxis
from tests.cards.build import (
    LIMITS,
    ago,
    blood_blister,
    brain_bleed,
    condition,
    done,
    drug,
    facts,
    gi_bleed,
    given_drug,
    measured,
    near,
    nosebleed,
    planned,
    platelets_given,
    purpura,
    service_order,
)


def enoxaparin(milligrams: Decimal, a_day: int | None = 1, unit: str = "mg") -> Medication:
    per_day = None if a_day is None else Decimal(a_day)
    sets = "med-enoxaparin", "med-lmwh", "med-heparin", "med-anticoagulant"
    return drug(*sets, dose=Amount(milligrams, unit), per_day=per_day)


INR, FIBRINOGEN = near(LIMITS.inr_raised), near(LIMITS.fibrinogen_low)


@pytest.mark.parametrize(
    ("members", "risky"),
    [
        ({}, False),
        ({"findings": [purpura()]}, False),
        ({"age": 80}, False),
        ({"planned": [planned("proc-cvc", occurrence=ago(hours=-24))]}, True),
        ({"planned": [planned("proc-cvc", occurrence=ago(hours=-25))]}, False),
        ({"planned": [planned("proc-cvc")]}, True),
        ({"planned": [planned("proc-im-injection")]}, False),
        ({"performed": [done("proc-cvc", hours=25)]}, True),  # ended 24 hours ago
        ({"performed": [done("proc-cvc", hours=26)]}, False),
        ({"orders": [service_order("proc-cvc")], "hook": "order-select"}, True),
        ({"findings": [condition("status-dialysis")]}, True),
        ({"measurements": [measured("obs-pt-inr", INR[0])]}, False),
        ({"measurements": [measured("obs-pt-inr", INR[1])]}, True),
        ({"measurements": [measured("obs-pt-inr", INR[1], hours=73)]}, False),
        ({"measurements": [measured("obs-fibrinogen", FIBRINOGEN[0], unit="g/L")]}, True),
        ({"measurements": [measured("obs-fibrinogen", FIBRINOGEN[1], unit="g/L")]}, False),
        ({"medications": [drug("med-doac", "med-anticoagulant")]}, True),
        *[({"medications": [enoxaparin(v)]}, v > LIMITS.enoxaparin_day) for v in near(LIMITS.enoxaparin_day)],
        ({"medications": [enoxaparin(LIMITS.enoxaparin_day, a_day=None)]}, True),
        ({"medications": [enoxaparin(LIMITS.enoxaparin_day, unit="unit")]}, True),
        ({"medications": [enoxaparin(LIMITS.enoxaparin_day), drug("med-aspirin")]}, True),
        ({"medications": [drug("med-p2y12", "med-antiplatelet")]}, True),
        ({"medications": [drug("med-doac", status="stopped", end=ago(days=1))]}, False),
        ({"findings": [blood_blister()]}, True),
        ({"findings": [nosebleed(severity=2, hours=30, ended_hours=20)]}, True),
        ({"findings": [condition("bleed-gu-microscopic")]}, False),
        ({"findings": [gi_bleed(severity=3, days=30)]}, True),
        ({"findings": [gi_bleed(severity=3, days=31)]}, False),
        ({"findings": [gi_bleed(severity=2, days=30)]}, False),
        ({"findings": [gi_bleed(severity=3, days=5)]}, True),
        ({"findings": [gi_bleed(severity=3, days=5, suspected=True)]}, False),
        ({"findings": [brain_bleed(days=20)]}, True),
        ({"performed": [done("proc-major-surgery", days=7)]}, True),
        ({"performed": [done("proc-major-surgery", days=8)]}, False),
        ({"findings": [condition("sign-head-injury", days=7)]}, True),
        ({"findings": [condition("sign-head-injury", days=7, minutes=1)]}, False),
    ],
)
def test_each_item_of_a_high_bleeding_risk(members: dict[str, Any], risky: bool) -> None:
    rows = high_bleeding_risk(facts(15, **members), LIMITS)
    assert bool(rows) is risky
    assert all(row.reference for row in rows)


@pytest.mark.parametrize(
    ("members", "failing"),
    [
        ({}, False),
        ({"findings": [condition("mimic-acute-leukaemia")]}, True),
        ({"findings": [condition("mimic-acute-leukaemia", code="remission")]}, False),
        ({"findings": [condition("mimic-acute-leukaemia", suspected=True)]}, False),
        ({"findings": [condition("mimic-aplastic")]}, True),
        ({"findings": [condition("mimic-lymphoma")]}, False),
        ({"performed": [done("proc-chemotherapy", days=30)]}, True),
        ({"performed": [done("proc-chemotherapy", days=31)]}, False),
        ({"medications": [given_drug("med-chemotherapy", days=30)]}, True),
        ({"medications": [given_drug("med-chemotherapy", days=31)]}, False),
        ({"performed": [done("status-transplant", days=30)]}, True),
        ({"findings": [condition("status-transplant")]}, False),
    ],
)
def test_a_marrow_that_makes_no_platelets(members: dict[str, Any], failing: bool) -> None:
    p = facts(15, **members)
    assert bool(hypoproliferative(p, LIMITS)) is failing
    assert without_prophylaxis(p, LIMITS) is bool(p.present("mimic-aplastic"))


def test_a_transplantation_weakens_the_defence_for_good() -> None:
    p = facts(60, performed=[done("status-transplant", days=900)])
    assert immunocompromised(p, LIMITS)
    assert not immunocompromised(facts(60), LIMITS)


def test_own_stem_cells_of_the_last_month_ask_for_no_prophylaxis() -> None:
    days = int(LIMITS.hypoproliferative_days)
    for age, none in ((days, True), (days + 1, False)):
        p = facts(9, performed=[done("proc-autologous-transplant", days=age)])
        assert without_prophylaxis(p, LIMITS) is none


def test_what_was_given_counts_before_what_was_ordered() -> None:
    order = planned("proc-platelet-transfusion", minutes=10)
    p = facts(15, performed=[platelets_given(hours=5), platelets_given(hours=3)], planned=[order])
    found = find_given(p, LIMITS)
    assert found is not None
    assert (found.only_ordered, found.time) == (False, ago(hours=3))
    ordered = find_given(facts(15, planned=[order]), LIMITS)
    assert ordered is not None
    assert ordered.only_ordered
    assert find_given(facts(15, medications=[drug("product-platelets")]), LIMITS) is None

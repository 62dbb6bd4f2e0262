"""A steroid in the dose, and for the time, that weaken the defence (A.9, ORD-21)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.host import immunocompromised
from cards.orders.live_vaccine import decide
from cards.outcome import Advise
from cards.record import Amount, Medication
from cards.steroid_dose import Dose, courses_in_use, dose_of, dose_of_all, length_of
from tests.cards.build import LIMITS, ago, drug, facts, near, order
from tests.cards.ordering import CRITICAL, WARNING, card, ordering

LIMIT, PER_KG = LIMITS.live_vaccine_steroid_mg, LIMITS.live_vaccine_steroid_mg_kg
DAYS = float(LIMITS.steroid_days)
VACCINE = order("vax-live")


def steroid(
    milligrams: Any = None, a_day: int | None = 1, unit: str | None = "mg", sets: Any = None, **members: Any
) -> Medication:
    """An oral steroid; prednisone unless `sets` says otherwise."""
    dose = None if milligrams is None else Amount(Decimal(str(milligrams)), unit)
    per_day = None if a_day is None else Decimal(a_day)
    sets = sets or ("med-corticosteroid", "med-prednisone")
    members = {"days": DAYS, "route": "oral"} | members
    return drug(*sets, dose=dose, per_day=per_day, **members)


def child(weight: float | None, drugs: Any) -> PatientFacts:
    return facts(60, age=6, medications=drugs, weight=weight)


def adult(*drugs: Medication, **members: Any) -> PatientFacts:
    return facts(60, medications=drugs, **members)


def undated(one: Medication) -> Medication:
    return replace(one, start=None)


@pytest.mark.parametrize(("milligrams", "high"), [(v, v >= LIMIT) for v in near(LIMIT)])
def test_an_adult_by_the_dose_of_a_day(milligrams: Decimal, high: bool) -> None:
    one = steroid(milligrams)
    assert dose_of(adult(one), one, LIMITS) is (Dose.HIGH if high else Dose.LOW)
    half = steroid(milligrams / 2, a_day=2)
    assert dose_of(adult(half), half, LIMITS) is (Dose.HIGH if high else Dose.LOW)


@pytest.mark.parametrize(
    "unsure",
    [
        steroid(),
        steroid(60, a_day=None),
        steroid(60, unit=None),
        steroid(4, unit="tablet"),
        steroid(60, sets=("med-corticosteroid",)),
        steroid(1, unit="mg/kg"),
    ],
    ids=["no dose", "no frequency", "no unit", "tablets", "another steroid", "by a weight that is not known"],
)
def test_what_is_not_known_is_not_low(unsure: Medication) -> None:
    assert dose_of(adult(unsure, weight=None), unsure, LIMITS) is Dose.UNKNOWN


@pytest.mark.parametrize(("per_kg", "high"), [(v, v >= PER_KG) for v in near(PER_KG, "0.01")])
def test_a_child_by_weight(per_kg: Decimal, high: bool) -> None:
    by_weight, in_mg = steroid(per_kg, unit="mg/kg"), steroid(per_kg * 9)
    for one in (by_weight, in_mg):
        expected = Dose.HIGH if high else Dose.LOW
        assert dose_of(child(9, drugs=[one]), one, LIMITS) is expected


def test_a_child_whose_dose_would_be_high_in_an_adult_or_whose_weight_is_not_known_leaves_a_doubt() -> None:
    one, small = steroid(LIMIT), steroid(LIMIT - 1)
    assert dose_of(child(40, drugs=[one]), one, LIMITS) is Dose.UNKNOWN
    assert dose_of(child(40, drugs=[small]), small, LIMITS) is Dose.LOW
    assert dose_of(child(None, drugs=[small]), small, LIMITS) is Dose.UNKNOWN


@pytest.mark.parametrize(("days", "counts"), [(DAYS - 1, False), (DAYS, True), (DAYS + 1, True)])
def test_a_course_counts_from_two_weeks(days: float, counts: bool) -> None:
    so_far = steroid(60, days=days)
    planned = steroid(60, days=2, end=ago(days=2 - days))
    for one in (so_far, planned):
        assert bool(courses_in_use(adult(one), LIMITS)) is counts
        assert (length_of(adult(one), one, LIMITS) is Dose.HIGH) is counts


def test_a_course_without_a_start_may_be_long() -> None:
    one = undated(steroid(60))
    assert courses_in_use(adult(one), LIMITS) == (one,)
    assert length_of(adult(one), one, LIMITS) is Dose.UNKNOWN


def test_low_doses_together_leave_a_doubt_where_they_add_up() -> None:
    parts = [steroid(LIMIT / 2), steroid(LIMIT / 2)]
    assert dose_of_all(adult(*parts), parts, LIMITS) is Dose.UNKNOWN
    less = [steroid(LIMIT / 2), steroid(LIMIT / 2 - 1)]
    assert dose_of_all(adult(*less), less, LIMITS) is Dose.LOW
    before = [steroid(LIMIT / 2), steroid(LIMIT / 2, days=40, end=ago(days=5), status="completed")]
    assert dose_of_all(adult(*before), before, LIMITS) is Dose.LOW
    assert dose_of_all(adult(*parts, steroid(LIMIT)), [*parts, steroid(LIMIT)], LIMITS) is Dose.HIGH


# ------------------------------------------------------------------------------------------------- who asks


def vaccine_card(*drugs: Medication) -> Advise | None:
    outcome = decide(ordering(180, VACCINE, medications=drugs), LIMITS)
    return card(outcome) if isinstance(outcome, Advise) else None


@pytest.mark.parametrize(("milligrams", "high"), [(v, v >= LIMIT) for v in near(LIMIT)])
def test_a_live_vaccine_by_the_dose(milligrams: Decimal, high: bool) -> None:
    found = vaccine_card(steroid(milligrams))
    assert (found is not None) is high
    if found is not None:
        assert (found.indicator, found.title, "POP-05" in found.also) == (
            CRITICAL,
            "title.steroid-dose",
            True,
        )
        assert [row.value for row in found.inputs if row.fact == "its dose of a day"] == [
            milligrams.normalize()
        ]


@pytest.mark.parametrize(
    "unsure", [steroid(), undated(steroid(60)), steroid(60, sets=("med-corticosteroid",))]
)
def test_a_live_vaccine_where_dose_or_length_is_not_known(unsure: Medication) -> None:
    found = vaccine_card(unsure)
    assert found is not None
    assert (found.indicator, found.title) == (WARNING, "title.steroid")


def test_a_high_dose_that_ended_a_month_ago() -> None:
    def ended(days: float) -> Advise | None:
        return vaccine_card(steroid(60, days=60, end=ago(days=days), status="completed"))

    found = ended(29)
    assert found is not None
    assert found.indicator is CRITICAL
    assert ended(32) is None


def test_a_weak_defence_by_a_steroid_unless_its_dose_is_known_to_be_low() -> None:
    def rows(one: Medication) -> int:
        return len(immunocompromised(adult(one), LIMITS))

    assert rows(steroid(LIMIT)) == 2, "the drug and its dose"
    assert rows(steroid()) == 1
    assert rows(steroid(LIMIT - 1)) == 0
    assert rows(steroid(60, days=DAYS - 1)) == 0


@pytest.mark.parametrize(
    ("members", "title"),
    [
        ({"duration": timedelta(days=DAYS)}, "title.steroid-dose"),
        ({"duration": timedelta(days=DAYS - 1)}, None),
        ({}, "title.steroid"),
        ({"duration": timedelta(days=DAYS), "dose": Amount(LIMIT - 1, "mg")}, None),
        ({"duration": timedelta(days=DAYS), "dose": None}, "title.steroid"),
        ({"duration": timedelta(days=DAYS), "route": "other"}, None),
    ],
    ids=["two weeks", "13 days", "no length", "19 mg", "no dose", "a cream"],
)
def test_a_steroid_that_is_signed_beside_the_vaccine(members: dict[str, Any], title: str | None) -> None:
    whole = {"dose": Amount(LIMIT, "mg"), "per_day": Decimal(1), "route": "oral"} | members
    draft = order("med-corticosteroid", "med-prednisone", **whole)
    outcome = decide(ordering(180, VACCINE, draft), LIMITS)
    assert (outcome.title if isinstance(outcome, Advise) else None) == title

"""TRF-11: the count after a transfusion, and poor increments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind, Moment, Planned
from cards.transfusion.increments import decide, increments
from tests.cards.build import (
    LIMITS,
    NOW,
    ago,
    condition,
    count,
    done,
    drug,
    facts,
    given_drug,
    nosebleed,
    planned,
    platelets_given,
)
from tests.cards.direct import drafts, filled, text_of, words


def back(minutes: float) -> Moment:
    return Moment.instant(NOW - timedelta(minutes=minutes))


def given(ended: float) -> Any:
    """A transfusion of an hour that ended so many minutes ago."""
    return done("proc-platelet-transfusion", at=back(ended + 60), end=back(ended))


def series(*points: tuple[float, float]) -> list[Any]:
    """Counts with the minutes that have passed since."""
    return [count(Decimal(str(value)), at=back(minutes)) for value, minutes in points]


POOR = {
    "count_or_counts": series((9, 1600), (12, 1395), (10, 200), (12, 45)),
    "performed": [given(1440), given(90)],
}


def card(*args: Any, **members: Any) -> Advise:
    found = decide(facts(*args, **members), LIMITS)
    assert isinstance(found, Advise), found
    text_of(found)
    return found


# ---------------------------------------------------------------------------------------------- the count after


def test_after_platelets_the_count_is_asked_for() -> None:
    found = card([count(20, hours=5)], performed=[platelets_given(hours=3)])
    assert (found.rule, found.indicator) == ("TRF-11", Indicator.INFO)
    assert drafts(found) == ["cbc-after-platelets"]
    none = card(None, performed=[platelets_given(hours=3)])
    assert "no count on record" in filled(none, none.title)


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({}, Why.NOT_TRANSFUSED),
        ({"performed": [given(24 * 60 + 1)]}, Why.NOT_TRANSFUSED),
        ({"performed": [platelets_given(hours=3, status="not-done")]}, Why.NOT_TRANSFUSED),
        ({"performed": [given(200)], "count_or_counts": series((20, 400), (40, 180))}, Why.ALREADY_DONE),
        ({"performed": [given(200)], "planned": [planned("order-cbc")]}, Why.ALREADY_DONE),
        ({"performed": [platelets_given(hours=2)], "findings": [nosebleed(hours=4)]}, Why.MERGED),
    ],
)
def test_silence_has_its_reason(members: dict[str, Any], why: Why) -> None:
    p = facts(**({"count_or_counts": series((20, 500))} | members))
    assert decide(p, LIMITS) == NoAdvice(why)


@pytest.mark.parametrize(
    ("order", "covers"),
    [
        (planned("order-cbc", minutes=261), False),
        (planned("order-cbc", minutes=260), True),
        (planned("order-cbc", undated=True), False),
        (planned("order-cbc", days=3, occurrence=ago(minutes=201)), False),
        (planned("order-cbc", days=3, occurrence=ago(minutes=200)), True),
        (planned("order-cbc", days=3, occurrence=ago(minutes=200 - 24 * 60)), True),
        (planned("order-cbc", days=3, occurrence=ago(minutes=199 - 24 * 60)), False),
        (planned("order-cbc", status="draft"), False),
    ],
)
def test_an_order_from_before_them_is_for_the_sample_before_them(order: Planned, covers: bool) -> None:
    p = facts(series((20, 500)), performed=[given(200)], planned=[order])
    assert (decide(p, LIMITS) == NoAdvice(Why.ALREADY_DONE)) is covers


def test_the_day_ends_after_24_hours() -> None:
    p = facts(series((20, 1800)), performed=[given(24 * 60)])
    assert isinstance(decide(p, LIMITS), Advise)


def test_unread_procedures_are_no_absence_of_a_transfusion() -> None:
    p = facts(20, unanswered={Kind.PROCEDURES: Answer.FAILED})
    assert decide(p, LIMITS) == CannotTell(Fact.PROCEDURES)


# ---------------------------------------------------------------------------------------------- increments


def test_two_poor_increments_warn_and_show_how_they_were_reckoned() -> None:
    found = card(**POOR)
    assert (found.rule, found.indicator) == ("TRF-11", Indicator.WARNING)
    shown = [i.value for i in found.inputs if i.fact == "corrected count increment"]
    assert shown == ["at most 2.5, poor below 7.5", "at most 1.7, poor below 7.5"]
    assert "HLA" in filled(found, found.title)
    assert {Fact.BODY_SURFACE, Fact.PLATELET_DOSE, Fact.ABO_MATCH} <= set(found.unknown)
    assert "platelets-adult" not in drafts(found)


def test_causes_on_record_are_named() -> None:
    found = card(
        **POOR, findings=[condition("inf-sepsis"), condition("risk-splenomegaly"), condition("mimic-dic")]
    )
    assert set(found.cautions) == {"cause.sepsis", "cause.spleen", "cause.dic"}


@pytest.mark.parametrize(
    ("after", "poor"),
    [
        (Decimal("18.9"), True),  # rise 8.9: at most 7.42, shown as 7.5, not below the limit
        (Decimal("18.8"), True),
        (Decimal("19.0"), False),
    ],
)
def test_poor_is_said_only_where_it_is_certain(after: Decimal, poor: bool) -> None:
    p = facts(series((10, 200), (float(after), 45)), performed=[given(90)])
    (one,) = increments(p, LIMITS)
    rise = after - 10
    assert one.at_most >= rise * LIMITS.cci_surface / LIMITS.cci_dose
    assert one.is_poor is (one.at_most < LIMITS.cci_early)
    assert not (one.is_poor and not poor)


@pytest.mark.parametrize(
    ("ago", "limit"),
    [
        (9, None),
        (10, LIMITS.cci_early),
        (60, LIMITS.cci_early),
        (61, None),
        (18 * 60 - 1, None),
        (18 * 60, LIMITS.cci_late),
        (24 * 60, LIMITS.cci_late),
        (24 * 60 + 1, None),
    ],
)
def test_the_count_after_belongs_to_a_window(ago: int, limit: Decimal | None) -> None:
    ended = 30 * 60
    p = facts(series((10, ended + 90), (12, ended - ago)), performed=[given(ended)])
    assert [one.limit for one in increments(p, LIMITS)] == ([] if limit is None else [limit])


def test_one_poor_increment_or_a_good_one_between_is_no_failure() -> None:
    one = facts(series((10, 200), (12, 45)), performed=[given(90)])
    assert decide(one, LIMITS) == NoAdvice(Why.ALREADY_DONE)
    good = facts(series((9, 1600), (12, 1395), (10, 200), (40, 45)), performed=[given(1440), given(90)])
    assert decide(good, LIMITS) == NoAdvice(Why.ALREADY_DONE)


def test_a_fall_is_poor_too() -> None:
    p = facts(series((10, 200), (8, 45)), performed=[given(90)])
    (one,) = increments(p, LIMITS)
    assert (one.at_most, one.is_poor) == (0, True)


def test_children_and_dates_without_time_are_not_reckoned() -> None:
    assert increments(facts(**POOR, age=12), LIMITS) == ()
    dated = done("proc-platelet-transfusion", day=0)
    assert increments(facts(series((10, 2000), (12, 45)), performed=[dated]), LIMITS) == ()


def test_an_administration_counts_like_a_procedure() -> None:
    found = card([count(20, hours=5)], medications=[given_drug("product-platelets", hours=3)])
    assert found.inputs[0].fact == "platelets given"
    assert decide(facts(20, medications=[drug("product-platelets")]), LIMITS) == NoAdvice(Why.NOT_TRANSFUSED)


def test_every_title_fits_with_the_longest_values() -> None:
    values = {"platelets": "2500.5 x10^9/L", "given": "22 Nov 2025, 04:10"}
    for key in words()["TRF-11"].paragraphs:
        if key.startswith("title"):
            title = filled(Advise("TRF-11", Indicator.INFO, title=key, values=values), key)
            assert len(title) <= 139, (key, len(title))

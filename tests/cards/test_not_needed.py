"""TPO-04: a TPO receptor agonist is selected and usually not needed; the card is that of ORD-20."""

from __future__ import annotations

import pytest

from cards.facts import Activity, Bleed, Bleeding, PatientFacts, Site
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Planned
from cards.tpo_ra.not_needed import decide, why_not_needed
from tests.cards.direct import (
    LIMITS,
    ago,
    counts,
    day,
    drug,
    finding,
    infection,
    patient,
    person,
    selected,
    words,
)

DRAFT = [selected("med-tpo-ra")]


def ordering(value: str, *infections: object, **more: object) -> PatientFacts:
    return patient(counts(value), *infections, orders=DRAFT, hook="order-select", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "why"), [("50.0", "count"), ("49.9", None)])
def test_from_50_it_is_not_needed(value: str, why: str | None) -> None:
    assert why_not_needed(ordering(value), LIMITS) == why


@pytest.mark.parametrize(
    "given",
    [
        {"planned": [Planned("ServiceRequest/s", frozenset({"proc-major-surgery"}), "active")]},
        {"drugs": [drug("med-antiplatelet")]},
        {"findings": [finding("risk-atrial-fibrillation")]},
        {"drugs": [drug("med-tpo-ra")]},
    ],
)
def test_a_need_at_50_and_above(given: dict[str, object]) -> None:
    assert why_not_needed(ordering("60", **given), LIMITS) is None


@pytest.mark.parametrize(("days", "why"), [(27, "recent"), (28, None)])
def test_an_acute_infection_younger_than_four_weeks(days: int, why: str | None) -> None:
    assert why_not_needed(ordering("40", infection("INF-EBV", onset=ago(days=days))), LIMITS) == why


def bleeding(site: Site) -> Bleeding:
    return Bleeding((Bleed("x", "x", site, Activity.ACTIVE, None, 2, "Condition/b", ago(hours=2)),))


@pytest.mark.parametrize(("site", "why"), [(Site.MUCOSAL, None), (Site.SKIN, "recent")])
def test_bleeding_beyond_the_skin(site: Site, why: str | None) -> None:
    assert why_not_needed(ordering("40", infection("INF-EBV"), bleeding=bleeding(site)), LIMITS) == why


def test_thrombocytopenia_older_than_the_infection() -> None:
    itp = finding("cond-thrombocytopenia-immune", onset=day("2025-06-01"))
    assert why_not_needed(ordering("40", infection("INF-EBV"), findings=[itp]), LIMITS) is None


def test_where_tpo_02_would_discuss_it() -> None:
    ebv = infection("INF-EBV", onset=ago(days=18))
    assert why_not_needed(ordering("14", ebv, who=person(72)), LIMITS) is None
    assert why_not_needed(ordering("14", ebv, who=person(40)), LIMITS) == "recent"


def test_outcomes() -> None:
    assert decide(ordering("60"), LIMITS) == NoAdvice(Why.MERGED)
    assert decide(patient(counts("60")), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    unusable = patient(counts("60", usable=False), orders=DRAFT)
    assert decide(unusable, LIMITS) == CannotTell(Fact.PLATELETS)


@pytest.mark.parametrize("key", ["title", "count", "recent"])
def test_the_words_for_the_order_exist(key: str) -> None:
    assert words().find("TPO-04", key)

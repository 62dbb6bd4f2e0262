"""SAFE-04: low platelets with thrombosis after a vector vaccine or adenovirus; no heparin, no platelets."""

from __future__ import annotations

import pytest

from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind, Measurement, Performed
from cards.safety.vitt import Suspicion, decide, suspect
from tests.cards.build import (
    LIMITS,
    condition,
    done,
    facts,
    gum_bleeding,
    lab,
    measured,
    near,
    order,
    service_order,
)
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, deleted

CLOT = condition("risk-thrombosis", days=1)
PCR = lab("lab-adenovirus", days=9)


def vaccine(days: float = 10, **members: object) -> Performed:
    return done("vax-adenoviral-vector", days=days, **members)


def trigger(count: object = 42, **members: object) -> str | None:
    found = suspect(facts(count, **members), LIMITS)
    return found.trigger if isinstance(found, Suspicion) else None


@pytest.mark.parametrize(("days", "expected"), [(3.9, None), (4, "vaccine"), (42, "vaccine"), (42.1, None)])
def test_the_days_after_the_vaccine(days: float, expected: str | None) -> None:
    assert (LIMITS.vaccine_from, LIMITS.vaccine_to) == (4, 42)
    assert trigger(immunizations=[vaccine(days)], findings=[CLOT]) == expected


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        ({"findings": [CLOT]}, True),
        ({"findings": [condition("risk-cvst", days=1)]}, True),
        ({"findings": [condition("risk-portal-vein-thrombosis", suspected=True)]}, True),
        ({"findings": [condition("risk-thrombosis", undated=True)]}, True),
        ({"findings": [condition("risk-thrombosis", days=20)]}, False),
        ({"findings": [condition("risk-thrombosis", past=True)]}, False),
        ({"findings": [condition("sign-headache", severity=3)]}, True),
        ({"findings": [condition("sign-headache", severity=1)]}, False),
        ({}, False),
    ],
)
def test_signs_after_the_vaccine(sign: dict[str, object], expected: bool) -> None:
    assert bool(trigger(immunizations=[vaccine()], **sign)) is expected


def test_d_dimer_after_the_vaccine() -> None:
    def holds(m: Measurement) -> bool:
        return bool(trigger(immunizations=[vaccine()], measurements=[m]))

    assert [holds(measured("obs-d-dimer", v, "ug/L")) for v in near(LIMITS.vitt_d_dimer)] == [
        False,
        False,
        True,
    ]
    assert not holds(measured("obs-d-dimer", 9000, "ug/L", days=4))
    assert not holds(measured("obs-d-dimer-ddu", 9000, "ug/L"))


@pytest.mark.parametrize(
    ("infection", "expected"),
    [
        ({"tests": [PCR]}, True),
        ({"tests": [lab("lab-adenovirus", days=31)]}, False),
        ({"tests": [lab("lab-adenovirus", "negative")]}, False),
        ({"more": [condition("inf-adenovirus", days=30)]}, True),
        ({"more": [condition("inf-adenovirus", days=31)]}, False),
        ({}, False),
    ],
)
def test_after_adenovirus(infection: dict[str, list[Finding]], expected: bool) -> None:
    findings = [CLOT, *infection.pop("more", [])]
    assert (trigger(findings=findings, **infection) == "infection") is expected


def test_an_infection_needs_a_thrombosis() -> None:
    headache = condition("sign-headache", severity=3)
    assert trigger(tests=[PCR], findings=[headache]) is None


def test_the_count() -> None:
    found = [trigger(n, tests=[PCR], findings=[CLOT]) for n in near(LIMITS.normal)]
    assert found == ["infection", None, None]
    assert suspect(facts(None, tests=[PCR], findings=[CLOT]), LIMITS) == CannotTell(Fact.PLATELETS)


@pytest.mark.parametrize(("days", "expected"), [(30, "recorded"), (31, None)])
def test_recorded(days: int, expected: str | None) -> None:
    assert trigger(200, findings=[condition("mimic-vitt", days=days)]) == expected


def test_unread_immunisations_are_not_none() -> None:
    p = facts(42, findings=[CLOT], unanswered={Kind.IMMUNIZATIONS: Answer.ABSENT})
    assert suspect(p, LIMITS) == CannotTell(Fact.IMMUNIZATIONS)
    assert suspect(facts(42, findings=[CLOT]), LIMITS) == NoAdvice(Why.NO_MIMIC)


def test_the_card_of_a_typical_story() -> None:
    draft = order("med-heparin", "med-lmwh")
    p = facts(
        42,
        age=15,
        sex="female",
        pregnant=False,
        tests=[PCR],
        findings=[condition("risk-cvst"), condition("sign-headache")],
        measurements=[measured("obs-d-dimer", 21000, "ug/L")],
        hook="order-select",
        orders=[draft, order("med-anticoagulant")],
    )
    card = card_of(decide, p)
    assert (card.indicator, card.title) == (Indicator.CRITICAL, "title.infection")
    assert deleted(card) == [draft.reference]
    assert drafts(card) == ["haematology", "pf4", "coagulation"]
    assert card.also == ("POP-02",)


@pytest.mark.parametrize(
    "members", [{"immunizations": [vaccine()]}, {"findings": [condition("mimic-vitt"), CLOT]}]
)
def test_every_title_and_platelets_are_removed(members: dict[str, object]) -> None:
    draft = service_order("proc-platelet-transfusion")
    card = card_of(decide, facts(9, **{"findings": [CLOT], **members}, orders=[draft], hook="order-select"))
    assert deleted(card) == [draft.reference]
    assert "below 10" in text_of(card)


def test_bleeding_that_is_held_back_is_named() -> None:
    card = card_of(decide, facts(42, findings=[condition("mimic-vitt"), gum_bleeding()]))
    assert "gum bleeding" in text_of(card)

"""ORD-23: a steroid or rituximab while an infection waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cards.orders.immunosuppression import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, dengue, drug, facts, gi_bleed, lab, order, sepsis
from tests.cards.ordering import CRITICAL, WARNING, card, created, ordering, removed

WEEKS = int(LIMITS.steroid_weeks)
LONG = order("med-corticosteroid", route="oral", duration=timedelta(weeks=WEEKS))
SHORT = order("med-corticosteroid", route="oral", duration=timedelta(weeks=WEEKS, hours=-1))
OPEN = order("med-corticosteroid", route="oral")
RITUXIMAB = order("med-rituximab")
SURFACE, CORE = lab("lab-hbv-surface-antigen"), lab("lab-hbv-core-antibody", proves="exposure")
NEGATIVE = [lab("lab-hbv-surface-antigen", "negative"), lab("lab-hbv-core-antibody", "negative")]
ENTECAVIR = drug("med-antiviral-hbv")


def asked(*orders: Any, **members: Any) -> Any:
    return decide(ordering(22, *orders, **members), LIMITS)


@pytest.mark.parametrize(
    ("drug_order", "tests", "indicator", "title"),
    [
        (LONG, [SURFACE], CRITICAL, "title.hbv"),
        (SHORT, [SURFACE], WARNING, "title.hbv"),
        (OPEN, [SURFACE], WARNING, "title.hbv"),
        (RITUXIMAB, [SURFACE], CRITICAL, "title.hbv"),
        (LONG, [CORE], WARNING, "title.hbv-core"),
        (RITUXIMAB, [CORE], CRITICAL, "title.hbv-core"),
        (RITUXIMAB, [], WARNING, "title.hbv-unknown"),
        (RITUXIMAB, NEGATIVE[:1], WARNING, "title.hbv-unknown"),
    ],
)
def test_hepatitis_b(drug_order: Any, tests: list[Any], indicator: Indicator, title: str) -> None:
    found = card(asked(drug_order, tests=tests))
    assert (found.rule, found.indicator, found.title, found.also) == ("ORD-23", indicator, title, ("IMM-02",))


@pytest.mark.parametrize(
    ("drug_order", "members"),
    [
        (LONG, {"tests": [SURFACE], "medications": [ENTECAVIR]}),
        (RITUXIMAB, {"tests": [CORE], "medications": [ENTECAVIR]}),
        (RITUXIMAB, {"tests": NEGATIVE}),
        (LONG, {}),
        (LONG, {"tests": [lab("lab-hbv-surface-antigen", days=300), NEGATIVE[0]]}),
    ],
)
def test_covered_excluded_or_not_known(drug_order: Any, members: Any) -> None:
    assert asked(drug_order, **members) == NoAdvice(Why.NO_INFECTION)


def test_a_recorded_hepatitis_b() -> None:
    assert card(asked(LONG, findings=[condition("inf-hbv")])).indicator is CRITICAL


def test_a_length_that_is_not_stated_is_said() -> None:
    assert card(asked(OPEN, tests=[SURFACE])).cautions == ("caution.duration",)
    assert card(asked(LONG, tests=[SURFACE])).cautions == ()


def test_unknown_serology_is_drafted() -> None:
    assert created(card(asked(RITUXIMAB))) == ["hepatitis-b", "infectious-diseases"]


@pytest.mark.parametrize(
    ("finding", "indicator", "title"),
    [
        (condition("inf-strongyloides"), CRITICAL, "title.strongyloides"),
        (condition("inf-strongyloides", suspected=True), WARNING, "title.strongyloides"),
        (condition("inf-tb"), WARNING, "title.tb"),
        (condition("inf-cmv"), WARNING, "title.cmv"),
        (condition("inf-malaria-severe"), WARNING, "title.malaria"),
        (condition("inf-stec"), WARNING, "title.stec"),
        (condition("inf-viral-hepatitis-other"), WARNING, "title.hepatitis"),
        (dengue(suspected=True), WARNING, "title.dengue"),
        (sepsis(), WARNING, "title.sepsis"),
        (condition("inf-hsv"), WARNING, "title.herpes"),
        (condition("inf-varicella", severity=3), WARNING, "title.herpes"),
    ],
)
def test_other_infections_that_wait(finding: Any, indicator: Indicator, title: str) -> None:
    found = card(asked(SHORT, findings=[finding]))
    assert (found.indicator, found.title) == (indicator, title)


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [condition("inf-tb")], "medications": [drug("med-antituberculosis")]},
        {"findings": [condition("inf-cmv")], "medications": [drug("med-ganciclovir")]},
        {"findings": [condition("inf-cmv", days=43)]},
        {"findings": [condition("inf-malaria-severe")], "medications": [drug("med-antimalarial")]},
        {"findings": [sepsis()], "medications": [drug("med-antibacterial", route="intravenous")]},
        {"findings": [condition("inf-varicella", severity=2)]},
        {"findings": [condition("inf-hsv", severity=3)], "medications": [drug("med-antiviral-herpes")]},
        {"findings": [condition("inf-strongyloides", past=True)]},
    ],
)
def test_under_treatment_over_or_not_spreading(members: Any) -> None:
    assert asked(SHORT, **members) == NoAdvice(Why.NO_INFECTION)


def test_life_threatening_bleeding_is_not_held_back() -> None:
    found = card(asked(LONG, tests=[SURFACE], findings=[gi_bleed(severity=3, hours=2)]))
    assert (found.indicator, removed(found)) == (WARNING, [])
    assert "bleeding" in found.say


def test_a_cream_is_no_treatment() -> None:
    cream = order("med-corticosteroid", route="other")
    assert not isinstance(asked(cream, tests=[SURFACE]), Advise)


def test_silence() -> None:
    assert asked(LONG, unanswered={Kind.OBSERVATIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)
    assert decide(facts(22), LIMITS) == NoAdvice(Why.NOT_SELECTED)

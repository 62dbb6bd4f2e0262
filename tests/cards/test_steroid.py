"""IMM-02: a steroid while an infection waits."""

from __future__ import annotations

from typing import Any

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from cards.transfusion.decision import decide as decide_transfusion
from cards.transfusion.steroid import decide
from tests.cards.build import (
    LIMITS,
    condition,
    dengue,
    drug,
    facts,
    gi_bleed,
    lab,
    nosebleed,
    sepsis,
)
from tests.cards.direct import COMMON_HOLES, drafts, filled, text_of, words

STEROID = drug("med-corticosteroid", route="oral")


@pytest.mark.parametrize(
    ("more", "danger"),
    [
        ({"findings": [condition("inf-tb")]}, "tb"),
        ({"findings": [condition("inf-strongyloides")]}, "strongyloides"),
        ({"findings": [condition("inf-cmv")]}, "cmv"),
        ({"findings": [condition("inf-malaria-severe")]}, "malaria"),
        ({"findings": [condition("inf-stec")]}, "stec"),
        ({"findings": [condition("inf-viral-hepatitis-other")]}, "hepatitis"),
        ({"findings": [dengue()]}, "dengue"),
        ({"findings": [sepsis()]}, "sepsis"),
        ({"findings": [condition("inf-hsv")]}, "herpes"),
        ({"findings": [condition("inf-varicella", severity=3)]}, "herpes"),
        ({"tests": [lab("lab-cmv")]}, "cmv"),
        ({"tests": [lab("lab-tuberculosis")]}, "tb"),
        ({"tests": [lab("lab-hbv-surface-antigen")]}, "hbv"),
        ({"tests": [lab("lab-hbv-core-antibody", proves="exposure")]}, "hbv-core"),
    ],
)
def test_each_infection_that_waits(more: dict[str, Any], danger: str) -> None:
    found = decide(facts(22, medications=[STEROID], **more), LIMITS)
    assert isinstance(found, Advise)
    assert (found.rule, found.indicator) == ("IMM-02", Indicator.WARNING)
    assert found.cautions == (f"IMM-02/danger.{danger}",)
    assert "systemic steroid" in {i.fact for i in found.inputs}
    assert len(found.inputs) > 2
    assert drafts(found) == ["infectious-diseases", "medication-review"]
    text_of(found)
    without = decide(facts(22, **more), LIMITS)
    assert without == NoAdvice(Why.NOT_TREATED)


@pytest.mark.parametrize(
    ("finding", "treatment"),
    [
        (condition("inf-tb"), "med-antituberculosis"),
        (condition("inf-cmv"), "med-ganciclovir"),
        (sepsis(), "med-antibacterial"),
        (condition("inf-hbv"), "med-antiviral-hbv"),
    ],
)
def test_a_treated_infection_does_not_wait(finding: Any, treatment: str) -> None:
    p = facts(22, findings=[finding], medications=[STEROID, drug(treatment)])
    assert decide(p, LIMITS) == NoAdvice(Why.NO_INFECTION)


def test_a_cream_is_no_steroid_here() -> None:
    p = facts(22, findings=[condition("inf-tb")], medications=[drug("med-corticosteroid", route="other")])
    assert decide(p, LIMITS) == NoAdvice(Why.NOT_TREATED)


def test_unread_medicines_and_problems_are_not_none() -> None:
    assert decide(facts(22, unanswered={Kind.MEDICATIONS: Answer.FAILED}), LIMITS) == CannotTell(
        Fact.MEDICATIONS
    )
    p = facts(22, medications=[STEROID], unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert decide(p, LIMITS) == CannotTell(Fact.CONDITIONS)


def transfusion(**members: Any) -> Advise:
    (found,) = (o for o in decide_transfusion(facts(22, **members), LIMITS).values() if isinstance(o, Advise))
    text_of(found)
    return found


def test_in_life_threatening_bleeding_only_the_caution_stands_in_the_transfusion_card() -> None:
    members = {"findings": [gi_bleed(severity=3), condition("inf-tb")], "medications": [STEROID]}
    assert decide(facts(22, **members), LIMITS) == NoAdvice(Why.MERGED)
    found = transfusion(**members)
    assert "IMM-02/danger.tb" in found.cautions
    assert "IMM-02" in found.also


def test_a_card_that_names_a_steroid_names_what_speaks_against_it() -> None:
    found = transfusion(findings=[nosebleed(), condition("inf-strongyloides")])
    assert "IMM-01/bleeding" in found.say
    assert "IMM-02/danger.strongyloides" in found.cautions
    assert "IMM-02" not in transfusion(findings=[nosebleed()]).also


def test_every_title_fits_with_the_longest_values() -> None:
    longest = COMMON_HOLES | {"platelets": "2500.5 x10^9/L"}
    for key in words()["IMM-02"].paragraphs:
        if key.startswith("title"):
            title = filled(Advise("IMM-02", Indicator.INFO, title=key, values=longest), key)
            assert len(title) <= 139, (key, len(title))

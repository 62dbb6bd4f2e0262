"""ORD-14: an antibacterial or an antimotility drug with Shiga toxin E. coli or a possible HUS."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.stec import decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, condition, facts, lab, order, sepsis
from tests.cards.ordering import CRITICAL, WARNING, card, ordering, removed

CIPROFLOXACIN = order("med-antibacterial", "med-fluoroquinolone")
LOPERAMIDE = order("med-antimotility")
STEC = condition("inf-stec", days=3)
DAYS = float(LIMITS.stec_days)


def asked(*orders: Any, **members: Any) -> Any:
    return decide(ordering(96, *orders, **members), LIMITS)


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [STEC]},
        {"findings": [condition("inf-stec", suspected=True)]},
        {"findings": [condition("inf-stec", days=DAYS)]},
        {"findings": [condition("inf-stec", days=DAYS, past=True)]},
        {"findings": [condition("mimic-hus", suspected=True)]},
        {"tests": [lab("lab-stec")]},
    ],
)
def test_an_antibiotic(members: dict[str, Any]) -> None:
    found = card(asked(CIPROFLOXACIN, **members))
    assert (found.rule, found.indicator, found.title) == ("ORD-14", CRITICAL, "title.antibacterial")
    assert removed(found) == [CIPROFLOXACIN.reference]


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [condition("inf-stec", days=DAYS + 1)]},
        {"findings": [condition("inf-stec", days=DAYS + 1, past=True)]},
        {"tests": [lab("lab-stec", "negative")]},
        {"tests": [lab("lab-stec", days=DAYS + 1)]},
    ],
)
def test_what_is_over(members: dict[str, Any]) -> None:
    assert asked(CIPROFLOXACIN, **members) == NoAdvice(Why.NO_MIMIC)


def test_an_infection_that_is_over_counts_while_the_count_is_low() -> None:
    """The syndrome follows it (SAFE-03)."""
    over = [condition("inf-stec", days=DAYS, past=True)]
    for value, title in ((149, "title.antibacterial"), (150, None)):
        found = decide(ordering(value, CIPROFLOXACIN, findings=over), LIMITS)
        assert getattr(found, "title", None) == title


def test_an_antimotility_drug() -> None:
    found = card(asked(LOPERAMIDE, findings=[STEC]))
    assert (found.indicator, found.title) == (WARNING, "title.antimotility")


def test_with_sepsis_nothing_against_the_antibiotic_is_offered() -> None:
    found = card(asked(CIPROFLOXACIN, findings=[STEC, sepsis()]))
    assert (found.indicator, found.title, removed(found)) == (WARNING, "title.sepsis", [])
    both = card(asked(CIPROFLOXACIN, LOPERAMIDE, findings=[STEC, sepsis()]))
    assert removed(both) == [LOPERAMIDE.reference]


def test_both_drugs_are_one_card() -> None:
    found = card(asked(CIPROFLOXACIN, LOPERAMIDE, findings=[STEC]))
    assert found.indicator is CRITICAL
    assert found.say == ("suggestion.antibacterial", "suggestion.antimotility", "fluids")


def test_bloody_diarrhoea_with_another_cause_is_a_question() -> None:
    findings = [condition("sign-bloody-diarrhoea", days=2), condition("sign-shock")]
    fragments = lab("obs-schistocytes", hours=5)
    found = card(asked(CIPROFLOXACIN, findings=findings, tests=[fragments]))
    assert (found.indicator, found.title) == (WARNING, "title.question")
    alone = card(asked(CIPROFLOXACIN, findings=findings[:1], tests=[fragments]))
    assert (alone.indicator, alone.title) == (CRITICAL, "title.antibacterial")


def test_silence() -> None:
    assert asked(CIPROFLOXACIN, unanswered={Kind.OBSERVATIONS: Answer.FAILED}) == CannotTell(
        Fact.OBSERVATIONS
    )
    assert asked(CIPROFLOXACIN, unanswered={Kind.CONDITIONS: Answer.FAILED}) == CannotTell(Fact.CONDITIONS)
    assert asked(order("med-nsaid"), findings=[STEC]) == NoAdvice(Why.NOT_SELECTED)
    assert decide(facts(96), LIMITS) == NoAdvice(Why.NOT_SELECTED)

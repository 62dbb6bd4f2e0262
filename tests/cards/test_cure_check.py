"""MON-06 by INF-HP-03: the test of cure of H. pylori."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.monitoring.cure_check import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards import build
from tests.cards.build import LIMITS, NOW, ago, drug, facts, lab, planned
from tests.cards.direct import drafts
from tests.cards.said import advice, read


def treated(ended_days: float = 30, minutes: int = 0, **more: Any) -> PatientFacts:
    """H. pylori, and two drugs of its therapy that ended `ended_days` ago."""
    end = ago(days=ended_days, minutes=minutes)
    drugs = [
        drug("med-h-pylori", code=code, days=ended_days + 14, end=end, status="completed")
        for code in ("tetracycline", "metronidazole")
    ]
    infection = build.h_pylori(days=ended_days + 20)
    return facts(60, findings=[infection], medications=[*drugs, *more.pop("medications", [])], **more)


def card(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS))


def why(p: PatientFacts) -> Any:
    return decide(p, LIMITS)


def test_the_test_of_cure_is_due_after_four_weeks() -> None:
    found = card(treated())
    assert (found.rule, found.also, found.indicator) == ("INF-HP-03", ("MON-06",), Indicator.INFO)
    assert drafts(found) == ["h-pylori-test"]
    assert "not serology" in read(found)
    assert found.cautions == ()


@pytest.mark.parametrize(("minutes", "speaks"), [(-1, False), (0, True)])
def test_not_before(minutes: int, speaks: bool) -> None:
    p = treated(7 * float(LIMITS.cure_test_weeks), minutes)
    assert isinstance(decide(p, LIMITS), Advise) is speaks
    if not speaks:
        assert why(p) == NoAdvice(Why.TOO_EARLY)


@pytest.mark.parametrize(("minutes", "speaks"), [(0, True), (1, False)])
def test_not_after_a_year(minutes: int, speaks: bool) -> None:
    assert isinstance(decide(treated(365, minutes), LIMITS), Advise) is speaks


@pytest.mark.parametrize("result", ["negative", "positive"])
def test_a_test_since_then_settles_it(result: str) -> None:
    assert not isinstance(why(treated(tests=[lab("lab-h-pylori", result)])), Advise)


def test_an_unclear_test_does_not() -> None:
    assert card(treated(tests=[lab("lab-h-pylori", "indeterminate")]))


def test_serology_does_not() -> None:
    assert card(treated(tests=[lab("lab-h-pylori", "negative", proves="exposure")]))


def test_the_test_before_the_therapy_does_not() -> None:
    assert card(treated(tests=[lab("lab-h-pylori", days=60)]))


def test_a_test_that_is_ordered_is_not_asked_for_again() -> None:
    assert why(treated(planned=[planned("order-h-pylori")])) == NoAdvice(Why.ALREADY_DONE)


@pytest.mark.parametrize(
    ("medication", "caution"),
    [
        ("med-ppi", "caution.ppi"),
        ("med-antibacterial", "caution.antibacterial"),
        ("med-bismuth", "caution.antibacterial"),
    ],
)
def test_drugs_that_falsify_the_test(medication: str, caution: str) -> None:
    found = card(treated(medications=[drug(medication)]))
    assert found.cautions == (caution,)


def test_an_unread_drug_list_after_therapy_is_named() -> None:
    assert card(treated()).unknown == ()
    assert card(treated(unanswered={Kind.MEDICATIONS: Answer.FAILED})).unknown == (Fact.MEDICATIONS,)


def test_never_treated_or_never_infected() -> None:
    assert why(facts(60, findings=[build.h_pylori(days=90)])) == NoAdvice(Why.NO_INFECTION)
    assert why(facts(60)) == NoAdvice(Why.NO_INFECTION)
    assert why(facts(60, unanswered={Kind.CONDITIONS: Answer.ABSENT})) == CannotTell(Fact.CONDITIONS)


# ------------------------------------------------------------------------------------------------ discharge

HOOK = "encounter-discharge"


def test_on_discharge_the_day_from_which_it_is_due() -> None:
    found = card(treated(7, hook=HOOK))
    assert (found.title, found.say, found.indicator) == (
        "title.coming",
        ("suggestion.coming",),
        Indicator.INFO,
    )
    (action,) = found.suggestions[0].actions
    assert action.due == NOW - timedelta(days=7) + LIMITS.span("cure_test_weeks")
    assert why(treated(7)) == NoAdvice(Why.TOO_EARLY)


def test_on_discharge_also_while_a_therapy_goes_on_whose_end_is_ordered() -> None:
    def going_on(end: Any) -> PatientFacts:
        drugs = [
            drug("med-h-pylori", code=code, days=4, end=end) for code in ("tetracycline", "metronidazole")
        ]
        return facts(60, findings=[build.h_pylori(days=20)], medications=drugs, hook=HOOK)

    (action,) = card(going_on(ago(days=-10))).suggestions[0].actions
    assert action.due == NOW + timedelta(days=10) + LIMITS.span("cure_test_weeks")
    assert why(going_on(None)) == NoAdvice(Why.NO_INFECTION)


def test_on_discharge_what_is_due_now_is_told_as_ever() -> None:
    assert card(treated(hook=HOOK)).title == "title"
    assert why(treated(7, hook=HOOK, planned=[planned("order-h-pylori")])) == NoAdvice(Why.TOO_EARLY)

"""PLT-03: a rapid fall."""

from __future__ import annotations

from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.monitoring.rapid_fall import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards import build
from tests.cards.build import LIMITS, ago, count, drug, facts, lab, measured, platelets_given
from tests.cards.direct import drafts
from tests.cards.said import advice, read, title

BEFORE = count(200, days=10)


def fallen(value: Any = 60, **more: Any) -> PatientFacts:
    return facts([BEFORE, count(value)], **more)


def card(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS))


def test_half_of_the_highest_of_fourteen_days() -> None:
    found = card(fallen())
    assert found.indicator is Indicator.WARNING
    assert title(found).startswith("Platelets fell 70% in 9.9 days to ")
    assert BEFORE.reference in {row.reference for row in found.inputs}
    assert drafts(found) == ["coagulation", "blood-film", "haemolysis"]
    assert "4Ts" in read(found)
    assert found.cautions == ()


@pytest.mark.parametrize(("value", "speaks"), [(100, True), ("100.1", False)])
def test_the_limit_of_the_long_window(value: Any, speaks: bool) -> None:
    assert LIMITS.rapid_fall_14d == 50
    assert isinstance(decide(fallen(value), LIMITS), Advise) is speaks


@pytest.mark.parametrize(("value", "speaks"), [(70, True), ("70.1", False)])
def test_the_limit_of_the_short_window(value: Any, speaks: bool) -> None:
    assert LIMITS.rapid_fall_48h == 30
    p = facts([count(100, hours=40), count(value)])
    outcome = decide(p, LIMITS)
    assert isinstance(outcome, Advise) is speaks
    if not speaks:
        assert outcome == NoAdvice(Why.NO_FALL)


@pytest.mark.parametrize(("hours", "span"), [(51, "2 days"), (27, "1 day"), (28, "1 day"), (30, "1.1 days")])
def test_a_whole_number_of_days_has_no_decimal(hours: int, span: str) -> None:
    p = facts([count(200, hours=hours), count(60)])
    assert card(p).values["span"] == span


def test_no_fall_is_read_from_a_count_after_platelets() -> None:
    p = fallen(performed=[platelets_given(at=ago(hours=8))])
    assert decide(p, LIMITS) == NoAdvice(Why.NO_FALL)


@pytest.mark.parametrize(
    ("medication", "caution"),
    [
        (drug("med-heparin", "med-anticoagulant"), "caution.heparin"),
        (drug("med-lmwh", days=95, end=ago(days=int(LIMITS.hit_days))), "caution.heparin"),
        (drug("med-lmwh", days=120, end=ago(days=int(LIMITS.hit_days), minutes=1)), None),
        (drug("med-drug-induced-thrombocytopenia"), "caution.drug"),
        (drug("med-drug-induced-thrombocytopenia-tier2", days=20, end=ago(days=14)), "caution.drug"),
        (drug("med-drug-induced-thrombocytopenia", days=20, end=ago(days=15)), None),
        (drug("med-heparin", "med-drug-induced-thrombocytopenia"), "caution.heparin"),
    ],
)
def test_drugs_that_may_be_the_cause(medication: Any, caution: str | None) -> None:
    found = card(fallen(medications=[medication]))
    assert found.cautions == (() if caution is None else (caution,))
    assert (medication.reference in {row.reference for row in found.inputs}) is (caution is not None)


def test_what_is_measured_is_not_called_unknown() -> None:
    bare = card(fallen(unanswered={Kind.MEDICATIONS: Answer.ABSENT}))
    asked = {Fact.COAGULATION, Fact.HAEMOLYSIS, Fact.SCHISTOCYTES, Fact.CREATININE, Fact.MEDICATIONS}
    assert set(bare.unknown) == asked
    values = [measured(s, 1) for s in ("obs-pt-inr", "obs-ldh", "obs-creatinine")]
    assert card(fallen(measurements=values, tests=[lab("obs-schistocytes", "negative")])).unknown == ()


def test_a_stale_or_missing_count_cannot_tell() -> None:
    assert decide(facts(), LIMITS) == CannotTell(Fact.PLATELETS)
    assert decide(facts([count(200, days=13), count(20, days=9)]), LIMITS) == CannotTell(Fact.PLATELETS)


def test_newborns_have_their_own_rules() -> None:
    p = fallen(birth=build.ago(days=20), age=None)
    assert decide(p, LIMITS) == NoAdvice(Why.NOT_FOR_THIS_PERSON)

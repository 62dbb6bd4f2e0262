"""MON-06: tests that follow a therapy."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.monitoring.tests_due import decide
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import LIMITS, NOW, ago, condition, drug, facts, given_drug, lab, measured, planned
from tests.cards.direct import drafts
from tests.cards.said import advice, read, title

DISCHARGE = "encounter-discharge"
NOTHING = NoAdvice(Why.NOTHING_DUE)


def card(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS))


def dates(found: Advise) -> list[datetime | None]:
    return [action.due for one in found.suggestions for action in one.actions]


def hiv(days: float, **members: Any) -> PatientFacts:
    drugs = [drug("med-antiretroviral", code=f"drug-{n}", days=days) for n in range(3)]
    return facts(60, findings=[condition("inf-hiv", days=400)], medications=drugs, **members)


def hbv(days: float, **members: Any) -> PatientFacts:
    drugs = [drug("med-antiviral-hbv", days=days)]
    return facts(60, findings=[condition("inf-hbv", days=400)], medications=drugs, **members)


def hcv(ended_days: float, **members: Any) -> PatientFacts:
    end = ago(days=ended_days)
    drugs = [drug("med-antiviral-hcv", days=ended_days + 84, end=end, status="completed")]
    return facts(60, findings=[condition("inf-hcv", days=900)], medications=drugs, **members)


def artesunate(days: float, route: str | None = "intravenous", **members: Any) -> PatientFacts:
    return facts(60, medications=[given_drug("med-artesunate", days=days, route=route)], **members)


def b19(days: float, **members: Any) -> PatientFacts:
    return facts(60, findings=[condition("inf-parvovirus", days=days)], **members)


def haemoglobin(days: float) -> Any:
    return measured("obs-hemoglobin", "11.9", "g/dL", days=days)


WEEK = 7
CASES = [
    (hcv, float(LIMITS.svr_weeks) * WEEK, "hcv-rna"),
    (hiv, float(LIMITS.hiv_load_weeks) * WEEK, "hiv-rna"),
    (hbv, float(LIMITS.hbv_load_weeks) * WEEK, "hbv-dna"),
    (artesunate, WEEK, "cbc"),
    (b19, float(LIMITS.b19_reticulocyte_days), "reticulocytes"),
]


@pytest.mark.parametrize(("case", "days", "template"), CASES, ids=[case.__name__ for case, _, _ in CASES])
def test_a_test_is_due_from_its_day_on(case: Any, days: float, template: str) -> None:
    assert decide(case(days - 0.1), LIMITS) == NOTHING
    found = card(case(days))
    assert (found.rule, found.indicator) == ("MON-06", Indicator.INFO)
    assert set(drafts(found)) == {template}
    assert title(found)
    assert read(found)
    assert dates(found)[0] == NOW, "no draft lies in the past"


@pytest.mark.parametrize(("case", "days", "template"), CASES, ids=[case.__name__ for case, _, _ in CASES])
def test_on_discharge_also_before(case: Any, days: float, template: str) -> None:
    found = card(case(days - 2, hook=DISCHARGE))
    assert found.title.startswith("title.coming.")
    assert set(drafts(found)) == {template}
    assert dates(found)[0] == NOW + timedelta(days=2)


# ---------------------------------------------------------------------------------------------- done already


def test_a_load_since_therapy_began_settles_it() -> None:
    load = lab("lab-hiv", "positive", proves="current", copies=Decimal(400), days=5)
    assert decide(hiv(60, tests=[load]), LIMITS) == NOTHING
    before = lab("lab-hiv", "positive", proves="current", copies=Decimal(400), days=70)
    screen = lab("lab-hiv", "positive", proves="screen", days=5)
    assert card(hiv(60, tests=[before, screen]))


def test_a_surface_antigen_is_no_dna() -> None:
    antigen = lab("lab-hbv", "positive", proves="current", days=5)
    assert card(hbv(100, tests=[antigen]))


def test_rna_of_hepatitis_c_counts_from_twelve_weeks_on() -> None:
    early = lab("lab-hcv", "positive", proves="current", days=100)
    late = lab("lab-hcv", "positive", proves="current", days=2)
    assert card(hcv(90, tests=[early]))
    assert decide(hcv(90, tests=[late]), LIMITS) == NOTHING
    assert decide(hcv(90, tests=[lab("lab-hcv", "negative", proves="current", days=2)]), LIMITS) == NOTHING
    assert card(hcv(90, tests=[lab("lab-hcv", "positive", proves="exposure", days=2)]))


def test_rna_of_hepatitis_c_is_asked_for_a_year() -> None:
    assert card(hcv(364))
    assert decide(hcv(367), LIMITS) == NOTHING


@pytest.mark.parametrize(
    ("days", "measured_days", "due"),
    [
        (7, 8.5, True),
        (7, 7.9, True),
        (8, 1, False),
        (8, 1.9, False),
        (8, 2.5, True),
        (13.9, 6, False),
        (14, 6, True),
    ],
)
def test_a_haemoglobin_of_the_day_before_counts(days: float, measured_days: float, due: bool) -> None:
    p = artesunate(days, measurements=[haemoglobin(measured_days)])
    assert isinstance(decide(p, LIMITS), Advise) is due


def test_haemoglobin_is_asked_for_four_weeks_and_one_more() -> None:
    last = float(LIMITS.artesunate_hb_weeks) * WEEK
    assert card(artesunate(last + 6.9))
    assert decide(artesunate(last + 7), LIMITS) == NOTHING


def test_on_discharge_a_draft_for_each_week_that_is_left() -> None:
    found = card(artesunate(3, hook=DISCHARGE))
    assert dates(found) == [NOW + timedelta(days=WEEK * n - 3) for n in (1, 2, 3, 4)]
    later = card(artesunate(15, hook=DISCHARGE, measurements=[haemoglobin(1)]))
    assert dates(later) == [NOW + timedelta(days=WEEK * n - 15) for n in (3, 4)]


@pytest.mark.parametrize(("route", "due"), [("oral", False), (None, True), ("intramuscular", True)])
def test_artesunate_that_was_swallowed_is_another_drug(route: str | None, due: bool) -> None:
    assert isinstance(decide(artesunate(8, route), LIMITS), Advise) is due


def test_reticulocytes_since_then_settle_it() -> None:
    done = measured("obs-reticulocytes", "1.2", "%", days=1)
    assert decide(b19(8, measurements=[done]), LIMITS) == NOTHING
    assert card(b19(8, measurements=[measured("obs-reticulocytes", "0.1", "%", days=5)]))


def test_what_is_ordered_is_not_asked_for_again() -> None:
    ordered = [planned("order-cbc")]
    assert decide(artesunate(8, planned=ordered), LIMITS) == NOTHING
    assert card(artesunate(3, planned=ordered, hook=DISCHARGE)), "one count does not cover four weeks"


def test_several_stand_in_one_card_the_longest_due_first() -> None:
    both = facts(
        60,
        findings=[condition("inf-parvovirus", days=12)],
        medications=[given_drug("med-artesunate", days=8, route="intravenous")],
    )
    found = card(both)
    assert found.title == "title.b19"
    assert set(drafts(found)) == {"reticulocytes", "cbc"}
    assert found.say == ("suggestion.b19", "suggestion.artesunate")


def test_without_drugs_or_conditions_nobody_can_tell() -> None:
    for kind, fact in ((Kind.MEDICATIONS, Fact.MEDICATIONS), (Kind.CONDITIONS, Fact.CONDITIONS)):
        assert decide(facts(60, unanswered={kind: Answer.FAILED}), LIMITS) == CannotTell(fact)
    assert decide(facts(60), LIMITS) == NOTHING

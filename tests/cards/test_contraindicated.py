"""TPO-07 to TPO-10: what speaks against a TPO receptor agonist, how strongly, and who hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cards.facts import Known
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import ClinicalStatus, Finding, Kind, Moment, Verification
from cards.tpo_ra.contraindicated import contraindications, decide
from tests.cards.direct import (
    LIMITS,
    NOW,
    ago,
    cards,
    counts,
    day,
    drafts,
    drug,
    finding,
    measured,
    only,
    patient,
    person,
)

CRITICAL, WARNING = Indicator.CRITICAL, Indicator.WARNING


def against(*findings: Finding, platelets: str = "22") -> list[tuple[str, Indicator]]:
    found = contraindications(patient(counts(platelets), findings=findings), LIMITS)
    return [(c.rule, c.indicator) for c in found]


def test_nothing_recorded_nothing_against_it() -> None:
    assert against() == []


def test_breastfeeding_alone_speaks_against_it() -> None:
    assert against(finding("risk-lactation")) == [("TPO-09", WARNING)]


@pytest.mark.parametrize(
    ("recorded", "indicator"),
    [
        (finding("mimic-aps-sle", onset=day("2015-01-01")), CRITICAL),
        (finding("risk-thrombosis", onset=day("2015-01-01")), WARNING),
        (finding("risk-thrombosis", onset=ago(days=10)), CRITICAL),
        (finding("risk-thrombosis"), CRITICAL),
        (finding("risk-thrombosis", onset=ago(days=10), clinical=ClinicalStatus.PAST), WARNING),
        (finding("risk-thrombosis", onset=ago(days=10), verification=Verification.SUSPECTED), WARNING),
        (finding("risk-thrombosis", status="history"), WARNING),
        (finding("risk-portal-vein-thrombosis", onset=ago(days=10)), CRITICAL),
        (finding("risk-thrombosis-history"), WARNING),
        (finding("risk-thrombophilia"), WARNING),
    ],
)
def test_thrombosis(recorded: Finding, indicator: Indicator) -> None:
    assert against(recorded) == [("TPO-07", indicator)]


def test_a_thrombosis_is_active_for_three_months_exactly() -> None:
    span = LIMITS.span("thrombosis_days")
    at, after = Moment.instant(NOW - span), Moment.instant(NOW - span - timedelta(minutes=1))
    assert against(finding("risk-thrombosis", onset=at)) == [("TPO-07", CRITICAL)]
    assert against(finding("risk-thrombosis", onset=after)) == [("TPO-07", WARNING)]


@pytest.mark.parametrize(
    "set_id", ["mimic-marrow", "mimic-acute-leukaemia", "mimic-lymphoma", "mimic-pancytopenia"]
)
def test_marrow_disease(set_id: str) -> None:
    assert against(finding(set_id)) == [("TPO-08", CRITICAL)]


def test_marrow_disease_in_remission_is_history() -> None:
    assert against(finding("mimic-marrow-remission", status="remission")) == [("TPO-08", WARNING)]


@pytest.mark.parametrize(
    ("hb", "neutrophils", "wbc", "found"),
    [
        ("9.9", "1.4", "4.0", True),
        ("9.9", "1.5", "2.9", True),
        ("10.0", "1.4", "2.9", False),
        ("9.9", "1.5", "3.0", False),
    ],
)
def test_pancytopenia_by_the_counts(hb: str, neutrophils: str, wbc: str, found: bool) -> None:
    blood = [
        measured("obs-hemoglobin", hb, "g/dL"),
        measured("obs-neutrophils", neutrophils, "10*9/L"),
        measured("obs-wbc", wbc, "10*9/L"),
    ]
    p = patient(counts("38"), measurements=blood)
    assert bool(contraindications(p, LIMITS)) is found


def test_pregnancy_and_breastfeeding() -> None:
    p = patient(counts("24"), who=person(30, "female", Known.YES))
    assert [(c.rule, c.indicator) for c in contraindications(p, LIMITS)] == [("TPO-09", WARNING)]


@pytest.mark.parametrize(
    ("recorded", "platelets", "found"),
    [
        (finding("mimic-tma"), "22", True),
        (finding("mimic-tma"), "150", False),
        (finding("mimic-hit", onset=ago(days=100)), "41", True),
        (finding("mimic-hus", onset=ago(days=30)), "41", True),
        (finding("mimic-hus", onset=ago(days=31)), "41", False),
        (finding("mimic-dic", onset=ago(days=14)), "41", True),
        (finding("mimic-dic", onset=ago(days=15)), "41", False),
        (finding("mimic-hit", verification=Verification.SUSPECTED), "41", True),
        (finding("mimic-hus", clinical=ClinicalStatus.PAST), "41", False),
    ],
)
def test_wrong_disease(recorded: Finding, platelets: str, found: bool) -> None:
    assert against(recorded, platelets=platelets) == ([("TPO-10", CRITICAL)] if found else [])


@pytest.mark.parametrize(
    "recorded",
    [
        finding("mimic-hit", onset=ago(days=101)),
        finding("mimic-hit", clinical=ClinicalStatus.PAST),
        finding("mimic-vitt", onset=ago(days=31)),
        finding("mimic-vitt", clinical=ClinicalStatus.PAST),
    ],
)
def test_hit_and_vitt_of_the_past_are_a_thrombosis_risk(recorded: Finding) -> None:
    assert against(recorded, platelets="41") == [("TPO-07", WARNING)]


# ---------------------------------------------------------------------------------------------- cards


def test_without_a_tpo_ra_it_gates_silently() -> None:
    answers = decide(patient(counts("22"), findings=[finding("mimic-hit")]), LIMITS)
    assert cards(answers) == []
    assert answers["TPO-10"] == NoAdvice(Why.CLASSIFIED)
    assert answers["TPO-08"] == NoAdvice(Why.ALLOWED)


def test_in_use_with_a_critical_reason_it_speaks_once() -> None:
    found = [finding("mimic-hit"), finding("risk-thrombosis-history", reference="Condition/f-2")]
    card = only(decide(patient(counts("41"), findings=found, drugs=[drug("med-tpo-ra")]), LIMITS))
    assert (card.rule, card.indicator, card.also) == ("TPO-10", CRITICAL, ("TPO-07",))
    assert card.cautions == ("TPO-10/caution.wrong-disease", "TPO-07/caution.past-thrombosis")
    assert drafts(card) == ["haematology", "medication-review"]


def test_in_use_with_an_old_thrombosis_it_is_silent_on_the_chart() -> None:
    old = finding("risk-thrombosis", onset=day("2015-01-01"))
    assert cards(decide(patient(counts("41"), findings=[old], drugs=[drug("med-tpo-ra")]), LIMITS)) == []


def test_on_order_select_the_order_has_the_card() -> None:
    p = patient(
        counts("41"), findings=[finding("mimic-hit")], drugs=[drug("med-tpo-ra")], hook="order-select"
    )
    assert cards(decide(p, LIMITS)) == []


def test_unknown_problem_list() -> None:
    answers = decide(patient(counts("41"), unanswered=[Kind.CONDITIONS]), LIMITS)
    assert answers["TPO-07"] == CannotTell(Fact.CONDITIONS)

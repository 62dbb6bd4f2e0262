"""TPO-01, TPO-02, TPO-03: when a TPO receptor agonist may be discussed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cards.facts import Activity, Bleed, Bleeding, Certainty, PatientFacts, Site
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import ClinicalStatus, Kind, Moment, Planned, Result, Verification
from cards.tpo_ra.candidate import decide, meets_criteria, untreated_infections
from tests.cards import build
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
    infection,
    lab_result,
    only,
    patient,
    person,
    text_of,
)

ERADICATED = infection("INF-HP", onset=day("2026-03-15"), current=False, cured=True)
ITP = finding("cond-thrombocytopenia-secondary", onset=day("2026-03-15"))


def lasting(onset: str = "2026-03-15", *values: str, **more: object) -> PatientFacts:
    """H. pylori eradicated, low counts 20 days apart, since `onset`."""
    low = values or ("26", "27")
    series = counts((low[0], ago(days=20)), low[1])
    itp = finding("cond-thrombocytopenia-secondary", onset=day(onset))
    return patient(series, ERADICATED, **({"findings": [itp]} | more))  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- TPO-01


@pytest.mark.parametrize(("onset", "speaks"), [("2026-03-15", True), ("2026-03-16", False)])
def test_three_calendar_months_are_exact(onset: str, speaks: bool) -> None:
    assert [c.rule for c in cards(decide(lasting(onset), LIMITS))] == (["TPO-01"] if speaks else [])


def test_the_hour_of_the_first_low_count_does_not_matter() -> None:
    late = Moment.instant(NOW.replace(month=3, hour=23))
    p = patient(counts(("26", late), "27"), ERADICATED)
    assert only(decide(p, LIMITS)).values["months"] == 3


def test_the_card_gives_label_agents_checklist_and_no_drug() -> None:
    card = only(decide(lasting(), LIMITS))
    assert (card.rule, card.indicator) == ("TPO-01", Indicator.INFO)
    assert {"TPO-01/label-status", "TPO-01/agents", "TPO-01/baseline"} <= set(card.say)
    assert drafts(card) == ["haematology"]
    assert {Fact.LIVER_TESTS, Fact.BLOOD_BORNE_VIRUSES, Fact.ANTIPHOSPHOLIPID} <= set(card.unknown)
    assert "Off-label" in text_of(card)


@pytest.mark.parametrize(
    ("apart", "speaks"), [(timedelta(days=7), True), (timedelta(days=7, minutes=-1), False)]
)
def test_two_low_counts_are_seven_days_apart(apart: timedelta, speaks: bool) -> None:
    last = NOW - timedelta(hours=3)
    series = counts(("90", day("2026-03-01")), ("26", Moment.instant(last - apart)), "27")
    assert bool(cards(decide(patient(series, ERADICATED), LIMITS))) is speaks


@pytest.mark.parametrize(
    ("value", "age", "speaks"),
    [("29.9", 40, True), ("30.0", 40, False), ("30.0", 65, True), ("49.9", 65, True), ("50.0", 65, False)],
)
def test_from_30_a_bleeding_risk_is_needed(value: str, age: int, speaks: bool) -> None:
    p = lasting("2026-03-15", value, value, who=person(age))
    assert bool(cards(decide(p, LIMITS))) is speaks


def test_the_day_of_onset_is_the_one_that_was_written() -> None:
    at = NOW.replace(month=3, day=16, hour=4)
    written = Moment(at, at, "2026-03-15T23:00:00-05:00")
    assert only(decide(patient(counts(("26", written), "27"), ERADICATED), LIMITS)).values["months"] == 3


def test_a_low_count_before_a_normal_one_does_not_pair() -> None:
    series = counts(("26", day("2026-02-01")), ("120", ago(days=9)), ("90", ago(days=8)), "27")
    itp = finding("cond-thrombocytopenia-immune", onset=day("2026-01-01"))
    assert cards(decide(patient(series, ERADICATED, findings=[itp]), LIMITS)) == []


def test_a_normal_count_between_begins_the_time_anew() -> None:
    series = counts(("26", day("2026-02-01")), ("120", day("2026-05-01")), ("26", ago(days=20)), "27")
    assert cards(decide(patient(series, ERADICATED), LIMITS)) == []


@pytest.mark.parametrize(("weeks", "speaks"), [(4, True), (3, False)])
def test_the_end_of_therapy_has_to_be_four_weeks_ago(weeks: int, speaks: bool) -> None:
    ended = infection("INF-HP", onset=day("2026-02-01"), therapy_ended=ago(weeks=weeks))
    p = patient(counts(("26", day("2026-03-01")), "27"), ended)
    assert bool(cards(decide(p, LIMITS))) is speaks


def test_therapy_under_way_waits() -> None:
    active = infection("INF-HP", onset=day("2026-02-01"), therapy=(drug("med-h-pylori"),))
    answers = decide(patient(counts(("26", day("2026-03-01")), "27"), active), LIMITS)
    assert answers["TPO-01"] == NoAdvice(Why.NOT_CONTROLLED)


def test_a_past_acute_infection_is_over() -> None:
    past = infection("INF-EBV", onset=day("2026-02-01"), current=False)
    assert only(decide(patient(counts(("26", day("2026-03-01")), "27"), past), LIMITS)).rule == "TPO-01"


@pytest.mark.parametrize("against", ["mimic-marrow", "risk-thrombosis-history", "mimic-hit"])
def test_a_contraindication_gates_it(against: str) -> None:
    answers = decide(lasting(findings=[ITP, finding(against, reference="Condition/f-2")]), LIMITS)
    assert answers["TPO-01"] == NoAdvice(Why.CONTRAINDICATED)


def test_already_on_a_tpo_ra() -> None:
    assert decide(lasting(drugs=[drug("med-tpo-ra")]), LIMITS)["TPO-01"] == NoAdvice(Why.THERAPY_ACTIVE)


# ---------------------------------------------------------------------------------------------- TPO-03


def test_untreated_infection_comes_first() -> None:
    untreated = infection("INF-HP", onset=day("2026-02-15"))
    p = patient(counts(("28", day("2026-02-15")), "26"), untreated)
    card = only(decide(p, LIMITS))
    assert (card.rule, card.indicator) == ("TPO-03", Indicator.INFO)
    assert "H. pylori" in text_of(card)
    assert meets_criteria(p, LIMITS)
    assert untreated_infections(p) == (untreated,)


def test_infection_first_stays_also_where_a_tpo_ra_is_contraindicated() -> None:
    untreated = infection("INF-HP", onset=day("2026-02-15"))
    p = patient(counts(("28", day("2026-02-15")), "26"), untreated, findings=[finding("mimic-hit")])
    assert only(decide(p, LIMITS)).rule == "TPO-03"


def test_a_treatable_suspicion_has_to_be_settled() -> None:
    suspected = infection("INF-HP", Certainty.SUSPECTED, onset=day("2026-02-15"))
    answers = decide(patient(counts(("28", day("2026-02-15")), "26"), suspected), LIMITS)
    assert answers["TPO-01"] == CannotTell(Fact.INFECTION_TYPE)


def test_an_infection_without_a_file_cannot_be_judged() -> None:
    answers = decide(lasting(findings=[ITP, finding("inf-strongyloides", reference="Condition/f-2")]), LIMITS)
    assert answers["TPO-01"] == CannotTell(Fact.INFECTION_TYPE)


# ---------------------------------------------------------------------------------------------- TPO-02


def early(*values: str, **more: object) -> PatientFacts:
    """Mononucleosis in its third week, first count 15 days ago."""
    ebv = infection("INF-EBV", onset=more.pop("onset", ago(days=18)))  # type: ignore[arg-type]
    first, last = values or ("40", "14")
    return patient(counts((first, ago(days=15)), last), ebv, **more)  # type: ignore[arg-type]


def test_high_risk_early_is_discussed_with_every_item_shown() -> None:
    p = early(who=person(72), drugs=[drug("med-anticoagulant")])
    card = only(decide(p, LIMITS))
    assert (card.rule, card.indicator, card.also) == ("TPO-02", Indicator.INFO, ("POP-04",))
    assert card.cautions == ("TPO-02/risk.age", "TPO-02/risk.antithrombotic")
    assert {"age", "antithrombotic drug"} <= {row.fact for row in card.inputs}
    assert "off-label" in text_of(card)


def bled(site: Site, weight: int, activity: Activity) -> Bleed:
    return Bleed("gi", "bleed-gi", site, activity, weight, weight, "Condition/b-1", ago(days=200))


@pytest.mark.parametrize(
    ("given", "risk"),
    [
        ({"who": person(65)}, "age"),
        ({"bleeding": Bleeding((), (bled(Site.ORGAN, 3, Activity.HISTORY),))}, "previous-bleed"),
        ({"findings": [finding("risk-atrial-fibrillation")]}, "antithrombotic"),
        ({"findings": [finding("risk-ckd")]}, "kidney"),
        (
            {"bleeding": Bleeding((bled(Site.MUCOSAL, 2, Activity.ACTIVE),)), "drugs": [drug("med-ivig")]},
            "bleeding",
        ),
        ({"past_drugs": [drug("med-corticosteroid", start=ago(days=15), end=ago(days=2))]}, "no-response"),
        (
            {"planned": [Planned("ServiceRequest/s", frozenset({"proc-major-surgery"}), "active")]},
            "procedure",
        ),
    ],
)
def test_each_risk_is_enough(given: dict[str, object], risk: str) -> None:
    assert f"TPO-02/risk.{risk}" in only(decide(early(**given), LIMITS)).cautions


@pytest.mark.parametrize(
    "given",
    [
        {"who": person(64)},
        {"bleeding": Bleeding((), (bled(Site.ORGAN, 2, Activity.HISTORY),))},
        {"bleeding": Bleeding((bled(Site.MUCOSAL, 2, Activity.ACTIVE),))},
        {"past_drugs": [drug("med-corticosteroid", start=ago(days=10))]},
        {"past_drugs": [drug("med-corticosteroid", start=ago(days=100), end=ago(days=90))]},
    ],
)
def test_what_is_no_risk(given: dict[str, object]) -> None:
    assert cards(decide(early(**given), LIMITS)) == []


def test_a_steroid_from_before_the_thrombocytopenia_has_not_failed() -> None:
    ebv = infection("INF-EBV", onset=ago(days=18))
    old = drug("med-corticosteroid", start=ago(days=300))
    assert cards(decide(patient(counts("14"), ebv, past_drugs=[old]), LIMITS)) == []


@pytest.mark.parametrize(("first", "speaks"), [("19.9", True), ("20.0", False)])
def test_below_20_for_two_weeks(first: str, speaks: bool) -> None:
    assert bool(cards(decide(early(first, "14"), LIMITS))) is speaks


def test_from_30_it_is_not_asked() -> None:
    assert cards(decide(early("40", "30.0", who=person(72)), LIMITS)) == []


@pytest.mark.parametrize(("days", "speaks"), [(14.1, True), (14, False)])
def test_not_in_the_first_two_weeks(days: float, speaks: bool) -> None:
    assert bool(cards(decide(early(onset=ago(days=days), who=person(72)), LIMITS))) is speaks


def test_an_undated_acute_infection_may_be_in_them() -> None:
    assert decide(early(onset=None, who=person(72)), LIMITS)["TPO-02"] == CannotTell(Fact.ONSET)


@pytest.mark.parametrize(
    "given",
    [
        {"sepsis_recorded": True},
        {"dengue_current": True},
        {"findings": [finding("mimic-dic", onset=ago(days=3), verification=Verification.SUSPECTED)]},
    ],
)
def test_excluded_infections(given: dict[str, object]) -> None:
    assert decide(early(who=person(72), **given), LIMITS)["TPO-02"] == NoAdvice(Why.EXPLAINED)


def test_malaria_is_no_case_for_it() -> None:
    positive = lab_result("lab-malaria", result=Result.POSITIVE)
    assert cards(decide(early(who=person(72), tests=[positive]), LIMITS)) == []


# ---------------------------------------------------------------------------------------------- neither


def test_without_any_infection_it_is_not_ours() -> None:
    assert decide(patient(counts(("28", day("2026-02-15")), "26")), LIMITS)["TPO-01"] == NoAdvice(
        Why.NO_INFECTION
    )


def test_a_resolved_infection_in_the_history_is_enough() -> None:
    history = finding("inf-h-pylori", clinical=ClinicalStatus.PAST)
    p = patient(counts(("28", day("2026-02-15")), "26"), findings=[history])
    assert only(decide(p, LIMITS)).rule == "TPO-01"


def test_unknown_is_not_no() -> None:
    unusable = patient(counts(("28", day("2026-02-15")), "26", usable=False), ERADICATED)
    assert decide(unusable, LIMITS)["TPO-01"] == CannotTell(Fact.PLATELETS)
    unanswered = patient(counts(("28", day("2026-02-15")), "26"), unanswered=[Kind.CONDITIONS])
    assert decide(unanswered, LIMITS)["TPO-02"] == CannotTell(Fact.CONDITIONS)


def test_limits_are_those_of_the_rulebook() -> None:
    assert (LIMITS.tpo_low, LIMITS.tpo_low_with_risk, LIMITS.tpo_months) == (
        Decimal(30),
        Decimal(50),
        Decimal(3),
    )


# ---------------------------------------------------------------------------------------- read from a record


@pytest.mark.parametrize(("onset", "rules"), [("2026-03-16", []), ("2026-03-15", ["TPO-01"])])
def test_eradicated_h_pylori_and_the_boundary_of_three_months(onset: str, rules: list[str]) -> None:
    eradicated = build.h_pylori(
        at=build.on("2026-03-01"), ended=build.on("2026-05-10"), clinical=ClinicalStatus.PAST
    )
    itp = build.condition("cond-thrombocytopenia-secondary", at=build.on(onset))
    p = build.facts([build.count(26, days=20), build.count(27)], findings=[eradicated, itp])
    assert [c.rule for c in cards(decide(p, LIMITS))] == rules


def test_untreated_h_pylori_for_four_months() -> None:
    series = [build.count(28, at=build.on("2026-02-10")), build.count(26)]
    p = build.facts(series, age=48, sex="female", tests=[build.lab("lab-h-pylori")])
    assert [c.rule for c in cards(decide(p, LIMITS))] == ["TPO-03"]


def test_high_risk_in_the_third_week_of_mononucleosis() -> None:
    p = build.facts(
        14, age=72, sex="female", findings=[build.ebv(days=17), build.condition("risk-atrial-fibrillation")]
    )
    card = only(decide(p, LIMITS))
    assert (card.rule, card.cautions) == ("TPO-02", ("TPO-02/risk.age", "TPO-02/risk.antithrombotic"))


def test_septic_shock_is_no_case_for_it() -> None:
    assert cards(decide(build.facts("9.5", age=72, findings=[build.sepsis()]), LIMITS)) == []

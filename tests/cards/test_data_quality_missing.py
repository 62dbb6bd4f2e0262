"""DATA-01 no count, DATA-02 stale or undated, DATA-08 not readable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cards.data_quality.missing import decide
from cards.facts import PatientFacts
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards import build
from tests.cards.build import LIMITS, ON_WARD, ago, count, facts, near, nosebleed, planned, purpura
from tests.cards.direct import drafts
from tests.cards.said import advice, read, title

FAILED = {Kind.PLATELETS: Answer.FAILED}


def card(rule: str, p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS)[rule])


# ---------------------------------------------------------------------------------------------------- DATA-01


@pytest.mark.parametrize(
    ("findings", "indicator", "priority"),
    [
        ([nosebleed()], Indicator.WARNING, "urgent"),
        ([nosebleed(days=5)], Indicator.WARNING, "urgent"),  # open: may still bleed
        ([purpura()], Indicator.INFO, "routine"),
        ([build.ebv()], Indicator.INFO, "routine"),
        ([build.condition("inf-covid-19")], Indicator.INFO, "routine"),  # no file knows it
    ],
)
def test_bleeding_purpura_or_infection_without_any_count(
    findings: list[Any], indicator: Indicator, priority: str
) -> None:
    found = card("DATA-01", facts(findings=findings))
    assert (found.indicator, drafts(found)) == (indicator, ["cbc-film"])
    assert found.suggestions[0].actions[0].priority == priority
    assert [row.reference for row in found.inputs] == [findings[0].reference]
    assert "does not wait" in read(found)


def test_a_positive_test_leads_here_too() -> None:
    found = card("DATA-01", facts(tests=[build.lab("lab-streptococcus-a")]))
    assert found.inputs[0].fact == "test of an infection"


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_count_of_thirty_days_is_a_count(minutes: int) -> None:
    old = count(22, at=ago(days=int(LIMITS.history_only), minutes=minutes))
    outcome = decide(facts([old], findings=[purpura()]), LIMITS)["DATA-01"]
    if minutes == 0:
        assert outcome == NoAdvice(Why.COUNT_PRESENT)
    else:
        found = advice(outcome)
        assert "old" in found.say
        assert found.inputs[-1].reference == old.reference


def test_nothing_leads_here_without_bleeding_and_infection() -> None:
    assert decide(facts(), LIMITS)["DATA-01"] == NoAdvice(Why.NO_INFECTION)


def test_a_past_infection_does_not_lead_here() -> None:
    p = facts(findings=[build.ebv(past=True, days=400)])
    assert decide(p, LIMITS)["DATA-01"] == NoAdvice(Why.NO_INFECTION)


def test_no_count_is_only_known_when_the_search_was_answered() -> None:
    answers = decide(facts(findings=[nosebleed()], unanswered=FAILED), LIMITS)
    assert answers["DATA-01"] == CannotTell(Fact.PLATELETS)
    assert isinstance(answers["DATA-08"], Advise)


def test_a_count_that_is_on_its_way_makes_it_one_line_without_a_draft() -> None:
    ordered = planned("order-cbc")
    found = card("DATA-01", facts(findings=[nosebleed()], planned=[ordered]))
    assert (found.indicator, drafts(found)) == (Indicator.INFO, [])
    assert "ordered" in found.say
    assert found.inputs[-1].reference == ordered.reference


# ---------------------------------------------------------------------------------------------------- DATA-02


def stale(value: float | str = 60, days: float = 9, **more: Any) -> PatientFacts:
    return facts([count(value, days=days)], **more)


def test_nine_days_with_nosebleed_is_a_warning() -> None:
    found = card("DATA-02", stale(28, findings=[nosebleed()]))
    assert found.indicator is Indicator.WARNING
    assert title(found).endswith("is 9 days old: repeat before acting on it")
    assert drafts(found) == ["cbc"]


def test_the_age_under_two_days_is_told_in_hours() -> None:
    found = card("DATA-02", stale(60, 25 / 24, stay=ON_WARD))
    assert "is 25 hours old" in title(found)


@pytest.mark.parametrize(("days", "speaks"), [(7, False), (7.01, True)])
def test_at_the_limit_the_count_is_fresh(days: float, speaks: bool) -> None:
    outcome = decide(stale(60, days), LIMITS)["DATA-02"]
    assert isinstance(outcome, Advise) is speaks
    if not speaks:
        assert outcome == NoAdvice(Why.COUNT_FRESH)


@pytest.mark.parametrize(
    ("value", "indicator"),
    list(zip(near(LIMITS.stale_warning), (Indicator.WARNING, Indicator.INFO, Indicator.INFO), strict=True)),
)
def test_a_low_last_value_is_a_warning(value: Any, indicator: Indicator) -> None:
    found = card("DATA-02", stale(value))
    assert found.indicator is indicator
    assert found.suggestions[0].actions[0].priority == (
        "urgent" if indicator is Indicator.WARNING else "routine"
    )


def test_purpura_alone_is_no_bleeding_here() -> None:
    assert card("DATA-02", stale(60, findings=[purpura()])).indicator is Indicator.INFO


def test_bleeding_reported_by_the_patient_is() -> None:
    p = stale(60, findings=[nosebleed(patient_reported=True)])
    assert card("DATA-02", p).indicator is Indicator.WARNING


@pytest.mark.parametrize(
    ("shown", "indicator"), [(22, Indicator.WARNING), ("<5", Indicator.WARNING), (88, Indicator.INFO)]
)
def test_an_undated_count_is_shown_and_not_used(shown: Any, indicator: Indicator) -> None:
    found = card("DATA-02", facts([count(90, days=1), count(shown, undated=True)]))
    assert (found.title, found.indicator) == ("title.undated", indicator)
    assert str(shown) in title(found)
    assert Fact.PLATELET_TIME in found.unknown


def test_an_undated_count_beside_a_low_one_is_a_warning() -> None:
    found = card("DATA-02", facts([count(22, days=1), count(90, undated=True)]))
    assert found.indicator is Indicator.WARNING


@pytest.mark.parametrize(
    ("order", "covers"),
    [
        (planned("order-cbc", occurrence=ago(hours=-float(LIMITS.repeat_due))), True),
        (planned("order-cbc", occurrence=ago(hours=-float(LIMITS.repeat_due), minutes=-1)), False),
        (planned("order-cbc", days=1), True),
        (planned("order-cbc", days=10), False),  # older than the sample: it probably made it
        (planned("order-cbc", undated=True), False),
        (planned("order-cbc", occurrence=ago(days=10)), False),
        (planned("order-cbc", status="draft"), False),
        (planned("order-type-screen"), False),
    ],
)
def test_a_repeat_that_is_on_its_way(order: Any, covers: bool) -> None:
    found = card("DATA-02", stale(28, planned=[order]))
    assert found.indicator is (Indicator.INFO if covers else Indicator.WARNING)
    assert drafts(found) == ([] if covers else ["cbc"])


@pytest.mark.parametrize(
    ("order", "speaks"),
    [
        (build.order("med-anticoagulant"), True),
        (build.order("med-nsaid"), True),
        (build.order("med-tpo-ra"), True),
        (build.service_order("proc-platelet-transfusion"), True),
        (build.order("med-paracetamol"), False),
        (build.order("med-nsaid", selected=False), False),
    ],
)
@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_on_orders_only_where_the_order_depends_on_the_count(order: Any, speaks: bool, hook: str) -> None:
    answers = decide(stale(60, orders=[order], hook=hook), LIMITS)
    assert isinstance(answers["DATA-02"], Advise) is speaks
    if not speaks:
        assert answers["DATA-02"] == NoAdvice(Why.NOT_SELECTED)


# ---------------------------------------------------------------------------------------------------- DATA-08


def test_a_failed_search_is_never_taken_for_normal_counts() -> None:
    found = card("DATA-08", facts(unanswered=FAILED))
    assert found.indicator is Indicator.INFO
    assert title(found) == "Platelet data could not be read; no advice given"
    assert "may be low" in read(found)
    assert drafts(found) == []


def test_a_failed_search_is_told_although_a_count_came_another_way() -> None:
    answers = decide(facts(22, unanswered=FAILED), LIMITS)
    assert isinstance(answers["DATA-08"], Advise)
    assert answers["DATA-02"] == CannotTell(Fact.PLATELETS)


def test_the_only_result_could_not_be_read() -> None:
    unread = build.unread()
    found = card("DATA-08", facts(unread_platelets=[unread]))
    assert title(found) == "Platelet data could not be read; no advice given"
    assert found.inputs[0].reference == unread.reference


@pytest.mark.parametrize(
    ("value", "findings", "indicator"),
    [
        (LIMITS.stale_warning, [], Indicator.INFO),
        (near(LIMITS.stale_warning)[0], [], Indicator.WARNING),
        (LIMITS.stale_warning, [nosebleed()], Indicator.WARNING),
    ],
)
def test_a_newer_result_that_could_not_be_read(value: Any, findings: list[Any], indicator: Indicator) -> None:
    found = card("DATA-08", facts(value, findings=findings, unread_platelets=[build.unread()]))
    assert (found.title, found.indicator) == ("title.newer", indicator)


def test_an_older_one_says_nothing() -> None:
    p = facts(22, unread_platelets=[build.unread(days=2)])
    assert decide(p, LIMITS)["DATA-08"] == NoAdvice(Why.READ)


def test_a_readable_record_gives_no_card() -> None:
    assert not any(isinstance(o, Advise) for o in decide(facts(22, findings=[nosebleed()]), LIMITS).values())


def test_the_age_is_that_of_the_longest_reading_of_a_date() -> None:
    p = facts([build.count(60, day=8)])
    assert p.platelets.age is not None
    assert p.platelets.age > timedelta(days=8)
    assert "8 days old" in title(card("DATA-02", p))

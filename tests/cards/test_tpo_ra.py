"""ORD-19 and ORD-20: a TPO receptor agonist is selected."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.tpo_ra import decide
from cards.outcome import Advise, CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import (
    LIMITS,
    ago,
    condition,
    count,
    drug,
    ebv,
    facts,
    h_pylori,
    lab,
    measured,
    near,
    nosebleed,
    on,
    order,
    planned,
)
from tests.cards.ordering import CRITICAL, WARNING, card, created, ordering, removed

DRAFT = order("med-tpo-ra")


def asked(platelets: Any, *findings: Any, **members: Any) -> Any:
    return decide(ordering(platelets, DRAFT, findings=list(findings), **members), LIMITS)


# ------------------------------------------------------------------------------------------------------- ORD-19


@pytest.mark.parametrize(
    ("finding", "rule", "indicator"),
    [
        (condition("mimic-aps-sle", days=900), "TPO-07", CRITICAL),
        (condition("risk-thrombosis", at=on("2015-05-01")), "TPO-07", WARNING),
        (condition("risk-thrombosis", days=10), "TPO-07", CRITICAL),
        (condition("mimic-marrow", days=900), "TPO-08", CRITICAL),
        (condition("mimic-hit", days=20), "TPO-10", CRITICAL),
    ],
)
def test_what_speaks_against_it_leads_the_card(finding: Any, rule: str, indicator: Any) -> None:
    answers = asked(22, finding)
    found = card(answers)
    assert answers["ORD-19"] is found
    assert (found.rule, found.also[0], found.indicator) == (rule, "ORD-19", indicator)
    assert removed(found) == [DRAFT.reference]
    assert created(found) == ["haematology"]
    assert found.suggestions[0].recommended is (indicator is CRITICAL)
    assert answers["ORD-20"] == NoAdvice(Why.SUPPRESSED)


def test_pregnancy() -> None:
    found = card(asked(24, sex="female", age=30, pregnant=True))
    assert (found.rule, found.indicator) == ("TPO-09", WARNING)


def test_several_reasons_are_one_card() -> None:
    found = card(asked(22, condition("risk-thrombosis", at=on("2015-05-01")), condition("mimic-marrow")))
    assert (found.rule, found.also) == ("TPO-08", ("ORD-19", "TPO-07"))
    assert found.cautions == ("TPO-08/caution.marrow", "TPO-07/caution.past-thrombosis")


def test_a_mimic_that_only_the_data_show() -> None:
    """TTP by schistocytes and LDH, without a Condition."""
    found = card(
        asked(11, tests=[lab("obs-schistocytes", hours=3)], measurements=[measured("obs-ldh", 1180, "U/L")])
    )
    assert (found.rule, found.also[0], found.indicator) == ("TPO-10", "ORD-19", CRITICAL)
    assert found.cautions == ("ORD-19/caution.mimic",)


def test_nothing_against_it() -> None:
    assert asked(22)["ORD-19"] == NoAdvice(Why.ALLOWED)
    unread = asked(22, unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert unread["ORD-19"] == CannotTell(Fact.CONDITIONS)


def test_a_stale_count_is_said() -> None:
    found = card(asked([count(22, days=9)], condition("mimic-hit", days=20)))
    assert "ORD-11/caution.last-known" in found.cautions


# ------------------------------------------------------------------------------------------------------- ORD-20

below_50, at_50, _ = near(LIMITS.tpo_not_needed)


@pytest.mark.parametrize(("platelets", "speaks"), [(below_50, False), (at_50, True)])
def test_from_50_it_is_usually_not_needed(platelets: Any, speaks: bool) -> None:
    answers = asked(platelets)
    assert isinstance(answers["ORD-20"], Advise) is speaks
    if speaks:
        found = card(answers)
        assert (found.rule, found.also, found.indicator) == ("TPO-04", ("ORD-20",), WARNING)
        assert (found.say, removed(found)) == (("count",), [DRAFT.reference])


def test_an_acute_infection_without_bleeding() -> None:
    assert card(asked(40, ebv(days=20))).say == ("recent",)
    assert asked(40, ebv(days=20), nosebleed(hours=2))["ORD-20"] == NoAdvice(Why.OTHER_ROW)


@pytest.mark.parametrize(
    "members",
    [
        {"planned": [planned("proc-major-surgery", occurrence=ago(days=-2))]},
        {"medications": [drug("med-tpo-ra")]},
    ],
)
def test_where_it_is_needed(members: dict[str, Any]) -> None:
    assert asked(60, **members)["ORD-20"] == NoAdvice(Why.OTHER_ROW)


LONG_LOW = [count(26, days=125), count(27, days=10), count(26)]


def test_the_infection_first() -> None:
    found = card(asked(LONG_LOW, h_pylori(days=130)))
    assert (found.rule, found.also, found.indicator) == ("TPO-03", ("ORD-20",), WARNING)
    assert found.values["infection"] == "H. pylori infection"


def test_without_a_usable_count_it_cannot_be_told() -> None:
    assert asked(None)["ORD-20"] == CannotTell(Fact.PLATELETS)


def test_not_selected() -> None:
    assert set(decide(facts(22), LIMITS).values()) == {NoAdvice(Why.NOT_SELECTED)}

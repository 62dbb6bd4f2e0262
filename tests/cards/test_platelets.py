"""ORD-08 to ORD-11: a platelet transfusion is selected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.orders.platelets import decide
from cards.outcome import Advise, CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Amount, Answer, Kind, Specimen
from tests.cards.build import (
    LIMITS,
    ON_ICU,
    ago,
    brain_bleed,
    condition,
    count,
    dengue,
    drug,
    ebv,
    facts,
    gi_bleed,
    gum_bleeding,
    lab,
    measured,
    near,
    nosebleed,
    on,
    planned,
    platelets_given,
    purpura,
    sepsis,
    service_order,
)
from tests.cards.ordering import CRITICAL, WARNING, card, created, ordering, removed

PLATELETS = service_order("proc-platelet-transfusion")
TTP = condition("mimic-tma", suspected=True)
HIT = condition("mimic-hit", days=1)
VITT = condition("mimic-vitt")
HUS = condition("mimic-hus")


def asked(platelets: Any, **members: Any) -> Any:
    return decide(ordering(platelets, *members.pop("orders", [PLATELETS]), **members), LIMITS)


def silent(answers: Any) -> bool:
    return not any(isinstance(o, Advise) for o in answers.values())


def test_no_platelets_selected() -> None:
    assert set(decide(facts(12), LIMITS).values()) == {NoAdvice(Why.NOT_SELECTED)}  # type: ignore[union-attr]
    unmapped = asked(12, orders=[service_order()])
    assert set(unmapped.values()) == {CannotTell(Fact.SELECTED_DRUG)}


@pytest.mark.parametrize("set_id", ["proc-platelet-transfusion", "product-platelets"])
def test_procedure_and_product_are_platelets(set_id: str) -> None:
    assert card(asked(41, findings=[purpura()], orders=[service_order(set_id)])).rule == "ORD-09"


# ------------------------------------------------------------------------------------------------------- ORD-08


@pytest.mark.parametrize(
    ("mimic", "indicator", "title"),
    [
        (TTP, CRITICAL, "title.ttp"),
        (HIT, CRITICAL, "title.hit"),
        (VITT, CRITICAL, "title.vitt"),
        (HUS, WARNING, "title.hus"),
    ],
)
def test_a_mimic(mimic: Any, indicator: Any, title: str) -> None:
    answers = asked(11, findings=[mimic, purpura()])
    found = card(answers)
    assert (found.rule, found.indicator, found.title) == ("ORD-08", indicator, title)
    assert removed(found) == [PLATELETS.reference]
    assert answers["ORD-09"] == NoAdvice(Why.SUPPRESSED)


@pytest.mark.parametrize("mimic", [TTP, HIT, VITT, HUS])
def test_life_threatening_bleeding_is_never_blocked(mimic: Any) -> None:
    found = card(asked(11, findings=[mimic, gi_bleed(severity=3, hours=2)]))
    assert (found.indicator, found.title, removed(found)) == (WARNING, "title.bleeding", [])


def test_a_nosebleed_is_not_life_threatening_unless_shocked() -> None:
    bleed = nosebleed(hours=2)
    shock = [measured("obs-systolic", 70)]
    assert card(asked(11, findings=[TTP, bleed])).indicator is CRITICAL
    assert card(asked(11, findings=[TTP, bleed], measurements=shock)).title == "title.bleeding"


@pytest.mark.parametrize(
    ("bleed", "limit"),
    [
        (gi_bleed(severity=3, hours=2), LIMITS.bleeding_transfuse),
        (brain_bleed(hours=2), LIMITS.cns_transfuse),
    ],
)
def test_life_threatening_up_to_the_limit_of_its_site(bleed: Any, limit: Decimal) -> None:
    below, at, _ = near(limit)
    assert card(asked(below, findings=[TTP, bleed])).title == "title.bleeding"
    assert card(asked(at, findings=[TTP, bleed])).title == "title.ttp"


def test_life_threatening_bleeding_with_an_unknown_count() -> None:
    found = card(asked(None, findings=[TTP, gi_bleed(severity=3, hours=2)]))
    assert found.title == "title.bleeding.no-count"


def test_a_mimic_that_only_the_data_show() -> None:
    fragments, ldh = lab("obs-schistocytes", hours=3), measured("obs-ldh", 1180, "U/L")
    assert card(asked(11, findings=[purpura()], tests=[fragments], measurements=[ldh])).title == "title.ttp"


def test_no_mimic_and_an_unread_problem_list() -> None:
    assert asked(22)["ORD-08"] == NoAdvice(Why.NO_MIMIC)
    unread = asked(22, unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert unread["ORD-08"] == CannotTell(Fact.CONDITIONS)


# ------------------------------------------------------------------------------------------------------- ORD-09

below_10, at_10, _ = near(LIMITS.very_low)


@pytest.mark.parametrize(
    ("platelets", "speaks"), [(below_10, False), (at_10, True), (Decimal("41"), True), (Decimal("160"), True)]
)
def test_only_skin_from_10(platelets: Decimal, speaks: bool) -> None:
    answers = asked(platelets, findings=[ebv(), purpura()])
    assert silent(answers) is not speaks
    if speaks:
        found = card(answers)
        assert (found.rule, found.indicator, found.title) == ("ORD-09", WARNING, "title.skin")
        assert (removed(found), created(found)) == ([PLATELETS.reference], ["cbc"])


def test_no_bleeding_at_all() -> None:
    assert card(asked(22)).title == "title.none"


def test_a_count_that_is_ordered_is_not_drafted_again() -> None:
    assert created(card(asked(22, planned=[planned("order-cbc")]))) == []


@pytest.mark.parametrize(
    "finding",
    [
        nosebleed(hours=2),
        nosebleed(severity=1),
        nosebleed(patient_reported=True),
        gum_bleeding(severity=2, hours=10, ended_hours=3),
    ],
)
def test_bleeding_beyond_the_skin_is_a_reason(finding: Any) -> None:
    assert silent(asked(22, findings=[finding]))


def test_bleeding_that_may_go_on_is_not_told() -> None:
    assert asked(22, findings=[nosebleed(days=5)])["ORD-09"] == CannotTell(Fact.BLEEDING_ACTIVITY)


@pytest.mark.parametrize(
    ("members", "speaks"),
    [
        ({"planned": [planned("proc-major-surgery")]}, False),
        ({"planned": [planned("proc-major-surgery", occurrence=ago(days=-7))]}, False),
        ({"planned": [planned("proc-major-surgery", occurrence=ago(days=-8))]}, True),
        ({"planned": [planned("proc-major-surgery", occurrence=ago(days=1))]}, True),
        ({"orders": [PLATELETS, service_order("proc-lumbar-puncture")]}, False),
    ],
)
def test_a_procedure_is_a_reason(members: dict[str, Any], speaks: bool) -> None:
    assert silent(asked(22, **members)) is not speaks


below_20, at_20, _ = near(LIMITS.low_high_risk)
AT_RISK = [measured("obs-pt-inr", "1.8")]


@pytest.mark.parametrize(
    ("platelets", "members", "speaks"),
    [
        (below_20, {"findings": [sepsis()], "measurements": AT_RISK}, False),  # TRF-07
        (at_20, {"findings": [sepsis()], "measurements": AT_RISK}, True),
        (below_20, {"findings": [sepsis()]}, True),
        (below_20, {"stay": ON_ICU, "measurements": AT_RISK}, False),
        (below_20, {"measurements": AT_RISK}, True),
        (below_20, {"findings": [condition("mimic-acute-leukaemia"), sepsis()]}, False),  # TRF-12
        (at_20, {"findings": [condition("mimic-acute-leukaemia"), sepsis()]}, True),
        (below_20, {"findings": [condition("mimic-acute-leukaemia")]}, True),
        (Decimal("49.9"), {"findings": [condition("mimic-dic")], "measurements": AT_RISK}, False),  # TRF-09
        (Decimal("50"), {"findings": [condition("mimic-dic")], "measurements": AT_RISK}, True),
        (Decimal("22"), {"findings": [condition("mimic-dic")]}, True),
    ],
)
def test_added_risk_is_a_reason(platelets: Decimal, members: dict[str, Any], speaks: bool) -> None:
    assert silent(asked(platelets, **members)) is not speaks


# newborns, children

NEWBORN = {"birth": on("2026-06-06"), "weight": 2}
below_25, at_25, _ = near(LIMITS.neonate_platelets)


@pytest.mark.parametrize(("platelets", "speaks"), [(below_25, False), (at_25, True)])
def test_a_newborn_without_bleeding(platelets: Decimal, speaks: bool) -> None:
    answers = asked(platelets, **NEWBORN)
    assert silent(answers) is not speaks
    if speaks:
        found = card(answers)
        assert (found.title, found.also) == ("title.neonate", ("TRF-13", "POP-01"))


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [condition("mimic-alloimmune", suspected=True)]},
        {"planned": [planned("proc-major-surgery")]},
        {"findings": [nosebleed(hours=1)]},
    ],
)
def test_a_newborn_with_a_reason(members: dict[str, Any]) -> None:
    assert silent(asked(31, **NEWBORN, **members))


def test_a_child_is_named() -> None:
    assert card(asked(22, age=8, weight=25)).also == ("POP-02",)


def test_without_an_age_the_limit_cannot_be_told() -> None:
    assert asked(22, age=None)["ORD-09"] == CannotTell(Fact.AGE)


# dengue


@pytest.mark.parametrize("platelets", [Decimal("4"), Decimal("14"), Decimal("120")])
def test_dengue_at_any_count(platelets: Decimal) -> None:
    found = card(asked(platelets, findings=[dengue()]))
    assert (found.rule, found.also, found.title) == ("ORD-09", ("TRF-08",), "title.dengue")
    assert (removed(found), created(found)) == ([PLATELETS.reference], ["cbc-hematocrit"])


def test_dengue_with_gum_bleeding_is_not_major() -> None:
    assert card(asked(8, findings=[dengue(), gum_bleeding(hours=2)])).title == "title.dengue"


@pytest.mark.parametrize(
    "members",
    [
        {"findings": [dengue(), gi_bleed(severity=3, hours=2)]},
        {
            "findings": [dengue(), gum_bleeding(hours=2)],
            "measurements": [measured("obs-systolic", 70)],
        },
    ],
)
def test_dengue_with_major_bleeding(members: dict[str, Any]) -> None:
    assert silent(asked(8, **members))


below_50, at_50, _ = near(LIMITS.bleeding_transfuse)


@pytest.mark.parametrize(
    ("platelets", "findings", "speaks"),
    [
        (below_50, [gum_bleeding(hours=2)], False),
        (None, [gum_bleeding(hours=2)], False),
        (at_50, [gum_bleeding(hours=2)], True),
        (below_50, [], True),
    ],
)
def test_dengue_only_suspected(platelets: Any, findings: list[Any], speaks: bool) -> None:
    answers = asked(platelets, findings=[dengue(suspected=True), *findings])
    assert isinstance(answers["ORD-09"], Advise) is speaks


def test_dengue_without_a_count_carries_the_question_of_the_count() -> None:
    answers = asked(None, findings=[dengue()])
    found = card(answers)
    assert (found.rule, found.title, found.also) == ("ORD-09", "title.dengue.no-count", ("TRF-08", "ORD-11"))
    assert answers["ORD-11"] == NoAdvice(Why.MERGED)


# brain bleed on an antiplatelet drug

BRAIN = {"findings": [brain_bleed(hours=3)], "medications": [drug("med-p2y12", "med-antiplatelet")]}
below_100, at_100, _ = near(LIMITS.cns_transfuse)


@pytest.mark.parametrize(
    ("platelets", "speaks"), [(below_100, False), (at_100, True), (Decimal("185"), True)]
)
def test_brain_bleed_on_an_antiplatelet_drug(platelets: Decimal, speaks: bool) -> None:
    answers = asked(platelets, **BRAIN)
    assert silent(answers) is not speaks
    if speaks:
        assert card(answers).also == ("TRF-14",)


@pytest.mark.parametrize(
    "members",
    [
        {"findings": BRAIN["findings"]},
        {**BRAIN, "planned": [planned("proc-neurosurgery")]},
        {**BRAIN, "orders": [PLATELETS, service_order("proc-neurosurgery")]},
    ],
)
def test_brain_bleed_without_the_drug_or_with_surgery(members: dict[str, Any]) -> None:
    assert silent(asked(185, **members))


# ------------------------------------------------------------------------------------------------------- ORD-10


def dose(amount: str, unit: str | None) -> Any:
    return service_order("proc-platelet-transfusion", amount=Amount(Decimal(amount), unit))


@pytest.mark.parametrize(
    ("order", "speaks"),
    [
        (dose("2", "adult-dose"), True),
        (dose("2", "unit"), True),
        (dose("1", "adult-dose"), False),
        (dose("300", "mL"), False),
        (dose("2", None), False),
        (PLATELETS, False),
    ],
)
def test_more_than_one_dose(order: Any, speaks: bool) -> None:
    answers = asked(8, orders=[order])  # below 10: no ORD-09
    assert silent(answers) is not speaks
    if speaks:
        found = card(answers)
        assert (found.rule, found.indicator, found.title) == ("ORD-10", WARNING, "title.dose")


def test_two_doses_for_bleeding() -> None:
    assert silent(asked(22, orders=[dose("2", "adult-dose")], findings=[nosebleed(hours=2)]))


@pytest.mark.parametrize(("weight", "speaks"), [(None, True), (25, False)])
def test_a_child_without_a_weight(weight: Any, speaks: bool) -> None:
    answers = asked(22, age=8, weight=weight, findings=[nosebleed(hours=2)])
    assert silent(answers) is not speaks
    if speaks:
        found = card(answers)
        assert (found.title, created(found)) == ("title.weight", ["body-weight"])
        assert Fact.WEIGHT in found.unknown


@pytest.mark.parametrize(
    ("given_hours", "counted_hours", "speaks"),
    [(3, 4, True), (3, 1, False), (6.9, 8, True), (7.1, 8, False)],
)
def test_platelets_again_before_the_count(given_hours: float, counted_hours: float, speaks: bool) -> None:
    """The build's transfusion ends an hour after it began: six hours are counted from its end."""
    given = platelets_given(hours=given_hours)
    members = {"performed": [given], "findings": [nosebleed(hours=1)]}
    answers = asked([count(22, hours=counted_hours)], **members)
    assert silent(answers) is not speaks
    if speaks:
        assert created(card(answers)) == ["cbc-after-platelets"]


@pytest.mark.parametrize("finding", [gi_bleed(severity=3, hours=2), brain_bleed(hours=2)])
def test_none_of_it_matters_in_a_severe_bleed(finding: Any) -> None:
    assert silent(asked(22, orders=[dose("2", "unit")], findings=[finding], age=8, weight=None))


def test_the_dose_is_merged_into_the_card_of_the_reason() -> None:
    answers = asked(41, orders=[dose("2", "unit")], findings=[purpura()])
    found = card(answers)
    assert (found.rule, found.also) == ("ORD-09", ("ORD-10",))
    assert "ORD-10/suggestion.dose" in found.say
    assert answers["ORD-10"] == NoAdvice(Why.MERGED)


# ------------------------------------------------------------------------------------------------------- ORD-11


def test_without_a_count_and_without_bleeding() -> None:
    found = card(asked(None))
    assert (found.rule, found.indicator, found.title) == ("ORD-11", WARNING, "title.no-count")
    assert created(found) == ["cbc-film"]


@pytest.mark.parametrize(("hours", "rule"), [(24, "ORD-09"), (25, "ORD-11")])
def test_a_count_older_than_a_day(hours: int, rule: str) -> None:
    assert card(asked([count(28, hours=hours)])).rule == rule


def test_clumping() -> None:
    edta, citrate = count(28, hours=2), count(140, hours=1, specimen=Specimen.CITRATE)
    found = card(asked([edta, citrate]))
    assert (found.title, created(found)) == ("title.clumped", ["citrate-count"])


def test_bleeding_does_not_wait_for_a_count() -> None:
    assert silent(asked(None, findings=[nosebleed(hours=2)]))


def test_a_very_low_last_count_is_not_taken_away() -> None:
    assert removed(card(asked([count(8, days=3)]))) == []
    assert removed(card(asked([count(28, days=3)]))) == [PLATELETS.reference]


def test_conflicting_counts_use_the_lower_one() -> None:
    low_then_high = [count(19, hours=3), count(88, hours=1)]
    found = card(asked(low_then_high))
    assert (found.rule, found.values["platelets"]) == ("ORD-09", "19 x10^9/L")
    assert silent(asked([count(9, hours=3), count(88, hours=1)]))


def test_the_newborn_of_the_test_is_one() -> None:
    assert ordering(31, PLATELETS, **NEWBORN).person.is_neonate

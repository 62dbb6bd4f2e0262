"""MON-01 to 03 intervals, MON-05 window exceeded, MON-07 advice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.monitoring.follow_up import ADVICE, decide
from cards.monitoring.interval import ROWS, SPANS, STRICTER, make_interval, row_of
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind, Stay
from tests.cards import build
from tests.cards.build import (
    LIMITS,
    NOW,
    ago,
    blood_blister,
    condition,
    count,
    dengue,
    drug,
    ebv,
    facts,
    gum_bleeding,
    lab,
    near,
    nosebleed,
    planned,
    purpura,
)
from tests.cards.direct import drafts
from tests.cards.said import advice, paragraph, read, title

RISES = [count(20, days=4), count(24, days=2)]


def only(p: PatientFacts) -> Advise:
    answers = decide(p, LIMITS)
    assert answers.keys() == set(ADVICE.ids)
    found = [o for o in answers.values() if isinstance(o, Advise)]
    assert len(found) == 1
    card = advice(found[0])
    assert answers[card.rule] is card
    assert all(answers[rule] == NoAdvice(Why.MERGED) for rule in card.also)
    return card


def why(p: PatientFacts) -> set[Any]:
    return set(decide(p, LIMITS).values())


def interval_of(card: Advise) -> str:
    (key,) = (key.rpartition("interval.")[2] for key in card.say if "interval." in key)
    return key


# ---------------------------------------------------------------------------------------------------- MON-01


@pytest.mark.parametrize(("row", "number"), [(row, n) for row in range(len(ROWS)) for n in range(3)])
def test_the_interval_by_count(row: int, number: int) -> None:
    limit, key = ROWS[row]
    value = near(getattr(LIMITS, limit))[number]
    below = number == 0
    if below:
        assert interval_of(only(facts(value))) == key
    elif row + 1 < len(ROWS):
        assert interval_of(only(facts(value))) == ROWS[row + 1][1]
    else:
        assert why(facts(value)) == {NoAdvice(Why.COUNT_NOT_LOW)}


@pytest.mark.parametrize(
    ("value", "key", "template", "due"),
    [
        (8, "hours", "cbc", timedelta(hours=6)),
        (22, "daily", "cbc", timedelta(hours=24)),
        (40, "days", "cbc", timedelta(days=2)),
        (80, "weekly", "cbc", timedelta(days=7)),
        (120, "fortnight", "cbc", timedelta(days=7)),
    ],
)
def test_the_draft_is_dated_from_the_sample(value: int, key: str, template: str, due: timedelta) -> None:
    card = only(facts(value))
    assert (card.rule, card.indicator, interval_of(card)) == ("MON-01", Indicator.INFO, key)
    assert card.title == f"title.{key}"
    (action,) = (a for s in card.suggestions for a in s.actions)
    assert (action.template, action.due) == (template, NOW - timedelta(hours=3) + due)
    assert action.priority == ("urgent" if key == "hours" else "routine")
    assert "MON-01/due" not in card.say


def test_an_overdue_count_is_due_now() -> None:
    card = only(facts([count(40, hours=72)]))
    assert card.suggestions[0].actions[0].due == NOW
    assert "MON-01/due" in card.say


@pytest.mark.parametrize(("minutes", "due"), [(-1, False), (0, True)])
def test_due_when_the_longer_end_is_reached(minutes: int, due: bool) -> None:
    at = ago(hours=float(LIMITS.mon_hours_high), minutes=minutes)
    assert ("MON-01/due" in only(facts([count(8, at=at)])).say) is due


@pytest.mark.parametrize(
    ("finding", "value", "key"),
    [
        (nosebleed(), 45, "hours"),
        (nosebleed(), 120, "hours"),
        (blood_blister(), 45, "daily"),
        (blood_blister(), 80, "daily"),
        *[
            (blood_blister(), v, k)
            for v, k in zip(near(LIMITS.low_high_risk), ("hours", "daily", "daily"), strict=True)
        ],
        (nosebleed(patient_reported=True), 45, "daily"),
        (purpura(), 45, "days"),
        (nosebleed(hours=40, ended_hours=30), 33, "days"),  # ungraded and ended: history
    ],
)
def test_active_bleeding_shortens_it(finding: Any, value: Any, key: str) -> None:
    assert interval_of(only(facts(value, findings=[finding]))) == key


WARD = Stay("Encounter/ward", inpatient=True, intensive=False, start=ago(days=2))


@pytest.mark.parametrize("value", [22, 45, 80, 99])
@pytest.mark.parametrize(
    ("members", "shown", "longest"),
    [
        ({"findings": [condition("inf-sepsis")]}, "infection", "stale_acute"),
        ({"stay": WARD}, "stay", "stale_acute"),
        ({"findings": [condition("mimic-dic")]}, None, "stale_dengue_dic"),
        ({"findings": [condition("mimic-tma")]}, None, "stale_acute"),
        ({"findings": [condition("mimic-hit")]}, None, "stale_acute"),
        ({"findings": [condition("mimic-vitt")]}, None, "stale_acute"),
    ],
)
def test_it_is_never_longer_than_a_count_may_stand(
    value: int, members: dict[str, Any], shown: str | None, longest: str
) -> None:
    rises = [count(value - 20, days=4), count(value - 10, days=2), count(value)]
    card = only(facts(rises, **members))
    key = interval_of(card).replace("dic", "hours")
    assert card.rule == "MON-01"
    assert make_interval(key, LIMITS).high <= LIMITS.span(longest)
    if shown is not None and value > 30:
        assert shown in {row.fact for row in card.inputs}


def test_a_stay_that_ends_has_the_intervals_of_home() -> None:
    assert interval_of(only(facts(45, stay=WARD, hook="encounter-discharge"))) == "days"


def test_unclear_bleeding_is_named() -> None:
    card = only(facts(35, findings=[gum_bleeding(days=5)]))
    assert (interval_of(card), card.say[1]) == ("days", "MON-01/unclear")
    assert Fact.BLEEDING_ACTIVITY in card.unknown


@pytest.mark.parametrize(
    ("value", "findings", "key"),
    [(36, [], "dengue"), (120, [], "dengue"), (9, [], "hours"), (36, [nosebleed()], "hours")],
)
@pytest.mark.parametrize("suspected", [False, True])
def test_dengue_counts_with_haematocrit(value: int, findings: list[Any], key: str, suspected: bool) -> None:
    card = only(facts(value, findings=[dengue(suspected=suspected), *findings]))
    assert (interval_of(card), drafts(card)) == (key, ["cbc-hematocrit"])


def test_twice_weekly_while_falling() -> None:
    card = only(facts([count(95, days=5), count(70)]))
    assert (card.rule, interval_of(card)) == ("MON-03", "twice-weekly")


@pytest.mark.parametrize(
    ("order", "covers"),
    [
        (planned("order-cbc"), True),
        (planned("order-cbc", occurrence=ago(hours=3, days=-float(LIMITS.mon_days_high))), True),
        (planned("order-cbc", occurrence=ago(hours=3, minutes=-1, days=-float(LIMITS.mon_days_high))), False),
        (planned("order-cbc", hours=4), False),
        (planned("order-cbc", status="booked"), False),
    ],
)
def test_a_count_ordered_for_that_time_is_not_drafted_again(order: Any, covers: bool) -> None:
    card = only(facts(40, planned=[order]))
    assert ("MON-01/ordered" in card.say) is covers
    assert drafts(card) == ([] if covers else ["cbc"])
    assert (order.reference in {row.reference for row in card.inputs}) is covers


def test_unread_orders_and_problems_are_named() -> None:
    unread = {Kind.ORDERS: Answer.FAILED, Kind.CONDITIONS: Answer.ABSENT}
    assert set(only(facts(40, unanswered=unread)).unknown) == {Fact.ORDERS, Fact.CONDITIONS}
    assert only(facts(40)).unknown == ()


@pytest.mark.parametrize("counts", [[], [count(22, days=9)], [count(19, hours=3), count(88, hours=1)]])
def test_without_a_usable_count_it_cannot_tell(counts: list[Any]) -> None:
    assert why(facts(counts)) == {CannotTell(Fact.PLATELETS)}


def test_newborns_have_their_own_rules() -> None:
    assert why(facts(40, birth=ago(days=9), age=None)) == {NoAdvice(Why.NOT_FOR_THIS_PERSON)}


def test_known_and_stable_counts_are_not_followed() -> None:
    chronic = [count(58, days=days) for days in (300, 200, 100)] + [count(60)]
    assert why(facts(chronic, findings=[condition("risk-liver", days=900)])) == {NoAdvice(Why.EXPLAINED)}


STABLE = [count(58, days=days) for days in (300, 200, 100)] + [count(60)]


def test_counts_that_are_stable_for_months_have_no_interval() -> None:
    answers = decide(facts(STABLE), LIMITS)
    assert answers["MON-01"] == NoAdvice(Why.STABLE)
    assert answers["MON-05"] == NoAdvice(Why.INFECTION_NOT_CURRENT)
    assert only(facts(STABLE, findings=[nosebleed()])).rule == "MON-01"


def test_a_window_that_is_exceeded_is_told_of_stable_counts_too() -> None:
    card = only(facts(STABLE, findings=[ebv(days=70)]))
    assert (card.rule, drafts(card)) == ("MON-05", ["haematology"])
    assert not any("interval" in key for key in card.say)


@pytest.mark.parametrize(
    ("value", "findings", "speaks"),
    [
        *[(v, [], s) for v, s in zip(near(LIMITS.tpo_not_needed), (True, False, False), strict=True)],
        (60, [nosebleed()], True),
    ],
)
def test_on_a_tpo_ra_its_own_monitoring_speaks(value: Any, findings: list[Any], speaks: bool) -> None:
    p = facts(value, findings=findings, medications=[drug("med-tpo-ra")])
    silent = all(o == NoAdvice(Why.THERAPY_ACTIVE) for o in decide(p, LIMITS).values())
    assert silent is not speaks


def test_recovery_has_its_own_card() -> None:
    p = facts([count(28, days=12), count(61, days=6), count(112)])
    assert why(p) == {NoAdvice(Why.MERGED)}


# ---------------------------------------------------------------------------------------------------- MON-02, MON-03


def test_step_down_doubles_the_interval() -> None:
    card = only(facts([*RISES, count(36)]))
    assert (card.rule, card.title, card.also[0]) == ("MON-02", "title", "MON-01")
    assert "every 4 to 6 days" in read(card)
    assert card.suggestions[0].actions[0].due == NOW - timedelta(hours=3) + 2 * timedelta(days=2)


def test_step_down_of_a_single_interval() -> None:
    card = only(facts([count(12, days=4), count(15, days=2), count(20)]))
    assert "every 2 days is enough" in read(card)


@pytest.mark.parametrize(
    "p",
    [
        facts([*RISES, count(36)], findings=[purpura()]),
        facts([*RISES, count(36)], findings=[gum_bleeding(days=5)]),
        facts([*RISES, count(36)], findings=[dengue()]),
        facts([count(24, days=2), count(36)]),
        facts([count(33, days=4), count(34, days=2), count(36)]),  # less than 20 % above the lowest
        facts([count(3, days=4), count(5, days=2), count(8)]),
    ],
)
def test_no_step_down(p: PatientFacts) -> None:
    assert only(p).rule == "MON-01"


def test_the_outpatient_who_fell_from_62_to_48() -> None:
    card = only(facts([count(62, days=7), count(48)], findings=[ebv(days=14)]))
    assert (card.rule, card.indicator, interval_of(card)) == ("MON-03", Indicator.INFO, "days")
    assert card.also == ("MON-01", "MON-07")
    assert title(card).startswith("Platelets fell 22%")
    assert "MON-07/low" in card.say


@pytest.mark.parametrize(("value", "rule"), [(80, "MON-03"), ("80.1", "MON-01")])
def test_a_fall_of_a_fifth(value: Any, rule: str) -> None:
    assert LIMITS.mon_step_up_percent == 20
    assert only(facts([count(100, days=3), count(value)])).rule == rule


@pytest.mark.parametrize(
    ("before", "value", "key"),
    [
        (140, 104, "weekly"),
        (95, 70, "twice-weekly"),
        (48, 35, "daily"),
        (28, 20, "hours"),
        (9, 5, "hours"),
        (110, 28, "daily"),
    ],
)
def test_step_up_within_a_row_and_across(before: int, value: int, key: str) -> None:
    assert interval_of(only(facts([count(before, days=3), count(value)]))) == key


@pytest.mark.parametrize(
    "p",
    [
        facts([count(100, hours=8), count(60)]),  # drawn less than 6 hours apart
        facts([count(100, days=15), count(60)]),  # longer ago than the trend
        facts([count(100, days=3), count(60)], performed=[build.platelets_given(hours=10)]),
    ],
)
def test_no_step_up(p: PatientFacts) -> None:
    assert only(p).rule == "MON-01"


def test_every_stricter_interval_is_shorter() -> None:
    for key, stricter in STRICTER.items():
        assert make_interval(stricter, LIMITS).high < make_interval(key, LIMITS).high
    spans = [make_interval(key, LIMITS) for key in SPANS]
    assert [s.high for s in spans] == sorted(s.high for s in spans)
    assert all(s.low <= s.high for s in spans)
    assert row_of(LIMITS.normal, LIMITS) is None


# ---------------------------------------------------------------------------------------------------- MON-05


def late(weeks: float, value: Any = 48, minutes: int = 0, **more: Any) -> PatientFacts:
    return facts(value, findings=[ebv(days=weeks * 7, minutes=minutes), *more.pop("findings", [])], **more)


def test_ten_weeks_after_ebv() -> None:
    card = only(late(10))
    assert (card.rule, card.indicator) == ("MON-05", Indicator.WARNING)
    assert "not recovered 10 weeks after Infectious mononucleosis (EBV)" in title(card)
    assert drafts(card) == ["haematology", "cbc"]
    assert card.also == ("MON-01", "MON-07")
    assert {"suggestion", "MON-01/interval.days"} <= set(card.say)
    assert "failure" not in card.say  # care is supportive: no therapy can have failed


def test_longest_title_of_every_pathogen() -> None:
    for pathogen in build.shipped_pathogens():
        values = {"infection": pathogen.name, "weeks": 50}
        assert len(paragraph(Advise("MON-05", Indicator.WARNING, values=values), "title")) <= 139


@pytest.mark.parametrize(
    ("weeks", "minutes", "speaks"),
    [(7, 0, False), (8, 0, False), (8, 1, True), (26, 0, True), (26, 1, False)],
)
def test_from_the_end_of_the_window_to_26_weeks(weeks: int, minutes: int, speaks: bool) -> None:
    assert (only(late(weeks, minutes=minutes)).rule == "MON-05") is speaks


@pytest.mark.parametrize(("value", "speaks"), list(zip(near(LIMITS.mild), (True, False, False), strict=True)))
def test_below_a_hundred(value: Any, speaks: bool) -> None:
    assert (only(late(10, value)).rule == "MON-05") is speaks


def test_a_newer_infection_within_its_window_may_explain_the_count() -> None:
    p = late(10, findings=[dengue(days=3)])
    assert only(p).rule == "MON-01"
    assert decide(p, LIMITS)["MON-05"] == NoAdvice(Why.TOO_EARLY)


def test_platelets_that_had_recovered_and_fell_anew() -> None:
    recovered = [count(160, days=30), count(48)]
    p = facts(recovered, findings=[ebv(days=70)])
    assert decide(p, LIMITS)["MON-05"] == NoAdvice(Why.OTHER_ROW)
    early = [count(160, days=68), count(40, days=30), count(48)]  # fell within the window
    assert isinstance(decide(facts(early, findings=[ebv(days=70)]), LIMITS)["MON-05"], Advise)


def eradicated(started_weeks: float, **more: Any) -> PatientFacts:
    """H. pylori, two drugs of its therapy that ended two weeks after their start."""
    end = ago(days=started_weeks * 7 - 14)
    drugs = [
        drug("med-h-pylori", code=code, days=started_weeks * 7, end=end, status="completed")
        for code in ("tetracycline", "metronidazole")
    ]
    infection = build.h_pylori(days=started_weeks * 7 + 7)
    return facts(48, findings=[infection], medications=drugs, **more)


@pytest.mark.parametrize(("weeks", "speaks"), [(24, False), (24.1, True), (50, True), (50.1, False)])
def test_a_chronic_infection_is_counted_from_the_start_of_its_therapy(weeks: float, speaks: bool) -> None:
    card = only(eradicated(weeks))
    assert (card.rule == "MON-05") is speaks
    assert ("failure" in card.say) is speaks


def test_an_untreated_chronic_infection_is_treated_first() -> None:
    p = facts(48, findings=[build.h_pylori(days=300)])
    assert decide(p, LIMITS)["MON-05"] == NoAdvice(Why.NOT_TREATED)


LOW = [count(40, days=44), count(48)]


def test_without_a_pathogen_six_weeks_from_the_first_low_count() -> None:
    card = only(facts(LOW))
    assert (card.rule, card.title, card.values["weeks"]) == ("MON-05", "title.no-infection", 6)
    assert "failure" not in card.say


@pytest.mark.parametrize(
    ("days", "minutes", "speaks"), [(42, 0, False), (42, 1, True), (182, 0, True), (182, 1, False)]
)
def test_the_default_window(days: int, minutes: int, speaks: bool) -> None:
    assert (LIMITS.mon_default_weeks, LIMITS.mon_question_weeks) == (6, 26)
    p = facts([count(40, days=days, minutes=minutes), count(48)])
    assert (only(p).rule == "MON-05") is speaks


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"findings": [condition("mimic-marrow")]}, NoAdvice(Why.EXPLAINED)),
        ({"findings": [condition("inf-strongyloides")]}, CannotTell(Fact.INFECTION_TYPE)),
        ({"findings": [dengue(suspected=True)]}, NoAdvice(Why.INFECTION_RECORDED)),
        ({"unanswered": {Kind.CONDITIONS: Answer.FAILED}}, CannotTell(Fact.CONDITIONS)),
    ],
)
def test_where_no_window_can_be_named(given: dict[str, Any], answer: Any) -> None:
    p = facts(LOW, **given)
    assert decide(p, LIMITS)["MON-05"] == answer
    assert only(p).rule == "MON-01"


def test_a_drug_that_can_lower_platelets_is_named() -> None:
    culprit = drug("med-drug-induced-thrombocytopenia")
    card = only(late(10, medications=[culprit]))
    assert card.cautions == ("caution.drug",)
    assert culprit.reference in {row.reference for row in card.inputs}


def test_the_course_stands_in_the_same_card() -> None:
    p = facts([count(62, days=7), count(48)], findings=[ebv(days=70)])
    assert only(p).also == ("MON-03", "MON-01", "MON-07")
    rising = facts([*RISES, count(36)], findings=[ebv(days=70)])
    assert "every 4 to 6 days" in read(only(rising))


def test_an_ordered_count_is_not_drafted_again_in_it() -> None:
    card = only(late(10, planned=[planned("order-cbc")]))
    assert drafts(card) == ["haematology"]
    assert "MON-01/ordered" in card.say


# ---------------------------------------------------------------------------------------------------- MON-07


def said_to_patient(p: PatientFacts) -> list[str]:
    return [key.removeprefix("MON-07/") for key in only(p).say if key.startswith("MON-07/")]


@pytest.mark.parametrize(
    ("p", "keys"),
    [
        *[
            (facts(v), k)
            for v, k in zip(near(LIMITS.mon_sport), (["low"], ["moderate"], ["moderate"]), strict=True)
        ],
        *[(facts(v), k) for v, k in zip(near(LIMITS.mild), (["moderate"], [], []), strict=True)],
        (facts(40, age=12), ["low.child"]),
        (facts(40, sex="female"), ["low", "menses"]),
        (facts(40, sex="female", pregnant=True), ["low"]),
        (facts(40, sex="female", age=70), ["low"]),
        (facts(60, sex="female"), ["moderate"]),
        (facts(60, findings=[ebv()]), ["moderate", "spleen"]),
        (facts(40, tests=[lab("lab-ebv")]), ["low", "spleen"]),
        (facts(40, findings=[nosebleed()]), []),
        (facts(40, findings=[purpura()]), ["low"]),
    ],
)
def test_advice_for_the_patient(p: PatientFacts, keys: list[str]) -> None:
    assert said_to_patient(p) == keys
    assert ("MON-07" in only(p).also) is bool(keys)


# ------------------------------------------------------------------------------------------------ discharge


def at_discharge(*counts: Any, **members: Any) -> Advise:
    return only(facts([*counts], hook="encounter-discharge", **members))


def discharge_words(card: Advise) -> list[str]:
    return [key.rpartition("/")[2] for key in card.say if "/discharge" in key]


def test_only_on_discharge_is_anything_said_of_it() -> None:
    assert discharge_words(only(facts([count(40)]))) == []
    card = at_discharge(count(40))
    assert discharge_words(card) == ["discharge"]
    assert "next count falls on" in read(card)


@pytest.mark.parametrize(("value", "said"), [(v, v < LIMITS.mon_frequent) for v in near(LIMITS.mon_frequent)])
def test_a_stay_with_counts_every_few_hours_should_perhaps_go_on(value: Any, said: bool) -> None:
    card = at_discharge(count(value))
    assert ("discharge.close" in discharge_words(card)) is said
    assert ("discharge" in discharge_words(card)) is not said


@pytest.mark.parametrize(
    ("value", "said"), [(v, v < LIMITS.low_high_risk) for v in near(LIMITS.low_high_risk)]
)
def test_a_new_very_low_count_of_an_adult(value: Any, said: bool) -> None:
    assert ("discharge.new" in discharge_words(at_discharge(count(value)))) is said
    child = at_discharge(count(value), age=9)
    assert "discharge.new" not in discharge_words(child)


def test_a_count_that_is_low_for_months_is_not_new() -> None:
    old = at_discharge(count(15, days=120), count(14, days=60), count(15))
    assert "discharge.new" not in discharge_words(old)
    assert "discharge.new" in discharge_words(at_discharge(count(14, days=60), count(15)))


def test_on_discharge_a_count_that_is_ordered_wants_a_reader() -> None:
    tomorrow = planned("order-cbc", status="active", occurrence=ago(days=-1))
    card = at_discharge(count(40), planned=[tomorrow])
    assert discharge_words(card) == ["discharge.ordered"]

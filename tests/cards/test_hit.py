"""SAFE-02: HIT recorded, by PF4 antibodies, and by the 4Ts computed from the record."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Finding, Kind, Medication, Moment, PlateletResult
from cards.safety.hit import Suspicion, decide, likeliest, suspect, unlikely
from cards.safety.score import Score
from tests.cards.build import (
    LIMITS,
    NOW,
    ago,
    condition,
    count,
    done,
    drug,
    ebv,
    facts,
    given_drug,
    gum_bleeding,
    lab,
    measured,
    order,
    sepsis,
    service_order,
    whole_day,
)
from tests.cards.direct import drafts, text_of
from tests.cards.safety_cards import card_of, deleted, notes, value_of

DAYS = float(LIMITS.hit_days)


def heparin(**members: object) -> Medication:
    return drug("med-heparin", **members)


def thrombosis(**members: object) -> Finding:
    return condition("risk-thrombosis", **members)


def score(counts: list[PlateletResult], **members: object) -> Score:
    _, found = likeliest(facts(counts, **members), LIMITS)
    assert found is not None
    return found


def points(counts: list[PlateletResult], **members: object) -> tuple[int, ...]:
    """The certain points of the four items."""
    return tuple(item.least for item in score(counts, **members).items)


def fell(before: object, after: object, day: float = 8) -> list[PlateletResult]:
    """A count on the day that heparin began, and one `day` days after it (3 hours ago)."""
    return [count(before, days=day, hours=3), count(after)]


def holds(*args: object, **members: object) -> bool:
    return isinstance(suspect(facts(*args, **members), LIMITS), Suspicion)


# ---------------------------------------------------------------------------------------------- recorded


@pytest.mark.parametrize(("days", "current"), [(0.0, True), (DAYS, True), (DAYS + 1, False)])
def test_recorded_hit_is_current_for_100_days(days: float, current: bool) -> None:
    at = Moment.instant(ago(days=days).earliest)
    assert holds(240, findings=[condition("mimic-hit", at=at)]) is current


@pytest.mark.parametrize("how", [{"suspected": True}, {"undated": True}])
def test_a_suspected_or_undated_hit_is_current(how: dict[str, object]) -> None:
    assert holds(41, findings=[condition("mimic-hit", **how)])


def test_hit_in_the_history_gates_nothing() -> None:
    assert suspect(facts(41, findings=[condition("mimic-hit", past=True)]), LIMITS) == NoAdvice(Why.NO_MIMIC)
    assert not holds(41, findings=[condition("mimic-hit-unspecific")])
    assert not holds(41, findings=[condition("mimic-hit-nonimmune")])


@pytest.mark.parametrize(
    ("test", "positive"),
    [
        (lab("obs-hit", proves=None, days=DAYS), True),
        (lab("obs-hit", proves=None, days=DAYS + 1), False),
        (lab("obs-hit", proves=None, undated=True), True),
        (lab("obs-hit", "negative", proves=None), False),
        (lab("obs-hit", "indeterminate", proves=None), False),
    ],
)
def test_pf4_antibodies(test: object, positive: bool) -> None:
    assert holds(41, tests=[test]) is positive


# ---------------------------------------------------------------------------------------------- 4Ts


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (200, 141, 0),  # 29.5 %
        (200, 140, 1),  # 30 %
        (200, 100, 1),  # 50 %
        (200, 99, 2),
        (200, 20, 2),
        (200, "19.9", 1),
        (200, 10, 1),
        (200, "9.9", 0),
    ],
)
def test_thrombocytopenia(before: object, after: object, expected: int) -> None:
    assert points(fell(before, after), medications=[heparin(days=8)])[0] == expected


@pytest.mark.parametrize(
    ("day", "expected"), [(0, 0), (1, 0), (2, 0), (4, 0), (5, 2), (10, 2), (11, 1), (30, 1)]
)
def test_timing_by_the_day_of_heparin(day: int, expected: int) -> None:
    counts = [count(240, days=day, hours=6), count(60)]
    assert points(counts, medications=[heparin(days=day, hours=5)])[1] == expected


@pytest.mark.parametrize(("gap", "expected"), [(10, 2), (30, 2), (31, 1), (90, 1)])
def test_an_early_fall_after_earlier_heparin(gap: int, expected: int) -> None:
    start = NOW.replace(hour=2)
    end = Moment.instant(start - (NOW - ago(days=gap).earliest))
    earlier = heparin(
        at=Moment.instant(end.earliest - (NOW - ago(days=3).earliest)), end=end, status="completed"
    )
    now = heparin(at=Moment.instant(start))
    counts = [count(240, hours=12), count(60, hours=1)]
    assert points(counts, medications=[earlier, now])[1] == expected


def test_the_day_is_that_of_the_first_low_count_not_of_the_lowest() -> None:
    counts = [count(240, days=15), count(150, days=8), count(70, days=1)]
    assert points(counts, medications=[heparin(days=15)])[1] == 2


def test_heparin_without_a_date_leaves_the_timing_unclear() -> None:
    assert points(fell(240, 60), medications=[heparin(undated=True)])[1] == 1


def test_daily_administrations_are_one_course() -> None:
    doses = [given_drug("med-heparin", days=n) for n in range(9)]
    assert points(fell(240, 60), medications=doses)[1] == 2


@pytest.mark.parametrize(
    ("found", "least", "most"),
    [
        (thrombosis(days=1), 2, 2),
        (condition("risk-cvst", days=1), 2, 2),
        (condition("risk-portal-vein-thrombosis", days=1), 2, 2),
        (thrombosis(days=1, suspected=True), 1, 1),
        (thrombosis(days=9), 0, 0),
        (thrombosis(at=whole_day(8)), 0, 0),
        (thrombosis(undated=True), 0, 2),
        (thrombosis(days=1, past=True), 0, 0),
        (condition("risk-thrombosis-unspecific", days=1), 0, 0),
    ],
)
def test_thrombosis(found: Finding, least: int, most: int) -> None:
    item = score(fell(240, 60), medications=[heparin(days=8)], findings=[found]).items[2]
    assert (item.least, item.most) == (least, most)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, 2),
        ({"findings": [sepsis()]}, 1),
        ({"findings": [condition("inf-bacterial-focus", days=20)]}, 1),
        ({"findings": [condition("inf-bacterial-focus", days=400)]}, 2),
        ({"findings": [ebv(suspected=True)]}, 1),
        ({"drugs": [drug("med-drug-induced-thrombocytopenia")]}, 1),
        ({"drugs": [drug("med-chemotherapy", days=14, end=ago(days=14), status="completed")]}, 0),
        ({"drugs": [drug("med-chemotherapy", days=16, end=ago(days=15), status="completed")]}, 2),
        ({"performed": [done("proc-chemotherapy", days=13)]}, 0),
        ({"findings": [condition("mimic-hus")]}, 0),
        ({"findings": [condition("mimic-hus", suspected=True)]}, 2),
        ({"findings": [condition("mimic-tma", code="parent")]}, 2),
        ({"findings": [condition("mimic-acute-leukaemia", days=300)]}, 0),
    ],
)
def test_other_causes(members: dict[str, list[object]], expected: int) -> None:
    drugs = [heparin(days=8), *members.pop("drugs", [])]
    assert points(fell(240, 60), medications=drugs, **members)[3] == expected


def test_an_overt_dic_is_a_definite_other_cause() -> None:
    values = [
        measured("obs-d-dimer", 9000, "ug/L", high=Decimal(500), hours=3),
        measured("obs-pt-seconds", 21, "s", high=Decimal(14), hours=3),
    ]
    assert (
        points(fell(240, 60), medications=[heparin(days=8)], findings=[sepsis()], measurements=values)[3] == 0
    )


@pytest.mark.parametrize("kind", [Kind.CONDITIONS, Kind.MEDICATIONS])
def test_what_was_not_answered_is_neither_cause_nor_absence(kind: Kind) -> None:
    found = score(fell(240, 60), medications=[heparin(days=8)], unanswered={kind: Answer.FAILED})
    assert (found.items[3].least, found.items[3].most) == (0, 2)


# ---------------------------------------------------------------------------------------------- from score to card


def test_four_points_make_a_card_three_do_not() -> None:
    # 1 (30 to 50 %) + 2 (day 8) + 0 + 1 (infection)
    assert holds(fell(200, 120), medications=[heparin(days=8)], findings=[sepsis()])
    # 1 + 1 (day 12) + 0 + 1
    late = fell(200, 120, day=12)
    assert not holds(late, medications=[heparin(days=12)], findings=[sepsis()])


@pytest.mark.parametrize(("days", "expected"), [(DAYS, True), (DAYS + 1, False)])
def test_heparin_counts_for_100_days(days: float, expected: bool) -> None:
    old = heparin(days=days + 1, end=ago(days=days), status="completed")
    assert (
        holds([count(240, days=days + 1), count(60)], medications=[old], findings=[thrombosis()]) is expected
    )


def test_without_a_fall_or_a_low_count_the_score_is_not_for_this_patient() -> None:
    steady = [count(240, days=8), count(236)]
    outcome = suspect(facts(steady, medications=[heparin(days=8)], findings=[thrombosis()]), LIMITS)
    assert outcome == NoAdvice(Why.NO_FALL)


def test_a_fall_that_is_over_is_none() -> None:
    counts = [count(240, days=40), count(60, days=30), count(230)]
    assert not holds(counts, medications=[heparin(days=40, end=ago(days=30), status="completed")])


def test_a_rise_after_platelets_is_no_baseline() -> None:
    counts = [count(100, days=8, hours=4), count(160, days=7), count(95)]
    given = done("proc-platelet-transfusion", days=7, hours=3)
    assert points(counts, medications=[heparin(days=8)], performed=[given])[0] == 0


def test_without_a_count_from_before_only_the_missing_points_could_tell() -> None:
    p = facts(90, medications=[heparin(days=8)], findings=[sepsis()])
    assert suspect(p, LIMITS) == CannotTell(Fact.BEFORE_HEPARIN)


def test_a_sample_with_clumps_gives_no_points() -> None:
    clumps = lab("obs-platelet-artefact", proves=None, hours=3)
    found = score(fell(240, 60), medications=[heparin(days=8)], tests=[clumps])
    assert (found.items[0].least, found.items[0].most) == (0, 2)


def test_no_heparin_no_card_and_unread_medications_are_not_none() -> None:
    assert suspect(facts(fell(240, 60)), LIMITS) == NoAdvice(Why.NO_MIMIC)
    p = facts(fell(240, 60), unanswered={Kind.MEDICATIONS: Answer.ABSENT})
    assert suspect(p, LIMITS) == CannotTell(Fact.MEDICATIONS)
    assert not holds(fell(240, 60), medications=[drug("med-anticoagulant", days=8)])


# ---------------------------------------------------------------------------------------------- the card


def test_the_card_of_a_typical_story() -> None:
    draft = order("med-heparin")
    card = card_of(
        decide,
        facts(
            [count(240, days=8), count(68)],
            age=66,
            medications=[drug("med-heparin", "med-lmwh", days=8)],
            findings=[condition("inf-bacterial-focus", days=9), thrombosis()],
            hook="order-select",
            orders=[draft, order("med-paracetamol")],
        ),
    )
    assert (card.indicator, value_of(card, "4Ts score")) == (Indicator.CRITICAL, "7")
    assert deleted(card) == [draft.reference]
    assert drafts(card) == ["pf4", "haematology", "medication-review"]
    assert notes(card)["thrombosis since heparin"] == "4Ts: 2 points"
    assert Fact.PF4 in card.unknown


def test_sepsis_on_day_three_is_not_hit() -> None:
    p = facts(fell(180, 110, day=3), medications=[heparin(days=3)], findings=[sepsis()])
    assert decide(p, LIMITS) == NoAdvice(Why.NO_MIMIC)
    assert [item.least for item in score(fell(180, 110, 3), medications=[heparin(days=3)]).items][:3] == [
        1,
        0,
        0,
    ]


def test_unlikely_is_said_only_where_every_item_is_known() -> None:
    def shown(**members: object) -> str | None:
        found = unlikely(facts(fell(180, 110, day=3), medications=[heparin(days=3)], **members), LIMITS)
        return None if found is None else found.shown

    assert shown(findings=[sepsis()]) == "2"
    assert shown(findings=[sepsis(), thrombosis(undated=True)]) is None
    assert shown(findings=[condition("mimic-hit")]) is None
    ended = heparin(days=9, end=ago(days=5), status="completed")
    assert unlikely(facts(fell(180, 160), medications=[ended]), LIMITS) is None


def test_a_score_with_missing_points_says_so() -> None:
    p = facts(fell(240, 60), medications=[heparin(days=8)], findings=[thrombosis(undated=True)])
    card = card_of(decide, p)
    assert value_of(card, "4Ts score") == "6 to 8"
    assert Fact.THROMBOSIS_DATE in card.unknown


def test_positive_antibodies_are_not_ordered_again() -> None:
    card = card_of(decide, facts(60, tests=[lab("obs-hit", proves=None)]))
    assert (card.title, drafts(card)) == ("title.pf4", ["haematology"])


def test_cautions() -> None:
    drugs = [heparin(days=8), drug("med-vitamin-k-antagonist")]
    findings = [condition("mimic-hit"), gum_bleeding(), condition("status-dialysis")]
    card = card_of(decide, facts(60, medications=drugs, findings=findings))
    assert card.title == "title.recorded"
    told = text_of(card)
    for words in ("specialist's decision", "vitamin K antagonist", "Dialysis", "gum bleeding"):
        assert words in told


def test_selected_platelets_are_removed_too() -> None:
    draft = service_order("proc-platelet-transfusion")
    p = facts(60, findings=[condition("mimic-hit")], orders=[draft], hook="order-select")
    assert deleted(card_of(decide, p)) == [draft.reference]

"""TRF-01 to TRF-10, TRF-12, TRF-14, TRF-15: which transfusion card, at which count, with which words and drafts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cards.facts import Blocker, PatientFacts
from cards.outcome import ActionType, Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind, UnitProblem
from cards.thresholds import Thresholds
from cards.transfusion.case import Row, find_row, read_case
from cards.transfusion.decision import ADVICE, BUILDERS, MATRIX, column_of, decide, rule_by_count
from tests.cards.build import (
    LIMITS,
    NOW,
    ON_ICU,
    ON_WARD,
    ago,
    blood_blister,
    brain_bleed,
    condition,
    count,
    dengue,
    drug,
    ebv,
    facts,
    gi_bleed,
    given_drug,
    gum_bleeding,
    haematuria,
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
    unread,
)
from tests.cards.direct import drafts, filled, text_of, words

SEPTIC = [measured("obs-temperature", LIMITS.fever)]
WARM = [measured("obs-temperature", "37.1"), measured("obs-systolic", 120)]


def card(p: PatientFacts, limits: Thresholds = LIMITS) -> Advise:
    """The one card of the decision, with words for all that it says."""
    found = [one for one in decide(p, limits).values() if isinstance(one, Advise)]
    assert len(found) == 1, found
    text_of(found[0])
    return found[0]


def rule_of(p: PatientFacts, limits: Thresholds = LIMITS) -> str:
    """The rule that advises; "" for none. Never two."""
    found = [rule for rule, one in decide(p, limits).items() if isinstance(one, Advise)]
    assert len(found) < 2, found
    return found[0] if found else ""


# ---------------------------------------------------------------------------------------------- the matrix

BLEEDING: Mapping[str, dict[str, Any]] = {
    "none": {},
    "skin": {"findings": [purpura()], "measurements": WARM},
    "skin, fever": {"findings": [purpura()], "measurements": SEPTIC},
    "blister": {"findings": [blood_blister()]},
    "mild nosebleed": {"findings": [nosebleed(severity=1)]},
    "ended yesterday": {"findings": [nosebleed(hours=30, ended_hours=20, severity=2)]},
    "patient-reported": {"findings": [gum_bleeding(patient_reported=True)]},
    "nosebleed": {"findings": [nosebleed()]},
    "moderate gut": {"findings": [gi_bleed(severity=2)]},
    "haematuria": {"findings": [haematuria()]},
    "severe gut": {"findings": [gi_bleed(severity=3)]},
    "gut, shock": {
        "findings": [gi_bleed()],
        "measurements": [measured("obs-systolic", LIMITS.shock_sbp - 1)],
    },
    "pericardium": {"findings": [condition("bleed-pericardial-pleural")]},
    "brain": {"findings": [brain_bleed()]},
    "eye": {"findings": [condition("bleed-retinal")]},
}

# Each row from below 10 to 150 and over; the borders between them are those of the thresholds in force.
#                      <10       10-19.9   20-29.9   30-49.9   50-99.9   100-149.9 >=150
EXPECTED = {
    "none":             ("TRF-06", "TRF-05", "TRF-05", "",       "",       "",       ""),
    "skin":             ("TRF-06", "TRF-05", "TRF-05", "TRF-04", "",       "",       ""),
    "skin, fever":      ("TRF-06", "TRF-05", "TRF-05", "",       "",       "",       ""),
    "blister":          ("TRF-06", "TRF-03", "TRF-03", "TRF-03", "",       "",       ""),
    "mild nosebleed":   ("TRF-06", "TRF-03", "TRF-03", "TRF-03", "",       "",       ""),
    "ended yesterday":  ("TRF-06", "TRF-03", "TRF-03", "TRF-03", "",       "",       ""),
    "patient-reported": ("TRF-06", "TRF-03", "TRF-03", "TRF-03", "",       "",       ""),
    "nosebleed":        ("TRF-02", "TRF-02", "TRF-02", "TRF-02", "TRF-10", "TRF-10", ""),
    "moderate gut":     ("TRF-02", "TRF-02", "TRF-02", "TRF-02", "TRF-10", "TRF-10", ""),
    "haematuria":       ("TRF-02", "TRF-02", "TRF-02", "TRF-02", "TRF-10", "TRF-10", ""),
    "severe gut":       ("TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-10", "TRF-10", ""),
    "gut, shock":       ("TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-10", "TRF-10", ""),
    "pericardium":      ("TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-10", "TRF-10", ""),
    "brain":            ("TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-10", ""),
    "eye":              ("TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-10", ""),
}  # fmt: skip

BORDERS = ("very_low", "low_high_risk", "skin_only_defer", "bleeding_transfuse", "mild", "normal")
URGENCY = {
    "TRF-01": Indicator.CRITICAL,
    "TRF-02": Indicator.CRITICAL,
    "TRF-03": Indicator.WARNING,
    "TRF-04": Indicator.INFO,
    "TRF-05": Indicator.WARNING,
    "TRF-06": Indicator.CRITICAL,
    "TRF-10": Indicator.WARNING,
}


@pytest.mark.parametrize("border", range(len(BORDERS)))
@pytest.mark.parametrize("bleeding", BLEEDING)
def test_each_border_of_each_row(bleeding: str, border: int) -> None:
    below, at, above = near(getattr(LIMITS, BORDERS[border]))
    row = EXPECTED[bleeding]
    for value, rule in ((below, row[border]), (at, row[border + 1]), (above, row[border + 1])):
        p = facts(value, **BLEEDING[bleeding])
        assert rule_of(p) == rule, (bleeding, value)
        if rule:
            assert card(p).indicator is URGENCY[rule]
            assert card(p).rule == rule


def test_the_matrix_of_the_rule_has_no_cell_that_no_rule_fills() -> None:
    cells = {cell for row in MATRIX.values() for cell in row}
    assert cells - {"", "SAFE-12", "TRF-14/10"} <= set(ADVICE.ids)
    assert {len(row) for row in MATRIX.values()} == {len(BORDERS) + 1}
    assert set(MATRIX) == set(Row)


@pytest.mark.parametrize("bleeding", BLEEDING)
def test_fewer_platelets_never_lower_the_urgency(bleeding: str) -> None:
    values = sorted({v for name in BORDERS for v in near(getattr(LIMITS, name))})
    urgency = []
    for value in values:
        found = [
            o for o in decide(facts(value, **BLEEDING[bleeding]), LIMITS).values() if isinstance(o, Advise)
        ]
        urgency.append(found[0].indicator if found else 0)
    assert urgency == sorted(urgency, reverse=True)


def test_a_limit_that_a_site_moved_moves_its_cell() -> None:
    moved = Thresholds(skin_only_defer=Decimal(20))
    p = facts("25", limits=moved, **BLEEDING["skin"])
    assert (rule_of(p, moved), rule_of(p)) == ("TRF-04", "TRF-05")
    moved = Thresholds(bleeding_transfuse=Decimal(30), skin_only_defer=Decimal(40))
    assert rule_of(facts("35", limits=moved, findings=[nosebleed()]), moved) == "TRF-10"
    assert rule_of(facts("35", limits=moved, **BLEEDING["skin"]), moved) == "TRF-05"
    moved = Thresholds(cns_transfuse=Decimal(80))
    assert rule_of(facts("85", limits=moved, findings=[brain_bleed()]), moved) == "TRF-10"
    assert column_of(Decimal(85), Row.SEVERE, moved) == column_of(Decimal(85), Row.SEVERE, LIMITS)


def test_the_worst_finding_decides() -> None:
    both = [purpura(), blood_blister(), nosebleed(), brain_bleed()]
    rows = [find_row(facts(22, findings=both[:n]), frozenset()) for n in range(len(both) + 1)]
    assert rows == [Row.NONE, Row.SKIN, Row.MINOR, Row.MUCOSAL, Row.CNS]


@pytest.mark.parametrize(
    "sign",
    [
        {"measurements": [measured("obs-temperature", LIMITS.fever)]},
        {"measurements": [measured("obs-temperature", LIMITS.hypothermia - Decimal("0.1"))]},
        {"measurements": [measured("obs-systolic", LIMITS.shock_sbp - 1)]},
        {"measurements": [measured("obs-lactate", LIMITS.lactate_high + Decimal("0.1"))]},
        {"findings": [purpura(), condition("sign-meningism")]},
        {"findings": [purpura(), sepsis(suspected=True)]},
    ],
)
def test_purpura_with_a_sign_of_sepsis_is_never_reassured(sign: dict[str, Any]) -> None:
    p = facts(45, **({"findings": [purpura()]} | sign))
    assert rule_of(p) == ""
    assert decide(p, LIMITS)["TRF-04"] == NoAdvice(Why.OTHER_ROW)


def test_a_mimic_makes_the_row_of_purpura_too() -> None:
    assert find_row(facts(45, **BLEEDING["skin"]), frozenset({"SAFE-12"})) is Row.SKIN_SEPTIC


def test_shock_with_a_trifle_is_no_life_threatening_bleeding() -> None:
    low = [measured("obs-systolic", LIMITS.shock_sbp - 1)]
    assert rule_of(facts(22, findings=[blood_blister()], measurements=low)) == "TRF-03"
    assert rule_of(facts(22, findings=[nosebleed()], measurements=low)) == "TRF-01"


def test_newborns_get_no_row_of_adults() -> None:
    for birth, weeks in ((ago(days=3), None), (on("2026-04-20"), 27)):
        gestation = [] if weeks is None else [measured("obs-gestational-age", weeks, days=50)]
        p = facts(8, birth=birth, weight=3, measurements=gestation, findings=[gi_bleed()])
        assert set(decide(p, LIMITS).values()) == {NoAdvice(Why.NOT_FOR_THIS_PERSON)}
    infant = facts(8, birth=on("2026-04-20"), weight=4, findings=[gi_bleed()])
    assert rule_of(infant) == "TRF-02"


# ---------------------------------------------------------------------------------------------- without a usable count

STALE = [count(28, days=9)]
NO_UNIT = [count(None, problem=UnitProblem.NO_UNIT, shown=Decimal(28))]
CLUMPED = {"tests": [lab("obs-platelet-artefact", hours=3)]}
CONFLICT = [count(19, hours=3), count(88, hours=1)]


@pytest.mark.parametrize("counts", [None, STALE, NO_UNIT, [count(22, undated=True)], CONFLICT])
@pytest.mark.parametrize(
    ("finding", "rule"),
    [
        (nosebleed(), "TRF-15"),
        (gi_bleed(), "TRF-15"),
        (nosebleed(severity=1), "TRF-15"),
        (gi_bleed(severity=3), "TRF-01"),
        (brain_bleed(), "TRF-01"),
        (condition("bleed-retinal"), "TRF-01"),
        (condition("bleed-generic"), "TRF-15"),
        (purpura(), ""),
        (nosebleed(hours=30, ended_hours=20, severity=2), ""),
        (gum_bleeding(patient_reported=True), ""),
        (gum_bleeding(days=5), ""),
        (condition("bleed-generic", days=5), ""),
        (condition("bleed-generic", suspected=True), ""),
    ],
)
def test_without_a_usable_count_only_bleeding_speaks(counts: Any, finding: Any, rule: str) -> None:
    p = facts(counts, findings=[finding])
    assert p.platelets.decisive is None
    assert rule_of(p) == rule
    answers = decide(p, LIMITS)
    assert {answers[r] for r in ("TRF-02", "TRF-04", "TRF-05") if r != rule} <= {
        CannotTell(Fact.PLATELETS),
        CannotTell(Fact.BLEEDING_ACTIVITY),
    }


def test_bleeding_speaks_also_when_the_search_for_counts_failed() -> None:
    failed = {Kind.PLATELETS: Answer.FAILED}
    assert rule_of(facts(None, unanswered=failed, findings=[nosebleed()])) == "TRF-15"
    assert rule_of(facts(None, unanswered=failed, findings=[brain_bleed()])) == "TRF-01"


def test_with_possible_clumping_a_question_takes_the_place_of_the_transfusion() -> None:
    p = facts(22, findings=[nosebleed()], **CLUMPED)
    assert p.platelets.blocker is Blocker.CLUMPING
    found = card(p)
    assert (found.rule, found.indicator) == ("TRF-15", Indicator.WARNING)
    assert "unreliable" in filled(found, found.title)
    assert drafts(found) == ["citrate-count", "group-and-screen"]
    severe = card(facts(22, findings=[gi_bleed(severity=3)], **CLUMPED))
    assert severe.rule == "TRF-01"
    assert "unreliable" in filled(severe, severe.title)
    assert rule_of(facts(22, findings=[nosebleed(severity=1)], **CLUMPED)) == ""


def test_of_two_conflicting_counts_one_below_10_asks_for_a_review_and_a_repeat() -> None:
    below, at, _ = near(LIMITS.very_low)
    low = card(facts([count(below, hours=3), count(88, hours=1)]))
    assert (low.rule, low.indicator) == ("TRF-06", Indicator.CRITICAL)
    assert low.values["platelets"] == f"{below} x10^9/L"
    assert "Conflicting counts" in text_of(low)
    assert drafts(low)[0] == "cbc-film"
    assert "platelets-adult" not in drafts(low)
    assert rule_of(facts([count(at, hours=3), count(88, hours=1)])) == ""
    assert rule_of(facts([count(below, hours=3), count(88, hours=1)], findings=[dengue()])) == "TRF-08"


def test_the_card_without_a_count_names_the_last_one_and_why_it_is_not_used() -> None:
    found = card(facts(STALE, findings=[nosebleed()]))
    assert found.inputs[0].fact == "last known platelet count, not relied on"
    assert "too old" in text_of(found)
    assert "platelets-adult" not in drafts(found)
    assert drafts(found) == ["cbc", "group-and-screen"]
    none = card(facts(None, findings=[nosebleed()]))
    assert "No count is in the record" in text_of(none)
    newer = card(facts([count(28)], unread_platelets=[unread()], findings=[nosebleed()]))
    assert "could not be read" in text_of(newer)


def test_minor_bleeding_without_a_count_prepares_no_platelets() -> None:
    found = card(facts(None, findings=[nosebleed(severity=1)]))
    assert "prepare platelets" not in filled(found, found.title)
    assert "Minor bleeding (nosebleed)" in filled(found, found.title)


@pytest.mark.parametrize(
    ("counts", "more", "likely"),
    [
        ([count(49, days=9)], {}, True),
        ([count(50, days=9)], {}, False),
        (None, {}, False),
        (None, {"findings": [condition("cond-thrombocytopenia-secondary")]}, True),
        ([count(22)], CLUMPED, True),
    ],
)
def test_platelets_before_the_count_only_where_a_low_one_is_likely(
    counts: Any, more: Any, likely: bool
) -> None:
    p = facts(counts, **(more | {"findings": [gi_bleed(severity=3), *more.get("findings", [])]}))
    found = card(p)
    assert found.rule == "TRF-01"
    assert ("platelets-adult" in drafts(found)) is likely
    assert ("likely-low" in found.say, "not-likely" in found.say) == (likely, not likely)
    assert drafts(found)[0] == "cbc"


def test_the_brain_has_the_higher_limit_before_the_count_too() -> None:
    below, at, _ = near(LIMITS.cns_transfuse)
    assert "platelets-adult" in drafts(card(facts([count(below, days=9)], findings=[brain_bleed()])))
    assert "platelets-adult" not in drafts(card(facts([count(at, days=9)], findings=[brain_bleed()])))


def test_a_citrate_count_says_what_the_clumped_one_hides() -> None:
    p = facts(22, findings=[gi_bleed(severity=3)], **CLUMPED)
    assert p.platelets.clumping is not None
    normal = replace(p.platelets.clumping, higher=Decimal(180))
    hidden = replace(p, platelets=replace(p.platelets, clumping=normal))
    assert "platelets-adult" not in drafts(card(hidden))


# ---------------------------------------------------------------------------------------------- unknown is not no


def test_an_unread_problem_list_is_no_absence_of_bleeding() -> None:
    unread_list = {Kind.CONDITIONS: Answer.FAILED}
    answers = decide(facts(45, unanswered=unread_list), LIMITS)
    assert answers["TRF-02"] == CannotTell(Fact.CONDITIONS)
    observed_skin = facts(45, findings=[purpura()], measurements=WARM, unanswered=unread_list)
    assert decide(observed_skin, LIMITS)["TRF-04"] == CannotTell(Fact.CONDITIONS)
    low = card(facts(8, unanswered=unread_list))
    assert (low.rule, Fact.CONDITIONS in low.unknown) == ("TRF-06", True)


@pytest.mark.parametrize(
    "open_question", [gum_bleeding(days=5), condition("bleed-gu-unspecific"), nosebleed(suspected=True)]
)
def test_open_bleeding_withholds_the_reassurance(open_question: Any) -> None:
    p = facts(45, findings=[purpura(), open_question], measurements=WARM)
    assert rule_of(p) == ""
    assert decide(p, LIMITS)["TRF-04"] == CannotTell(Fact.BLEEDING_ACTIVITY)
    lower = card(facts(25, findings=[purpura(), open_question], measurements=WARM))
    assert (lower.rule, lower.title) == ("TRF-05", "title.unclear")
    assert Fact.BLEEDING_ACTIVITY in lower.unknown


def test_what_was_not_measured_is_said_where_the_card_reassures() -> None:
    found = card(facts(45, findings=[purpura()]))
    assert found.rule == "TRF-04"
    assert {Fact.TEMPERATURE, Fact.BLOOD_PRESSURE} <= set(found.unknown)
    assert "signs" in found.say
    measured_too = card(facts(45, **BLEEDING["skin"]))
    assert not {Fact.TEMPERATURE, Fact.BLOOD_PRESSURE} & set(measured_too.unknown)


def test_a_count_that_is_not_low_is_the_reason() -> None:
    assert decide(facts(80), LIMITS)["TRF-05"] == NoAdvice(Why.COUNT_NOT_LOW)
    assert decide(facts(45), LIMITS)["TRF-05"] == NoAdvice(Why.OTHER_ROW)
    assert decide(facts(None), LIMITS)["TRF-01"] == NoAdvice(Why.NO_BLEEDING)


# ---------------------------------------------------------------------------------------------- TRF-02, the heart


def test_a_nosebleed_in_mononucleosis() -> None:
    bleed = nosebleed(hours=2)
    p = facts([count(31, days=3), count(22)], age=34, sex="female", findings=[bleed], tests=[lab("lab-ebv")])
    found = card(p)
    assert (found.rule, found.indicator) == ("TRF-02", Indicator.CRITICAL)
    assert drafts(found) == [
        "platelets-adult",
        "cbc-after-platelets",
        "haematology",
        "group-and-screen",
        "coagulation",
    ]
    platelets = found.suggestions[0].actions[0]
    assert platelets.quantity == (Decimal(1), "adult dose")
    assert platelets.priority == "urgent"
    assert platelets.reasons == (p.platelets.current.reference, bleed.reference)  # type: ignore[union-attr]
    facts_shown = [i.fact for i in found.inputs]
    assert facts_shown[:3] == ["platelet count", "platelet count before", "bleeding: nosebleed"]
    assert "infection" in facts_shown
    assert "taken as WHO grade 2" in str(found.inputs[2].value)
    assert {Fact.BLOOD_FILM, Fact.HAEMOGLOBIN, Fact.COAGULATION} <= set(found.unknown)
    text = text_of(found)
    assert "10 to 60 minutes" in text
    assert "a steroid or IVIG is what lasts" in text
    assert "defer" not in text
    assert found.also == ("IMM-01", "IMM-04", "TRF-16")


def test_the_weak_source_is_called_weak() -> None:
    evidence = words()["TRF-02"].evidence
    assert evidence[0].citation == "SEED"
    assert "weaker than any guideline" in evidence[0].recommendation


def test_from_30_the_card_says_that_guidelines_do_not_ask_for_it() -> None:
    below, at, _ = near(LIMITS.skin_only_defer)
    assert "from-30" not in card(facts(below, findings=[nosebleed()])).say
    assert "from-30" in card(facts(at, findings=[nosebleed()])).say


def test_with_dic_the_words_of_trf_09_join_and_tranexamic_acid_is_advised_against() -> None:
    found = card(facts(46, findings=[condition("bleed-postprocedural"), sepsis(), condition("mimic-dic")]))
    assert found.rule == "TRF-02"
    assert "TRF-09/bleeding" in found.say
    assert "TRF-09" in found.also
    assert "IMM-04/against.dic" in found.cautions
    assert not any(key.startswith("IMM-04/") for key in found.say)
    assert not any(key.startswith("IMM-01/") for key in found.say)


# ---------------------------------------------------------------------------------------------- in progress (A.3)


def test_platelets_that_run_make_the_card_info_without_a_second_draft() -> None:
    running = platelets_given(hours=1, status="in-progress", end=None)
    found = card(facts([count(20, hours=2)], findings=[nosebleed(hours=2)], performed=[running]))
    assert (found.rule, found.indicator) == ("TRF-02", Indicator.INFO)
    assert "Transfusion in progress" in filled(found, found.title)
    assert drafts(found) == ["cbc-after-platelets"]
    assert "TRF-11" in found.also


@pytest.mark.parametrize(
    ("given", "indicator"),
    [
        (platelets_given(hours=7), Indicator.INFO),  # ended 6 hours ago
        (platelets_given(hours=7, minutes=1), Indicator.CRITICAL),
        (given_drug("product-platelets", hours=2), Indicator.INFO),
        (platelets_given(hours=3, status="not-done"), Indicator.CRITICAL),
    ],
)
def test_platelets_given_count_for_six_hours(given: Any, indicator: Indicator) -> None:
    kind = "medications" if given.reference.startswith("Medication") else "performed"
    p = facts([count(20, hours=9)], findings=[nosebleed(hours=10)], **{kind: [given]})
    assert card(p).indicator is indicator


@pytest.mark.parametrize(
    ("order", "indicator"),
    [
        (planned("proc-platelet-transfusion", hours=2), Indicator.INFO),
        (planned("proc-platelet-transfusion", hours=2, minutes=1), Indicator.CRITICAL),
        (planned("proc-platelet-transfusion", hours=1, status="draft"), Indicator.CRITICAL),
        (planned("proc-platelet-transfusion", undated=True), Indicator.CRITICAL),
    ],
)
def test_an_order_not_yet_given_counts_for_two_hours(order: Any, indicator: Indicator) -> None:
    found = card(facts(20, findings=[nosebleed(hours=5)], planned=[order]))
    assert found.indicator is indicator


def test_the_card_returns_with_newer_bleeding_or_a_later_count_below_10() -> None:
    given = platelets_given(hours=3)
    newer = facts([count(20, hours=4)], findings=[nosebleed(hours=1)], performed=[given])
    assert card(newer).indicator is Indicator.CRITICAL
    below, at, _ = near(LIMITS.very_low)
    for value, indicator in ((below, Indicator.CRITICAL), (at, Indicator.INFO)):
        later = facts([count(value, hours=1)], findings=[nosebleed(hours=5)], performed=[given])
        assert card(later).indicator is indicator
    before = facts([count(below, hours=4)], findings=[nosebleed(hours=5)], performed=[given])
    assert card(before).indicator is Indicator.INFO


def test_life_threatening_bleeding_stays_critical_but_offers_no_second_draft() -> None:
    given = platelets_given(hours=3)
    found = card(facts([count(20, hours=4)], findings=[brain_bleed(hours=5)], performed=[given]))
    assert (found.rule, found.indicator) == ("TRF-01", Indicator.CRITICAL)
    assert "check effect" in filled(found, found.title)
    assert drafts(found) == ["haematology", "group-and-screen", "coagulation"]
    unknown = card(facts(None, findings=[brain_bleed(hours=5)], performed=[given]))
    assert "check effect" in filled(unknown, unknown.title)


def test_selected_platelets_are_not_drafted_again() -> None:
    chosen = [service_order("proc-platelet-transfusion")]
    found = card(facts(22, findings=[nosebleed()], hook="order-select", orders=chosen))
    assert found.indicator is Indicator.CRITICAL
    assert drafts(found)[0] == "cbc-after-platelets"
    assert "platelets-adult" not in drafts(found)


def test_an_active_blood_count_order_is_not_repeated() -> None:
    found = card(facts(45, planned=[planned("order-cbc")], **BLEEDING["skin"]))
    assert drafts(found) == []


# ---------------------------------------------------------------------------------------------- TRF-01


def test_a_brain_bleed_gets_platelets_at_once_with_ivig_and_a_steroid() -> None:
    found = card(facts(62, age=61, findings=[brain_bleed(), condition("inf-hiv")]))
    assert (found.rule, found.indicator) == ("TRF-01", Indicator.CRITICAL)
    platelets = found.suggestions[0].actions[0]
    assert (platelets.template, platelets.priority) == ("platelets-adult", "stat")
    assert drafts(found)[2:] == ["haematology", "group-and-screen", "coagulation"]
    assert f"above {LIMITS.cns_transfuse}" in text_of(found)
    assert "IMM-01/emergency" in found.say
    assert "IMM-04/against.brain" in found.cautions


def test_what_raised_a_bleed_to_grade_3_is_shown() -> None:
    haemoglobin = [measured("obs-hemoglobin", "11.2", hours=20), measured("obs-hemoglobin", "8.1", hours=2)]
    found = card(facts(18, age=70, sex="female", findings=[gi_bleed()], measurements=haemoglobin))
    assert found.rule == "TRF-01"
    shown = {str(i.value) for i in found.inputs if i.fact == "haemoglobin"}
    assert shown == {"11.2", "8.1"}
    assert "IMM-04/against.gi" in found.cautions
    assert "group-and-screen" in drafts(found)


def test_low_fibrinogen_and_inr_are_named_as_cautions() -> None:
    values = [measured("obs-fibrinogen", "0.8", unit="g/L"), measured("obs-pt-inr", LIMITS.inr_raised)]
    found = card(facts(18, findings=[gi_bleed(severity=3)], measurements=values))
    assert {"TRF-16/caution.low-fibrinogen", "TRF-16/caution.inr"} <= set(found.cautions)
    assert Fact.COAGULATION not in found.unknown


def test_an_antithrombotic_drug_is_a_caution_with_its_row() -> None:
    found = card(facts(22, findings=[nosebleed()], medications=[drug("med-doac"), drug("med-nsaid")]))
    assert {"TRF-16/caution.antithrombotic", "TRF-16/caution.nsaid"} <= set(found.cautions)
    assert {"antithrombotic drug", "NSAID"} <= {i.fact for i in found.inputs}


# ---------------------------------------------------------------------------------------------- TRF-03


def test_wet_purpura_warns() -> None:
    below, at, _ = near(LIMITS.low_high_risk)
    found = card(facts(below, findings=[blood_blister()]))
    assert (found.rule, found.indicator) == ("TRF-03", Indicator.WARNING)
    assert "wet purpura" in text_of(found)
    assert "6 to 12 hours" in text_of(found)
    assert "6 to 12 hours" not in text_of(card(facts(at, findings=[blood_blister()])))
    assert drafts(found) == ["haematology", "cbc"]
    assert found.suggestions[0].actions[1].due == ago(hours=-9).latest  # 12 hours after the sample


def test_haematology_below_30() -> None:
    below, at, _ = near(LIMITS.skin_only_defer)
    assert drafts(card(facts(below, findings=[nosebleed(severity=1)]))) == ["haematology", "cbc"]
    assert drafts(card(facts(at, findings=[nosebleed(severity=1)]))) == ["cbc"]


def test_what_the_patient_alone_reports_asks_for_an_examination() -> None:
    found = card(facts(40, findings=[gum_bleeding(patient_reported=True)]))
    assert found.rule == "TRF-03"
    assert "please examine" in filled(found, found.title)
    assert "platelets-adult" not in drafts(found)


# ---------------------------------------------------------------------------------------------- TRF-04, TRF-05


def test_skin_alone_can_wait() -> None:
    found = card(facts(45, age=19, findings=[purpura()], tests=[lab("lab-ebv")], measurements=WARM))
    assert (found.rule, found.indicator) == ("TRF-04", Indicator.INFO)
    text = text_of(found)
    assert "10 minutes, black stool" in text
    assert "aspirin" in text
    assert drafts(found) == ["cbc"]
    assert "close" not in found.say


def test_close_to_the_limit_the_count_is_repeated_within_a_day() -> None:
    below, at, _ = near(LIMITS.skin_only_close)
    close, far = (card(facts(value, **BLEEDING["skin"])) for value in (below, at))
    assert ("close" in close.say, "close" in far.say) == (True, False)
    assert close.suggestions[0].actions[0].due == ago(hours=-21).latest
    assert far.suggestions[0].actions[0].due == ago(hours=-45).latest


def test_a_due_time_is_never_in_the_past() -> None:
    found = card(facts([count(45, hours=71)], **BLEEDING["skin"]))
    assert found.suggestions[0].actions[0].due == NOW


def test_at_exactly_10_both_guidelines_are_named() -> None:
    below, at, above = near(LIMITS.very_low)
    assert "AABB 2015 used 10 or below" in text_of(card(facts(at)))
    assert "at-limit" not in card(facts(above)).say
    assert rule_of(facts(below)) == "TRF-06"


@pytest.mark.parametrize(
    ("value", "more", "admits"),
    [
        (LIMITS.low_high_risk - 1, {}, True),
        (LIMITS.low_high_risk, {}, False),
        (LIMITS.low_high_risk - 1, {"age": 17}, False),
        (LIMITS.low_high_risk - 1, {"stay": ON_WARD}, False),
    ],
)
def test_a_new_adult_below_20_is_suggested_for_admission(value: Decimal, more: Any, admits: bool) -> None:
    assert ("admit" in card(facts(value, **more)).say) is admits


def test_an_old_low_count_is_not_new() -> None:
    counts = [count(19, days=100), count(18)]
    assert "admit" not in card(facts(counts)).say


NEGATIVE = [
    lab(s, "negative") for s in ("lab-cmv", "lab-ebv", "lab-hiv", "lab-hbv", "lab-hcv", "lab-h-pylori")
]


def test_without_an_infection_the_short_steroid_course_is_named() -> None:
    found = card(
        facts(
            17, age=35, sex="female", pregnant=False, findings=[purpura()], tests=NEGATIVE, measurements=WARM
        )
    )
    assert found.rule == "TRF-05"
    assert "at most 6 weeks" in text_of(found)
    assert "IMM-03" in found.also
    assert "admit" in found.say


@pytest.mark.parametrize(
    "more",
    [
        {"tests": NEGATIVE[:3]},
        {"findings": [purpura(), ebv()], "tests": NEGATIVE},
        {"findings": [purpura(), condition("inf-malaria-falciparum")]},
        {"age": 12, "tests": NEGATIVE},
    ],
)
def test_with_an_infection_or_untested_no_steroid_is_named(more: dict[str, Any]) -> None:
    found = card(facts(17, **({"findings": [purpura()], "measurements": WARM} | more)))
    assert found.rule == "TRF-05"
    assert "IMM-03" not in found.also
    assert "prednis" not in text_of(found)


def test_the_old_woman_with_a_low_count_hears_of_thrombosis_too() -> None:
    found = card(facts(14, age=72, sex="female", findings=[ebv(days=20)]))
    assert found.rule == "TRF-05"
    assert "POP-04/caution.age" in found.cautions
    assert "POP-04" in found.also


# ---------------------------------------------------------------------------------------------- TRF-06


def test_below_10_a_review_is_urgent_and_platelets_depend_on_the_cause() -> None:
    found = card(facts("<5", findings=[purpura()], measurements=WARM))
    assert (found.rule, found.indicator) == ("TRF-06", Indicator.CRITICAL)
    assert drafts(found) == ["haematology", "coagulation", "group-and-screen"]
    assert found.suggestions[0].actions[0].priority == "stat"
    assert "not routine" in text_of(found)
    assert [i.value for i in found.inputs if i.fact == "platelet count"] == ["<5"]


def test_chemotherapy_makes_the_prophylaxis_advised() -> None:
    leukaemia = condition("mimic-acute-leukaemia")
    found = card(facts(9, findings=[leukaemia], medications=[drug("med-chemotherapy")]))
    assert (found.rule, found.title) == ("TRF-06", "title.marrow")
    platelets = next(s for s in found.suggestions if s.actions[0].template == "platelets-adult")
    assert platelets.recommended
    assert "TRF-12" in found.also
    assert not any(key.startswith("IMM-") for key in found.say)
    aplastic = card(facts(9, findings=[condition("mimic-aplastic")]))
    assert aplastic.title == "title"
    assert "no-prophylaxis" in aplastic.say
    assert "platelets-adult" not in drafts(aplastic)


def test_septic_shock_below_10_considers_platelets() -> None:
    found = card(facts("9.5", findings=[sepsis()], medications=[drug("med-vasopressor")]))
    assert found.rule == "TRF-06"
    assert "may be considered below 10 (conditional" in text_of(found)
    platelets = next(s for s in found.suggestions if s.actions[0].template == "platelets-adult")
    assert not platelets.recommended
    assert "TRF-07" in found.also


# ---------------------------------------------------------------------------------------------- TRF-07, TRF-12, TRF-09

RISK = {"measurements": [measured("obs-pt-inr", LIMITS.inr_raised)]}


def test_sepsis_with_a_high_risk_considers_platelets_between_10_and_20() -> None:
    below, at, _ = near(LIMITS.low_high_risk)
    found = card(facts(below, findings=[sepsis()], **RISK))
    assert (found.rule, found.indicator) == ("TRF-07", Indicator.WARNING)
    assert "INR" in {i.fact for i in found.inputs}
    assert not next(s for s in found.suggestions if s.actions[0].template == "platelets-adult").recommended
    assert rule_of(facts(at, findings=[sepsis()], **RISK)) == "TRF-05"
    assert rule_of(facts(below, findings=[sepsis()])) == "TRF-05"
    assert rule_of(facts(below, stay=ON_ICU, **RISK)) == "TRF-07"
    assert rule_of(facts(below, stay=ON_WARD, **RISK)) == "TRF-05"
    assert rule_of(facts(below, age=12, stay=ON_ICU, **RISK)) == "TRF-05"
    assert rule_of(facts(below, stay=ON_ICU, findings=[blood_blister()])) == "TRF-07"


@pytest.mark.parametrize(
    "risk",
    [
        {"findings": [sepsis()]},
        {"measurements": SEPTIC},
        RISK,
    ],
)
def test_chemotherapy_with_a_risk_raises_the_limit_to_20(risk: dict[str, Any]) -> None:
    below, at, _ = near(LIMITS.low_high_risk)
    given = {"medications": [drug("med-chemotherapy")]}
    found = card(facts(below, **given, **risk))
    assert (found.rule, found.indicator) == ("TRF-12", Indicator.WARNING)
    assert "chemotherapy" in {i.fact for i in found.inputs}
    assert rule_of(facts(at, **given, **risk)) == "TRF-05"
    assert rule_of(facts(below, **given)) == "TRF-05"


@pytest.mark.parametrize(
    ("value", "more", "rule"),
    [
        (LIMITS.skin_only_defer - 1, {}, "TRF-09"),
        (LIMITS.skin_only_defer, {}, ""),
        (LIMITS.skin_only_defer, RISK, "TRF-09"),
        (LIMITS.bleeding_transfuse - 1, RISK, "TRF-09"),
        (LIMITS.bleeding_transfuse, RISK, ""),
        (
            LIMITS.bleeding_transfuse - 1,
            {"planned": [planned("proc-cvc", occurrence=ago(days=-3))]},
            "TRF-09",
        ),
        (LIMITS.bleeding_transfuse - 1, {"planned": [planned("proc-cvc", occurrence=ago(days=-8))]}, ""),
        (LIMITS.very_low - 1, {}, "TRF-06"),
    ],
)
def test_dic_without_bleeding(value: Decimal, more: dict[str, Any], rule: str) -> None:
    p = facts(value, findings=[condition("mimic-dic")], **more)
    assert rule_of(p) == rule
    if rule == "TRF-09":
        found = card(p)
        assert found.indicator is Indicator.WARNING
        assert ("platelets-adult" in drafts(found)) is bool(more)
        assert ("risk" in found.say) is bool(more)
    if rule == "TRF-06":
        assert "TRF-09" in card(p).also


def test_considered_platelets_on_their_way_make_the_card_info() -> None:
    p = facts([count(15, hours=3)], findings=[sepsis()], performed=[platelets_given(hours=2)], **RISK)
    found = card(p)
    assert (found.rule, found.indicator) == ("TRF-07", Indicator.INFO)
    assert "platelets-adult" not in drafts(found)


# ---------------------------------------------------------------------------------------------- TRF-08

DENGUE_PROVEN = {"tests": [lab("lab-dengue")]}
DENGUE_SUSPECTED = {"findings": [dengue(suspected=True)]}

#                      <10       10-19.9   20-29.9   30-49.9   50-99.9   100-149.9 >=150
IN_DENGUE = {
    "none":           ("TRF-08", "TRF-08", "TRF-08", "",       "",       "",       ""),
    "skin":           ("TRF-08", "TRF-08", "TRF-08", "TRF-08", "",       "",       ""),
    "skin, fever":    ("TRF-08", "TRF-08", "TRF-08", "TRF-08", "",       "",       ""),
    "mild nosebleed": ("TRF-08", "TRF-08", "TRF-08", "TRF-08", "",       "",       ""),
    "nosebleed":      ("TRF-08", "TRF-08", "TRF-08", "TRF-08", "TRF-08", "TRF-08", ""),
    "severe gut":     ("TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-10", "TRF-10", ""),
    "brain":          ("TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-01", "TRF-10", ""),
}  # fmt: skip


@pytest.mark.parametrize("suspected", [False, True])
@pytest.mark.parametrize("border", range(len(BORDERS)))
@pytest.mark.parametrize("bleeding", IN_DENGUE)
def test_dengue(bleeding: str, border: int, suspected: bool) -> None:
    below, at, _ = near(getattr(LIMITS, BORDERS[border]))
    for value, expected in ((below, IN_DENGUE[bleeding][border]), (at, IN_DENGUE[bleeding][border + 1])):
        members = dict(BLEEDING[bleeding])
        more = DENGUE_SUSPECTED if suspected else {"findings": [dengue()]}
        members["findings"] = [*members.get("findings", []), *more["findings"]]
        stays = suspected and bleeding == "nosebleed" and value < LIMITS.bleeding_transfuse
        assert rule_of(facts(value, **members)) == ("TRF-02" if stays else expected), value


def test_the_dengue_card_removes_selected_platelets() -> None:
    chosen = service_order("proc-platelet-transfusion")
    p = facts(14, hook="order-select", orders=[chosen], **DENGUE_PROVEN)
    found = card(p)
    assert (found.rule, found.indicator) == ("TRF-08", Indicator.WARNING)
    assert found.suggestions[0].actions[0].type is ActionType.DELETE
    assert found.suggestions[0].actions[0].order == chosen
    assert drafts(found) == ["cbc-hematocrit"]


def test_gum_bleeding_in_dengue_asks_for_a_senior() -> None:
    found = card(facts(8, findings=[gum_bleeding()], **DENGUE_PROVEN))
    assert "mucosal" in found.say
    assert "platelets-adult" not in drafts(found)


def test_suspected_dengue_adds_its_words_to_the_transfusion() -> None:
    found = card(facts(22, findings=[nosebleed(), dengue(suspected=True)]))
    assert found.rule == "TRF-02"
    assert "TRF-08/suspected" in found.say
    assert "TRF-08" in found.also


def test_past_dengue_gates_nothing() -> None:
    assert rule_of(facts(22, findings=[nosebleed(), dengue(days=200)])) == "TRF-02"


# ---------------------------------------------------------------------------------------------- TRF-10, TRF-14


def test_gum_bleeding_at_50_quotes_the_baseline_rule_and_why_it_is_lowered() -> None:
    found = card(facts(50, age=52, findings=[gum_bleeding(hours=4)]))
    assert (found.rule, found.indicator) == ("TRF-10", Indicator.WARNING)
    assert "baseline rule of this service asks for immediate platelets" in text_of(found)
    assert drafts(found) == ["coagulation", "medication-review"]
    assert "BLD-05" in found.also
    assert "baseline" not in card(facts(LIMITS.mild, findings=[gum_bleeding()])).say
    assert "baseline" not in card(facts(60, findings=[haematuria()])).say


def test_severe_bleeding_above_50_points_to_the_protocol() -> None:
    found = card(facts(80, findings=[gi_bleed(severity=3)]))
    assert (found.rule, found.title) == ("TRF-10", "title.severe")
    assert "each blood\nvolume" in text_of(found)


@pytest.mark.parametrize(
    ("value", "more", "rule"),
    [
        (LIMITS.cns_transfuse - 1, {}, "TRF-01"),
        (LIMITS.cns_transfuse, {}, "TRF-14"),
        (185, {}, "TRF-14"),
        (185, {"planned": [planned("proc-neurosurgery")]}, ""),
        (120, {"planned": [planned("proc-neurosurgery")]}, "TRF-10"),
        (185, {"medications": []}, ""),
        (185, {"findings": [condition("bleed-retinal")]}, ""),
        (185, {"findings": [brain_bleed(), dengue()]}, "TRF-14"),
    ],
)
def test_brain_bleeding_on_an_antiplatelet_drug(value: Any, more: dict[str, Any], rule: str) -> None:
    given = {"findings": [brain_bleed()], "medications": [drug("med-p2y12", "med-antiplatelet")]}
    p = facts(value, **(given | more))
    assert rule_of(p) == rule
    if rule == "TRF-14":
        found = card(p)
        assert found.indicator is Indicator.WARNING
        assert "2.05" in text_of(found)
        assert "platelets-adult" not in drafts(found)


# ---------------------------------------------------------------------------------------------- mimics


def with_mimic(p: PatientFacts, mimic: str, rule: str) -> Advise:
    """The card of a rule while a mimic holds; which records make it hold is tested with its own rule."""
    found = BUILDERS[rule](replace(read_case(p, LIMITS), mimics=frozenset({mimic})))
    text_of(found)
    return found


@pytest.mark.parametrize("mimic", ["SAFE-01", "SAFE-02", "SAFE-04"])
def test_in_a_thrombotic_disorder_the_specialist_comes_first(mimic: str) -> None:
    found = with_mimic(facts(22, findings=[gi_bleed(severity=3)]), mimic, "TRF-01")
    assert found.indicator is Indicator.CRITICAL
    assert "specialist now" in filled(found, found.title)
    assert "only for\nlife-threatening bleeding" in text_of(found)
    assert drafts(found)[0] == "haematology"
    assert not found.suggestions[1].recommended
    assert not any(key.startswith("IMM-01") for key in found.say)
    unknown = with_mimic(facts(None, findings=[nosebleed()]), mimic, "TRF-15")
    assert "specialist now" in filled(unknown, unknown.title)
    assert "TRF-01/mimic" in unknown.say


def test_a_dic_by_score_speaks_like_a_recorded_one() -> None:
    found = with_mimic(facts(22, findings=[nosebleed()]), "SAFE-07", "TRF-02")
    assert "TRF-09/bleeding" in found.say
    case = replace(read_case(facts(29), LIMITS), mimics=frozenset({"SAFE-07"}))
    assert case.count is not None
    assert rule_by_count(case, case.count) == "TRF-09"


# ---------------------------------------------------------------------------------------------- words

LONGEST = {
    "platelets": "2500.5 x10^9/L",
    "sampled": "22 Nov 2025, 04:10, preliminary",
    "given": "22 Nov 2025, 04:10",
    "finding": "intracranial or spinal bleeding",
}


def test_every_title_fits_with_the_longest_values() -> None:
    for rule in ADVICE.ids:
        section = words()[rule]
        for key in section.paragraphs:
            if key.startswith("title"):
                card_of = Advise(rule, Indicator.INFO, title=key, values=LONGEST)
                title = filled(card_of, key)
                assert len(title) <= 139, (rule, key, len(title), title)


def test_no_card_orders_or_states_a_diagnosis() -> None:
    for rule in ADVICE.ids:
        text = " ".join(words()[rule].paragraphs.values()).lower()
        for forbidden in ("you have", "must be given", "give platelets", "the patient has"):
            assert forbidden not in text, (rule, forbidden)

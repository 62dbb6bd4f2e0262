"""Site, grade and activity of bleeding findings (rulebook B.5, B.6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cards.facts import Activity, Bleed, Bleeding, Site
from cards.finding_words import FINDING_WORDS
from cards.reading.bleeding_kinds import KINDS
from cards.record import ClinicalStatus, Finding
from cards.rows import bleeding_row, finding_row
from cards.valuesets import load
from tests.cards.build import (
    LIMITS,
    ago,
    blood_blister,
    brain_bleed,
    condition,
    facts,
    gi_bleed,
    gum_bleeding,
    haematuria,
    measured,
    nosebleed,
    observed,
    on,
    purpura,
    red_cells_given,
    whole_day,
)

MINUTE = timedelta(minutes=1)


def read(*findings: Finding, **members: object) -> Bleeding:
    return facts(22, findings=list(findings), **members).bleeding


def only(*findings: Finding, **members: object) -> Bleed:
    """The one bleed that the findings make, whatever its activity."""
    bleeding = read(*findings, **members)
    (bleed,) = bleeding.findings + bleeding.history
    return bleed


def since(age: timedelta) -> dict[str, float]:
    return {"seconds": age.total_seconds()}


# --------------------------------------------------------------------------------------------- site and grade


def test_every_bleeding_set_has_a_kind() -> None:
    """A new set of bleeding is read, or it stops here."""
    terminology = load()
    assert set(KINDS) == {s for s in terminology if s.startswith("bleed-")}


@pytest.mark.parametrize(
    ("set_id", "site", "weight"),
    [
        ("bleed-skin", Site.SKIN, 1),
        ("bleed-mucosal", Site.MUCOSAL, 2),
        ("bleed-mucosal-minor", Site.MUCOSAL, 1),
        ("bleed-gi", Site.ORGAN, 2),
        ("bleed-gu", Site.ORGAN, 2),
        ("bleed-gu-microscopic", Site.ORGAN, 1),
        ("bleed-gynaecological", Site.ORGAN, 2),
        ("bleed-pulmonary", Site.ORGAN, 2),
        ("bleed-postprocedural", Site.ORGAN, 2),
        ("bleed-retroperitoneal-deep", Site.ORGAN, 2),
        ("bleed-retinal", Site.ORGAN, 2),
        ("bleed-pericardial-pleural", Site.ORGAN, 3),
        ("bleed-cns", Site.CNS, 4),
    ],
)
def test_ungraded_findings(set_id: str, site: Site, weight: int) -> None:
    bleed = only(condition(set_id))
    assert (bleed.site, bleed.weight, bleed.grade, bleed.activity) == (site, weight, None, Activity.ACTIVE)


@pytest.mark.parametrize("severity", [1, 2, 3, 4])
def test_the_recorded_severity_is_the_grade(severity: int) -> None:
    bleed = only(nosebleed(severity=severity))
    assert (bleed.grade, bleed.weight) == (severity, severity)


@pytest.mark.parametrize(
    ("set_id", "severity", "weight"),
    [
        ("bleed-skin", 3, 2),  # B.5 grades the skin 1 or 2
        ("bleed-skin", 4, 4),  # life-threatening is said as such
        ("bleed-gu-microscopic", 2, 1),  # never TRF-02
        ("bleed-mucosal-minor", 2, 2),  # a severity above mild is coded
        ("bleed-cns", 1, 4),
        ("bleed-pericardial-pleural", 1, 3),
    ],
)
def test_a_grade_stays_within_its_kind(set_id: str, severity: int, weight: int) -> None:
    assert only(condition(set_id, severity=severity)).weight == weight


def test_easy_bruising_never_widens_the_grade() -> None:
    assert only(condition("bleed-skin", code="tendency", severity=2)).weight == 1


def test_the_eye_is_life_threatening_with_visual_loss_only() -> None:
    """Without it WHO 2, but major bleeding all the same (A.9)."""
    mild, severe = only(condition("bleed-retinal")), only(condition("bleed-retinal", severity=4))
    assert (mild.life_threatening_site, severe.life_threatening_site) == (False, True)
    assert mild.posterior_eye
    assert severe.posterior_eye
    assert read(condition("bleed-retinal")).major


def test_what_a_rule_asks_for() -> None:
    bleeding = read(purpura(), nosebleed(), gi_bleed(severity=3), brain_bleed())
    assert bleeding.worst is not None
    assert bleeding.worst.site is Site.CNS
    assert [b.name for b in bleeding.serious] == ["nosebleed", "gi", "cns"]
    assert [b.name for b in bleeding.severe] == ["gi", "cns"]
    assert not bleeding.only_skin
    assert read(purpura()).only_skin


def test_one_finding_in_two_sets_is_read_by_the_one_that_says_most() -> None:
    finding = condition("bleed-gu-unspecific", also=("bleed-gu",))
    assert only(finding).set_id == "bleed-gu"


# -------------------------------------------------------------------------------------------------- graded up


def haemoglobins(*values: tuple[object, float]) -> dict[str, object]:
    return {"measurements": [measured("obs-hemoglobin", value, hours=hours) for value, hours in values]}


@pytest.mark.parametrize(
    ("later", "hours_apart", "raised"),
    [("9.2", 72, True), ("9.3", 72, False), ("9.2", 72.1, False), ("8.1", 20, True)],
)
def test_a_fall_of_haemoglobin_makes_an_organ_bleed_severe(
    later: str, hours_apart: float, raised: bool
) -> None:
    """V-13: 11.2 to 8.1; at least 2 g/dL within 72 hours."""
    bleed = only(gi_bleed(), **haemoglobins(("11.2", 1 + hours_apart), (later, 1)))
    assert (bleed.weight == 3) is raised
    assert bool(bleed.graded_up_by) is raised


def test_a_rise_is_no_fall() -> None:
    assert only(gi_bleed(), **haemoglobins(("8.1", 20), ("11.2", 1))).weight == 2


def test_a_very_low_haemoglobin_makes_an_organ_bleed_severe() -> None:
    weights = [only(gi_bleed(), **haemoglobins((value, 1))).weight for value in ("6.9", "7.0")]
    assert weights == [3, 2]


def test_an_old_haemoglobin_raises_nothing() -> None:
    age = LIMITS.span("hb_fall_hours").total_seconds() / 3600
    assert only(gi_bleed(), **haemoglobins(("6.9", age))).weight == 3
    assert only(gi_bleed(), **haemoglobins(("6.9", age + 0.1))).weight == 2


def test_haemoglobin_raises_organ_bleeding_only() -> None:
    low = haemoglobins(("6.9", 1))
    assert only(nosebleed(), **low).weight == 2
    assert only(purpura(), **low).weight == 1
    assert only(condition("bleed-gu-microscopic"), **low).weight == 1


def test_red_cells_raise_mucosal_and_organ_bleeding() -> None:
    given = {"performed": [red_cells_given()]}
    assert only(nosebleed(), **given).weight == 3
    assert only(gi_bleed(), **given).weight == 3
    assert only(purpura(), **given).weight == 1
    assert only(blood_blister(), **given).weight == 1
    assert only(gi_bleed(severity=4), **given).weight == 4


def test_red_cells_of_last_week_raise_nothing() -> None:
    assert only(nosebleed(), performed=[red_cells_given(days=4)]).weight == 2


# --------------------------------------------------------------------------------------------------- activity


@pytest.mark.parametrize(
    ("set_id", "limit"),
    [
        ("bleed-mucosal", "bleed_active"),
        ("bleed-gi", "bleed_active"),
        ("bleed-cns", "bleed_active_cns"),
        ("bleed-retinal", "bleed_active_cns"),
    ],
)
def test_active_until_its_time_is_over(set_id: str, limit: str) -> None:
    """Closed: exactly 72 hours (7 days) is active; a minute more is a question, after 14 days history."""
    window, open_time = LIMITS.span(limit), LIMITS.span("bleed_open")
    ages = (window, window + MINUTE, open_time, open_time + MINUTE)
    found = [only(condition(set_id, **since(age))).activity for age in ages]
    assert found == [Activity.ACTIVE, Activity.UNCLEAR, Activity.UNCLEAR, Activity.HISTORY]


def test_skin_findings_are_present_for_14_days() -> None:
    window = LIMITS.span("skin_present")
    assert only(purpura(**since(window))).activity is Activity.ACTIVE
    assert only(purpura(**since(window + MINUTE))).activity is Activity.HISTORY


def test_the_later_of_onset_and_record_counts() -> None:
    assert only(nosebleed(days=6, recorded=ago(hours=5))).activity is Activity.ACTIVE
    assert only(nosebleed(undated=True, recorded=ago(hours=5))).activity is Activity.ACTIVE
    assert only(nosebleed(hours=5, recorded=ago(days=6))).activity is Activity.ACTIVE


def test_an_onset_over_14_days_ago_only_asks() -> None:
    """A.9: recordedDate does not make it active."""
    long_ago = LIMITS.span("bleed_open") + MINUTE
    assert only(nosebleed(**since(long_ago), recorded=ago(hours=1))).activity is Activity.UNCLEAR
    assert only(nosebleed(**since(long_ago), recorded=ago(days=15))).activity is Activity.HISTORY
    assert only(purpura(**since(long_ago), recorded=ago(hours=1))).activity is Activity.ACTIVE


def test_a_date_without_time_counts_to_its_end() -> None:
    """The 12th may have been its last minute, 58 hours ago."""
    assert only(nosebleed(at=whole_day(3))).activity is Activity.ACTIVE
    assert only(nosebleed(at=whole_day(4))).activity is Activity.UNCLEAR


def test_an_observation_is_active_for_a_day() -> None:
    window = LIMITS.span("bleed_observed")
    assert only(observed("bleed-mucosal", **since(window))).activity is Activity.ACTIVE
    assert only(observed("bleed-mucosal", **since(window + MINUTE))).activity is Activity.UNCLEAR
    assert only(observed("bleed-cns", **since(window + MINUTE))).activity is Activity.ACTIVE


def test_without_any_date_it_is_unclear_but_on_the_skin_present() -> None:
    assert only(nosebleed(undated=True)).activity is Activity.UNCLEAR
    assert only(purpura(undated=True)).activity is Activity.ACTIVE


@pytest.mark.parametrize(
    ("severity", "hours", "activity"),
    [
        (3, 24, Activity.ACTIVE),
        (3, 24.1, Activity.HISTORY),
        (2, 24, Activity.STOPPED),
        (1, 24, Activity.STOPPED),
        (2, 24.1, Activity.HISTORY),
        (None, 1, Activity.HISTORY),
    ],
)
def test_what_ended(severity: int | None, hours: float, activity: Activity) -> None:
    """B.6: WHO 3-4 still active for 24 h, graded WHO 1-2 stopped, ungraded history (V-40)."""
    assert only(nosebleed(days=2, severity=severity, ended_hours=hours)).activity is activity


def test_what_its_kind_grades_needs_no_severity() -> None:
    assert only(brain_bleed(days=2, ended_hours=5)).activity is Activity.ACTIVE
    assert only(blood_blister(days=2, ended_hours=5)).activity is Activity.STOPPED


def test_an_end_in_the_future_is_no_end() -> None:
    assert only(nosebleed(ended=ago(hours=-5))).activity is Activity.ACTIVE


def test_resolved_without_a_date() -> None:
    """A bleed that began within the day also ended within it."""
    assert only(nosebleed(hours=5, severity=2, past=True)).activity is Activity.STOPPED
    assert only(nosebleed(days=3, severity=2, past=True)).activity is Activity.HISTORY


def test_a_history_code_is_history() -> None:
    assert only(condition("bleed-gi", code="history")).activity is Activity.HISTORY


def test_skin_that_ended_is_history() -> None:
    """V-158: purpura now and a nosebleed of last month is skin only."""
    assert only(purpura(days=2, severity=1, ended_hours=1)).activity is Activity.HISTORY
    bleeding = read(purpura(), nosebleed(days=31, ended=ago(days=30)))
    assert bleeding.only_skin
    assert len(bleeding.history) == 1


@pytest.mark.parametrize(
    ("hours", "alone"), [(float(LIMITS.bleed_ended), False), (float(LIMITS.bleed_ended) + 0.1, True)]
)
def test_what_ended_within_the_day_is_not_only_skin(hours: float, alone: bool) -> None:
    """A.9, also without a grade, with which it is history."""
    assert read(purpura(), nosebleed(days=2, ended_hours=hours)).only_skin is alone


def test_an_open_question_is_not_only_skin() -> None:
    bleeding = read(purpura(), gum_bleeding(days=5))
    assert not bleeding.only_skin
    assert bleeding.withholds_reassurance


# -------------------------------------------------------------------------------------------------- questions


def test_suspected_bleeding_is_a_question() -> None:
    bleed = only(gi_bleed(suspected=True))
    assert (bleed.activity, bleed.suspected) == (Activity.UNCLEAR, True)
    assert only(purpura(suspected=True)).activity is Activity.ACTIVE


@pytest.mark.parametrize("severity", [None, 1, 2, 3])
def test_bleeding_without_a_site(severity: int | None) -> None:
    """A fact only from moderate severity on."""
    bleed = only(condition("bleed-generic", severity=severity))
    is_fact = severity is not None and severity >= 2
    assert (bleed.activity is Activity.ACTIVE) is is_fact
    assert bleed.unlocated is not is_fact


@pytest.mark.parametrize("set_id", [s for s, kind in KINDS.items() if kind.question])
def test_question_sets_are_no_bleed(set_id: str) -> None:
    bleeding = read(condition(set_id, severity=4))
    assert not bleeding.active
    assert not bleeding.minor
    assert not bleeding.unclear
    assert bleeding.worst is None
    assert bleeding.withholds_reassurance is (set_id != "bleed-skin-unspecific")


def test_a_bleeding_tendency_has_no_active_time() -> None:
    assert read(condition("bleed-unspecific", days=900)).withholds_reassurance
    assert not read(condition("bleed-unspecific", days=900, past=True)).withholds_reassurance
    assert not read(condition("bleed-gu-unspecific", days=20)).withholds_reassurance


def test_codes_of_the_newborn_count_for_newborns() -> None:
    finding = condition("bleed-neonatal")
    assert read(finding, birth=on("2026-06-13")).serious
    assert not read(finding, birth=on("2026-01-13")).active
    assert read(finding).findings == ()


# -------------------------------------------------------------------------------------------- several records


def test_the_same_finding_under_two_records_counts_once() -> None:
    """The active one, then the heaviest."""
    bleeding = read(nosebleed(severity=1), nosebleed(severity=3), nosebleed(severity=4, days=5))
    (bleed,) = bleeding.findings
    assert (bleed.activity, bleed.weight) == (Activity.ACTIVE, 3)


def test_different_findings_of_one_set_stay_apart() -> None:
    assert len(read(nosebleed(), gum_bleeding()).findings) == 2


def test_patient_reported_where_every_record_is() -> None:
    told = gum_bleeding(patient_reported=True)
    assert only(told).patient_reported
    assert read(told).patient_reported
    assert not read(told).deep
    assert not read(told, gum_bleeding()).patient_reported
    assert read(told, gum_bleeding(days=60)).patient_reported


def test_a_report_heavier_than_the_examination_does_not_count() -> None:
    (bleed,) = read(gum_bleeding(severity=3, patient_reported=True), gum_bleeding(severity=1)).findings
    assert (bleed.weight, bleed.patient_reported) == (1, False)


def test_every_kind_has_words_that_fit_a_title() -> None:
    assert {kind.name for kind in KINDS.values()} <= FINDING_WORDS.keys()
    assert max(map(len, FINDING_WORDS.values())) <= 36


def test_our_word_for_it() -> None:
    assert only(nosebleed()).name == "nosebleed"
    assert only(haematuria()).name == "gu"


def test_findings_of_other_sets_are_no_bleeding() -> None:
    assert read(condition("inf-ebv"), condition("not-a-bleed")) == Bleeding()


def test_a_condition_without_a_status_is_present_and_the_card_says_so() -> None:
    """A.1; an end tells as much as a status, and an Observation has none to record."""
    bleed = only(nosebleed(clinical=ClinicalStatus.ABSENT))
    assert bleed.activity is Activity.ACTIVE
    assert bleeding_row(bleed).note == "status not recorded"
    assert bleeding_row(only(nosebleed())).note is None
    assert (
        bleeding_row(only(nosebleed(clinical=ClinicalStatus.ABSENT, severity=2, ended_hours=2))).note is None
    )
    assert finding_row("kidney", condition("risk-ckd", clinical=ClinicalStatus.ABSENT)).note is not None
    assert finding_row("kidney", condition("risk-ckd")).note is None

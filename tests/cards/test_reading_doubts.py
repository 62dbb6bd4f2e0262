"""Clumping (DATA-05) and conflicting counts (DATA-06)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cards.facts import Blocker
from cards.record import PlateletResult, Specimen
from tests.cards.build import LIMITS, condition, count, facts, lab, measured, near, nosebleed, platelets_given

HOUR = 3600
FLAG = "obs-platelet-artefact"


def citrate(value: object, **members: object) -> PlateletResult:
    return count(value, specimen=Specimen.CITRATE, **members)


# --------------------------------------------------------------------------------------------------- conflict


def test_a_later_higher_count_is_a_conflict() -> None:
    """V-34: 19 at 07:00 and 88 at 09:00; orders and procedures use the lower."""
    p = facts([count(19, hours=3), count(88, hours=1)]).platelets
    assert (p.blocker, p.decisive, p.last_known) == (Blocker.CONFLICT, None, 19)
    assert p.conflict is not None
    assert (p.conflict.lower.value, p.conflict.higher.value) == (19, 88)


def test_a_later_lower_count_is_a_fall() -> None:
    p = facts([count(88, hours=3), count(19, hours=1)]).platelets
    assert p.decisive is not None
    assert p.decisive.value == 19
    assert p.trend.rapid_fall is not None


def test_the_lower_is_at_most_half_of_the_higher() -> None:
    below, at, above = near("44.0")
    found = [facts([count(v, hours=3), count(88, hours=1)]).platelets.conflict for v in (below, at, above)]
    assert [f is not None for f in found] == [True, True, False]


def test_counts_more_than_12_hours_apart_are_no_conflict() -> None:
    window = LIMITS.span("conflict_hours").total_seconds()
    assert facts([count(19, seconds=window + HOUR), count(88, hours=1)]).platelets.conflict is not None
    assert facts([count(19, seconds=window + HOUR + 60), count(88, hours=1)]).platelets.conflict is None


def test_platelets_between_explain_the_rise() -> None:
    counts = [count(19, hours=5), count(88, hours=1)]
    assert facts(counts, performed=[platelets_given(hours=3)]).platelets.conflict is None
    assert facts(counts, performed=[platelets_given(hours=9)]).platelets.conflict is not None
    assert (
        facts(counts, performed=[platelets_given(hours=3, status="not-done")]).platelets.conflict is not None
    )


def test_two_samples_whose_order_cannot_be_told() -> None:
    p = facts([count(19, day=0), count(88, hours=3)]).platelets
    assert p.blocker is Blocker.CONFLICT
    assert p.last_known == 19


# --------------------------------------------------------------------------------------------------- clumping


@pytest.mark.parametrize(
    ("minutes", "clumped"), [(0, True), (60, True), (61, False), (-60, True), (-61, False)]
)
def test_a_flag_within_an_hour_of_the_sample(minutes: int, clumped: bool) -> None:
    flag = lab(FLAG, proves=None, minutes=180 + minutes)
    p = facts(40, tests=[flag]).platelets
    assert (p.blocker is Blocker.CLUMPING) is clumped


def test_a_flag_of_the_same_specimen() -> None:
    flag = lab(FLAG, proves=None, hours=0, specimen_reference="Specimen/1")
    assert facts(count(40, specimen_reference="Specimen/1"), tests=[flag]).platelets.clumping is not None
    assert facts(count(40, specimen_reference="Specimen/2"), tests=[flag]).platelets.clumping is None


def test_a_negative_flag_or_a_normal_count_is_no_clumping() -> None:
    assert facts(40, tests=[lab(FLAG, "negative", hours=3)]).platelets.clumping is None
    assert facts(LIMITS.normal, tests=[lab(FLAG, hours=3)]).platelets.clumping is None
    assert facts("149.9", tests=[lab(FLAG, hours=3)]).platelets.clumping is not None


@pytest.mark.parametrize(
    ("edta", "other", "clumped"),
    [
        ("40", "60", True),
        ("40", "59.9", False),
        ("140", "240", True),
        ("140", "209.9", False),
        ("40", "38", False),
    ],
)
def test_a_higher_citrate_count(edta: str, other: str, clumped: bool) -> None:
    """Higher by at least 50 %, or by at least 100."""
    p = facts([count(edta), citrate(other, hours=2)]).platelets
    assert (p.blocker is Blocker.CLUMPING) is clumped
    assert p.current is not None
    assert p.current.shown == edta


def test_an_older_citrate_count_never_explains_a_newer_edta_count() -> None:
    assert facts([citrate(180, hours=4), count(40)]).platelets.blocker is None
    assert facts([citrate(180, hours=3), count(40)]).platelets.blocker is Blocker.CLUMPING


def test_a_citrate_count_explains_for_24_hours() -> None:
    window = LIMITS.span("clump_hours").total_seconds()
    edta = count(40, seconds=window + HOUR)
    assert facts([edta, citrate(180, hours=1)]).platelets.clumping is not None
    later = facts([count(40, seconds=window + HOUR + 60), citrate(180, hours=1)]).platelets
    assert later.clumping is None
    assert later.current is not None
    assert later.current.value == 180


def test_a_heparin_count_explains_too() -> None:
    p = facts([count(40), count(180, specimen=Specimen.HEPARIN, hours=2)]).platelets
    assert p.clumping is not None
    assert p.clumping.by == "citrate"
    assert p.clumping.higher == 180


def isolated(previous: object = 200, days: float = 6, *, hb: object = "13.1", **members: object) -> bool:
    flagged = measured("obs-platelet-indices", "13", flagged="high", hours=3)
    values = [flagged] + ([] if hb is None else [measured("obs-hemoglobin", hb)])
    p = facts([count(previous, days=days), count(60)], measurements=values, **members).platelets
    return p.clumping is not None and p.clumping.by == "isolated"


def test_an_isolated_fall_with_a_flagged_volume() -> None:
    """Previous normal count in 7 days, other cells known and normal, no bleeding."""
    assert isolated()
    assert not isolated("149.9")
    assert not isolated(days=LIMITS.span("clump_previous_days") / timedelta(days=1) + 1)
    assert not isolated(hb=None)
    assert not isolated(hb="9.9")
    assert not isolated(findings=[nosebleed()])


def test_a_diagnosis_recorded_after_the_sample() -> None:
    assert (
        facts(40, findings=[condition("cond-pseudothrombocytopenia", hours=1)]).platelets.clumping is not None
    )
    assert facts(40, findings=[condition("cond-pseudothrombocytopenia", days=9)]).platelets.clumping is None

"""TRF-13: platelets for newborns, and who is one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.host import is_newborn
from cards.outcome import ActionType, Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.transfusion.decision import decide as decide_adult
from cards.transfusion.newborn import decide
from tests.cards.build import (
    LIMITS,
    ago,
    condition,
    count,
    facts,
    gi_bleed,
    gum_bleeding,
    measured,
    near,
    nosebleed,
    on,
    planned,
    platelets_given,
    purpura,
    service_order,
    whole_day,
)
from tests.cards.direct import COMMON_HOLES, drafts, filled, text_of, words

LOW, BLEEDING, MAJOR = LIMITS.neonate_platelets, LIMITS.neonate_bleeding, LIMITS.neonate_major
SHOCK = [measured("obs-systolic", LIMITS.shock_sbp_infant - 1)]


def newborn(value: Any, **members: Any) -> PatientFacts:
    """A child of nine days and 3 kg."""
    return facts(value, **({"birth": whole_day(9), "weight": 3} | members))


def card(value: Any, **members: Any) -> Advise:
    found = decide(newborn(value, **members), LIMITS)
    assert isinstance(found, Advise), found
    text_of(found)
    return found


# ---------------------------------------------------------------------------------------------- who


@pytest.mark.parametrize(
    ("birth", "weeks", "expected"),
    [
        (whole_day(27), None, True),
        (whole_day(28), None, False),
        (whole_day(48), 37, False),
        (whole_day(48), Decimal("36.9"), True),
        (whole_day(118), 27, True),  # 27 weeks and 118 days: 43.9 weeks
        (whole_day(119), 27, False),  # 44 weeks
        (on("1990-01-01"), 30, False),
    ],
)
def test_a_newborn_is_under_28_days_or_preterm_until_44_weeks(birth: Any, weeks: Any, expected: bool) -> None:
    gestation = [] if weeks is None else [measured("obs-gestational-age", weeks)]
    p = facts(31, birth=birth, weight=3, measurements=gestation)
    assert is_newborn(p, LIMITS) is expected
    assert isinstance(decide(p, LIMITS), Advise) is expected


def test_the_weeks_of_a_pregnancy_make_no_newborn() -> None:
    p = facts(31, age=30, sex="female", pregnant=True, measurements=[measured("obs-gestational-age", 20)])
    assert decide(p, LIMITS) == NoAdvice(Why.NOT_FOR_THIS_PERSON)


# ---------------------------------------------------------------------------------------------- limits

SITUATIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "petechiae": {"findings": [purpura()]},
    "nosebleed": {"findings": [nosebleed()]},
    "gums, reported": {"findings": [gum_bleeding(patient_reported=True)]},
    "gut": {"findings": [gi_bleed()]},
    "gut, shock": {"findings": [gi_bleed()], "measurements": SHOCK},
    "melaena of the newborn, shock": {
        "findings": [condition("bleed-neonatal", word="newborn-gut")],
        "measurements": SHOCK,
    },
    "melaena of the newborn": {"findings": [condition("bleed-neonatal", word="newborn-gut")]},
    "brain of the newborn": {"findings": [condition("bleed-neonatal", word="newborn-brain")]},
    "lung": {"findings": [condition("bleed-pulmonary")]},
    "severe": {"findings": [nosebleed(severity=3)]},
    "surgery": {"planned": [planned("proc-major-surgery", occurrence=ago(days=-2))]},
    "line": {"planned": [planned("proc-cvc")]},
    "INR": {"measurements": [measured("obs-pt-inr", LIMITS.inr_raised)]},
    "DIC": {"findings": [condition("mimic-dic")]},
}
C, W, INFO, NONE = Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO, None

# below 25, 25 to 49.9, 50 to 99.9, 100 and over
EXPECTED = {
    "nothing":                       (W, INFO, NONE, NONE),
    "petechiae":                     (W, INFO, NONE, NONE),
    "nosebleed":                     (C, C, NONE, NONE),
    "gums, reported":                (C, C, NONE, NONE),
    "gut":                           (C, C, NONE, NONE),
    "gut, shock":                    (C, C, C, NONE),
    "melaena of the newborn, shock": (C, C, C, NONE),
    "melaena of the newborn":        (C, C, NONE, NONE),
    "brain of the newborn":          (C, C, C, NONE),
    "lung":                          (C, C, C, NONE),
    "severe":                        (C, C, C, NONE),
    "surgery":                       (W, W, W, NONE),
    "line":                          (W, W, NONE, NONE),
    "INR":                           (W, W, NONE, NONE),
    "DIC":                           (W, W, NONE, NONE),
}  # fmt: skip


@pytest.mark.parametrize("border", range(3))
@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_limit(situation: str, border: int) -> None:
    below, at, _ = near((LOW, BLEEDING, MAJOR)[border])
    for value, expected in ((below, EXPECTED[situation][border]), (at, EXPECTED[situation][border + 1])):
        found = decide(newborn(value, **SITUATIONS[situation]), LIMITS)
        if expected is None:
            assert found == NoAdvice(Why.COUNT_NOT_LOW)
        else:
            assert isinstance(found, Advise)
            assert found.indicator is expected
            text_of(found)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_rules_of_adults_are_silent(situation: str) -> None:
    answers = decide_adult(newborn(12, **SITUATIONS[situation]), LIMITS)
    assert set(answers.values()) == {NoAdvice(Why.NOT_FOR_THIS_PERSON)}


def test_without_a_count_only_bleeding_speaks() -> None:
    assert decide(newborn(None), LIMITS) == CannotTell(Fact.PLATELETS)
    assert card(None, findings=[nosebleed()]).indicator is Indicator.WARNING
    stale = card([count(30, days=5)], findings=[condition("bleed-pulmonary")])
    assert stale.indicator is Indicator.CRITICAL
    assert stale.inputs[0].fact == "last known platelet count, not relied on"
    assert drafts(stale) == ["cbc-film", "group-and-screen"]


# ---------------------------------------------------------------------------------------------- words and drafts


def test_between_25_and_50_the_trial_is_named_and_selected_platelets_can_be_removed() -> None:
    chosen = service_order("proc-platelet-transfusion")
    found = card(31, hook="order-select", orders=[chosen])
    assert "26% against 19%" in text_of(found)
    assert found.suggestions[0].actions[0].type is ActionType.DELETE
    assert "platelets-child" not in drafts(found)
    assert "steroid" not in text_of(found).lower()


@pytest.mark.parametrize(
    ("weight", "volumes"),
    [(3, ("30", "45", "60")), (Decimal("1.1"), ("10", "15", "20")), (Decimal("0.4"), ("4", "5", "5"))],
)
def test_the_dose_is_by_weight(weight: Any, volumes: tuple[str, str, str]) -> None:
    found = card(24, weight=weight)
    shown = tuple(found.values[name] for name in ("volume_low", "volume", "volume_high"))
    assert shown == volumes
    dose = found.suggestions[0].actions[0]
    assert dose.quantity == (Decimal(volumes[1]), "mL")
    assert not found.suggestions[0].recommended
    assert card(24, weight=weight, findings=[nosebleed()]).suggestions[0].recommended


def test_without_a_weight_no_dose() -> None:
    found = card(24, weight=None)
    assert Fact.WEIGHT in found.unknown
    assert "platelets-child" not in drafts(found)
    assert "no dose is drafted" in text_of(found)


def test_platelets_on_their_way_leave_no_second_draft() -> None:
    given = [platelets_given(hours=2)]
    low = card(24, performed=given)
    assert (low.indicator, "platelets-child" in drafts(low)) == (Indicator.INFO, False)
    lung = card(24, performed=given, findings=[condition("bleed-pulmonary")])
    assert (lung.indicator, "platelets-child" in drafts(lung)) == (Indicator.CRITICAL, False)


def test_refused_blood_is_in_the_title() -> None:
    found = card(24, findings=[condition("refusal-of-blood")])
    assert "refused (recorded)" in filled(found, found.title)
    assert "platelets-child" not in drafts(found)
    assert "POP-09" in found.also


def test_alloimmune_thrombocytopenia_asks_for_matched_platelets() -> None:
    assert "caution.alloimmune" in card(31, findings=[condition("mimic-alloimmune", suspected=True)]).cautions
    assert "caution.alloimmune" not in card(31).cautions


def test_every_title_fits_with_the_longest_values() -> None:
    longest = COMMON_HOLES | {"platelets": "2500.5 x10^9/L", "given": "22 Nov 2025, 04:10"}
    for key in words()["TRF-13"].paragraphs:
        if key.startswith("title"):
            title = filled(Advise("TRF-13", Indicator.INFO, title=key, values=longest), key)
            assert len(title) <= 139, (key, len(title))

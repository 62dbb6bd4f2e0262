"""INF-GEN-06: what is known, what applies, and whether a draft may be offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cards.anti_infective.safety_check import SAME_SUBSTANCE, check_safety, decide
from cards.facts import Activity, Bleed, Bleeding, Known, Site
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Allergy, Comparator, Kind
from tests.cards.direct import (
    LIMITS,
    ago,
    allergy,
    counts,
    drug,
    finding,
    infection,
    measured,
    pathogens,
    patient,
    person,
)

HP = pathogens()["INF-HP"]
EGFR = measured("obs-egfr", "80", "mL/min/{1.73_m2}")
INFECTED = infection("INF-HP")


def offered(**given: object) -> list[str]:
    """The regimens that may be drafted for an infected patient of whom all is known but what is given."""
    known: dict[str, object] = {"platelets": counts("60"), "measurements": [EGFR]} | given
    p = patient(known.pop("platelets"), INFECTED, **known)  # type: ignore[arg-type]
    return [r.key for r in check_safety(p, HP, INFECTED, LIMITS).offered]


def test_all_known_and_nothing_against_it() -> None:
    assert offered() == ["bqt-subcitrate", "bqt-subsalicylate"]


def test_a_list_of_medicines_that_was_not_read_may_hold_an_interaction() -> None:
    assert offered(unanswered=[Kind.MEDICATIONS]) == []


def nosebleed(activity: Activity) -> Bleeding:
    bleed = Bleed(
        "nosebleed", "bleed-mucosal", Site.MUCOSAL, activity, None, 2, "Condition/epi", ago(hours=2)
    )
    return Bleeding((bleed,))


@pytest.mark.parametrize(
    "given",
    [
        {"allergies": [allergy("allergy-salicylate")]},
        {"bleeding": nosebleed(Activity.ACTIVE)},
        {"bleeding": nosebleed(Activity.UNCLEAR)},
        {"findings": [finding("risk-platelet-function")]},
        {"findings": [finding("risk-peptic-ulcer")]},
        {"findings": [finding("cond-thrombocytopenia-immune")]},
        {"platelets": counts("49.9")},
        {"drugs": [drug("med-antiplatelet")]},
    ],
)
def test_reasons_against_the_subsalicylate_leave_the_subcitrate(given: dict[str, object]) -> None:
    assert offered(**given) == ["bqt-subcitrate"]


def test_a_virus_below_19_years_excludes_the_subsalicylate() -> None:
    teenager = person(18)
    p = patient(counts("60"), INFECTED, infection("INF-EBV"), who=teenager, measurements=[EGFR])
    assert [r.key for r in check_safety(p, HP, INFECTED, LIMITS).offered] == ["bqt-subcitrate"]
    assert offered(who=teenager) == ["bqt-subcitrate", "bqt-subsalicylate"]


@pytest.mark.parametrize(
    "given",
    [
        {"allergies": [allergy("allergy-tetracycline")]},
        {"allergies": [allergy("allergy-metronidazole")]},
        {"who": person(7)},
        {"who": person(30, "female", Known.YES)},
        {"who": person(30, "female", Known.UNKNOWN)},
        {"who": person(30, None)},
        {"unanswered": [Kind.ALLERGIES]},
        {"measurements": []},
        {"measurements": [measured("obs-egfr", "29", "mL/min/{1.73_m2}")]},
        {"measurements": [measured("obs-egfr", "80", "mL/min/{1.73_m2}", ago(days=91))]},
    ],
)
def test_reasons_against_every_draft(given: dict[str, object]) -> None:
    assert offered(**given) == []


@pytest.mark.parametrize(("sex", "age"), [("male", 30), ("female", 11), ("female", 56)])
def test_pregnancy_need_not_be_known_where_it_does_not_matter(sex: str, age: int) -> None:
    assert "bqt-subcitrate" in offered(who=person(age, sex))


@pytest.mark.parametrize(
    ("comparator", "value", "is_offered"),
    [(Comparator.GREATER, "60", True), (Comparator.GREATER, "15", False), (Comparator.LESS, "30", False)],
)
def test_a_bound_counts_only_as_far_as_it_tells(comparator: Comparator, value: str, is_offered: bool) -> None:
    egfr = replace(measured("obs-egfr", value, "mL/min/{1.73_m2}"), comparator=comparator)
    assert bool(offered(measurements=[egfr])) is is_offered


def test_no_known_allergy_is_an_answer() -> None:
    none = Allergy("AllergyIntolerance/nka", frozenset(), denies_all=True)
    assert offered(unanswered=[Kind.ALLERGIES], allergies=[none])


def test_allergy_to_the_very_substance_excludes_it_whatever_its_set() -> None:
    tetracycline = HP.drugs["tetracycline"].coding
    assert tetracycline is not None
    p = patient(
        counts("60"), INFECTED, measurements=[EGFR], allergies=[allergy("some-set", codes=(tetracycline,))]
    )
    check = check_safety(p, HP, INFECTED, LIMITS)
    assert check.offered == ()
    assert SAME_SUBSTANCE in check.cautions


def test_the_rule_itself_says_what_is_missing() -> None:
    p = patient(counts("60"), INFECTED, unanswered=[Kind.ALLERGIES], measurements=[EGFR])
    assert decide(p, LIMITS) == CannotTell(Fact.ALLERGIES)
    assert decide(patient(counts("60"), INFECTED, measurements=[EGFR]), LIMITS) == NoAdvice(Why.CLASSIFIED)
    assert decide(patient(counts("60")), LIMITS) == NoAdvice(Why.NO_INFECTION)

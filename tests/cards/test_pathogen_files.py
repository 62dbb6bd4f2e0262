"""What every pathogen file promises: recognised by each of its sets, words for all, titles that fit, safe drafts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cards.anti_infective.content import Pathogen, Regimen, TreatSuspected, When
from cards.anti_infective.infection import decide
from cards.anti_infective.pathogen import load_pathogens
from cards.citations import CITATIONS
from cards.drafts import TEMPLATES
from cards.facts import Certainty, Known
from cards.outcome import Advise, Indicator
from cards.record import Kind, Result, Stay, Verification
from cards.valuesets import load
from tests.cards import build
from tests.cards.direct import (
    COMMON_HOLES,
    LIMITS,
    ago,
    cards,
    counts,
    drafts,
    filled,
    finding,
    infection,
    lab_result,
    measured,
    only,
    pathogens,
    patient,
    person,
    text_of,
)
from tests.together import together

ALL = tuple(load_pathogens(load()))
each = together({p.id: p for p in ALL})

WINDOWS = {
    "HP": 24, "HCV": 24, "HIV": 24, "HBV": 24, "EBV": 8, "CMV": 6, "VZV": 4, "HSV": 3, "B19": 3, "MMR": 8, "DEN": 2,
    "ZIK": 3, "CHIK": 3, "MAL": 2, "RICK": 2, "LEPTO": 2, "BRU": 4, "TYPH": 2, "SEP": 2, "MEN": 2, "IE": 4, "TB": 8,
    "VL": 6, "BAB": 3, "HAN": 2, "SFTS": 2, "COV": 4, "FLU": 2, "STEC": 2,
}  # fmt: skip
"""MON-05 of the rulebook in weeks, and the 7 to 14 days of STEC; all others 4."""

CHRONIC = {"HIV", "HCV", "HBV", "HP", "TB", "BRU", "VL"}
"""Rulebook A.9, current infection."""

TIME_CRITICAL = {"SEP", "MEN", "MAL", "RICK", "HSV", "IE"}
"""Rulebook ORD-15: a first-line drug against these is never more than a warning."""

TREATED_ON_SUSPICION = {"SEP": "critical", "MAL": "critical", "MEN": "always", "RICK": "always"}
"""Rulebook A.1."""


def short(pathogen: Pathogen) -> str:
    return pathogen.id.removeprefix("INF-")


@each
def test_window_course_and_urgency_are_those_of_the_rulebook(pathogen: Pathogen) -> None:
    name = short(pathogen)
    assert pathogen.window_weeks == WINDOWS.get(name, 4)
    assert pathogen.chronic is (name in CHRONIC)
    assert pathogen.time_critical is (name in TIME_CRITICAL)
    assert pathogen.treat_suspected is TreatSuspected(TREATED_ON_SUSPICION.get(name, "never"))


@each
def test_orders_and_sources_are_known(pathogen: Pathogen) -> None:
    orders = (*pathogen.test_orders, *pathogen.treat_orders, *pathogen.refer_orders)
    assert [name for name in orders if name not in TEMPLATES] == []
    sources = (pathogen.source, *(line.citation for line in pathogen.evidence))
    assert [name for name in sources if name not in CITATIONS] == []
    assert pathogen.evidence


NEVER = re.compile(
    r"\b(you have|the patient has|suffers from|diagnosis is|you must|must be given|do not give|give \d)",
    re.IGNORECASE,
)


@each
def test_words_state_no_diagnosis_and_give_no_order(pathogen: Pathogen) -> None:
    assert [key for key, text in pathogen.words.items() if NEVER.search(text)] == []


# ---------------------------------------------------------------------------------------------- recognised


@pytest.mark.parametrize(
    ("pathogen", "set_id"),
    [(p, s) for p in ALL for s in dict.fromkeys((*p.condition_sets, *p.severe_sets))],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_recognised_by_each_condition(pathogen: Pathogen, set_id: str) -> None:
    also = tuple(s for s in pathogen.condition_sets[:1] if s != set_id)
    p = build.facts(60, findings=[build.condition(set_id, days=1, also=also)])
    (found,) = p.infections.of(pathogen.id)
    assert (found.current, found.certainty) == (True, Certainty.REPORTED)
    assert found.severe is (set_id in pathogen.severe_sets)


@pytest.mark.parametrize(
    ("pathogen", "set_id"),
    [(p, s) for p in ALL for s in p.test_sets],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_recognised_by_each_test_and_not_by_a_negative_one(pathogen: Pathogen, set_id: str) -> None:
    proven = build.facts(60, tests=[build.lab(set_id)])
    assert [i.certainty for i in proven.infections.of(pathogen.id)] == [Certainty.PROVEN]
    assert build.facts(60, tests=[build.lab(set_id, "negative")]).infections.of(pathogen.id) == ()
    assert build.facts(60, tests=[build.lab(set_id, proves="exposure")]).infections.of(pathogen.id) == ()


@pytest.mark.parametrize(
    ("pathogen", "set_id"),
    [(p, s) for p in ALL for s in p.organism_sets],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_recognised_by_an_organism_that_a_culture_names(pathogen: Pathogen, set_id: str) -> None:
    named = tuple(dict.fromkeys((set_id, pathogen.organism_sets[0])))
    p = build.facts(60, tests=[build.lab("lab-culture", organisms=named)])
    assert [i.certainty for i in p.infections.of(pathogen.id)] == [Certainty.PROVEN]


@pytest.mark.parametrize(
    ("set_id", "organism", "pathogen"),
    [
        ("lab-tickborne", "inf-babesiosis", "INF-BAB"),
        ("lab-rickettsia", "inf-babesiosis", "INF-BAB"),
        ("lab-babesia", "inf-rickettsia", "INF-RICK"),
    ],
)
def test_a_result_that_names_another_organism_is_that_one(set_id: str, organism: str, pathogen: str) -> None:
    p = build.facts(60, tests=[build.lab(set_id, organisms=(organism,))])
    assert [i.pathogen for i in p.infections.found] == [pathogen]


@pytest.mark.parametrize(
    "set_id", ["lab-zika", "lab-chikungunya", "lab-brucella", "lab-hantavirus", "lab-vhf"]
)
def test_tests_that_share_a_panel_prove_their_own_infection_only(set_id: str) -> None:
    p = build.facts(60, tests=[build.lab(set_id)])
    assert len(p.infections.found) == 1


@each
def test_an_acute_infection_is_current_to_the_end_of_its_window(pathogen: Pathogen) -> None:
    def current(days: float) -> bool:
        p = build.facts(60, findings=[build.condition(pathogen.condition_sets[0], days=days)])
        return bool(p.infections.current(pathogen.id))

    last = pathogen.current_window_days
    assert current(last)
    assert current(last + 0.1) is pathogen.chronic


# --------------------------------------------------------------------------------------------------- cards


def situations(pathogen: Pathogen) -> list[Advise]:
    """A card of each situation in which the pathogen can speak, for men and women, newborns and the old."""
    severe = infection(pathogen.id, severe=True)
    therapies = (
        infection(pathogen.id, therapy=(build.drug("med-antibacterial"),), therapy_started=ago(days=1)),
        infection(pathogen.id, severe=True, therapy=(build.drug("med-antibacterial"),)),
    )
    everybody = (
        person(40),
        person(30, "female", Known.YES),
        person(70),
        person(9),
        replace(person(0), age_days=9, weight=measured("obs-body-weight", "3.4", "kg")),
    )
    found = []
    for who in everybody:
        for one in (
            infection(pathogen.id),
            severe,
            infection(pathogen.id, Certainty.SUSPECTED),
            infection(pathogen.id, Certainty.SUSPECTED, severe=True),
            *(therapies if pathogen.therapy_sets else ()),
        ):
            for platelets in (counts("2500.5"), counts("14"), counts()):
                found += cards(decide(patient(platelets, one, who=who), LIMITS))
    return found


@each
def test_every_card_has_all_its_words_and_a_title_that_fits(pathogen: Pathogen) -> None:
    """`cards` fails for words that do not exist and for a title of 140 characters and more."""
    found = situations(pathogen)
    assert {card.rule for card in found} <= set(pathogen.card_rules)
    assert len(found) >= 20
    for card in found:
        assert text_of(card)
        shown = filled(card, card.title).replace(COMMON_HOLES["platelets"], "2500.5 x10^9/L")
        assert len(shown) < 140, shown


@each
def test_no_dose_and_no_drug_while_nothing_is_known(pathogen: Pathogen) -> None:
    nobody = replace(person(None, None), weight=None)
    for one in (infection(pathogen.id), infection(pathogen.id, severe=True)):
        p = patient(
            counts("60"), one, who=nobody, unanswered=tuple(k for k in Kind if k is not Kind.CONDITIONS)
        )
        for card in cards(decide(p, LIMITS)):
            assert not any(name.startswith("therapy:") or name == "ceftriaxone" for name in drafts(card))
            assert not any(key.startswith("dose.") for key in card.say)


@each
def test_only_a_proven_or_reported_infection_is_treated_unless_waiting_is_worse(pathogen: Pathogen) -> None:
    p = patient(counts("60"), infection(pathogen.id, Certainty.SUSPECTED))
    card = only(decide(p, LIMITS))
    treats = pathogen.treat_suspected is TreatSuspected.ALWAYS
    assert ("INF-GEN-01" in card.also) is treats
    assert ("INF-GEN-03" in card.also) is not treats
    assert card.indicator is pathogen.suspected or card.indicator is Indicator.CRITICAL


@pytest.mark.parametrize("pathogen", [p for p in ALL if p.therapy_sets], ids=lambda p: p.id)
def test_therapy_under_way_is_information(pathogen: Pathogen) -> None:
    urgent = pathogen.therapy_urgent or pathogen.therapy_sets
    drugs = [
        build.drug(
            *pathogen.therapy_sets[:1], *urgent, code=f"drug {n}", days=1, route=pathogen.therapy_route
        )
        for n in range(pathogen.therapy_minimum)
    ]
    p = build.facts(60, findings=[build.condition(pathogen.condition_sets[0], days=2)], medications=drugs)
    card = next(c for c in cards(decide(p, LIMITS)) if c.rule in pathogen.card_rules)
    assert (card.rule, card.indicator) == (pathogen.id, Indicator.INFO)
    assert "INF-GEN-04" in card.also
    fewer = build.facts(
        60, findings=[build.condition(pathogen.condition_sets[0], days=2)], medications=drugs[:-1]
    )
    card = next(c for c in cards(decide(fewer, LIMITS)) if c.rule in pathogen.card_rules)
    assert "INF-GEN-04" not in card.also


# ------------------------------------------------------------------------------------------------- exclusions


DRAFTED = [(p, r) for p in ALL for r in p.regimens if r.drugs]
each_regimen = pytest.mark.parametrize(
    ("pathogen", "regimen"), DRAFTED, ids=[f"{p.id} {r.key}" for p, r in DRAFTED]
)


def wanted(pathogen: Pathogen, regimen: Regimen) -> dict[str, Any]:
    """A patient for whom the regimen is: a man of 40, a newborn or a child of 10, severe or weak where it asks."""
    asks = {(row.when, row.negated) for row in regimen.only}
    who = person(40)
    if (When.NEONATE, False) in asks:
        who = replace(person(0), age_days=9)
    elif (When.AGE_BELOW, False) in asks:
        who = person(10)
    weight = "3.4" if who.is_neonate else "70"
    given: dict[str, Any] = {
        "who": replace(who, weight=measured("obs-body-weight", weight, "kg")),
        "platelets": counts("60"),
        "measurements": [
            measured("obs-egfr", "90", "mL/min/{1.73_m2}"),
            measured("obs-neutrophils", "4", "10*9/L"),
            measured("obs-hemoglobin", "13", "g/dL"),
        ],
        "tests": [lab_result("lab-hbv-surface-antigen", result=Result.NEGATIVE)],
        "severe": (When.CRITICAL, False) in asks,
        "findings": [finding("status-transplant")] if (When.IMMUNOCOMPROMISED, False) in asks else [],
    }
    if (When.INPATIENT, False) in asks:
        given["stay"] = STAY
    if pathogen.id == "INF-VZV" and given["severe"]:
        given["findings"] = [finding("bleed-purpura-fulminans")]
    if pathogen.treat_when and not given["severe"] and not given["findings"]:
        given |= TREATED.get(pathogen.id, {})
    return given


STAY = Stay("Encounter/e-1", inpatient=True, intensive=False)

TREATED: dict[str, dict[str, Any]] = {
    "INF-CMV": {"findings": [finding("status-transplant")]},
    "INF-FLU": {"who": replace(person(70), weight=measured("obs-body-weight", "70", "kg"))},
    "INF-HSV": {"severe": True},
}
"""What makes a patient one of those who are treated."""


def offers(pathogen: Pathogen, regimen: Regimen, given: dict[str, Any]) -> bool:
    """Whether the card offers exactly this regimen."""
    rest = {key: value for key, value in given.items() if key not in ("platelets", "severe")}
    one = infection(pathogen.id, severe=given["severe"])
    found = [
        c
        for c in cards(decide(patient(given["platelets"], one, **rest), LIMITS))
        if c.rule in pathogen.card_rules
    ]
    return any(s.label == regimen.key for card in found for s in card.suggestions)


@each_regimen
def test_a_regimen_is_offered_to_whom_it_is_for(pathogen: Pathogen, regimen: Regimen) -> None:
    assert offers(pathogen, regimen, wanted(pathogen, regimen))


@each_regimen
def test_a_regimen_needs_age_allergies_and_weight(pathogen: Pathogen, regimen: Regimen) -> None:
    given = wanted(pathogen, regimen)
    nobody = replace(given["who"], age_years=None, age_days=None)
    assert not offers(pathogen, regimen, given | {"who": nobody})
    assert not offers(pathogen, regimen, given | {"unanswered": [Kind.ALLERGIES]})
    unweighed = offers(pathogen, regimen, given | {"who": replace(given["who"], weight=None)})
    assert unweighed is not regimen.by_weight


GROWN = [
    (p, r) for p, r in DRAFTED if not any(one.when is When.NEONATE for one in r.only) and r.key != "child"
]
"""Regimens for people of whom one may ask whether they are pregnant."""


@pytest.mark.parametrize(("pathogen", "regimen"), GROWN, ids=[f"{p.id} {r.key}" for p, r in GROWN])
def test_an_unknown_pregnancy_withholds_it_unless_it_is_given_in_pregnancy(
    pathogen: Pathogen, regimen: Regimen
) -> None:
    given = wanted(pathogen, regimen)
    unknown = replace(given["who"], sex="female", age_years=40, pregnancy=Known.UNKNOWN)
    if pathogen.id == "INF-FLU":
        given["findings"] = [finding("status-transplant")]
    assert offers(pathogen, regimen, given | {"who": unknown}) is regimen.in_pregnancy


AGAINST: dict[When, Callable[[Any, dict[str, Any]], dict[str, Any]]] = {
    When.ALLERGY: lambda row, given: {"allergies": [build.allergy(row.sets[-1])]},
    When.PREGNANT: lambda row, given: {"who": replace(given["who"], sex="female", pregnancy=Known.YES)},
    When.LACTATING: lambda row, given: {"who": replace(given["who"], lactating=True)},
    When.NEONATE: lambda row, given: {"who": replace(given["who"], age_years=0, age_days=27)},
    When.AGE_BELOW: lambda row, given: {"who": replace(given["who"], age_years=int(row.limit) - 1)},
    When.WEIGHT_BELOW: lambda row, given: {
        "who": replace(given["who"], weight=measured("obs-body-weight", str(row.limit - 1), "kg"))
    },
    When.EGFR_BELOW: lambda row, given: {
        "measurements": [
            *given["measurements"][1:],
            measured("obs-egfr", str(row.limit - 1), "mL/min/{1.73_m2}"),
        ]
    },
    When.MEASURED_BELOW: lambda row, given: {
        "measurements": [
            *(m for m in given["measurements"] if m.set_id != row.sets[0]),
            measured(row.sets[0], str(row.limit / 2), "10*9/L"),
        ]
    },
    When.PLATELETS_BELOW: lambda row, given: {"platelets": counts(str(row.limit - 1))},
    When.USING: lambda row, given: {"drugs": [build.drug(row.sets[0])]},
    When.USED: lambda row, given: {
        "past_drugs": [build.drug(row.sets[0], days=60, end=build.ago(days=row.days - 1), status="completed")]
    },
    When.FINDING: lambda row, given: {"findings": [*given["findings"], finding(row.sets[0])]},
    When.FINDING_OR_SUSPECTED: lambda row, given: {
        "findings": [*given["findings"], finding(row.sets[0], verification=Verification.SUSPECTED)]
    },
    When.IMMUNOCOMPROMISED: lambda row, given: {"findings": [finding("status-transplant")]},
    When.INPATIENT: lambda row, given: {"stay": STAY},
    When.TEST_POSITIVE: lambda row, given: {"tests": [lab_result(row.sets[0], result=Result.POSITIVE)]},
    When.BLEEDING: lambda row, given: {"bleeding": build.facts(60, findings=[build.nosebleed()]).bleeding},
    When.VIRAL_BELOW_AGE: lambda row, given: {"who": replace(given["who"], age_years=int(row.limit) - 1)},
    When.FAILING: lambda row, given: {
        "signs": build.facts(60, findings=[build.condition("sign-shock")]).signs
    },
    When.STEC: lambda row, given: {"tests": [lab_result("lab-stec", result=Result.POSITIVE)]},
}
AGAINST[When.EGFR_KNOWN_BELOW] = AGAINST[When.EGFR_BELOW]
"""What makes a row of an exclusion apply."""

EXCLUSIONS = [
    (p, r, row)
    for p, r in DRAFTED
    for row in r.excluded
    if row.when is not When.VIRAL_BELOW_AGE  # asks for a virus beside it: `test_safety_check`
]


@pytest.mark.parametrize(
    ("pathogen", "regimen", "row"),
    EXCLUSIONS,
    ids=[f"{p.id} {r.key} {row.key} {row.when.value}" for p, r, row in EXCLUSIONS],
)
def test_each_exclusion_withholds_its_regimen(pathogen: Pathogen, regimen: Regimen, row: Any) -> None:
    given = wanted(pathogen, regimen)
    assert not offers(pathogen, regimen, given | AGAINST[row.when](row, given))


def test_every_pathogen_of_section_d_has_its_file() -> None:
    assert {short(p) for p in ALL} >= {*WINDOWS, "VIR", "ADV", "VHF"}
    assert set(pathogens()) == {p.id for p in ALL}

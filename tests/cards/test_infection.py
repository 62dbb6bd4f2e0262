"""INF-GEN-01 to 04 and the four pathogens: which card, how urgent, what it offers, and when it is silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cards.anti_infective.infection import ADVICE, decide
from cards.facts import Certainty, Known, PatientFacts, Sign, Signs
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import ClinicalStatus, Kind, Medication, Planned, Result, Route
from tests.cards import build
from tests.cards.direct import (
    LIMITS,
    NOW,
    ago,
    allergy,
    cards,
    counts,
    day,
    drafts,
    drug,
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

SHOCK = Signs(shock=(Sign("Observation/bp"),))
EGFR = measured("obs-egfr", "80", "mL/min/{1.73_m2}")


def test_every_card_id_of_the_files_is_an_id_of_the_advice() -> None:
    assert {rule for p in pathogens().values() for rule in p.card_rules} <= set(ADVICE.ids)


# ----------------------------------------------------------------------------------- supportive care


def test_mononucleosis_is_supportive_care() -> None:
    card = only(decide(patient(counts("22"), infection("INF-EBV")), LIMITS))
    assert (card.rule, card.indicator, card.also) == ("INF-EBV", Indicator.INFO, ("INF-GEN-02",))
    assert drafts(card) == []
    assert "An antiviral drug does not help" in text_of(card)
    assert "ampicillin" in text_of(card)
    assert "contact sport" in text_of(card)


@pytest.mark.parametrize(("value", "shown"), [("49.9", True), ("50.0", False)])
def test_nsaid_caution_of_mononucleosis_is_below_50(value: str, shown: bool) -> None:
    card = only(decide(patient(counts(value), infection("INF-EBV")), LIMITS))
    assert ("caution.no-nsaid" in card.cautions) is shown


def test_dengue_offers_a_count_with_haematocrit_and_warns_of_severity() -> None:
    card = only(decide(patient(counts("60"), infection("INF-DEN", severe=True)), LIMITS))
    assert (card.rule, card.indicator, card.also) == ("INF-DEN", Indicator.INFO, ("INF-GEN-02",))
    assert drafts(card) == ["cbc-hematocrit"]
    assert card.cautions == ("caution.severe",)


def test_infection_past_its_window_starts_no_card() -> None:
    answers = decide(patient(counts("48"), infection("INF-EBV", current=False)), LIMITS)
    assert answers["INF-EBV"] == NoAdvice(Why.INFECTION_NOT_CURRENT)


# ---------------------------------------------------------------------------------------------- suspected


@pytest.mark.parametrize(
    ("pathogen", "rule", "first_draft"),
    [
        ("INF-EBV", "INF-EBV", "ebv-test"),
        ("INF-DEN", "INF-DEN", "dengue-test"),
        ("INF-HP", "INF-HP-01", "h-pylori-test"),
    ],
)
def test_suspicion_asks_for_tests_and_drafts_no_drug(pathogen: str, rule: str, first_draft: str) -> None:
    card = only(decide(patient(counts("40"), infection(pathogen, Certainty.SUSPECTED)), LIMITS))
    assert (card.rule, card.indicator, card.also) == (rule, Indicator.INFO, ("INF-GEN-03",))
    assert drafts(card)[0] == first_draft
    assert not any(name.startswith("therapy:") for name in drafts(card))


def test_a_test_that_is_already_ordered_is_not_asked_for_again() -> None:
    ordered = Planned("ServiceRequest/s-1", frozenset({"order-h-pylori"}), "active")
    suspected = infection("INF-HP", Certainty.SUSPECTED)
    answers = decide(patient(counts("40"), suspected, planned=[ordered]), LIMITS)
    assert answers["INF-HP-01"] == NoAdvice(Why.ALREADY_DONE)


# ---------------------------------------------------------------------------------------------- H. pylori


def test_h_pylori_is_treated_with_quadruple_therapy_as_one_suggestion() -> None:
    card = only(decide(patient(counts("60"), infection("INF-HP"), measurements=[EGFR]), LIMITS))
    assert (card.rule, card.indicator) == ("INF-HP-02", Indicator.WARNING)
    assert card.also == ("INF-GEN-01", "INF-GEN-06")
    first, second = card.suggestions
    assert [a.template for a in first.actions] == [
        "therapy:INF-HP:ppi",
        "therapy:INF-HP:bismuth-subcitrate",
        "therapy:INF-HP:tetracycline",
        "therapy:INF-HP:metronidazole",
    ]
    assert all(a.dosage and "14 days" in a.dosage for a in first.actions)
    assert second.label == "bqt-subsalicylate"
    assert card.one_of
    assert "35.2 %" in text_of(card)


def test_salicylate_is_not_offered_below_50() -> None:
    card = only(decide(patient(counts("26"), infection("INF-HP"), measurements=[EGFR]), LIMITS))
    assert [s.label for s in card.suggestions] == ["bqt-subcitrate"]
    assert not card.one_of
    assert "caution.salicylate-low" in card.cautions


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"unanswered": [Kind.ALLERGIES]}, Fact.ALLERGIES),
        ({"who": person(None)}, Fact.AGE),
        ({"who": person(34, "female")}, Fact.PREGNANCY),
        ({"measurements": []}, Fact.EGFR),
    ],
)
def test_no_draft_while_an_input_is_unknown(change: dict[str, object], missing: Fact) -> None:
    given: dict[str, object] = {"measurements": [EGFR]} | change
    card = only(decide(patient(counts("60"), infection("INF-HP"), **given), LIMITS))  # type: ignore[arg-type]
    assert missing in card.unknown
    assert not any(name.startswith("therapy:") for name in drafts(card))
    assert "gastroenterology" in drafts(card)
    assert not any(key.startswith("dose.") for key in card.say)
    assert "INF-GEN-06/withheld" in card.say


def test_missing_renal_function_can_be_ordered() -> None:
    assert "creatinine" in drafts(only(decide(patient(counts("60"), infection("INF-HP")), LIMITS)))


def test_penicillin_allergy_leaves_quadruple_therapy_and_drops_the_alternatives() -> None:
    p = patient(
        counts("60"), infection("INF-HP"), measurements=[EGFR], allergies=[allergy("allergy-penicillin")]
    )
    card = only(decide(p, LIMITS))
    assert card.suggestions[0].label == "bqt-subcitrate"
    assert "regimen.without-penicillin-allergy" not in card.say
    assert "caution.penicillin-allergy" in card.cautions
    assert any(row.reference == "AllergyIntolerance/a-1" for row in card.inputs)


def test_renal_failure_leaves_no_draft() -> None:
    low = measured("obs-egfr", "29.9", "mL/min/{1.73_m2}")
    card = only(decide(patient(counts("60"), infection("INF-HP"), measurements=[low]), LIMITS))
    assert drafts(card) == ["gastroenterology"]
    assert "caution.renal" in card.cautions


@pytest.mark.parametrize(
    ("sets", "caution"),
    [("med-vitamin-k-antagonist", "caution.warfarin"), ("med-tpo-ra", "caution.eltrombopag")],
)
def test_interactions_are_named(sets: str, caution: str) -> None:
    card = only(decide(patient(counts("60"), infection("INF-HP"), drugs=[drug(sets)]), LIMITS))
    assert caution in card.cautions


def test_pregnancy_defers_h_pylori_treatment() -> None:
    pregnant = person(30, "female", Known.YES)
    card = only(decide(patient(counts("70"), infection("INF-HP"), who=pregnant, measurements=[EGFR]), LIMITS))
    assert (card.rule, card.indicator, card.also) == ("INF-HP-02", Indicator.INFO, ("INF-GEN-01", "POP-03"))
    assert drafts(card) == ["gastroenterology"]
    assert "after delivery" in text_of(card)


@pytest.mark.parametrize(
    ("age", "rules"), [(17, ("INF-GEN-01", "POP-02")), (18, ("INF-GEN-01", "INF-GEN-06"))]
)
def test_children_are_not_treated_for_the_platelets(age: int, rules: tuple[str, ...]) -> None:
    card = only(
        decide(patient(counts("70"), infection("INF-HP"), who=person(age), measurements=[EGFR]), LIMITS)
    )
    assert card.also == rules


# ---------------------------------------------------------------------------------------------- therapy


def test_active_therapy_is_one_info_card_with_the_expected_day() -> None:
    active = infection(
        "INF-HP", therapy=(drug("med-h-pylori", start=day("2026-06-09")),), therapy_started=day("2026-06-09")
    )
    answers = decide(patient(counts("40"), active), LIMITS)
    card = only(answers)
    assert (card.rule, card.indicator, card.also) == ("INF-HP", Indicator.INFO, ("INF-GEN-04",))
    assert card.values["expected"].text == "2026-11-24"  # type: ignore[union-attr]
    assert answers["INF-HP-02"] == NoAdvice(Why.OTHER_ROW)
    assert not any(name.startswith("therapy:") for name in drafts(card))


def test_active_therapy_without_a_start_names_the_window() -> None:
    card = only(decide(patient(counts("40"), infection("INF-HP", therapy=(drug("med-h-pylori"),))), LIMITS))
    assert "within 24 weeks" in text_of(card)


def test_when_the_window_has_passed_the_other_card_speaks() -> None:
    started = ago(weeks=25)
    active = infection("INF-HP", therapy=(drug("med-h-pylori", start=started),), therapy_started=started)
    assert decide(patient(counts("40"), active), LIMITS)["INF-HP"] == NoAdvice(Why.SUPPRESSED)


def test_treated_infection_is_not_treated_again() -> None:
    treated = infection("INF-HP", onset=ago(days=60), therapy_ended=ago(days=40))
    assert decide(patient(counts("40"), treated), LIMITS)["INF-HP-02"] == NoAdvice(Why.INFECTION_TREATED)


def test_therapy_of_an_earlier_episode_does_not_count() -> None:
    again = infection("INF-SEP", onset=ago(days=1), therapy_ended=ago(days=80))
    assert only(decide(patient(counts("40"), again), LIMITS)).indicator is Indicator.CRITICAL


# ---------------------------------------------------------------------------------------------- sepsis


@pytest.mark.parametrize(
    ("certainty", "signs", "indicator", "general"),
    [
        (Certainty.REPORTED, Signs(), Indicator.CRITICAL, "INF-GEN-01"),
        (Certainty.SUSPECTED, SHOCK, Indicator.CRITICAL, "INF-GEN-01"),
        (Certainty.SUSPECTED, Signs(), Indicator.WARNING, "INF-GEN-03"),
    ],
)
def test_sepsis_is_critical_unless_only_possible_without_shock(
    certainty: Certainty, signs: Signs, indicator: Indicator, general: str
) -> None:
    card = only(decide(patient(counts("74"), infection("INF-SEP", certainty), signs=signs), LIMITS))
    assert (card.rule, card.indicator) == ("INF-SEP", indicator)
    assert general in card.also
    assert drafts(card) == ["blood-culture", "lactate", "coagulation"]


def test_possible_sepsis_has_three_hours_and_not_one() -> None:
    card = only(decide(patient(counts("74"), infection("INF-SEP", Certainty.SUSPECTED)), LIMITS))
    assert "within 3 hours" in text_of(card)
    assert "1 hour" not in text_of(card)


def test_septic_shock_by_code_is_critical_also_when_suspected() -> None:
    suspected = infection("INF-SEP", Certainty.SUSPECTED, severe=True)
    card = only(decide(patient(counts("74"), suspected), LIMITS))
    assert card.indicator is Indicator.CRITICAL
    assert "1 hour" in text_of(card)


def test_sepsis_under_an_intravenous_antibacterial_is_info_unless_in_shock() -> None:
    active = infection(
        "INF-SEP",
        therapy=(drug("med-antibacterial", start=ago(days=1), route=Route.INTRAVENOUS),),
        therapy_started=ago(days=1),
    )
    card = only(decide(patient(counts("40"), active), LIMITS))
    assert (card.rule, card.indicator, card.also) == ("INF-SEP", Indicator.INFO, ("INF-GEN-04",))
    card = only(decide(patient(counts("40"), active, signs=SHOCK), LIMITS))
    assert (card.indicator, card.say) == (Indicator.CRITICAL, ("under-way",))


def test_shock_after_the_therapy_has_ended_is_critical_again() -> None:
    ended = infection("INF-SEP", onset=ago(days=9), therapy_ended=ago(days=2))
    assert cards(decide(patient(counts("40"), ended), LIMITS)) == []
    assert only(decide(patient(counts("40"), ended, signs=SHOCK), LIMITS)).indicator is Indicator.CRITICAL


def test_unread_blood_pressure_is_said_in_possible_sepsis() -> None:
    signs = Signs(unknown=frozenset({Fact.BLOOD_PRESSURE}))
    card = only(decide(patient(counts("74"), infection("INF-SEP", Certainty.SUSPECTED), signs=signs), LIMITS))
    assert Fact.BLOOD_PRESSURE in card.unknown


# ---------------------------------------------------------------------------------------------- not recorded


def test_unknown_problem_list_is_not_no_infection() -> None:
    answers = decide(patient(counts("40"), unanswered=[Kind.CONDITIONS]), LIMITS)
    assert answers["INF-EBV"] == CannotTell(Fact.CONDITIONS)
    assert answers["INF-GEN-01"] == CannotTell(Fact.CONDITIONS)


def test_no_infection_no_card() -> None:
    answers = decide(patient(counts("41")), LIMITS)
    assert cards(answers) == []
    assert answers["INF-GEN-02"] == NoAdvice(Why.NO_INFECTION)


def test_h_pylori_antibody_alone_asks_for_a_proof() -> None:
    antibody = lab_result("lab-h-pylori", result=Result.POSITIVE, proves="exposure")
    p = patient(counts("41"), tests=[antibody], exposures=[antibody])
    card = only(decide(p, LIMITS))
    assert (card.rule, card.indicator, card.also) == ("INF-HP-01", Indicator.INFO, ("INF-GEN-03",))
    assert "antibodies only" in text_of(card)
    negative = lab_result("lab-h-pylori", result=Result.NEGATIVE)
    p = patient(counts("41"), tests=[antibody, negative], exposures=[antibody])
    assert cards(decide(p, LIMITS)) == []


def test_antibodies_of_an_acute_infection_mean_nothing() -> None:
    antibody = lab_result("lab-ebv", result=Result.POSITIVE, proves="exposure")
    assert cards(decide(patient(counts("41"), tests=[antibody], exposures=[antibody]), LIMITS)) == []


IMMUNE = finding("cond-thrombocytopenia-immune")


def test_recorded_itp_without_a_test_gets_the_test_card() -> None:
    card = only(decide(patient(counts("60"), findings=[IMMUNE]), LIMITS))
    assert (card.rule, card.indicator, drafts(card)) == ("INF-HP-01", Indicator.INFO, ["h-pylori-test"])


@pytest.mark.parametrize(
    "change",
    [
        {"who": person(17)},
        {"who": person(30, "female", Known.YES)},
        {"tests": [lab_result("lab-h-pylori")]},
        {"findings": [IMMUNE, finding("risk-splenomegaly", reference="Condition/f-2")]},
        {"drugs": [drug("med-drug-induced-thrombocytopenia")]},
        {"platelets": counts(str(LIMITS.workup_count))},
    ],
)
def test_no_h_pylori_test_card(change: dict[str, object]) -> None:
    given: dict[str, object] = {"platelets": counts("60"), "findings": [IMMUNE]} | change
    assert cards(decide(patient(**given), LIMITS)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("short", "speaks"), [(1, False), (0, True)])
def test_a_low_series_without_a_cause_is_unexplained_from_six_weeks(short: int, speaks: bool) -> None:
    first = NOW - LIMITS.span("mon_default_weeks")
    since = replace(ago(), earliest=first, latest=first)
    if short:
        since = ago(days=LIMITS.span("mon_default_weeks").days - short)
    answers = decide(patient(counts(("70", since), "62")), LIMITS)
    assert [c.rule for c in cards(answers)] == (["INF-HP-01"] if speaks else [])


def test_without_a_usable_count_the_test_card_cannot_tell() -> None:
    answers = decide(patient(counts("60", usable=False), findings=[IMMUNE]), LIMITS)
    assert answers["INF-HP-01"] == CannotTell(Fact.PLATELETS)


# ---------------------------------------------------------------------------------------- read from a record


def rules_of(p: PatientFacts) -> list[tuple[str, Indicator]]:
    return [(card.rule, card.indicator) for card in cards(decide(p, LIMITS))]


def two_drugs(**times: object) -> list[Medication]:
    return [build.drug("med-h-pylori", code=name, **times) for name in ("tetracycline", "metronidazole")]


def test_resolved_condition_and_a_new_positive_test() -> None:
    resolved = build.h_pylori(
        at=build.on("2024-02-01"), ended=build.on("2024-04-01"), clinical=ClinicalStatus.PAST
    )
    p = build.facts(39, findings=[resolved], tests=[build.lab("lab-h-pylori")])
    assert rules_of(p) == [("INF-HP-02", Indicator.WARNING)]


def test_quadruple_therapy_on_day_six() -> None:
    p = build.facts(40, tests=[build.lab("lab-h-pylori", days=20)], medications=two_drugs(days=6))
    card = only(decide(p, LIMITS))
    assert (card.rule, card.also, card.indicator) == ("INF-HP", ("INF-GEN-04",), Indicator.INFO)


def test_one_antibiotic_alone_is_no_therapy_of_h_pylori() -> None:
    p = build.facts(40, findings=[build.h_pylori(days=9)], medications=two_drugs()[:1])
    assert rules_of(p) == [("INF-HP-02", Indicator.WARNING)]


def test_refuted_infection_and_purpura_get_no_infection_card() -> None:
    assert rules_of(build.facts(41, findings=[build.purpura()])) == []


def test_positive_test_after_the_therapy_is_a_failure() -> None:
    over = two_drugs(days=60, end=build.ago(days=46), status="completed")
    infected = build.h_pylori(days=70)
    assert rules_of(build.facts(40, findings=[infected], medications=over)) == []
    again = build.facts(40, findings=[infected], medications=over, tests=[build.lab("lab-h-pylori")])
    assert rules_of(again) == [("INF-HP-02", Indicator.WARNING)]


def test_mononucleosis_by_test_or_condition() -> None:
    for p in (build.facts(45, tests=[build.lab("lab-ebv")]), build.facts(45, findings=[build.ebv(days=3)])):
        assert rules_of(p) == [("INF-EBV", Indicator.INFO)]


def test_septic_shock_by_lactate_pressure_and_code() -> None:
    low = build.measured("obs-systolic", 82)
    p = build.facts("9.5", findings=[build.sepsis(suspected=True)], measurements=[low])
    assert rules_of(p) == [("INF-SEP", Indicator.CRITICAL)]

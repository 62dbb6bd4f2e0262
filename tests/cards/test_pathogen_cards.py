"""What is particular to a pathogen: who is treated, how urgently, with what, and what its card never offers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cards.anti_infective.infection import decide
from cards.facts import Certainty, Known, Sign, Signs
from cards.outcome import Advise, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Kind, Route
from tests.cards import build
from tests.cards.build import near
from tests.cards.direct import (
    LIMITS,
    ago,
    allergy,
    cards,
    counts,
    drafts,
    drug,
    finding,
    infection,
    measured,
    only,
    patient,
    person,
    text_of,
)

SUSPECTED = Certainty.SUSPECTED
SHOCK = Signs(shock=(Sign("Observation/bp"),))
FAILING = Signs(organ_failure=(Sign("Observation/creatinine"),))


def weighing(who: Any, kilograms: str) -> Any:
    return replace(who, weight=measured("obs-body-weight", kilograms, "kg"))


def card_of(pathogen: str, certainty: Certainty = Certainty.REPORTED, **given: Any) -> Advise:
    """The card of a current infection; `severe` and `therapy` belong to the infection."""
    own = {key: given.pop(key) for key in ("severe", "therapy", "therapy_started") if key in given}
    found = cards(
        decide(
            patient(given.pop("platelets", counts("60")), infection(pathogen, certainty, **own), **given),
            LIMITS,
        )
    )
    return next(card for card in found if card.rule.startswith(pathogen))


# ------------------------------------------------------------------------------------------ meningococci


@pytest.mark.parametrize("certainty", [Certainty.REPORTED, SUSPECTED])
def test_meningococcal_disease_is_critical_with_its_first_dose(certainty: Certainty) -> None:
    card = card_of("INF-MEN", certainty)
    assert (card.indicator, card.suggestions[0].label) == (Indicator.CRITICAL, "SAFE-12/ceftriaxone")
    assert card.suggestions[0].actions[0].dosage == "2 g intravenously at once, then by local protocol"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"allergies": [allergy("allergy-cephalosporin")]}, "SAFE-12/caution.allergy"),
        ({"who": replace(person(0), age_days=9)}, "SAFE-12/caution.neonate"),
    ],
)
def test_what_withholds_the_first_dose(given: dict[str, Any], said: str) -> None:
    card = card_of("INF-MEN", **given)
    assert "ceftriaxone" not in drafts(card)
    assert said in card.cautions
    assert "INF-GEN-06/withheld" in card.say


def test_unknown_allergies_withhold_the_first_dose_and_are_named() -> None:
    card = card_of("INF-MEN", unanswered=[Kind.ALLERGIES])
    assert "ceftriaxone" not in drafts(card)
    assert Fact.ALLERGIES in card.unknown
    assert "blood-culture" in drafts(card)


# -------------------------------------------------------------------------------------------- rickettsiae


@pytest.mark.parametrize(
    ("who", "dosage"),
    [
        (person(40), "100 mg"),
        (person(30, "female", Known.YES), "100 mg"),
        (person(30, "female", Known.UNKNOWN), "100 mg"),
        (weighing(person(6), "20"), "44 mg (2.2 mg/kg for 20 kg)"),
        (weighing(person(17), "60"), "100 mg (the maximum"),
    ],
)
def test_doxycycline_at_every_age_and_in_pregnancy(who: Any, dosage: str) -> None:
    (action,) = card_of("INF-RICK", who=who).suggestions[-1].actions
    assert action.dosage is not None
    assert action.dosage.startswith(dosage)


def test_a_suspicion_of_spotted_fever_is_treated_and_critical() -> None:
    card = card_of("INF-RICK", SUSPECTED, severe=True)
    assert (card.indicator, card.title) == (Indicator.CRITICAL, "INF-GEN-03/title")
    assert "therapy:INF-RICK:doxycycline" in drafts(card)
    assert card_of("INF-RICK", SUSPECTED).indicator is Indicator.WARNING


def test_a_tetracycline_allergy_is_for_the_specialist() -> None:
    card = card_of("INF-RICK", allergies=[allergy("allergy-tetracycline")])
    assert "caution.allergy" in card.cautions
    assert not any(name.startswith("therapy:") for name in drafts(card))


# ------------------------------------------------------------------------------------------------ malaria


def test_severe_malaria_gets_artesunate_also_on_suspicion() -> None:
    who = weighing(person(40), "70")
    for certainty in (Certainty.REPORTED, SUSPECTED):
        card = card_of("INF-MAL", certainty, who=who, signs=SHOCK)
        assert card.indicator is Indicator.CRITICAL
        assert "therapy:INF-MAL:artesunate" in drafts(card)
    card = card_of("INF-MAL", SUSPECTED, who=who)
    assert (card.indicator, drafts(card)) == (Indicator.INFO, ["malaria-test"])


@pytest.mark.parametrize(("weight", "offered"), [("19.9", False), ("20", True)])
def test_below_20_kg_both_doses_are_told_and_none_is_drafted(weight: str, offered: bool) -> None:
    card = card_of("INF-MAL", who=weighing(person(5), weight), severe=True)
    assert ("therapy:INF-MAL:artesunate" in drafts(card)) is offered
    assert ("3.0 mg/kg" in text_of(card)) is not offered


def test_a_sign_of_severity_under_another_antimalarial_asks_for_artesunate() -> None:
    chloroquine, artesunate = drug("med-antimalarial"), drug("med-antimalarial", "med-artesunate")
    card = card_of("INF-MAL", therapy=(chloroquine,), signs=SHOCK)
    assert (card.indicator, card.say) == (Indicator.CRITICAL, ("under-way",))
    assert card_of("INF-MAL", therapy=(artesunate,), signs=SHOCK).also == ("INF-GEN-04",)
    assert card_of("INF-MAL", therapy=(chloroquine,)).also == ("INF-GEN-04",)


# ---------------------------------------------------------------------------------------------- hepatitis


KNOWN_LIVER: dict[str, Any] = {
    "measurements": [measured("obs-egfr", "80", "mL/min/{1.73_m2}")],
    "tests": [build.lab("lab-hbv-surface-antigen", "negative")],
}


def test_hepatitis_c_has_two_regimens_to_choose_from() -> None:
    card = card_of("INF-HCV", **KNOWN_LIVER)
    assert card.one_of
    assert [s.label for s in card.suggestions[1:]] == ["sofosbuvir-velpatasvir", "glecaprevir-pibrentasvir"]
    assert "possible cirrhosis" in text_of(card)
    assert "interferon has no place" in text_of(card)


def test_hbsag_takes_hepatitis_c_out_of_the_simplified_scheme() -> None:
    positive = KNOWN_LIVER | {"tests": [build.lab("lab-hbv-surface-antigen")]}
    card = card_of("INF-HCV", **positive)
    assert "hepatology" in drafts(card)
    assert not any(name.startswith("therapy:") for name in drafts(card))
    assert "caution.hbv" in card.cautions


@pytest.mark.parametrize("set_id", ["med-corticosteroid", "med-rituximab"])
def test_hepatitis_b_is_a_warning_where_it_can_be_reactivated(set_id: str) -> None:
    assert card_of("INF-HBV").indicator is Indicator.INFO
    for given in ({"drugs": [drug(set_id)]}, {"orders": [build.order(set_id)]}):
        card = card_of("INF-HBV", **given)
        assert card.indicator is Indicator.WARNING
        assert "caution.immunosuppression" in card.cautions
        assert not any(name.startswith("therapy:") for name in drafts(card))


def test_tenofovir_alone_is_no_therapy_of_hiv() -> None:
    hiv = build.condition("inf-hiv", days=90)
    tenofovir = build.drug("med-antiretroviral", "med-antiviral-hbv", code="tenofovir")
    p = build.facts(60, findings=[hiv], medications=[tenofovir])
    assert [(c.rule, c.indicator) for c in cards(decide(p, LIMITS)) if c.rule == "INF-HIV"] == [
        ("INF-HIV", Indicator.WARNING)
    ]
    p = build.facts(60, findings=[hiv], medications=[build.drug("med-antiretroviral", code="dolutegravir")])
    assert "INF-GEN-04" in only(decide(p, LIMITS)).also


# ---------------------------------------------------------------------------------------------- herpes viruses


def test_cmv_is_treated_below_30_or_with_a_weak_defence() -> None:
    for value, general in zip(near("30"), ("INF-GEN-01", "INF-GEN-02", "INF-GEN-02"), strict=True):
        card = card_of("INF-CMV", platelets=counts(str(value)))
        assert general in card.also
        assert card.indicator is (Indicator.WARNING if general == "INF-GEN-01" else Indicator.INFO)
    card = card_of("INF-CMV", findings=[finding("status-transplant")])
    assert (card.indicator, "POP-05" in card.also) == (Indicator.WARNING, True)


KNOWN_CMV = [
    measured("obs-egfr", "80", "mL/min/{1.73_m2}"),
    measured("obs-neutrophils", "2", "10*9/L"),
    measured("obs-hemoglobin", "11", "g/dL"),
]


def test_ganciclovir_is_never_drafted_below_the_limits_of_its_label() -> None:
    for value, offered in zip(near("25"), (False, True, True), strict=True):
        card = card_of("INF-CMV", platelets=counts(str(value)), measurements=KNOWN_CMV)
        assert ("therapy:INF-CMV:valganciclovir" in drafts(card)) is offered
        assert ("caution.low-platelets" in card.cautions) is not offered
    card = card_of("INF-CMV", platelets=counts("27"), measurements=KNOWN_CMV[:1])
    assert {Fact.NEUTROPHILS, Fact.HAEMOGLOBIN} <= set(card.unknown)


@pytest.mark.parametrize(
    ("given", "general", "label"),
    [
        ({"who": person(12)}, "INF-GEN-02", None),
        ({"who": person(13)}, "INF-GEN-01", "oral"),
        ({"who": person(30, "female", Known.YES)}, "INF-GEN-01", "oral"),
        ({"who": person(12), "findings": [finding("status-transplant")]}, "INF-GEN-01", "weak-defence"),
        ({"who": person(40), "findings": [finding("bleed-purpura-fulminans")]}, "INF-GEN-01", "grave"),
    ],
)
def test_varicella_is_supportive_in_the_healthy_child_only(
    given: dict[str, Any], general: str, label: str | None
) -> None:
    given = given | {"who": weighing(given["who"], "50"), "measurements": KNOWN_CMV[:1]}
    card = card_of("INF-VZV", **given)
    assert general in card.also
    assert [s.label for s in card.suggestions if s.label != "treat"] == ([label] if label else [])
    assert card.indicator is (Indicator.CRITICAL if label == "grave" else Indicator.INFO)


@pytest.mark.parametrize(
    ("who", "draft"),
    [
        (weighing(replace(person(0), age_days=27), "3.4"), "therapy:INF-HSV:aciclovir-newborn"),
        (weighing(replace(person(0), age_days=28), "4"), None),
        (weighing(person(11), "35"), None),
        (weighing(person(12), "40"), "therapy:INF-HSV:aciclovir"),
    ],
)
def test_aciclovir_by_age_in_disseminated_herpes(who: Any, draft: str | None) -> None:
    card = card_of("INF-HSV", who=who, severe=True, measurements=KNOWN_CMV[:1])
    assert card.indicator is Indicator.CRITICAL
    assert [name for name in drafts(card) if name.startswith("therapy:")] == ([draft] if draft else [])
    assert ("paediatric infectious diseases" in text_of(card)) is (draft is None)


def test_a_herpes_test_of_some_material_is_not_called_disseminated() -> None:
    p = build.facts(60, tests=[build.lab("lab-hsv")])
    card = only(decide(p, LIMITS))
    assert (card.indicator, drafts(card)) == (Indicator.INFO, ["hsv-test", "liver-tests", "creatinine"])


# ---------------------------------------------------------------------------------------------- bacteria


@pytest.mark.parametrize(("signs", "severe"), [(Signs(), False), (FAILING, True), (SHOCK, True)])
def test_leptospirosis_by_mouth_or_vein(signs: Signs, severe: bool) -> None:
    card = card_of("INF-LEPTO", signs=signs)
    assert card.indicator is (Indicator.CRITICAL if severe else Indicator.WARNING)
    names = [name.rpartition(":")[2] for name in drafts(card) if name.startswith("therapy:")]
    assert names == (
        ["ceftriaxone", "penicillin"] if severe else ["doxycycline", "azithromycin", "amoxicillin"]
    )


def test_suspected_leptospirosis_is_tested_even_with_organ_failure() -> None:
    card = card_of("INF-LEPTO", SUSPECTED, signs=FAILING)
    assert card.indicator is Indicator.INFO
    assert not any(name.startswith("therapy:") for name in drafts(card))


def test_typhoid_never_drafts_a_quinolone_or_ceftriaxone() -> None:
    card = card_of("INF-TYPH", who=weighing(person(40), "50"))
    assert (
        card.suggestions[-1].actions[0].dosage
        == "1000 mg (20 mg/kg for 50 kg) by mouth once daily for 7 days"
    )
    septic = card_of("INF-TYPH", who=weighing(person(40), "50"), findings=[finding("inf-sepsis")])
    assert not any(name.startswith("therapy:") for name in drafts(septic))


def test_tuberculosis_needs_two_drugs_or_a_pack() -> None:
    tb = build.condition("inf-tb", days=40)

    def under_therapy(*drugs: Any) -> bool:
        found = only(decide(build.facts(60, findings=[tb], medications=list(drugs)), LIMITS))
        return "INF-GEN-04" in found.also

    rifampicin = build.drug("med-antituberculosis", "med-rifamycin", code="rifampicin")
    assert not under_therapy(rifampicin)
    assert under_therapy(rifampicin, build.drug("med-antituberculosis", code="isoniazid"))
    assert under_therapy(build.drug("med-antituberculosis", "med-antituberculosis-pack", code="fixed"))


def test_meningococcal_therapy_is_intravenous() -> None:
    recorded = build.condition("inf-meningococcal", days=1)

    def rules(route: Route | None) -> tuple[str, ...]:
        given = build.drug("med-cephalosporin", route=route, days=1)
        return only(decide(build.facts(60, findings=[recorded], medications=[given]), LIMITS)).also

    assert "INF-GEN-04" in rules(Route.INTRAVENOUS)
    assert "INF-GEN-04" not in rules(Route.ORAL)
    assert "INF-GEN-04" not in rules(None)


# ---------------------------------------------------------------------------------------------- other viruses


@pytest.mark.parametrize(
    ("given", "general"),
    [
        ({"who": person(64)}, "INF-GEN-02"),
        ({"who": person(65)}, "INF-GEN-01"),
        ({"who": person(30, "female", Known.YES)}, "INF-GEN-01"),
        ({"findings": [finding("status-transplant")]}, "INF-GEN-01"),
        ({"severe": True}, "INF-GEN-01"),
    ],
)
def test_influenza_is_treated_when_severe_or_at_risk(given: dict[str, Any], general: str) -> None:
    card = card_of("INF-FLU", **given)
    assert (general in card.also, card.indicator) == (True, Indicator.INFO)


def test_pregnancy_is_told_where_it_matters() -> None:
    pregnant = person(30, "female", Known.YES)
    for pathogen, words in (("INF-B19", "fetal surveillance"), ("INF-ZIK", "counselling")):
        card = card_of(pathogen, who=pregnant)
        assert words in text_of(card)
        assert "POP-03" in card.also
        assert words not in text_of(card_of(pathogen, who=person(40)))


@pytest.mark.parametrize("pathogen", ["INF-HAN", "INF-SFTS"])
def test_haemorrhagic_fevers_are_supportive_and_critical_with_organ_failure(pathogen: str) -> None:
    assert card_of(pathogen).indicator is Indicator.WARNING
    card = card_of(pathogen, signs=FAILING)
    assert card.indicator is Indicator.CRITICAL
    assert not any(name.startswith("therapy:") for name in drafts(card))


def vaccinated(value: Any, **members: Any) -> list[Advise]:
    p = build.facts(value, immunizations=[build.done("vax-mmr", **members)])
    return cards(decide(p, LIMITS))


def test_a_low_count_after_the_mmr_vaccine() -> None:
    (card,) = vaccinated(34, days=42)
    assert (card.rule, card.indicator, card.also) == ("INF-MMR", Indicator.INFO, ("INF-GEN-02",))
    assert card.suggestions == ()
    assert card.inputs[-1].fact == "vaccine"
    assert vaccinated(34, days=43) == []
    assert [len(vaccinated(value, days=20)) for value in near(LIMITS.mild)] == [1, 0, 0]


def test_another_infection_does_not_hide_the_vaccine_and_measles_leads_it() -> None:
    measles = build.condition("inf-measles", days=2)
    p = build.facts(34, findings=[measles], immunizations=[build.done("vax-mmr", days=20)])
    assert only(decide(p, LIMITS)).say == ("supportive",)


def test_an_infection_that_is_treated_starts_no_card() -> None:
    over = infection("INF-LEPTO", onset=ago(days=12), therapy_ended=ago(days=2))
    assert decide(patient(counts("60"), over), LIMITS)["INF-LEPTO"] == NoAdvice(Why.INFECTION_TREATED)

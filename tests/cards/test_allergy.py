"""ORD-16: the selected drug meets a recorded allergy."""

from __future__ import annotations

from typing import Any

import pytest

from cards.orders.allergy import decide
from cards.orders.cross_reactivity import CLASSES, SUBSTANCES
from cards.outcome import CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from cards.valuesets import load
from tests.cards.build import LIMITS, allergy, facts, h_pylori, measured, order, service_order
from tests.cards.direct import text_of
from tests.cards.ordering import CRITICAL, INFO, WARNING, card, created, ordering, removed

AMOXICILLIN = order("med-aminopenicillin", "med-penicillin", "med-antibacterial", "med-h-pylori")
CEFTRIAXONE = order("med-cephalosporin", "med-cephalosporin-dissimilar", "med-antibacterial")
CEFALEXIN = order("med-cephalosporin", "med-antibacterial")
MEROPENEM = order("med-carbapenem", "med-antibacterial")
ANAPHYLAXIS = allergy("allergy-penicillin", anaphylaxis=True)


def asked(*orders: Any, **members: Any) -> Any:
    return decide(ordering(26, *orders, **members), LIMITS)


@pytest.mark.parametrize(
    ("members", "indicator", "title"),
    [
        ({"criticality": "high"}, CRITICAL, "title.severe"),
        ({"anaphylaxis": True}, CRITICAL, "title.severe"),
        ({"reaction_severity": "severe"}, CRITICAL, "title.severe"),
        ({"criticality": "low"}, WARNING, "title"),
        ({"criticality": "unable-to-assess"}, WARNING, "title"),
        ({}, WARNING, "title"),
        ({"intolerance": True}, INFO, "title.intolerance"),
        ({"intolerance": True, "anaphylaxis": True}, CRITICAL, "title.severe"),
    ],
)
def test_how_strongly(members: dict[str, Any], indicator: Indicator, title: str) -> None:
    found = card(asked(AMOXICILLIN, allergies=[allergy("allergy-penicillin", **members)]))
    assert (found.rule, found.indicator, found.title) == ("ORD-16", indicator, title)
    assert removed(found) == [AMOXICILLIN.reference]


def test_the_same_substance_by_its_code() -> None:
    code = (("rxnorm", "x"),)
    found = card(asked(order("med-statin", codes=code), allergies=[allergy("med-statin", codes=code)]))
    assert found.say == ("suggestion.substance",)


def test_a_class_that_no_row_names_is_no_match() -> None:
    assert asked(order("med-statin"), allergies=[allergy("med-statin")]) == NoAdvice(Why.NO_ALLERGY)


@pytest.mark.parametrize("one", CLASSES, ids=lambda c: c.name)
def test_every_class_by_every_one_of_its_sets(one: Any) -> None:
    for recorded in one.allergies:
        for selected in one.drugs:
            found = card(asked(order(selected), allergies=[allergy(recorded)]))
            assert found.indicator is WARNING
            assert found.inputs[0].fact == f"selected {one.name}"


@pytest.mark.parametrize(("name", "sets"), SUBSTANCES)
def test_a_product_is_its_ingredient(name: str, sets: tuple[str, ...]) -> None:
    for recorded in sets:
        entry = allergy(recorded, codes=(("rxnorm", "ingredient"),))
        found = card(asked(order(sets[0], codes=(("rxnorm", "product"),)), allergies=[entry]))
        assert (found.say, found.inputs[0].fact) == (("suggestion.substance",), f"selected {name}")


def test_the_sets_of_the_classes_exist() -> None:
    named = {s for c in CLASSES for s in (*c.allergies, *c.drugs)} | {
        s for _, sets in SUBSTANCES for s in sets
    }
    assert named <= set(load())


def test_another_class_is_no_match() -> None:
    assert asked(order("med-tetracycline"), allergies=[ANAPHYLAXIS]) == NoAdvice(Why.NO_ALLERGY)


# -------------------------------------------------------------------------------------------------- beta-lactams


@pytest.mark.parametrize("drug", [CEFTRIAXONE, MEROPENEM])
@pytest.mark.parametrize(("severe", "indicator"), [(False, INFO), (True, WARNING)])
def test_dissimilar_beta_lactams(drug: Any, severe: bool, indicator: Indicator) -> None:
    found = card(asked(drug, allergies=[allergy("allergy-penicillin", anaphylaxis=severe)]))
    assert (found.indicator, found.title) == (indicator, "title.dissimilar")
    assert found.suggestions[0].recommended is severe


@pytest.mark.parametrize(("severe", "indicator"), [(False, WARNING), (True, CRITICAL)])
def test_a_cephalosporin_that_may_be_similar(severe: bool, indicator: Indicator) -> None:
    found = card(asked(CEFALEXIN, allergies=[allergy("allergy-penicillin", anaphylaxis=severe)]))
    assert (found.indicator, found.title) == (indicator, "title.similar")


def test_a_cephalosporin_allergy_and_a_dissimilar_one_is_its_class() -> None:
    found = card(asked(CEFTRIAXONE, allergies=[allergy("allergy-cephalosporin", anaphylaxis=True)]))
    assert found.indicator is CRITICAL


def test_a_penicillin_after_a_cephalosporin_allergy_is_no_row() -> None:
    assert asked(AMOXICILLIN, allergies=[allergy("allergy-cephalosporin")]) == NoAdvice(Why.NO_ALLERGY)


@pytest.mark.parametrize("drug", [AMOXICILLIN, CEFTRIAXONE, CEFALEXIN, MEROPENEM])
def test_an_allergy_to_beta_lactams_as_a_whole_is_one_to_each_class(drug: Any) -> None:
    found = card(asked(drug, allergies=[allergy("allergy-beta-lactam", anaphylaxis=True)]))
    assert (found.indicator, found.title, found.values["drug"]) == (CRITICAL, "title.severe", "beta-lactam")


def test_two_drugs_in_one_card_led_by_the_stronger() -> None:
    found = card(asked(CEFTRIAXONE, AMOXICILLIN, allergies=[ANAPHYLAXIS]))
    assert (found.indicator, found.title) == (CRITICAL, "title.severe")
    assert removed(found) == [AMOXICILLIN.reference, CEFTRIAXONE.reference]
    assert found.say == ("suggestion.class", "suggestion.dissimilar-severe")


# -------------------------------------------------------------------------------------------- H. pylori (V-65)

RENAL = [measured("obs-egfr", 90, "mL/min/{1.73_m2}")]


def test_h_pylori_without_a_penicillin() -> None:
    found = card(asked(AMOXICILLIN, allergies=[ANAPHYLAXIS], findings=[h_pylori()], measurements=RENAL))
    assert found.indicator is CRITICAL
    assert "h-pylori" in found.say
    assert "bismuth quadruple" in text_of(found)
    assert any("tetracycline" in template for template in created(found))
    assert not any("amoxicillin" in t for t in created(found))
    assert found.suggestions[0].recommended
    assert not found.suggestions[-1].recommended
    assert found.one_of


def test_h_pylori_named_without_drafts_where_something_is_unknown() -> None:
    found = card(asked(AMOXICILLIN, allergies=[ANAPHYLAXIS], findings=[h_pylori()]))
    assert "h-pylori" in found.say
    assert created(found) == []
    assert found.unknown == (Fact.EGFR,)


def test_h_pylori_matters_for_a_penicillin_only() -> None:
    tetracycline = order("med-tetracycline", "med-h-pylori")
    found = card(asked(tetracycline, allergies=[allergy("allergy-tetracycline")], findings=[h_pylori()]))
    assert "h-pylori" not in found.say


# ------------------------------------------------------------------------------------------------------ unknown


def test_an_allergy_list_that_is_not_known() -> None:
    unread = {Kind.ALLERGIES: Answer.FAILED}
    assert asked(AMOXICILLIN, unanswered=unread) == CannotTell(Fact.ALLERGIES)
    none_known = [allergy("allergy-none-known", denies_all=True)]
    assert asked(AMOXICILLIN, unanswered=unread, allergies=none_known) == NoAdvice(Why.NO_ALLERGY)


def test_an_allergy_that_is_not_mapped_is_not_no() -> None:
    assert asked(AMOXICILLIN, allergies=[allergy()]) == CannotTell(Fact.ALLERGIES)


def test_no_drug_selected() -> None:
    assert decide(facts(26, allergies=[ANAPHYLAXIS]), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    assert asked(service_order("order-cbc"), allergies=[ANAPHYLAXIS]) == NoAdvice(Why.NOT_SELECTED)
    assert asked(order(), allergies=[ANAPHYLAXIS]) == CannotTell(Fact.SELECTED_DRUG)

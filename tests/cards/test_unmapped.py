"""ORD-32: an order without a mapped code gives no card, and the answer says so."""

from __future__ import annotations

from cards.orders.selection import none_chosen
from cards.orders.unmapped import decide
from cards.outcome import CannotTell, NoAdvice
from cards.reasons import Fact, Why
from tests.cards.build import LIMITS, facts, order
from tests.cards.ordering import ordering


def test_a_local_code_is_named_as_the_reason_and_never_guessed() -> None:
    assert decide(ordering(12, order()), LIMITS) == NoAdvice(Why.UNMAPPED)
    assert decide(ordering(12, order("med-nsaid"), order()), LIMITS) == NoAdvice(Why.UNMAPPED)


def test_a_code_of_allergies_does_not_tell_which_drug_it_is() -> None:
    substance = order("allergy-nsaid")
    assert decide(ordering(12, substance), LIMITS) == NoAdvice(Why.UNMAPPED)
    assert none_chosen(ordering(12, substance)) == CannotTell(Fact.SELECTED_DRUG)


def test_a_selection_that_is_not_among_the_drafts() -> None:
    p = ordering(12, unresolved_selections=["MedicationRequest/gone"])
    assert decide(p, LIMITS) == CannotTell(Fact.SELECTION)


def test_mapped_or_nothing() -> None:
    assert decide(ordering(12, order("med-nsaid")), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    assert decide(ordering(12, order(selected=False)), LIMITS) == NoAdvice(Why.NOT_SELECTED)
    assert decide(facts(12), LIMITS) == NoAdvice(Why.NOT_SELECTED)

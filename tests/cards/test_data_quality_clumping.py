"""DATA-05: possible clumping."""

from __future__ import annotations

from typing import Any

import pytest

from cards.data_quality.clumping import decide
from cards.facts import PatientFacts
from cards.outcome import ActionType, Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Specimen
from tests.cards import build
from tests.cards.build import LIMITS, count, facts, lab, near, nosebleed, purpura
from tests.cards.direct import drafts
from tests.cards.said import advice, read

PLATELETS = build.service_order("proc-platelet-transfusion")


def flagged(value: Any = 60, **more: Any) -> PatientFacts:
    """A flag of clumps drawn with the count."""
    return facts(value, tests=[lab("obs-platelet-artefact", hours=3)], **more)


def card(p: PatientFacts) -> Advise:
    return advice(decide(p, LIMITS))


def test_a_flag_is_information_with_film_and_citrate_tube() -> None:
    found = card(flagged())
    assert (found.indicator, drafts(found)) == (Indicator.INFO, ["citrate-count"])
    assert {"0.03", "15.3"} <= set(read(found).split())
    assert "other-tube" not in found.say
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("value", "indicator"),
    list(zip(near(LIMITS.clump_warning), (Indicator.WARNING, Indicator.INFO, Indicator.INFO), strict=True)),
)
def test_a_low_count_is_a_warning(value: Any, indicator: Indicator) -> None:
    found = card(flagged(value))
    assert found.indicator is indicator
    urgent = indicator is Indicator.WARNING
    assert found.suggestions[0].actions[0].priority == ("urgent" if urgent else "routine")


@pytest.mark.parametrize("finding", [nosebleed(), purpura()])
def test_any_bleeding_is_a_warning(finding: Any) -> None:
    assert card(flagged(findings=[finding])).indicator is Indicator.WARNING


def test_bleeding_does_not_wait() -> None:
    assert "bleeding" in card(flagged(findings=[nosebleed()])).say
    assert "bleeding" not in card(flagged(findings=[purpura()])).say


def test_the_citrate_count_is_shown_as_reported_with_the_factor() -> None:
    citrate = count(140, specimen=Specimen.CITRATE, hours=2)
    found = card(facts([count(60), citrate]))
    assert "140 x10^9/L" in read(found)
    assert "1.1" in read(found)
    assert found.inputs[-1].reference == citrate.reference
    assert Fact.BLOOD_FILM in found.unknown


@pytest.mark.parametrize("treatment", ["med-tpo-ra", "med-corticosteroid"])
def test_a_selected_treatment_is_a_warning(treatment: str) -> None:
    found = card(flagged(orders=[build.order(treatment)], hook="order-select"))
    assert found.indicator is Indicator.WARNING
    assert [s.label for s in found.suggestions] == ["confirm"]


def test_selected_platelets_can_be_removed() -> None:
    found = card(flagged(orders=[PLATELETS], hook="order-select"))
    (removal,) = (a for s in found.suggestions for a in s.actions if a.type is ActionType.DELETE)
    assert removal.order is PLATELETS


@pytest.mark.parametrize("patient_reported", [False, True])
def test_platelets_are_never_removed_while_it_bleeds(patient_reported: bool) -> None:
    finding = nosebleed(patient_reported=patient_reported)
    found = card(flagged(findings=[finding], orders=[PLATELETS], hook="order-select"))
    assert [s.label for s in found.suggestions] == ["confirm"]


@pytest.mark.parametrize(("order", "speaks"), [("med-anticoagulant", True), ("med-paracetamol", False)])
def test_on_orders_only_where_the_order_depends_on_the_count(order: str, speaks: bool) -> None:
    outcome = decide(flagged(orders=[build.order(order)], hook="order-select"), LIMITS)
    assert isinstance(outcome, Advise) is speaks


def test_no_sign_of_clumping() -> None:
    assert decide(facts(60), LIMITS) == NoAdvice(Why.NO_CLUMPING)


def test_an_older_flag_does_not_explain_a_newer_count() -> None:
    p = facts(60, tests=[lab("obs-platelet-artefact", days=2)])
    assert decide(p, LIMITS) == NoAdvice(Why.NO_CLUMPING)


def test_without_a_count_it_cannot_tell() -> None:
    assert decide(facts(), LIMITS) == CannotTell(Fact.PLATELETS)

"""ORD-18: eltrombopag or avatrombopag is selected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cards.orders.eltrombopag import decide
from cards.outcome import ActionType, Advise, CannotTell, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Amount, Answer, Kind
from tests.cards.build import LIMITS, condition, drug, facts, measured, order
from tests.cards.ordering import WARNING, card, created, ordering

LIVER_TESTS = [measured("obs-alt", 20, "U/L"), measured("obs-bilirubin", 10)]
CALCIUM = drug("med-chelating-cations", route="oral")


def tablet(dose: str = "50", **members: Any) -> Any:
    """A selected draft of eltrombopag once daily, with the client's own resource."""
    resource = {
        "resourceType": "MedicationRequest",
        "dosageInstruction": [
            {
                "text": f"{dose} mg",
                "patientInstruction": f"take {dose} mg",
                "timing": {"repeat": {"frequency": 1}},
                "doseAndRate": [{"doseQuantity": {"value": Decimal(dose), "unit": "mg"}}],
            }
        ],
    }
    members = {"dose": Amount(Decimal(dose), "mg"), "per_day": Decimal(1), "resource": resource} | members
    return order("med-tpo-ra", "med-eltrombopag", **members)


def asked(drug_order: Any, **members: Any) -> Any:
    members = {"measurements": LIVER_TESTS, "ancestry": ["other"]} | members
    return decide(ordering(22, drug_order, **members), LIMITS)["ORD-18"]


def rules(outcome: Any) -> tuple[str, ...]:
    found = card(outcome)
    return (found.rule, *found.also)


# ---------------------------------------------------------------------------------------------------------- dose

CIRRHOSIS = condition("risk-liver")


@pytest.mark.parametrize(
    ("dose", "members", "speaks"),
    [
        ("25", {"ancestry": ["east-asian"]}, False),
        ("25.1", {"ancestry": ["east-asian"]}, True),
        ("50", {"ancestry": ["south-asian"]}, False),
        ("50", {"ancestry": []}, False),
    ],
)
def test_the_start_dose_by_recorded_ancestry(dose: str, members: Any, speaks: bool) -> None:
    outcome = asked(tablet(dose), **members)
    assert isinstance(outcome, Advise) is speaks
    if speaks:
        assert rules(outcome) == ("TPO-05", "ORD-18", "POP-10")


@pytest.mark.parametrize(
    ("dose", "ancestry", "limit"),
    [
        ("12.5", ["east-asian"], None),
        ("25", ["east-asian"], "12.5"),
        ("25", ["other"], None),
        ("50", ["other"], "25"),
    ],
)
def test_the_start_dose_with_liver_disease(dose: str, ancestry: list[str], limit: str | None) -> None:
    found = card(asked(tablet(dose), ancestry=ancestry, findings=[CIRRHOSIS]))
    updates = [a for s in found.suggestions for a in s.actions if a.type is ActionType.UPDATE]
    assert [
        u.changes["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] for u in updates
    ] == (  # type: ignore[index]
        [] if limit is None else [Decimal(limit)]
    )
    assert ("TPO-05" in (found.rule, *found.also)) is (limit is not None)


def test_the_changed_draft_is_the_clients_own_without_the_old_words() -> None:
    draft = tablet()
    found = card(asked(draft, ancestry=["east-asian"]))
    (change,) = (a for s in found.suggestions for a in s.actions if a.type is ActionType.UPDATE)
    assert change.order is draft
    assert change.changes is not None
    (instruction,) = change.changes["dosageInstruction"]  # type: ignore[misc]
    assert not {"text", "patientInstruction"} & set(instruction)
    assert instruction["timing"] == {"repeat": {"frequency": 1}}
    assert draft.resource["dosageInstruction"][0]["text"] == "50 mg"


@pytest.mark.parametrize(
    "draft",
    [
        tablet(resource={}),
        tablet(per_day=Decimal(2)),
        tablet(resource={"dosageInstruction": [{"doseAndRate": []}]}),
        tablet(resource={"dosageInstruction": [{}, {}]}),
    ],
)
def test_a_draft_of_another_shape_is_not_changed(draft: Any) -> None:
    found = card(asked(draft, ancestry=["east-asian"]))
    assert found.rule == "TPO-05"
    assert all(a.type is not ActionType.UPDATE for s in found.suggestions for a in s.actions)


def test_a_dose_that_goes_on_is_no_start() -> None:
    outcome = asked(tablet(), ancestry=["east-asian"], medications=[drug("med-tpo-ra", "med-eltrombopag")])
    assert outcome == NoAdvice(Why.ALLOWED)


# ------------------------------------------------------------------------------------- liver, interactions, tests


@pytest.mark.parametrize(
    ("members", "lead"),
    [
        ({"findings": [CIRRHOSIS]}, "TPO-06"),
        ({"findings": [condition("risk-ascites")]}, "TPO-06"),
        ({"findings": [condition("inf-hcv")]}, "TPO-06"),
        ({"medications": [CALCIUM]}, "TPO-11"),
        ({"medications": [drug("med-bismuth")]}, "TPO-11"),
        ({"medications": [drug("med-rosuvastatin")]}, "TPO-11"),
        ({"medications": [drug("med-rifamycin")]}, "TPO-11"),
        ({"findings": [condition("risk-cataract", days=900)]}, "TPO-11"),
        ({"measurements": []}, "ORD-18"),
        ({"measurements": LIVER_TESTS[:1]}, "ORD-18"),
        ({"measurements": [measured("obs-alt", 20, "U/L", days=31), LIVER_TESTS[1]]}, "ORD-18"),
    ],
)
def test_each_reason_alone(members: Any, lead: str) -> None:
    outcome = asked(tablet("25"), **members)
    found = card(outcome)
    assert (found.rule, found.indicator) == (lead, WARNING)
    assert "ORD-18" in (found.rule, *found.also)


@pytest.mark.parametrize("route", ["intravenous", "other"])
def test_cations_bind_by_mouth_only(route: str) -> None:
    outcome = asked(tablet("25"), medications=[drug("med-chelating-cations", route=route)])
    assert outcome == NoAdvice(Why.ALLOWED)


def test_cations_selected_with_it() -> None:
    p = ordering(
        22, tablet("25"), order("med-chelating-cations"), measurements=LIVER_TESTS, ancestry=["other"]
    )
    assert card(decide(p, LIMITS)["ORD-18"]).title == "TPO-11/title.cations"


def test_all_in_one_card() -> None:
    members = {
        "ancestry": ["east-asian"],
        "medications": [CALCIUM, drug("med-rosuvastatin")],
        "measurements": [],
    }
    found = card(asked(tablet(), **members))
    assert (found.rule, *found.also) == ("TPO-05", "ORD-18", "TPO-11", "POP-10")
    assert found.say == (
        "TPO-05/suggestion.dose",
        "TPO-11/suggestion.cations",
        "TPO-11/suggestion.statin",
        "ORD-18/suggestion.liver-tests",
    )
    assert created(found) == ["liver-tests"]


def test_ancestry_is_asked_inside_another_card_only() -> None:
    assert asked(tablet(), ancestry=[]) == NoAdvice(Why.ALLOWED)
    found = card(asked(tablet(), ancestry=[], medications=[CALCIUM]))
    assert "ORD-18/ancestry" in found.say
    assert Fact.ANCESTRY in found.unknown
    assert found.also[-1] == "POP-10"


# ---------------------------------------------------------------------------------------------------- avatrombopag


@pytest.mark.parametrize(
    ("used", "title"),
    [("med-fluconazole", "TPO-11/title.inhibitor"), ("med-cyp-inducer", "TPO-11/title.inducer")],
)
def test_avatrombopag(used: str, title: str) -> None:
    avatrombopag = order("med-tpo-ra", "med-avatrombopag", dose=Amount(Decimal(20), "mg"))
    assert card(asked(avatrombopag, medications=[drug(used)], measurements=[])).title == title
    assert asked(avatrombopag, measurements=[]) == NoAdvice(Why.ALLOWED)


def test_silence() -> None:
    assert asked(tablet("25"), unanswered={Kind.MEDICATIONS: Answer.FAILED}) == CannotTell(Fact.MEDICATIONS)
    assert asked(order("med-tpo-ra")) == NoAdvice(Why.NOT_SELECTED)
    assert decide(facts(22), LIMITS)["ORD-18"] == NoAdvice(Why.NOT_SELECTED)  # type: ignore[index]

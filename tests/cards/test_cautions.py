"""TPO-05, TPO-06 and TPO-11: what stands beside eltrombopag or avatrombopag that is in use."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.reasons import Fact, Why
from cards.record import Amount, Answer, Kind
from cards.tpo_ra.cautions import decide
from tests.cards.build import LIMITS, condition, drug, facts, near
from tests.cards.ordering import card

CALCIUM = drug("med-chelating-cations", route="oral")
CIRRHOSIS = condition("risk-liver")
WITHIN = int(LIMITS.span("tpo_finding_weeks") / timedelta(days=1))
below_25, at_25, above_25 = near(LIMITS.eltrombopag_reduced)


def taken(dose: Any = "50", days: int = 5, *sets: str) -> Any:
    """A TPO-RA by mouth once daily, eltrombopag unless said otherwise."""
    amount = None if dose is None else Amount(Decimal(str(dose)), "mg")
    members = {"days": days, "dose": amount, "per_day": Decimal(1)}
    return drug("med-tpo-ra", *(sets or ("med-eltrombopag",)), **members)


def asked(*medications: Any, **members: Any) -> Any:
    members = {"ancestry": ["other"]} | members
    return decide(facts(80, medications=medications, **members), LIMITS)


@pytest.mark.parametrize(
    ("medication", "members", "speaks"),
    [
        (taken(at_25), {"ancestry": ["east-asian"]}, False),
        (taken(above_25), {"ancestry": ["east-asian"]}, True),
        (taken(above_25), {"ancestry": ["other"]}, False),
        (taken(above_25), {"findings": [CIRRHOSIS]}, True),
        (taken(at_25), {"findings": [CIRRHOSIS], "ancestry": ["east-asian"]}, True),
        (taken(50, WITHIN), {"ancestry": ["east-asian"]}, True),
        (taken(50, WITHIN + 1), {"ancestry": ["east-asian"]}, False),
    ],
)
def test_the_start_dose(medication: Any, members: Any, speaks: bool) -> None:
    outcome = asked(medication, **members)["TPO-05"]
    assert isinstance(outcome, Advise) is speaks
    if speaks:
        assert outcome.title == "title.dose.in-use"


@pytest.mark.parametrize(
    ("medication", "members", "missing"),
    [
        (taken(None), {"ancestry": ["east-asian"]}, Fact.TPO_RA_DOSE),
        (taken(50), {"ancestry": []}, Fact.ANCESTRY),
        (taken(50), {"unanswered": {Kind.CONDITIONS: Answer.FAILED}}, Fact.CONDITIONS),
    ],
)
def test_what_is_not_known_is_not_no(medication: Any, members: Any, missing: Fact) -> None:
    assert asked(medication, **members)["TPO-05"] == CannotTell(missing)


@pytest.mark.parametrize(
    ("beside", "members", "rule", "title"),
    [
        ((), {"findings": [CIRRHOSIS]}, "TPO-06", "title.liver.in-use"),
        ((), {"findings": [condition("inf-hcv")]}, "TPO-06", "title.hcv.in-use"),
        ((), {"findings": [condition("risk-cataract", days=900)]}, "TPO-11", "title.cataract.in-use"),
        ((CALCIUM,), {}, "TPO-11", "title.cations.in-use"),
        ((drug("med-bismuth"),), {}, "TPO-11", "title.cations.in-use"),
        ((drug("med-rosuvastatin"),), {}, "TPO-11", "title.statin.in-use"),
        ((drug("med-ciclosporin"),), {}, "TPO-11", "title.lowering.in-use"),
    ],
)
def test_liver_and_interactions_of_eltrombopag(
    beside: tuple[Any, ...], members: Any, rule: str, title: str
) -> None:
    found = card(asked(taken("12.5"), *beside, **members)[rule])
    assert (found.rule, found.indicator, found.title) == (rule, Indicator.WARNING, title)


def test_avatrombopag_minds_other_drugs() -> None:
    taking = taken("20", 90, "med-avatrombopag")
    assert asked(taking, CALCIUM)["TPO-11"] == NoAdvice(Why.ALLOWED)
    assert card(asked(taking, drug("med-fluconazole"))["TPO-11"]).title == "title.inhibitor.in-use"
    assert card(asked(taking, drug("med-rifamycin"))["TPO-11"]).title == "title.inducer.in-use"


def test_one_card_tells_all() -> None:
    answers = asked(taken(50), CALCIUM, findings=[CIRRHOSIS])
    found = card(answers["TPO-05"])
    assert found.say == ("TPO-05/suggestion.dose", "TPO-06/suggestion.liver", "TPO-11/suggestion.cations")
    assert found.also == ("TPO-06", "TPO-11")
    assert answers["TPO-06"] == answers["TPO-11"] == NoAdvice(Why.MERGED)


def test_an_order_hook_leaves_it_to_the_card_of_the_order() -> None:
    assert asked(taken(50), CALCIUM, hook="order-select") == {}


def test_silence() -> None:
    none = asked(CALCIUM)
    assert set(none.values()) == {NoAdvice(Why.NO_TPO_RA)}
    unknown = asked(unanswered={Kind.MEDICATIONS: Answer.FAILED})
    assert set(unknown.values()) == {CannotTell(Fact.MEDICATIONS)}
    without_problems = asked(taken("12.5", 90), unanswered={Kind.CONDITIONS: Answer.FAILED})
    assert without_problems["TPO-06"] == CannotTell(Fact.CONDITIONS)
    assert without_problems["TPO-05"] == NoAdvice(Why.NOT_A_START)

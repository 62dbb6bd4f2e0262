"""PROC-01 to PROC-11: planned and selected procedures below their limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cards.facts import PatientFacts
from cards.outcome import Advise, CannotTell, Indicator, NoAdvice
from cards.procedures.limits import ADVICE, OBSTETRIC, PROCEDURES, decide, selected_procedures
from cards.reasons import Fact, Why
from cards.record import Answer, Kind
from tests.cards.build import (
    LIMITS,
    ago,
    condition,
    count,
    dengue,
    done,
    drug,
    facts,
    measured,
    near,
    nosebleed,
    planned,
    platelets_given,
    service_order,
    whole_day,
)
from tests.cards.direct import drafts, filled, text_of, words

C, W, INFO, NONE = Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO, None


def plan(set_id: str, days: float = 2, **members: Any) -> Any:
    return planned(set_id, occurrence=ago(days=-days), **members)


def speaking(p: PatientFacts) -> dict[str, Advise]:
    found = {rule: one for rule, one in decide(p, LIMITS).items() if isinstance(one, Advise)}
    for rule, one in found.items():
        assert one.rule == rule
        text_of(one)
    return found


def card(value: Any, set_id: str, **members: Any) -> Advise | None:
    """The card about one planned procedure, or none."""
    found = speaking(facts(value, planned=[plan(set_id)], **members))
    assert len(found) < 2
    return next(iter(found.values()), None)


def chosen(value: Any, set_id: str, **members: Any) -> Advise | None:
    """The card about one selected procedure, or none."""
    p = facts(value, hook="order-select", orders=[service_order(set_id)], **members)
    found = selected_procedures(p, LIMITS)
    assert len(found) < 2
    for one in found:
        text_of(one)
        assert "ORD-27" in one.also
    return found[0] if found else None


# ---------------------------------------------------------------------------------------------- limits

# The rows of rulebook A.5.6: set, then limit and what holds below it, from the lowest up.
LIMITS_OF: Mapping[str, tuple[str, tuple[tuple[str, Indicator], ...]]] = {
    "proc-lumbar-puncture": ("PROC-01", (("proc_lumbar", W), ("proc_lumbar_discuss", W))),
    "proc-cvc": ("PROC-02", (("proc_cvc", W), ("proc_cvc_discuss", INFO))),
    "proc-ir-low-risk": ("PROC-03", (("proc_low_risk", W),)),
    "proc-organ-biopsy": ("PROC-04", (("proc_high_risk", W),)),
    "proc-generic": ("PROC-04", (("proc_high_risk", W),)),
    "proc-major-surgery": ("PROC-05", (("proc_surgery", W),)),
    "proc-neurosurgery": ("PROC-06", (("proc_neurosurgery", W),)),
    "proc-neuraxial": ("PROC-07", (("proc_neuraxial", W),)),
    "proc-delivery": ("PROC-08", (("proc_delivery", W),)),
    "proc-bone-marrow": ("PROC-09", (("proc_no_platelets", INFO),)),
    "proc-tooth-extraction": ("PROC-10", (("proc_tooth", W),)),
    "proc-im-injection": ("PROC-10", (("proc_injection", W),)),
    "proc-endoscopy": ("PROC-11", (("proc_endoscopy", W),)),
    "proc-endoscopy-biopsy": ("PROC-11", (("proc_endoscopy_biopsy", W),)),
}


@pytest.mark.parametrize("set_id", LIMITS_OF)
def test_each_limit(set_id: str) -> None:
    rule, steps = LIMITS_OF[set_id]
    expected = [indicator for _, indicator in steps] + [NONE]
    for number, (name, indicator) in enumerate(steps):
        below, at, _ = near(getattr(LIMITS, name))
        found = card(below, set_id)
        assert found is not None
        assert (found.rule, found.indicator) == (rule, indicator)
        above = card(at, set_id)
        assert (above.indicator if above else NONE) is expected[number + 1]


def test_the_table_holds_every_row() -> None:
    assert {row.set_id for row in PROCEDURES} == set(LIMITS_OF)
    assert {row.rule for row in PROCEDURES} == set(ADVICE.ids)
    for steps in (*(row.steps for row in PROCEDURES), OBSTETRIC):
        limits = [getattr(LIMITS, step.below) for step in steps]
        assert limits == sorted(limits)


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        *((v, C) for v in near(LIMITS.proc_neuraxial_avoid)[:1]),
        *((v, W) for v in near(LIMITS.proc_neuraxial_avoid)[1:]),
        *((v, W) for v in near(LIMITS.proc_neuraxial_obstetric)[:1]),
        *((v, INFO) for v in near(LIMITS.proc_neuraxial_obstetric)[1:]),
        *((v, INFO) for v in near(LIMITS.proc_neuraxial)[:1]),
        *((v, NONE) for v in near(LIMITS.proc_neuraxial)[1:]),
    ],
)
def test_in_labour_neuraxial_blocks_have_limits_of_their_own(value: Any, indicator: Indicator | None) -> None:
    labour = {"age": 29, "sex": "female", "pregnant": True}
    for found in (card(value, "proc-neuraxial", **labour), chosen(value, "proc-neuraxial", **labour)):
        assert (found.indicator if found else NONE) is indicator
        if found is not None:
            assert "POP-03" in found.also


def test_with_hellp_the_obstetric_limits_do_not_hold() -> None:
    pressure = [measured("obs-systolic", 165), measured("obs-diastolic", 112)]
    members = {"age": 29, "sex": "female", "pregnant": True, "measurements": pressure}
    found = card(75, "proc-neuraxial", **members)
    assert found is not None
    assert (found.indicator, found.say[0]) == (W, "low")


def test_a_woman_whose_pregnancy_is_not_known_is_asked() -> None:
    found = card(60, "proc-neuraxial", age=29, sex="female")
    assert found is not None
    assert (found.indicator, found.say[0]) == (W, "low")
    assert Fact.PREGNANCY in found.unknown


@pytest.mark.parametrize("set_id", ["proc-neuraxial", "proc-neurosurgery"])
def test_a_dangerous_procedure_is_critical_only_when_it_is_selected(set_id: str) -> None:
    below, at, _ = near(LIMITS.proc_critical)
    low, high, later = chosen(below, set_id), chosen(at, set_id), card(below, set_id)
    assert low is not None
    assert high is not None
    assert later is not None
    assert (low.indicator, high.indicator, later.indicator) == (C, W, W)
    assert low.values["usual"] == getattr(LIMITS, set_id.replace("-", "_"))


def test_a_selected_injection_is_left_to_its_own_rule() -> None:
    assert chosen(20, "proc-im-injection") is None


# ---------------------------------------------------------------------------------------------- which procedures


@pytest.mark.parametrize(
    ("event", "speaks"),
    [
        (plan("proc-lumbar-puncture", days=7), True),
        (plan("proc-lumbar-puncture", days=7.01), False),
        (plan("proc-lumbar-puncture", days=-0.1), False),
        (planned("proc-lumbar-puncture"), True),
        (planned("proc-lumbar-puncture", status="booked"), True),
        (plan("proc-platelet-transfusion"), False),
    ],
)
def test_planned_is_within_seven_days_or_without_a_date(event: Any, speaks: bool) -> None:
    assert bool(speaking(facts(15, planned=[event]))) is speaks


def test_an_order_that_was_carried_out_is_no_plan() -> None:
    open_order = planned("proc-lumbar-puncture", hours=30)
    assert speaking(facts(15, planned=[open_order], performed=[done("proc-lumbar-puncture", hours=20)])) == {}
    assert speaking(facts(15, planned=[open_order], performed=[done("proc-lumbar-puncture", hours=40)])) != {}


def test_a_procedure_in_two_sets_is_judged_by_the_stricter_one() -> None:
    both = planned("proc-major-surgery", "proc-neurosurgery")
    assert list(speaking(facts(70, planned=[both]))) == ["PROC-06"]


def test_several_procedures_have_a_card_each() -> None:
    events = [plan("proc-lumbar-puncture"), plan("proc-organ-biopsy"), plan("proc-endoscopy")]
    assert set(speaking(facts(15, planned=events))) == {"PROC-01", "PROC-04", "PROC-11"}


def test_what_is_selected_is_left_to_the_order_rule() -> None:
    p = facts(
        15,
        hook="order-select",
        planned=[plan("proc-lumbar-puncture"), plan("proc-organ-biopsy")],
        orders=[service_order("proc-lumbar-puncture")],
    )
    assert set(speaking(p)) == {"PROC-04"}
    assert [one.rule for one in selected_procedures(p, LIMITS)] == ["PROC-01"]


def test_the_most_urgent_selected_procedure_comes_first() -> None:
    orders = [service_order("proc-lumbar-puncture"), service_order("proc-neurosurgery")]
    p = facts(19, hook="order-sign", orders=orders)
    assert [one.rule for one in selected_procedures(p, LIMITS)] == ["PROC-06", "PROC-01"]


def test_newborns_have_limits_of_their_own() -> None:
    p = facts(15, birth=whole_day(9), planned=[plan("proc-lumbar-puncture")])
    assert set(decide(p, LIMITS).values()) == {NoAdvice(Why.NOT_FOR_THIS_PERSON)}
    selected = facts(
        15, birth=whole_day(9), hook="order-select", orders=[service_order("proc-lumbar-puncture")]
    )
    assert selected_procedures(selected, LIMITS) == ()


# ---------------------------------------------------------------------------------------------- counts in doubt


def test_a_plan_waits_for_a_usable_count_and_an_order_names_the_last_one() -> None:
    stale = [count(15, days=9)]
    p = facts(stale, planned=[plan("proc-lumbar-puncture")])
    assert decide(p, LIMITS)["PROC-01"] == CannotTell(Fact.PLATELETS)
    found = chosen(stale, "proc-lumbar-puncture")
    assert found is not None
    assert "last known platelets" in filled(found, found.title)
    assert Fact.PLATELETS in found.unknown
    assert chosen(None, "proc-lumbar-puncture") is None


def test_of_two_conflicting_counts_the_lower_is_used() -> None:
    counts = [count(19, hours=3), count(88, hours=1)]
    found = card(counts, "proc-lumbar-puncture")
    assert found is not None
    assert found.values["platelets"] == "19 x10^9/L"
    assert found.inputs[0].value == 19


def test_unread_orders_are_no_absence_of_a_plan() -> None:
    assert decide(facts(15, unanswered={Kind.ORDERS: Answer.FAILED}), LIMITS)["PROC-01"] == CannotTell(
        Fact.ORDERS
    )
    assert decide(facts(15), LIMITS)["PROC-01"] == NoAdvice(Why.NO_PROCEDURE)


# ---------------------------------------------------------------------------------------------- words and drafts


def test_a_lumbar_puncture_names_the_guidelines_and_never_delays_antibiotics() -> None:
    for value in (26, 19):
        found = chosen(value, "proc-lumbar-puncture")
        assert found is not None
        assert "ntibiotics never wait" in text_of(found)
    between = chosen(26, "proc-lumbar-puncture")
    assert between is not None
    assert "AABB and ICTMG 2025 transfuse below 20, BSH 2017 asks for 40" in text_of(between)
    assert "platelets-adult" not in drafts(between)


def test_platelets_or_another_date_are_alternatives() -> None:
    found = card(15, "proc-organ-biopsy")
    assert found is not None
    assert found.one_of
    assert drafts(found) == ["platelets-adult", "cbc-after-platelets", "haematology"]
    assert not found.suggestions[0].recommended
    assert "below usual limit 50" in filled(found, found.title)


@pytest.mark.parametrize(
    ("members", "key"),
    [
        ({"findings": [condition("mimic-tma")]}, "PROC-05/specialist"),
        ({"performed": [platelets_given(hours=2)]}, "PROC-05/given"),
        ({"findings": [condition("refusal-of-blood")]}, "POP-09/refused"),
    ],
)
def test_no_platelets_are_drafted_where_something_speaks_against_them(
    members: dict[str, Any], key: str
) -> None:
    found = card(15, "proc-organ-biopsy", **members)
    assert found is not None
    assert key in found.say
    assert "platelets-adult" not in drafts(found)


def test_ivig_before_an_elective_procedure_only_where_immune_and_dry() -> None:
    immune = card(40, "proc-major-surgery")
    bleeding = card(40, "proc-major-surgery", findings=[nosebleed()])
    marrow = card(40, "proc-major-surgery", findings=[condition("mimic-acute-leukaemia")])
    assert [one is not None and "PROC-05/immune" in one.say for one in (immune, bleeding, marrow)] == [
        True,
        False,
        False,
    ]


def test_dengue_is_named() -> None:
    sure = card(15, "proc-organ-biopsy", findings=[dengue()])
    suspected = card(15, "proc-organ-biopsy", findings=[dengue(suspected=True)])
    assert sure is not None
    assert suspected is not None
    assert "PROC-05/dengue" in sure.say
    assert "PROC-05/dengue" in suspected.say


def test_an_antithrombotic_drug_is_a_caution() -> None:
    found = card(15, "proc-organ-biopsy", medications=[drug("med-doac")])
    assert found is not None
    assert found.cautions == ("PROC-05/caution.antithrombotic",)


def test_a_child_without_a_weight_gets_no_dose() -> None:
    found = card(15, "proc-organ-biopsy", age=5, weight=None)
    assert found is not None
    assert drafts(found)[0] == "body-weight"


def test_a_delivery_names_the_newborn() -> None:
    found = card(44, "proc-delivery", age=32, sex="female", pregnant=True)
    assert found is not None
    text = text_of(found)
    assert "no reason for a caesarean" in " ".join(text.split())
    assert "newborn needs a count" in text
    assert "TPO" not in text


def test_every_title_fits_with_the_longest_values() -> None:
    longest = max((row.name for row in PROCEDURES), key=len)
    values = {"procedure": longest, "how": "selected", "usual": "100", "platelets": "2500.5 x10^9/L"}
    for rule in ADVICE.ids:
        for key in words()[rule].paragraphs:
            if key.startswith("title"):
                title = filled(Advise(rule, INFO, title=key, values=values), key)
                assert len(title) <= 139, (rule, key, len(title))

"""IMM-01 IVIG with a steroid, IMM-03 a short steroid course, IMM-04 tranexamic acid: when their words join a card."""

from __future__ import annotations

from typing import Any

import pytest

from cards.outcome import Advise
from cards.reasons import Fact
from cards.record import Answer, Kind
from cards.transfusion.adjuncts import (
    decide as decide_adjuncts,
)
from cards.transfusion.adjuncts import (
    immunoglobulin,
    infection_is_settled,
    may_be_immune,
    tranexamic_acid,
    untested,
)
from cards.transfusion.decision import decide
from tests.cards.build import (
    LIMITS,
    ago,
    brain_bleed,
    condition,
    drug,
    ebv,
    facts,
    gi_bleed,
    h_pylori,
    haematuria,
    lab,
    measured,
    near,
    nosebleed,
)
from tests.cards.direct import text_of

NO_MIMIC: frozenset[str] = frozenset()
NEGATIVE = [lab(s, "negative") for s in ("lab-hiv", "lab-hbv", "lab-hcv", "lab-h-pylori")]
KIDNEY = measured("obs-egfr", 90, unit="mL/min/{1.73_m2}")


def card(*args: Any, **members: Any) -> Advise:
    """The one transfusion card."""
    (found,) = (o for o in decide(facts(*args, **members), LIMITS).values() if isinstance(o, Advise))
    text_of(found)
    return found


# ---------------------------------------------------------------------------------------------- IMM-01


@pytest.mark.parametrize(
    ("more", "immune"),
    [
        ({}, True),
        ({"findings": [condition("mimic-dic")]}, False),
        ({"findings": [condition("mimic-acute-leukaemia")]}, False),
        ({"medications": [drug("med-chemotherapy")]}, False),
        ({"measurements": [measured("obs-neutrophils", near(LIMITS.not_isolated_neutrophils)[0])]}, False),
        ({"measurements": [measured("obs-neutrophils", LIMITS.not_isolated_neutrophils)]}, True),
        ({"measurements": [measured("obs-hemoglobin", near(LIMITS.not_isolated_hb)[0])]}, False),
        ({"measurements": [measured("obs-hemoglobin", LIMITS.not_isolated_hb)]}, True),
        ({"measurements": [measured("obs-hemoglobin", "8.0")], "findings": [nosebleed()]}, True),
        ({"tests": [lab("obs-blasts")]}, False),
        ({"tests": [lab("obs-schistocytes", "negative")]}, True),
        ({"findings": [condition("cond-thrombocytopenia-inherited")]}, False),
    ],
)
def test_immune_is_not_said_where_something_else_speaks(more: dict[str, Any], immune: bool) -> None:
    assert may_be_immune(facts(22, **more), NO_MIMIC, LIMITS) is immune


def test_a_mimic_takes_the_immune_words_away() -> None:
    assert not may_be_immune(facts(22), frozenset({"SAFE-01"}), LIMITS)


def test_the_dose_of_the_guideline_needs_an_age() -> None:
    adult = immunoglobulin(facts(22), LIMITS, emergency=True)
    child = immunoglobulin(facts(22, age=7), LIMITS, emergency=True)
    ageless = immunoglobulin(facts(22, age=None), LIMITS, emergency=True)
    assert [[key for key in one.say if "dose" in key] for one in (adult, child, ageless)] == [
        ["IMM-01/dose.emergency.adult"],
        ["IMM-01/dose.emergency.child"],
        [],
    ]
    assert Fact.AGE in ageless.unknown


def test_what_ivig_asks_for_is_named_when_missing() -> None:
    bare = immunoglobulin(facts(22, weight=None), LIMITS, emergency=False)
    assert set(bare.unknown) == {Fact.WEIGHT, Fact.EGFR}
    assert immunoglobulin(facts(22, measurements=[KIDNEY]), LIMITS, emergency=False).unknown == ()


@pytest.mark.parametrize(
    ("set_id", "caution"),
    [("risk-thrombosis-history", "thrombosis"), ("risk-iga-deficiency", "iga"), ("risk-ckd", "kidney")],
)
def test_cautions_of_ivig(set_id: str, caution: str) -> None:
    found = card(22, findings=[nosebleed(), condition(set_id)])
    assert f"IMM-01/caution.{caution}" in found.cautions
    assert f"IMM-01/caution.{caution}" not in card(22, findings=[nosebleed()]).cautions


# ---------------------------------------------------------------------------------------------- IMM-03


@pytest.mark.parametrize(
    ("more", "settled"),
    [
        ({}, False),
        ({"tests": NEGATIVE}, True),
        ({"tests": NEGATIVE[1:]}, False),
        ({"tests": NEGATIVE, "findings": [ebv()]}, False),
        ({"tests": NEGATIVE, "findings": [ebv(suspected=True)]}, False),
        ({"tests": NEGATIVE, "findings": [condition("inf-brucellosis")]}, False),
        ({"tests": NEGATIVE, "measurements": [measured("obs-temperature", LIMITS.fever)]}, False),
        ({"findings": [h_pylori(days=60)]}, False),
        ({"tests": NEGATIVE, "unanswered": {Kind.CONDITIONS: Answer.ABSENT}}, False),
    ],
)
def test_an_infection_is_settled_when_treated_or_excluded(more: dict[str, Any], settled: bool) -> None:
    assert infection_is_settled(facts(22, **more), LIMITS) is settled


def test_a_treated_infection_is_settled() -> None:
    ended = drug("med-h-pylori-pack", days=30, end=ago(days=20), status="completed")
    p = facts(22, findings=[h_pylori(days=60)], medications=[ended])
    assert p.infections.found[0].therapy_ended is not None
    assert infection_is_settled(p, LIMITS)


def test_each_excluding_test_counts() -> None:
    assert not untested(facts(22, tests=NEGATIVE), LIMITS)
    for missing in range(len(NEGATIVE)):
        assert untested(facts(22, tests=NEGATIVE[:missing] + NEGATIVE[missing + 1 :]), LIMITS)
    assert untested(facts(22, tests=[lab("lab-hiv"), *NEGATIVE[1:]]), LIMITS)


# ---------------------------------------------------------------------------------------------- IMM-04


@pytest.mark.parametrize(
    ("finding", "more", "against"),
    [
        (nosebleed(), {}, None),
        (gi_bleed(), {}, "gi"),
        (haematuria(), {}, "urine"),
        (brain_bleed(), {}, "brain"),
        (nosebleed(), {"findings": [condition("mimic-dic")]}, "dic"),
        (nosebleed(), {"findings": [condition("risk-thrombosis", days=90)]}, "clot"),
        (nosebleed(), {"findings": [condition("risk-thrombosis", days=91)]}, None),
        (nosebleed(), {"findings": [condition("risk-seizure")]}, "seizure"),
        (nosebleed(), {"findings": [condition("sign-seizure")]}, "seizure"),
        (nosebleed(), {"findings": [condition("status-dialysis")]}, "kidney"),
        (nosebleed(), {"measurements": [measured("obs-egfr", near(LIMITS.severe_kidney_egfr)[0])]}, "kidney"),
        (nosebleed(), {"measurements": [measured("obs-egfr", LIMITS.severe_kidney_egfr)]}, None),
    ],
)
def test_what_speaks_against_tranexamic_acid(finding: Any, more: dict[str, Any], against: str | None) -> None:
    members = dict(more)
    members["findings"] = [finding, *members.get("findings", [])]
    p = facts(22, **members)
    found = tranexamic_acid(p, p.bleeding.active, NO_MIMIC, LIMITS)
    assert found.cautions == (() if against is None else (f"IMM-04/against.{against}",))
    assert bool(found.say) is (against is None)


def test_a_thrombotic_mimic_speaks_against_it() -> None:
    p = facts(22, findings=[nosebleed()])
    found = tranexamic_acid(p, p.bleeding.active, frozenset({"SAFE-02"}), LIMITS)
    assert found.cautions == ("IMM-04/against.mimic",)


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"measurements": [KIDNEY]}, ()),
        ({}, (Fact.EGFR,)),
        (
            {"measurements": [KIDNEY], "unanswered": {Kind.MEDICATIONS: Answer.FAILED}},
            (Fact.MEDICATIONS,),
        ),
    ],
)
def test_its_dose_is_said_only_where_its_inputs_are_known(
    more: dict[str, Any], missing: tuple[Fact, ...]
) -> None:
    p = facts(22, findings=[nosebleed()], **more)
    found = tranexamic_acid(p, p.bleeding.active, NO_MIMIC, LIMITS)
    assert found.unknown == missing
    assert ("IMM-04/dose" in found.say) is (missing == ())
    child = facts(22, age=7, findings=[nosebleed()], measurements=[KIDNEY])
    assert "IMM-04/dose" not in tranexamic_acid(child, child.bleeding.active, NO_MIMIC, LIMITS).say


def test_they_have_no_card_of_their_own() -> None:
    assert not any(isinstance(o, Advise) for o in decide_adjuncts(facts(22), LIMITS).values())

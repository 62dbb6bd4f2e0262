"""What holds of all rules together for every patient: nothing fails, order does not matter, worse is never quieter.

Fewer platelets and worse bleeding never lower the urgency, and a further fact silences a rule only where the rulebook
names it as excluding: the exceptions stand here as tables.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.advice import ALL_ADVICE
from cards.asking import ask_all
from cards.decide import Decision, decide
from cards.facts import PatientFacts
from cards.outcome import Advise, Indicator
from cards.precedence import CARD_LIMITS, DISCHARGE, HOOKS, matches
from cards.record import Answer, Kind
from tests.cards.build import (
    LIMITS,
    condition,
    count,
    done,
    drug,
    facts,
    lab,
    measured,
    order,
    planned,
    read,
    service_order,
    shipped_pathogens,
)

FINDINGS = (
    *(
        "inf-ebv",
        "inf-dengue",
        "inf-sepsis",
        "inf-malaria",
        "inf-cmv",
        "inf-h-pylori",
        "inf-influenza",
        "inf-hiv",
    ),
    *("inf-hcv", "inf-rmsf", "inf-stec", "inf-bacterial-focus", "inf-leptospirosis", "inf-covid-19"),
    *("sign-fever", "sign-shock", "sign-headache", "sign-vomiting", "sign-seizure", "sign-bloody-diarrhoea"),
    *("mimic-tma", "mimic-hit", "mimic-dic", "mimic-hlh", "mimic-acute-leukaemia", "mimic-aps-sle"),
    *("risk-liver", "risk-splenomegaly", "risk-ckd", "risk-thrombosis", "risk-cancer", "risk-asplenia"),
    *(
        "cond-thrombocytopenia-immune",
        "cond-thrombocytopenia-inherited",
        "refusal-of-blood",
        "status-transplant",
    ),
)
BLEEDS = ("bleed-skin", "bleed-mucosal", "bleed-mucosal-minor", "bleed-gi", "bleed-gu", "bleed-cns")
DRUGS = (
    *(
        "med-heparin",
        "med-corticosteroid",
        "med-antibacterial",
        "med-doac",
        "med-p2y12",
        "med-ivig",
        "med-chemotherapy",
    ),
    *("med-linezolid", "med-h-pylori", "med-antiretroviral", "med-doxycycline"),
)
ORDERS = (
    *(
        "med-heparin",
        "med-nsaid",
        "med-aspirin",
        "med-antibacterial",
        "med-tpo-ra",
        "med-corticosteroid",
        "med-ivig",
    ),
    *("med-doac", "med-linezolid", "med-ganciclovir", "med-antifibrinolytic"),
)
VALUES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "obs-temperature": ("Cel", ("36.8", "38.4")),
    "obs-systolic": ("mm[Hg]", ("84", "120")),
    "obs-lactate": ("mmol/L", ("1.1", "5.2")),
    "obs-hemoglobin": ("g/dL", ("6.8", "8.4", "13")),
    "obs-neutrophils": ("10*9/L", ("0.4", "3.1")),
    "obs-creatinine": ("umol/L", ("70", "300")),
    "obs-pt-inr": ("{INR}", ("1.0", "1.9")),
    "obs-ferritin": ("ug/L", ("100", "2500")),
    "obs-gcs": ("{score}", ("13", "15")),
}
TESTS = ("lab-ebv", "lab-dengue", "lab-cmv", "lab-h-pylori", "obs-schistocytes", "obs-blasts", "obs-hit")
COUNTS = st.decimals(1, 400, places=1)
HOURS = st.sampled_from((1, 5, 20, 30, 60, 80, 200, 400, 1500))


@st.composite
def bleeds(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "set_id": draw(st.sampled_from(BLEEDS)),
        "hours": draw(HOURS),
        "severity": draw(st.sampled_from((None, 1, 2, 3, 4))),
    }


def several(names: tuple[str, ...], most: int) -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(st.tuples(st.sampled_from(names), HOURS), max_size=most, unique_by=lambda part: part[0])


CASES = st.fixed_dictionaries(
    {
        "age": st.sampled_from((0, 6, 17, 30, 70)),
        "sex": st.sampled_from(("male", "female")),
        "pregnant": st.sampled_from((None, False, False, True)),
        "findings": several(FINDINGS, 4),
        "bleeds": st.lists(bleeds(), max_size=2),
        "drugs": several(DRUGS, 3),
        "tests": several(TESTS, 2),
        "values": st.lists(st.sampled_from(tuple(VALUES)), max_size=4, unique=True),
        "high": st.booleans(),
        "planned": st.sampled_from((None, None, "proc-lumbar-puncture", "proc-major-surgery")),
        "given": st.sampled_from((None, None, None, 3, 30)),
        "orders": st.sampled_from(((), (), *((one,) for one in ORDERS), ("proc-platelet-transfusion",))),
        "failed": st.sampled_from((None, None, None, *Kind)),
        "count_hours": st.sampled_from((1, 3, 20, 30, 100)),
        "earlier": st.sampled_from((None, None, ("40", 100), ("180", 150), ("24", 700))),
    }
)


def patient(case: Mapping[str, Any], platelets: Decimal | str | None, **more: Any) -> PatientFacts:
    """The patient of a case, with these platelets; `more` adds findings or bleeds."""
    counts = [] if platelets is None else [count(platelets, hours=case["count_hours"])]
    if case["earlier"] is not None:
        counts.append(count(case["earlier"][0], hours=case["earlier"][1]))
    found = [condition(name, hours=hours) for name, hours in (*case["findings"], *more.get("findings", ()))]
    for bleed in more.get("bleeds", case["bleeds"]):
        found.append(condition(bleed["set_id"], hours=bleed["hours"], severity=bleed["severity"]))
    pick = -1 if case["high"] else 0
    selected = [
        service_order(name) if name.startswith("proc-") else order(name, route="oral")
        for name in case["orders"]
    ]
    return facts(
        counts,
        age=case["age"],
        sex=case["sex"],
        pregnant=case["pregnant"] if case["sex"] == "female" and case["age"] >= 12 else None,
        findings=found,
        tests=[lab(name, hours=hours) for name, hours in case["tests"]],
        measurements=[
            measured(name, VALUES[name][1][pick], VALUES[name][0], hours=2) for name in case["values"]
        ],
        medications=[drug(name, hours=hours) for name, hours in case["drugs"]],
        performed=[] if case["given"] is None else [done("proc-platelet-transfusion", hours=case["given"])],
        planned=[] if case["planned"] is None else [planned(case["planned"])],
        orders=selected,
        hook="order-select" if selected else "patient-view",
        unanswered={} if case["failed"] is None else {case["failed"]: Answer.FAILED},
    )


EXPLAINED_BY_A_BLEED = {"SAFE-14"}
"""Rulebook SAFE-14: in mononucleosis shock or a fall of haemoglobin means the spleen "without other bleeding site"."""


def urgency(decision: Decision) -> int:
    return max((card.indicator for card in decision.cards), default=0)


def told(decision: Decision) -> list[tuple[str, Indicator, tuple[str, ...]]]:
    return [(card.rule, card.indicator, card.also) for card in decision.cards]


@given(CASES, st.one_of(st.none(), COUNTS))
def test_no_patient_makes_the_rules_fail(case: dict[str, Any], platelets: Decimal | None) -> None:
    decision = decide(patient(case, platelets), LIMITS)
    for card in decision.cards:
        assert isinstance(card, Advise)
        assert all(i.value not in ("", None) for i in card.inputs)
    assert len({card.rule for card in decision.cards}) == len(decision.cards)


@given(CASES, COUNTS, st.integers(0, 9))
def test_the_order_of_the_record_does_not_matter(case: dict[str, Any], platelets: Decimal, seed: int) -> None:
    p = patient(case, platelets)

    def mixed(parts: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.Random(seed).sample(parts, len(parts)))

    r = p.record
    other = replace(
        r,
        findings=mixed(r.findings),
        tests=mixed(r.tests),
        medications=mixed(r.medications),
        performed=mixed(r.performed),
        platelets=mixed(r.platelets),
    )
    assert told(decide(read(other, LIMITS, shipped_pathogens()), LIMITS)) == told(decide(p, LIMITS))


@given(CASES, COUNTS, COUNTS)
def test_fewer_platelets_are_never_less_urgent(case: dict[str, Any], one: Decimal, other: Decimal) -> None:
    fewer, more = sorted((one, other))
    case = {**case, "orders": (), "earlier": None}
    assert urgency(decide(patient(case, fewer), LIMITS)) >= urgency(decide(patient(case, more), LIMITS))


@given(CASES, COUNTS, st.sampled_from(BLEEDS[:-1]), st.integers(1, 3), st.integers(1, 4))
def test_worse_bleeding_is_never_less_urgent(
    case: dict[str, Any], platelets: Decimal, site: str, grade: int, more: int
) -> None:
    def bleeding(severity: int) -> Decision:
        bleed = {"set_id": site, "hours": 1, "severity": severity}
        return decide(patient({**case, "orders": ()}, platelets, bleeds=[bleed]), LIMITS)

    milder, worse = sorted((grade, more))
    assert urgency(bleeding(worse)) >= urgency(bleeding(milder))
    without = decide(patient({**case, "orders": ()}, platelets, bleeds=[]), LIMITS)
    if not EXPLAINED_BY_A_BLEED & {card.rule for card in without.cards}:
        assert urgency(bleeding(worse)) >= urgency(without)


# ------------------------------------------------------------------------------------------ a further fact

STORIES: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "mononucleosis, 72": (72, ("inf-ebv",)),
    "mononucleosis and purpura, 25": (25, ("inf-ebv", "bleed-skin")),
    "nosebleed, 22": (22, ("bleed-mucosal",)),
    "H. pylori, 26": (26, ("inf-h-pylori", "cond-thrombocytopenia-immune")),
    "sepsis, 9": (9, ("inf-sepsis",)),
    "purpura and fever, 60": (60, ("bleed-skin", "sign-fever")),
    "bleeding in the head, 62": (62, ("bleed-cns",)),
    "fever, 64": (64, ("sign-fever",)),
    "melaena, 80": (80, ("bleed-gi",)),
    "seizure, 40": (40, ("sign-seizure",)),
}
EXCLUDED_BY: Mapping[str, tuple[str, ...]] = {
    "INF-GEN-05": ("inf-*", "lab-*"),  # "no pathogen recorded"
    "PLT-04": ("mimic-*", "inf-stec", "obs-*"),  # "isolated"
    "BLD-03": ("bleed-cns",),  # a bleed that is found needs no search: TRF-01
    "MON-01": ("cond-thrombocytopenia-inherited",),  # SAFE-11: low for life
}
"""What the rulebook names as excluding a rule, or as saying the same by another one."""
REPLACED = ("TRF-*",)
"""One transfusion decision: another row of A.6 may answer, and then does."""
QUIETER = {"inf-dengue", "lab-dengue"}
"""A.6: dengue turns an active bleed of grade 2 from TRF-02 (critical) into TRF-08 (warning)."""


def with_fact(story: tuple[int, tuple[str, ...]], name: str | None) -> PatientFacts:
    platelets, found = story
    findings = [condition(one, hours=20) for one in found]
    drugs, tests = [], []
    if name is not None:
        if name.startswith("med-"):
            drugs = [drug(name, days=3)]
        elif name in TESTS:
            tests = [lab(name)]
        else:
            findings.append(condition(name, hours=20))
    return facts(platelets, findings=findings, medications=drugs, tests=tests)


def speaking(p: PatientFacts) -> set[str]:
    [answered] = ask_all([p], LIMITS, ALL_ADVICE)
    return set(answered.spoke)


@pytest.mark.parametrize("story", STORIES)
def test_a_further_fact_silences_only_what_it_excludes(story: str) -> None:
    before, urgent = (
        speaking(with_fact(STORIES[story], None)),
        urgency(decide(with_fact(STORIES[story], None), LIMITS)),
    )
    for name in (*FINDINGS, *BLEEDS, *DRUGS, *TESTS):
        p = with_fact(STORIES[story], name)
        after = speaking(p)
        for rule in before - after:
            if matches(rule, REPLACED):
                assert any(matches(one, REPLACED) for one in after), f"{name} leaves no transfusion decision"
            else:
                assert matches(name, EXCLUDED_BY.get(rule, ())), f"{name} silences {rule}"
        assert urgency(decide(p, LIMITS)) >= urgent or name in QUIETER, f"{name} lowers the urgency"


# ------------------------------------------------------------------------------------------ two more hooks


def on(hook: str, p: PatientFacts) -> Decision:
    """The decision about the same record on another hook."""
    return decide(read(replace(p.record, hook=hook), LIMITS, shipped_pathogens()), LIMITS)


@given(CASES, COUNTS)
def test_signing_judges_as_selecting_everything_does(case: dict[str, Any], platelets: Decimal) -> None:
    p = patient({**case, "orders": case["orders"] or ("med-nsaid",)}, platelets)
    assert told(on("order-sign", p)) == told(on("order-select", p))


@given(CASES, st.one_of(st.none(), COUNTS))
def test_on_discharge_follow_up_and_dangers_and_nothing_else(
    case: dict[str, Any], platelets: Decimal | None
) -> None:
    p = patient({**case, "orders": ()}, platelets)
    left, viewed = on(DISCHARGE, p), on("patient-view", p)
    for card in left.cards:
        follow_up = matches(card.rule, (*HOOKS[DISCHARGE], "A.3")) or "INF-GEN-04" in card.also
        assert follow_up or (card.rule.startswith("SAFE-") and card.indicator is Indicator.CRITICAL)
    others = [card for card in left.cards if card.indicator is not Indicator.CRITICAL]
    assert len(left.cards) <= CARD_LIMITS[DISCHARGE] or not others
    dangers = ("SAFE-*", "TRF-01")
    seen = {c.rule for c in viewed.cards if c.indicator is Indicator.CRITICAL and matches(c.rule, dangers)}
    assert seen <= {card.rule for card in left.cards}

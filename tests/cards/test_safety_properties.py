"""Properties of all mimics: no record makes one raise, every card has words that fit, gate and card agree."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cards.facts import PatientFacts
from cards.outcome import Advise, CannotTell, NoAdvice, Outcome
from cards.record import Answer, Kind, Record
from cards.safety import ADVICE
from cards.safety.mimics import GATES, mimics
from tests.cards import build
from tests.cards.build import (
    LIMITS,
    condition,
    done,
    drug,
    facts,
    lab,
    measured,
    order,
    planned,
    service_order,
)
from tests.cards.direct import text_of
from tests.cards.safety_cards import summary_of

FINDINGS = [
    "mimic-tma",
    "mimic-tma-other",
    "mimic-hit",
    "mimic-hus",
    "mimic-vitt",
    "mimic-hlh",
    "mimic-dic",
    "mimic-hellp",
    "mimic-marrow",
    "mimic-evans",
    "mimic-alloimmune",
    "inf-sepsis",
    "inf-ebv",
    "inf-malaria",
    "inf-dengue",
    "inf-stec",
    "inf-adenovirus",
    "inf-rmsf",
    "inf-vhf-other",
    "inf-bacterial-focus",
    "bleed-skin",
    "bleed-mucosal",
    "bleed-gi",
    "bleed-cns",
    "bleed-purpura-fulminans",
    "sign-fever",
    "sign-shock",
    "sign-meningism",
    "sign-bloody-diarrhoea",
    "sign-headache",
    "sign-abdominal-pain",
    "sign-splenic-pain",
    "risk-thrombosis",
    "risk-cvst",
    "risk-cancer",
    "risk-liver",
    "risk-splenomegaly",
    "risk-postpartum",
    "risk-ckd",
    "cond-thrombocytopenia-inherited",
    "refusal-of-blood",
    "exposure-high-consequence",
    "status-transplant",
    "status-dialysis",
]
TESTS = [
    "obs-schistocytes",
    "obs-hit",
    "obs-dat",
    "obs-blasts",
    "obs-platelet-morphology",
    "obs-platelet-artefact",
    "lab-stec",
    "lab-ebv",
    "lab-malaria",
    "lab-dengue",
    "lab-tickborne",
    "lab-adenovirus",
    "lab-vhf",
]
VALUES = {
    "obs-temperature": ("Cel", (35, "38.0", "39.6")),
    "obs-systolic": ("mm[Hg]", (82, 118, 168)),
    "obs-diastolic": ("mm[Hg]", (60, 112)),
    "obs-lactate": ("mmol/L", (1, "2.1", 6)),
    "obs-hemoglobin": ("g/dL", ("6.5", "8.2", 12)),
    "obs-neutrophils": ("10*9/L", ("0.4", 3)),
    "obs-wbc": ("10*9/L", (2, 9)),
    "obs-ldh": ("U/L", (180, 1180, ">2000")),
    "obs-haptoglobin": ("g/L", ("<0.1", "1.2")),
    "obs-bilirubin-indirect": ("umol/L", (10, 60)),
    "obs-reticulocytes": ("%", (1, "3.4")),
    "obs-mcv": ("fL", (82, 101)),
    "obs-pt-inr": ("{INR}", ("1.0", "1.8")),
    "obs-pt-seconds": ("s", (12, 22)),
    "obs-fibrinogen": ("g/L", ("0.8", 3)),
    "obs-d-dimer": ("ug/L", (300, 9000, "<200")),
    "obs-creatinine": ("umol/L", (80, 240)),
    "obs-ferritin": ("ug/L", (200, 2400, 14000)),
    "obs-triglyceride": ("mmol/L", (1, 4)),
    "obs-ast": ("U/L", (30, 240)),
    "obs-adamts13": ("%", (4, 60, "<5")),
    "obs-gestational-age": ("wk", (12, 34)),
    "obs-blasts": ("%", (0, 12)),
}
DRUGS = [
    "med-heparin",
    "med-drug-induced-thrombocytopenia",
    "med-drug-induced-thrombocytopenia-tier2",
    "med-linezolid",
    "med-rifamycin",
    "med-tetracycline",
    "med-cephalosporin",
    "med-chemotherapy",
    "med-tpo-ra",
    "med-vasopressor",
    "med-vitamin-k-antagonist",
]
EVENTS = ["proc-platelet-transfusion", "proc-red-cell-transfusion", "proc-delivery", "proc-chemotherapy"]


def when(roll: random.Random) -> dict[str, object]:
    """Any time: today, long ago, a whole day, none."""
    return roll.choice(
        (
            {"hours": roll.randint(1, 90)},
            {"days": roll.randint(0, 120)},
            {"day": roll.randint(0, 30)},
            {"undated": True},
        )
    )


def anyone(seed: int) -> PatientFacts:
    """A made-up patient with a random record."""
    roll = random.Random(seed)

    def some(names: list[str], most: int) -> list[str]:
        return roll.sample(names, roll.randint(0, min(most, len(names))))

    how = ({}, {"suspected": True}, {"past": True}, {"severity": 3})
    counts = [
        build.count(roll.choice((4, 9, 18, 29, 44, 80, 120, 240, "<5")), **when(roll))
        for _ in range(roll.randint(0, 6))
    ]
    values = [
        measured(s, roll.choice(VALUES[s][1]), VALUES[s][0], **when(roll))
        for s in some(list(VALUES), 12)
        for _ in range(roll.randint(1, 2))
    ]
    hook = roll.choice(("patient-view", "order-select"))
    chosen = [service_order("proc-platelet-transfusion"), order("med-heparin"), order("med-antibacterial")]
    return facts(
        counts,
        age=roll.choice((None, 0, 6, 30, 70)),
        sex=roll.choice((None, "male", "female")),
        pregnant=roll.choice((None, True, False)),
        weight=roll.choice((None, 18, 70)),
        findings=[condition(s, **roll.choice(how), **when(roll)) for s in some(FINDINGS, 7)],
        tests=[lab(s, roll.choice(("positive", "negative")), **when(roll)) for s in some(TESTS, 5)],
        measurements=values,
        medications=[drug(s, route=roll.choice((None, "intravenous")), **when(roll)) for s in some(DRUGS, 4)],
        performed=[done(s, **when(roll)) for s in some(EVENTS, 2)],
        immunizations=[done("vax-adenoviral-vector", **when(roll))] if roll.random() < 0.3 else [],
        planned=[planned("order-cbc")] if roll.random() < 0.3 else [],
        orders=chosen if hook == "order-select" else [],
        hook=hook,
        unanswered={k: Answer.FAILED for k in Kind if roll.random() < 0.1},
    )


def answers(p: PatientFacts) -> dict[str, Outcome]:
    found = {}
    for advice in ADVICE:
        outcome = advice.decide(p, LIMITS)
        assert isinstance(outcome, Advise | NoAdvice | CannotTell)
        found[advice.ids[0]] = outcome
    return found


@pytest.mark.parametrize("seed", range(150))
def test_no_record_makes_a_mimic_raise_or_lack_words(seed: int) -> None:
    p = anyone(seed)
    for rule, outcome in answers(p).items():
        if isinstance(outcome, Advise):
            text_of(outcome)
            assert outcome.rule == rule
            assert len(summary_of(outcome)) <= 139
            assert outcome.inputs, "a card shows what it rests on"
        elif isinstance(outcome, CannotTell):
            assert outcome.missing


@pytest.mark.parametrize("seed", range(150))
def test_the_gate_and_the_card_agree(seed: int) -> None:
    p = anyone(seed)
    spoken = {rule for rule, one in answers(p).items() if isinstance(one, Advise) and rule in GATES}
    gating = mimics(p, LIMITS)
    assert gating <= spoken
    assert spoken - gating <= {"SAFE-03"}, "as a question it gates nothing"


@pytest.mark.parametrize("seed", range(0, 150, 3))
def test_the_order_of_the_record_does_not_matter(seed: int) -> None:
    p = anyone(seed)
    r = p.record
    turned = replace(
        r,
        findings=r.findings[::-1],
        tests=r.tests[::-1],
        medications=r.medications[::-1],
        performed=r.performed[::-1],
        platelets=r.platelets[::-1],
        measurements={s: m[::-1] for s, m in r.measurements.items()},
    )
    assert fired(turned) == fired(r)


def fired(record: Record) -> dict[str, object]:
    """Which rules speak, how loudly; or why not."""
    p = build.read(record, LIMITS, build.shipped_pathogens())
    return {
        rule: (one.indicator, one.title) if isinstance(one, Advise) else one
        for rule, one in answers(p).items()
    }


def test_the_sample_is_wide_enough_to_mean_something() -> None:
    seen = {
        rule for seed in range(150) for rule, one in answers(anyone(seed)).items() if isinstance(one, Advise)
    }
    assert {
        "SAFE-01",
        "SAFE-02",
        "SAFE-03",
        "SAFE-04",
        "SAFE-06",
        "SAFE-07",
        "SAFE-10",
        "SAFE-12",
        "SAFE-14",
    } <= seen

"""What the loader makes of a pathogen file: one that says everything and one that says the least, and each refusal."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from cards.anti_infective.content import (
    Agent,
    Caution,
    Citing,
    CriticalSign,
    Deferral,
    Drug,
    Pathogen,
    Regimen,
    TreatSuspected,
    When,
)
from cards.anti_infective.pathogen import card_rules_of_files, load_pathogens, therapy_templates
from cards.anti_infective.pathogen_condition import condition_of, regimens_of, with_conditions
from cards.anti_infective.pathogen_words import pathogen_sections
from cards.drafts import Template
from cards.outcome import Indicator
from cards.record import Route
from cards.valuesets import load
from tests.refusals import refusal, with_mistake

TERMINOLOGY = load()
TETRACYCLINE = TERMINOLOGY.emit("med-h-pylori", "10395")

EVERYTHING = """
id = "INF-ALL"
order = 2
name = "Made-up infection"
agent = "parasite"
chronic = true
window_weeks = 5
current_days = 9
supportive = false
time_critical = true
tested_when_unexplained = true

[recognise]
conditions = ["inf-cmv", "inf-ebv"]
severe = ["inf-sepsis"]
tests = ["lab-cmv"]
many_agents = true
organisms = ["inf-malaria"]
vaccines = ["vax-mmr"]
vaccine_days = 42

[therapy]
sets = ["med-h-pylori"]
packs = ["med-h-pylori-pack"]
except = ["med-bismuth"]
minimum = 3
route = "intravenous"
urgent = ["med-antibacterial"]

[card]
recorded = "warning"
suspected = "info"
treated = "critical"
treat_suspected = "critical"
critical_when = ["shock", "organ failure", "bleeding", "severe", "sepsis", "consciousness", "seizure"]
source = "ACG24"
links = ["STASI09", "BSH17"]

[rules]
test = "INF-ALL-01"
treat = "INF-ALL-02"

[[critical]]
when = "measured-above"
sets = ["obs-lactate"]
limit = 4.5
days = 2

[[warn_when]]
when = "platelets-below"
limit = 30

[[treat_when]]
when = "warned"

[[treat_when]]
when = "age-below"
limit = 65
not = true

[orders]
test = ["cmv-test"]
treat = ["cbc"]
refer = ["infectious-diseases"]
first_dose = true

[drugs.tetracycline]
text = "Tetracycline"
dosage = "{dose} by mouth"
set = "med-h-pylori"
code = "10395"
per_kg = 7.5
most = 500
step = 50

[drugs.other]
text = "Other"
dosage = "as the ward gives it"

[[regimens]]
key = "first"
drugs = ["tetracycline", "other"]
by_weight = true
in_pregnancy = true

[[regimens.only]]
when = "inpatient"

[[regimens.only]]
when = "using"
sets = ["med-corticosteroid", "med-rituximab"]
not = true

[[regimens.excluded]]
key = "allergy"
when = "allergy"
sets = ["allergy-tetracycline"]

[[regimens.excluded]]
key = "young"
when = "weight-below"
limit = 45
population = "POP-02"

[[regimens]]
key = "named"

[[cautions]]
key = "drug-before"
when = "used"
sets = ["med-amiodarone"]
days = 90

[[defer]]
key = "pregnancy"
when = "pregnant"
population = "POP-03"

[[evidence]]
citation = "ACG24"
says = "treat what is found"
grade = "strong"
rules = ["INF-ALL-02"]

[[evidence]]
citation = "BSH17"
says = "nothing else"

[words]
suspected = " Suspected. "
treat = "Treated."
supportive = "Supportive."
therapy = "Therapy."
unexplained = "Unexplained."
under-way = "Under way."
vaccinated = "Vaccinated."
"first-step.suspected" = "test"
"first-step.treat" = "treat"
"first-step.treat.critical" = "treat now"
"first-step.treat.allergy" = "ask"
"first-step.supportive" = "wait"
"first-step.unexplained" = "look"
"first-step.under-way" = "review"
"first-step.vaccinated" = "follow"
"caution.drug-before" = "A drug before."
"caution.allergy" = "An allergy."
"caution.young" = "Young."
"defer.pregnancy" = "Later."
"first-step.defer.pregnancy" = "later"
"label.first" = "Draft"
"label.test" = "Test"
"label.treat" = "Treat"
"label.refer" = "Refer"
"""

LEAST = """
id = "INF-LEAST"
order = 10
name = "Little known infection"
agent = "virus"
chronic = false
window_weeks = 2
supportive = true
time_critical = false

[recognise]
conditions = ["inf-ebv"]

[card]
recorded = "warning"
suspected = "info"
source = "BSH17"

[words]
suspected = "Suspected."
supportive = "Supportive."
"first-step.suspected" = "test"
"first-step.supportive" = "wait"
"""


def read(folder: Path, **files: str) -> tuple[Pathogen, ...]:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_pathogens(TERMINOLOGY, folder)


DRUG = Drug(
    "tetracycline",
    "Tetracycline",
    "{dose} by mouth",
    "med-h-pylori",
    "10395",
    (TETRACYCLINE.system, "10395"),
    frozenset(m.set_id for m in TERMINOLOGY.sets_of(TETRACYCLINE.system, "10395")),
    Decimal("7.5"),
    Decimal(500),
    Decimal(50),
)
OTHER = Drug("other", "Other", "as the ward gives it")

WHOLE = Pathogen(
    id="INF-ALL",
    order=2,
    name="Made-up infection",
    agent=Agent.PARASITE,
    chronic=True,
    window_weeks=5,
    current_days=9,
    supportive=False,
    time_critical=True,
    tested_when_unexplained=True,
    condition_sets=("inf-cmv", "inf-ebv"),
    severe_sets=("inf-sepsis",),
    test_sets=("lab-cmv",),
    many_agents=True,
    organism_sets=("inf-malaria",),
    therapy_sets=("med-h-pylori",),
    therapy_packs=("med-h-pylori-pack",),
    therapy_except=("med-bismuth",),
    therapy_minimum=3,
    therapy_route=Route.INTRAVENOUS,
    therapy_urgent=("med-antibacterial",),
    vaccines=("vax-mmr",),
    vaccine_days=42,
    treat_suspected=TreatSuspected.CRITICAL,
    test_rule="INF-ALL-01",
    treat_rule="INF-ALL-02",
    recorded=Indicator.WARNING,
    suspected=Indicator.INFO,
    treated=Indicator.CRITICAL,
    critical_when=tuple(CriticalSign),
    critical=(Caution("", When.MEASURED_ABOVE, ("obs-lactate",), Decimal("4.5"), 2),),
    warn_when=(Caution("", When.PLATELETS_BELOW, (), Decimal(30)),),
    treat_when=(Caution("", When.WARNED), Caution("", When.AGE_BELOW, (), Decimal(65), negated=True)),
    test_orders=("cmv-test",),
    treat_orders=("cbc",),
    refer_orders=("infectious-diseases",),
    first_dose=True,
    drugs={"tetracycline": DRUG, "other": OTHER},
    regimens=(
        Regimen(
            "first",
            (DRUG, OTHER),
            by_weight=True,
            in_pregnancy=True,
            excluded=(
                Caution("allergy", When.ALLERGY, ("allergy-tetracycline",)),
                Caution("young", When.WEIGHT_BELOW, (), Decimal(45), population="POP-02"),
            ),
            only=(
                Caution("", When.INPATIENT),
                Caution("", When.USING, ("med-corticosteroid", "med-rituximab"), negated=True),
            ),
        ),
        Regimen("named"),
    ),
    cautions=(Caution("drug-before", When.USED, ("med-amiodarone",), days=90),),
    deferrals=(Deferral(Caution("pregnancy", When.PREGNANT, population="POP-03"), "POP-03"),),
    source="ACG24",
    links=("STASI09", "BSH17"),
    evidence=(
        Citing("ACG24", "treat what is found", "strong", ("INF-ALL-02",)),
        Citing("BSH17", "nothing else"),
    ),
    words={
        "suspected": "Suspected.",
        "treat": "Treated.",
        "supportive": "Supportive.",
        "therapy": "Therapy.",
        "unexplained": "Unexplained.",
        "under-way": "Under way.",
        "vaccinated": "Vaccinated.",
        "first-step.suspected": "test",
        "first-step.treat": "treat",
        "first-step.treat.critical": "treat now",
        "first-step.treat.allergy": "ask",
        "first-step.supportive": "wait",
        "first-step.unexplained": "look",
        "first-step.under-way": "review",
        "first-step.vaccinated": "follow",
        "caution.drug-before": "A drug before.",
        "caution.allergy": "An allergy.",
        "caution.young": "Young.",
        "defer.pregnancy": "Later.",
        "first-step.defer.pregnancy": "later",
        "label.first": "Draft",
        "label.test": "Test",
        "label.treat": "Treat",
        "label.refer": "Refer",
    },
)

SCARCE = Pathogen(
    id="INF-LEAST",
    order=10,
    name="Little known infection",
    agent=Agent.VIRUS,
    chronic=False,
    window_weeks=2,
    current_days=None,
    supportive=True,
    time_critical=False,
    tested_when_unexplained=False,
    condition_sets=("inf-ebv",),
    severe_sets=(),
    test_sets=(),
    many_agents=False,
    organism_sets=(),
    therapy_sets=(),
    therapy_packs=(),
    therapy_except=(),
    therapy_minimum=1,
    therapy_route=None,
    therapy_urgent=(),
    vaccines=(),
    vaccine_days=0,
    treat_suspected=TreatSuspected.NEVER,
    test_rule="INF-LEAST",
    treat_rule="INF-LEAST",
    recorded=Indicator.WARNING,
    suspected=Indicator.INFO,
    treated=Indicator.WARNING,
    critical_when=(),
    critical=(),
    warn_when=(),
    treat_when=(),
    test_orders=(),
    treat_orders=(),
    refer_orders=(),
    first_dose=False,
    drugs={},
    regimens=(),
    cautions=(),
    deferrals=(),
    source="BSH17",
    links=(),
    evidence=(),
    words={
        "suspected": "Suspected.",
        "supportive": "Supportive.",
        "first-step.suspected": "test",
        "first-step.supportive": "wait",
    },
)


def test_every_member_of_a_file_is_read(tmp_path: Path) -> None:
    (whole,) = read(tmp_path, whole=EVERYTHING)
    assert whole == WHOLE


def test_what_a_file_leaves_out_has_its_meaning(tmp_path: Path) -> None:
    (scarce,) = read(tmp_path, scarce=LEAST)
    assert scarce == SCARCE


def test_files_stand_in_their_own_order(tmp_path: Path) -> None:
    """By number, not as text, and not by the names of the files."""
    read(tmp_path, a=LEAST, b=EVERYTHING)
    assert [one.id for one in load_pathogens(TERMINOLOGY, tmp_path)] == ["INF-ALL", "INF-LEAST"]
    assert card_rules_of_files(tmp_path) == ("INF-ALL", "INF-ALL-01", "INF-ALL-02", "INF-LEAST")


def test_a_drug_is_drafted_with_its_code_and_named_in_a_sentence() -> None:
    assert therapy_templates([WHOLE]) == {
        "therapy:INF-ALL:tetracycline": Template(
            "MedicationRequest", "Tetracycline", "tetracycline", "med-h-pylori", "10395"
        ),
        "therapy:INF-ALL:other": Template("MedicationRequest", "Other", "other", None, None),
    }


# ------------------------------------------------------------------------------------------------ refusals

REFUSED = {
    "an unknown member": ("order = 2\n", "order = 2\ncolour = 1\n", "unknown ['colour']"),
    "no order": ("order = 2\n", "", "order is missing"),
    "an order in words": ("order = 2", 'order = "2"', "order has the wrong type"),
    "a flag in words": ("chronic = true", 'chronic = "yes"', "chronic has the wrong type"),
    "a truth for a number": ("order = 2", "order = true", "order has the wrong type"),
    "a list with a number": ('tests = ["lab-cmv"]', "tests = [1]", "recognise: tests is a list of strings"),
    "a table below": ("vaccine_days = 42", "vaccine_day = 42", "recognise: unknown ['vaccine_day']"),
    "a condition that no set is": ('"inf-cmv", ', '"inf-none", ', "no value set 'inf-none'"),
    "a therapy that no set is": (
        'sets = ["med-h-pylori"]',
        'sets = ["med-none"]',
        "no value set 'med-none'",
    ),
    "a pack that no set is": ('packs = ["med-h-pylori-pack"]', 'packs = ["p"]', "no value set 'p'"),
    "an exception that no set is": ('except = ["med-bismuth"]', 'except = ["e"]', "no value set 'e'"),
    "an urgent drug that no set is": ('urgent = ["med-antibacterial"]', 'urgent = ["u"]', "no value set 'u'"),
    "a vaccine that no set is": ('vaccines = ["vax-mmr"]', 'vaccines = ["v"]', "no value set 'v'"),
    "a caution of no set": ('sets = ["med-amiodarone"]', 'sets = ["c"]', "no value set 'c'"),
    "an exclusion of no set": ('sets = ["allergy-tetracycline"]', 'sets = ["x"]', "no value set 'x'"),
    "a row of `only` of no set": ('"med-corticosteroid", ', '"o", ', "no value set 'o'"),
    "evidence of another rule": (
        'rules = ["INF-ALL-02"]',
        'rules = ["INF-B"]',
        "evidence for another rule than ('INF-ALL', 'INF-ALL-01', 'INF-ALL-02')",
    ),
    "sets that are not asked for": (
        'when = "inpatient"',
        'when = "inpatient"\nsets = ["inf-cmv"]',
        "regimens 1, only 1: 'inpatient' asks for the wrong of `sets`, `limit` and `days`",
    ),
    "no limit": (
        "limit = 45\n",
        "",
        "regimens 1, excluded 2: 'weight-below' asks for the wrong of `sets`, `limit` and `days`",
    ),
    "no days": ("\ndays = 90", "", "cautions 1: 'used' asks for the wrong of `sets`, `limit` and `days`"),
    "a value that nobody may ask for": (
        'sets = ["obs-lactate"]',
        'sets = ["obs-ferritin"]',
        "critical 1: 'obs-ferritin' is no value that a file may ask for",
    ),
    "a dose without its rule": (
        "per_kg = 7.5\n",
        "",
        "drugs, tetracycline: {dose} and per_kg belong together",
    ),
    "a rule of dose that nothing shows": (
        '"{dose} by mouth"',
        '"by mouth"',
        "drugs, tetracycline: {dose} and per_kg belong together",
    ),
    "a regimen of no drug": ('["tetracycline", "other"]', '["cycline"]', "regimens 1: no drug 'cycline'"),
    "a weight that is not asked for": (
        "by_weight = true\n",
        "",
        "regimens 1: a dose by weight needs the weight",
    ),
    "an unknown member of a drug": ("most = 500", "least = 500", "drugs, tetracycline: unknown ['least']"),
    "an unknown member of a regimen": (
        'key = "named"',
        'key = "named"\nnext = 1',
        "regimens 2: unknown ['next']",
    ),
    "an unknown member of a caution": ("days = 90", "days = 90\nnext = 1", "cautions 1: unknown ['next']"),
    "an unknown member of evidence": (
        'grade = "strong"',
        'grad = "strong"',
        "evidence 1: unknown ['grad']",
    ),
    "a key of a row without words": (
        'when = "warned"',
        'when = "warned"\nkey = "a"',
        "treat_when 1: unknown ['key']",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_wrong_member_stops_the_start_and_is_named(tmp_path: Path, mistake: str) -> None:
    old, new, complaint = REFUSED[mistake]
    text = with_mistake(EVERYTHING, old, new)
    where = "whole.toml: " if complaint.startswith(TOP) else "whole.toml, "
    assert refusal(lambda: read(tmp_path, whole=text)) == f"{where}{complaint}"


TOP = ("unknown", "order", "chronic", "no value set", "evidence for")
"""Complaints about the file itself, not about a table in it."""


@pytest.mark.parametrize("key", WHOLE.words)
def test_a_word_that_a_card_may_need_is_asked_for(tmp_path: Path, key: str) -> None:
    optional = {"under-way": "first-step.under-way", "first-step.treat.critical": ""}
    members, words = EVERYTHING.split("[words]\n")
    lines = [line for line in words.splitlines() if not line.startswith((f"{key} =", f'"{key}" ='))]
    assert len(lines) == len(WHOLE.words) - 1
    text = "\n".join((members, "[words]", *lines))
    if key in optional:
        (found,) = read(tmp_path, whole=text)
        assert not found.reviews_therapy or key != "under-way"
    else:
        assert refusal(lambda: read(tmp_path, whole=text)) == f"whole.toml: no words for ['{key}']"


def test_one_order_in_two_files_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^two pathogens have the same order: \[10, 10\]$"):
        read(tmp_path, a=LEAST, b=LEAST.replace("INF-LEAST", "INF-LAST"))


def test_one_id_in_two_files_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^two pathogens have the same id: \['INF-LEAST', 'INF-LEAST'\]$"):
        read(tmp_path, a=LEAST, b=LEAST.replace("order = 10", "order = 11"))


# ------------------------------------------------------------------------------------ the condition in words


def title_of(set_id: str) -> str:
    return set_id.upper()


RECOGNISED = (
    "Recognised by a Condition of INF-CMV (`inf-cmv`), INF-EBV (`inf-ebv`) or a positive test of LAB-CMV (`lab-cmv`) "
    "or an organism of INF-MALARIA (`inf-malaria`)."
)


def test_the_condition_of_a_test_says_what_is_tested_and_when_nothing_is_recorded() -> None:
    assert condition_of(WHOLE, "INF-ALL-01", title_of).splitlines() == [
        "Made-up infection: only suspected (info).",
        RECOGNISED,
        "It is current until it is cured.",
        "A suspicion is tested; with a critical sign it is treated.",
        "A test is also suggested where antibodies alone are known and the count is below {limit:normal}, or an adult "
        "who is not pregnant has a count below {limit:workup_count} and either a recorded immune thrombocytopenia, or "
        "low counts for {limit:mon_default_weeks} weeks that nothing explains, and none was done in "
        "{limit:proven_chronic_months} months.",
    ]


def test_the_condition_of_a_treatment_says_whom_and_how_urgently() -> None:
    assert condition_of(WHOLE, "INF-ALL-02", title_of).splitlines() == [
        "Made-up infection: proven or reported (warning).",
        RECOGNISED,
        "It is current until it is cured.",
        "Critical with shock, or organ failure, or active bleeding of WHO grade 2 or more, or a form that is coded or "
        "graded severe, or sepsis beside it, or altered consciousness, or a seizure, or OBS-LACTATE (`obs-lactate`) "
        "above 4.5 mmol/L within 2 days.",
        "A warning with platelets below 30.",
        "Treated (critical) only with what makes the card a warning, or age 65 years or more; else care is supportive. "
        "Not treated now with a pregnancy.",
    ]


def test_the_condition_of_the_infection_says_what_counts_as_its_therapy() -> None:
    assert condition_of(WHOLE, "INF-ALL", title_of).splitlines() == [
        "Made-up infection: under therapy (info).",
        RECOGNISED,
        "It is current until it is cured.",
        "Its therapy is 3 drugs of MED-H-PYLORI (`med-h-pylori`) or one of MED-H-PYLORI-PACK (`med-h-pylori-pack`), "
        "intravenous; the platelets may take 5 weeks.",
        "Information too where it is not recorded, the count is below {limit:mild} and a vaccine of VAX-MMR "
        "(`vax-mmr`) was given within 42 days.",
    ]


def test_the_condition_of_a_file_with_one_card_is_all_of_it() -> None:
    assert condition_of(SCARCE, "INF-LEAST", title_of).splitlines() == [
        "Little known infection: proven or reported (warning); only suspected (info).",
        "Recognised by a Condition of INF-EBV (`inf-ebv`).",
        "It is current for 14 days after its onset.",
        "A suspicion is tested, not treated.",
        "Care is supportive: no drug against it is drafted.",
    ]


def test_a_limit_has_its_unit_and_one_that_is_turned_round_says_so() -> None:
    row = WHOLE.critical[0]
    turned = replace(row, when=When.MEASURED_BELOW, limit=Decimal(5), days=1, negated=True)
    said = condition_of(replace(WHOLE, critical=(turned,), critical_when=()), "INF-ALL-02", title_of)
    assert "Critical with OBS-LACTATE (`obs-lactate`) of 5 mmol/L or more within 1 day." in said.splitlines()


def test_a_regimen_in_words_names_doses_and_who_is_excluded() -> None:
    assert regimens_of(WHOLE, title_of) == (
        "Tetracycline: 7.5 mg/kg, at most 500 mg by mouth; Other: as the ward gives it. Only with a stay in hospital. "
        "Only without a drug in use of MED-CORTICOSTEROID (`med-corticosteroid`), MED-RITUXIMAB (`med-rituximab`). Not "
        "with an allergy to ALLERGY-TETRACYCLINE (`allergy-tetracycline`), or a body weight below 45 kg. Asks for the "
        "weight.",
    )


def test_words_of_a_file_are_sections_each_with_its_condition() -> None:
    sections = pathogen_sections([WHOLE])
    assert list(sections) == ["INF-ALL", "INF-ALL-01", "INF-ALL-02"]
    treat = sections["INF-ALL-02"]
    assert (treat.rule, treat.stem, treat.source) == (
        "INF-ALL-02",
        "anti_infective/pathogens/INF-ALL",
        "ACG24",
    )
    assert treat.links == ("STASI09", "BSH17")
    assert [(e.citation, e.recommendation, e.grade) for e in treat.evidence] == [
        ("ACG24", "treat what is found", "strong"),
        ("BSH17", "nothing else", None),
    ]
    assert [e.citation for e in sections["INF-ALL-01"].evidence] == ["BSH17"]
    told = with_conditions(sections, [WHOLE], title_of)
    for rule, section in told.items():
        condition = condition_of(WHOLE, rule, title_of)
        assert section.paragraphs == MappingProxyType({"condition": condition, **WHOLE.words})

"""Every fact that a rule asks for has something that feeds it, or `ARCHITECTURE.md` says that it is blind."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cards.reasons import Fact
from cards.valuesets import load
from tests.house.tree import PROJECT, modules

TERMINOLOGY = load()
BLIND = (
    (PROJECT / "ARCHITECTURE.md")
    .read_text(encoding="utf-8")
    .partition("## Blind facts")[2]
    .partition("\n## ")[0]
)

FED_BY: Mapping[Fact, tuple[str, ...]] = {
    Fact.PLATELETS: ("obs-platelet-count",),
    Fact.PLATELET_TIME: ("Observation.effective",),
    Fact.AGE: ("Patient.birthDate",),
    Fact.WEIGHT: ("obs-body-weight",),
    Fact.SEX: ("Patient.gender",),
    Fact.PREGNANCY: ("obs-pregnancy", "obs-pregnancy-test", "risk-pregnancy"),
    Fact.ALLERGIES: ("AllergyIntolerance", "allergy-none-known"),
    Fact.MEDICATIONS: ("MedicationRequest",),
    Fact.CONDITIONS: ("Condition",),
    Fact.PROCEDURES: ("Procedure",),
    Fact.ORDERS: ("ServiceRequest",),
    Fact.OBSERVATIONS: ("Observation",),
    Fact.TEMPERATURE: ("obs-temperature",),
    Fact.BLOOD_PRESSURE: ("obs-systolic", "obs-map"),
    Fact.LACTATE: ("obs-lactate",),
    Fact.GLUCOSE: ("obs-glucose",),
    Fact.HAEMOGLOBIN: ("obs-hemoglobin",),
    Fact.BLOOD_FILM: ("obs-schistocytes", "obs-blasts", "obs-platelet-morphology", "obs-platelet-artefact"),
    Fact.COAGULATION: ("obs-pt-inr", "obs-aptt", "obs-fibrinogen"),
    Fact.INR: ("obs-pt-inr",),
    Fact.HAEMOLYSIS: ("obs-ldh", "obs-haptoglobin", "obs-bilirubin-indirect", "obs-reticulocytes"),
    Fact.SCHISTOCYTES: ("obs-schistocytes",),
    Fact.ADAMTS13: ("obs-adamts13",),
    Fact.CREATININE: ("obs-creatinine",),
    Fact.RHD: ("obs-rhd", "status-rhd-negative"),
    Fact.DAT: ("obs-dat",),
    Fact.EGFR: ("obs-egfr",),
    Fact.MCV: ("obs-mcv",),
    Fact.NEUTROPHILS: ("obs-neutrophils",),
    Fact.HEPARIN_DATES: ("med-heparin",),
    Fact.PF4: ("obs-hit",),
    Fact.BLEEDING_ACTIVITY: ("Condition.clinicalStatus",),
    Fact.BLEEDING_GRADE: ("Condition.severity", "severity-severe"),
    Fact.INFECTION_TYPE: ("organism", "lab-culture"),
    Fact.THERAPY: ("MedicationRequest",),
    Fact.ONSET: ("Condition.onset",),
    Fact.SETTING: ("setting-inpatient",),
    Fact.SELECTED_DRUG: ("MedicationRequest.medication",),
    Fact.DOSE: ("MedicationRequest.dosageInstruction",),
    Fact.ROUTE: ("route-oral", "route-intravenous", "route-intramuscular", "route-subcutaneous"),
    Fact.LIVER_TESTS: ("obs-alt", "obs-ast", "obs-bilirubin"),
    Fact.TRAVEL: (),
    Fact.G6PD: ("obs-g6pd", "risk-g6pd-deficiency"),
    Fact.INDICATION: ("MedicationRequest.reasonReference",),
    Fact.SELECTION: ("MedicationRequest.id",),
    Fact.H_PYLORI: ("lab-h-pylori",),
    Fact.BLOOD_BORNE_VIRUSES: (
        "lab-hiv",
        "lab-hcv",
        "lab-hbv",
        "lab-hbv-surface-antigen",
        "lab-hbv-core-antibody",
    ),
    Fact.HBSAG: ("lab-hbv-surface-antigen",),
    Fact.ANTI_HBC: ("lab-hbv-core-antibody",),
    Fact.HIV_TEST: ("lab-hiv",),
    Fact.HEPATITIS_C_TEST: ("lab-hcv",),
    Fact.HEPATITIS_B_TEST: ("lab-hbv", "lab-hbv-surface-antigen", "lab-hbv-core-antibody"),
    Fact.ANTIPHOSPHOLIPID: ("obs-antiphospholipid",),
    Fact.ANCESTRY: ("ancestry-east-asian", "ancestry-south-asian", "ancestry-other"),
    Fact.D_DIMER: ("obs-d-dimer", "obs-d-dimer-ddu"),
    Fact.THROMBOSIS_DATE: ("Condition.onset",),
    Fact.BEFORE_HEPARIN: ("obs-platelet-count",),
    Fact.SKIN_NECROSIS: (),
    Fact.IMMUNIZATIONS: ("Immunization",),
    Fact.FERRITIN: ("obs-ferritin",),
    Fact.TRIGLYCERIDES: ("obs-triglyceride", "obs-fibrinogen"),
    Fact.GESTATION: ("obs-gestational-age",),
    Fact.SHIGA_TOXIN: ("lab-stec",),
    Fact.DRUG_START: ("MedicationRequest.authoredOn",),
    Fact.BODY_SURFACE: (),
    Fact.PLATELET_DOSE: (),
    Fact.ABO_MATCH: (),
    Fact.PARASITAEMIA: ("obs-parasitaemia",),
    Fact.TPO_RA_DOSE: ("MedicationRequest.dosageInstruction",),
    Fact.CHECK: ("Bundle",),  # a fault of ours, whatever the record holds
}
"""What feeds a fact: value sets, or the FHIR resource or member (with a capital) that holds it without our codes."""


def is_value_set(name: str) -> bool:
    return not name[0].isupper()


@pytest.mark.parametrize("fact", Fact, ids=lambda fact: fact.name)
def test_a_fact_is_fed_or_blind(fact: Fact) -> None:
    feeding = FED_BY[fact]
    assert [name for name in feeding if is_value_set(name) and name not in TERMINOLOGY] == []
    fed = [name for name in feeding if not is_value_set(name) or TERMINOLOGY[name].codes]
    assert fed or fact.value in BLIND, f"nothing can feed {fact.value!r}: name it under Blind facts"


def set_names() -> Iterator[tuple[str, str]]:
    """The value sets that rules, facts and pathogen files name, with the place."""
    families = {set_id.partition("-")[0] for set_id in TERMINOLOGY}
    named = re.compile(rf"(?:{'|'.join(sorted(families))})-[a-z0-9-]+")
    for place, tree in modules("cards", "cds_service/facts"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and named.fullmatch(node.value):
                yield node.value, place
    for path in sorted((PROJECT / "cards/anti_infective/pathogens").glob("*.toml")):
        for name in lists_of(tomllib.loads(path.read_text(encoding="utf-8"))):
            if named.fullmatch(name):
                yield name, path.name


def lists_of(table: Any, member: str = "") -> Iterator[str]:
    """The texts of a pathogen file's lists and of its `set` members: value sets, never words or keys."""
    if isinstance(table, dict):
        for name, value in table.items():
            yield from lists_of(value, name)
    elif isinstance(table, list):
        for value in table:
            yield from [value] if isinstance(value, str) else lists_of(value)
    elif isinstance(table, str) and member == "set":
        yield table


NO_SETS = frozenset(
    {
        "order-select",  # a hook
        "order-sign",
        "not-taken",  # statuses of FHIR
        "not-done",
        "allergy-not-true",  # a reason for an override
        "not-applicable",
        "not-likely",  # keys of words
    }
)
"""Words of other vocabularies that look like the id of a value set."""


def test_every_value_set_that_is_named_is_there() -> None:
    named = dict(set_names())
    assert len(named) > 200
    unknown = {name: place for name, place in named.items() if name not in TERMINOLOGY}
    assert {name: place for name, place in unknown.items() if name not in NO_SETS} == {}


def test_a_value_set_without_a_code_is_named_as_blind() -> None:
    blind = {set_id for set_id in TERMINOLOGY if not TERMINOLOGY[set_id].codes}
    assert {set_id for set_id in blind if f"`{set_id}`" not in BLIND} == set()


def test_what_is_called_blind_is_blind() -> None:
    """A fact that got its code leaves the list."""
    column = re.findall(r"^\|[^|]+\| `([a-z0-9-]+)` \|", BLIND, flags=re.MULTILINE)
    assert len(column) == 4
    assert [set_id for set_id in column if TERMINOLOGY[set_id].codes] == []

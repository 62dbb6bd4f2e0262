"""Allergies: which hold, to what, how bad."""

from __future__ import annotations

from typing import Any

import pytest

from cards.record import Allergy
from cds_service.facts.allergies import read_allergies
from tests.service.build import HL7, LOCAL, RXNORM, SNOMED, coded, concept, reading, reasons, resource

PENICILLIN = coded("allergy-penicillin")


def recorded(**members: Any) -> dict[str, Any]:
    return resource("AllergyIntolerance", **({"code": PENICILLIN} | members))


def allergy(**members: Any) -> Allergy:
    (found,) = read_allergies(reading(recorded(**members)))
    return found


def clinical(code: str) -> dict[str, Any]:
    return concept((HL7 + "allergyintolerance-clinical", code))


def verified(code: str) -> dict[str, Any]:
    return concept((HL7 + "allergyintolerance-verification", code))


def test_an_allergy_is_the_sets_of_its_substance() -> None:
    found = allergy()
    assert found.reference == "AllergyIntolerance/x"
    assert {"allergy-penicillin", "allergy-substance"} <= found.set_ids
    assert found.codes == ((SNOMED, "91936005"),)
    assert not found.denies_all
    assert (found.criticality, found.reaction_severity, found.anaphylaxis, found.intolerance) == (
        None,
        None,
        False,
        False,
    )


def test_the_codes_of_a_drug_are_known_by_class_and_in_their_normal_form() -> None:
    found = allergy(code=concept(("urn:oid:2.16.840.1.113883.6.88", "723")))
    assert "med-aminopenicillin" in found.set_ids
    assert found.codes == ((RXNORM, "723"),)


@pytest.mark.parametrize("code", ["inactive", "resolved"])
def test_what_is_over_is_no_allergy(code: str) -> None:
    assert read_allergies(reading(recorded(clinicalStatus=clinical(code)))) == ()


@pytest.mark.parametrize("code", ["refuted", "entered-in-error"])
def test_what_is_void_is_none(code: str) -> None:
    assert read_allergies(reading(recorded(verificationStatus=verified(code)))) == ()


@pytest.mark.parametrize("code", ["unconfirmed", "presumed", "confirmed"])
def test_a_suspected_allergy_counts(code: str) -> None:
    assert allergy(clinicalStatus=clinical("active"), verificationStatus=verified(code)).set_ids


@pytest.mark.parametrize(
    "code", [{"text": "penicillin"}, concept((LOCAL, "PEN")), concept((SNOMED, "300913006")), None]
)
def test_an_unknown_substance_stays_in_the_list_and_is_reported(code: Any) -> None:
    read = reading(recorded(code=code))
    (found,) = read_allergies(read)
    assert found.set_ids == frozenset()
    assert reasons(read) == [("AllergyIntolerance/x", "unmapped allergy")]


def test_the_substance_of_a_reaction_counts_too() -> None:
    found = allergy(
        code={"text": "a drug"}, reaction=[{"substance": PENICILLIN, "manifestation": [{"text": "rash"}]}]
    )
    assert "allergy-penicillin" in found.set_ids


def test_no_known_allergy() -> None:
    for number in (0, 1):
        assert allergy(code=coded("allergy-none-known", number)).denies_all


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("high", "high"),
        ("low", "low"),
        ("unable-to-assess", "unable-to-assess"),
        ("CRITH", None),
        (None, None),
    ],
)
def test_criticality(given: str | None, read: str | None) -> None:
    assert allergy(criticality=given).criticality == read


def test_the_worst_of_several_reactions() -> None:
    reactions = [
        {"severity": s, "manifestation": [{"text": "rash"}]} for s in ("moderate", "severe", "mild", "fatal")
    ]
    assert allergy(reaction=reactions).reaction_severity == "severe"
    assert allergy(reaction=reactions[:1]).reaction_severity == "moderate"


def test_anaphylaxis_by_its_code_alone() -> None:
    shown = {"manifestation": [{"text": "hives"}, coded("reaction-anaphylaxis")]}
    assert allergy(reaction=[shown]).anaphylaxis
    assert not allergy(reaction=[{"manifestation": [{"text": "anaphylaxis"}]}]).anaphylaxis


@pytest.mark.parametrize(("type_", "intolerance"), [("intolerance", True), ("allergy", False), (None, False)])
def test_an_intolerance_is_told_apart(type_: str | None, intolerance: bool) -> None:
    assert allergy(type=type_).intolerance is intolerance


def test_a_status_as_a_string_is_of_another_release_and_reported() -> None:
    read = reading(recorded(clinicalStatus="active"))
    assert read_allergies(read) == ()
    assert reasons(read) == [("AllergyIntolerance/x", "not FHIR R4: clinicalStatus")]


def test_a_fall_of_the_platelets_as_a_reaction() -> None:
    shown = {"manifestation": [{"text": "bruises"}, coded("cond-thrombocytopenia-drug")]}
    assert allergy(reaction=[shown]).thrombocytopenia
    assert not allergy(reaction=[{"manifestation": [coded("reaction-anaphylaxis")]}]).thrombocytopenia

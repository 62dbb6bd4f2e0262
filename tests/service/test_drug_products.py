"""Drugs as US records code them: RxNorm products (strength, form, brand) are read as the ingredients they hold."""

from __future__ import annotations

import pytest

from cds_service.facts.medications import read_medications
from tests.service.build import RXNORM, SNOMED, Json, concept, reading, resource
from tests.service.hook_calls import bundle, call, draft, platelets, rules

IBUPROFEN, WARFARIN = "5640", "11289"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def request(code: str, own_id: str = "m1") -> Json:
    """An active request of two weeks ago."""
    drug = concept((RXNORM, code))
    members = {"status": "active", "intent": "order", "authoredOn": "2026-06-01"}
    return resource("MedicationRequest", own_id, medicationCodeableConcept=drug, **members)


def selecting(code: str, *record: Json) -> list[str]:
    """The leading rules of the cards when this drug is selected."""
    order = draft() | {"medicationCodeableConcept": concept((RXNORM, code))}
    context = {
        "userId": "Practitioner/1",
        "patientId": "p1",
        "selections": ["MedicationRequest/d1"],
        "draftOrders": bundle() | {"type": "collection", "entry": [{"resource": order}]},
    }
    return [rule for card in rules(call(*record, hook="order-select", context=context)) for rule in card]


def suspected_dengue() -> Json:
    return resource(
        "Condition",
        "dengue",
        clinicalStatus=concept((CLINICAL, "active")),
        verificationStatus=concept((VERIFICATION, "provisional")),
        code=concept((SNOMED, "38362002")),
        onsetDateTime="2026-06-13",
    )


@pytest.mark.parametrize("code", [IBUPROFEN, "310965", "197805", "197806", "197807", "206905"])
def test_ibuprofen_tablets_are_stopped_in_suspected_dengue(code: str) -> None:
    """Tablets of 200 to 800 mg, as the drug picker of the CDS Hooks sandbox orders them."""
    assert "ORD-02" in selecting(code, platelets(165), suspected_dengue())


def test_a_drug_that_no_set_knows_is_still_no_nsaid() -> None:
    assert "ORD-02" not in selecting("197361", platelets(165), suspected_dengue())


@pytest.mark.parametrize("code", ["855332", "855288", "855334"])
def test_warfarin_tablets_are_judged_as_warfarin(code: str) -> None:
    expected = selecting(WARFARIN, platelets(22))
    assert {"ORD-03", "ORD-04"} & set(expected)
    assert selecting(code, platelets(22)) == expected


def test_warfarin_tablets_in_use_are_warfarin_in_use() -> None:
    metronidazole = "311681"
    expected = selecting("6922", platelets(90), request(WARFARIN))
    assert "ORD-30" in expected
    assert selecting(metronidazole, platelets(90), request("855332")) == expected


def test_the_product_itself_stays_on_the_drug() -> None:
    (found,) = read_medications(reading(request("855332")))
    assert found.codes == ((RXNORM, "855332"),)
    assert {"med-anticoagulant", "med-vitamin-k-antagonist"} == found.set_ids
    assert found.start is not None


@pytest.mark.parametrize(
    ("code", "sets"),
    [
        ("858798", {"med-nsaid"}),  # hydrocodone with ibuprofen
        ("259081", {"med-antiplatelet", "med-aspirin", "med-salicylate"}),  # aspirin with dipyridamole
        ("562508", {"med-aminopenicillin", "med-antibacterial", "med-penicillin"}),  # with clavulanate
        ("198335", {"med-cotrimoxazole", "med-drug-induced-thrombocytopenia", "med-antibacterial"}),
        ("643066", {"med-antiretroviral", "med-antiviral-hbv"}),  # efavirenz, emtricitabine, tenofovir
        ("198203", {"med-antituberculosis-pack", "med-rifamycin"}),  # isoniazid with rifampicin
    ],
)
def test_a_combination_belongs_to_the_sets_of_all_its_ingredients(code: str, sets: set[str]) -> None:
    (found,) = read_medications(reading(request(code)))
    assert sets <= found.set_ids

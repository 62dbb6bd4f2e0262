"""The dose of a draft for the recorded weight."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cards.anti_infective.content import Drug
from cards.anti_infective.dosing import dosage_of
from tests.cards.direct import measured, pathogens

DRUG = Drug("drug", "Drug", "{dose} daily", per_kg=Decimal("2.2"), most=Decimal(100))


@pytest.mark.parametrize(
    ("weight", "shown"),
    [
        ("20", "44 mg (2.2 mg/kg for 20 kg) daily"),
        ("20.4", "44 mg (2.2 mg/kg for 20.4 kg) daily"),
        ("45", "99 mg (2.2 mg/kg for 45 kg) daily"),
        ("46", "100 mg (the maximum; 2.2 mg/kg for 46 kg) daily"),
    ],
)
def test_rounded_down_and_never_over_the_maximum(weight: str, shown: str) -> None:
    assert dosage_of(DRUG, measured("obs-body-weight", weight, "kg")) == shown


def test_without_a_weight_there_is_no_dose() -> None:
    with pytest.raises(ValueError, match="needs the weight"):
        dosage_of(DRUG, None)
    assert dosage_of(Drug("drug", "Drug", "500 mg daily"), None) == "500 mg daily"


@pytest.mark.parametrize(
    ("pathogen", "drug", "weight", "dose"),
    [
        ("INF-MAL", "artesunate", "70", "168 mg"),
        ("INF-HSV", "aciclovir-newborn", "3.4", "68 mg"),
        ("INF-HSV", "aciclovir", "70", "700 mg"),
        ("INF-CMV", "ganciclovir", "62", "310 mg"),
        ("INF-BRU", "gentamicin", "70", "350 mg"),
        ("INF-TYPH", "azithromycin", "80", "1000 mg (the maximum"),
        ("INF-RICK", "doxycycline-child", "20", "44 mg"),
    ],
)
def test_doses_of_the_rulebook(pathogen: str, drug: str, weight: str, dose: str) -> None:
    shown = dosage_of(pathogens()[pathogen].drugs[drug], measured("obs-body-weight", weight, "kg"))
    assert shown.startswith(dose)

"""The dose of a draft: as the file says it, or worked out for the recorded body weight."""

from __future__ import annotations

from cards.anti_infective.content import Drug
from cards.record import Measurement


def dosage_of(drug: Drug, weight: Measurement | None) -> str:
    """The dosage text; a dose by weight is rounded down to the drug's step and never over its maximum."""
    if drug.per_kg is None:
        return drug.dosage
    if weight is None:
        raise ValueError(f"{drug.key}: a dose by weight needs the weight")
    worked_out = weight.value * drug.per_kg // drug.step * drug.step
    by_weight = f"{drug.per_kg:f} mg/kg for {weight.value:f} kg"
    if drug.most is not None and worked_out > drug.most:
        return drug.dosage.replace("{dose}", f"{drug.most:f} mg (the maximum; {by_weight})")
    return drug.dosage.replace("{dose}", f"{worked_out:f} mg ({by_weight})")

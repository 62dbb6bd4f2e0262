"""Observations of a story: counts, measurements, results, and findings that were observed."""

from __future__ import annotations

from typing import Final

from cards.code_systems import SNOMED, UCUM
from cds_service.stories.coding import Dialect, concept, term, unit_codes
from cds_service.stories.story import Amount, Observed, Term
from cds_service.stories.writer import Resource, Writer, hl7, without_none

WORDS: Final = {
    "positive": "result-positive/Positive",
    "detected": "result-positive/Detected",
    "present": "result-positive/Present",
    "reactive": "result-positive/Reactive",
    "negative": "result-negative/Negative",
    "not detected": "result-negative/Not detected",
    "absent": "result-negative/Absent",
    "indeterminate": "result-open/Indeterminate",
    "normal": "result-normal/Normal",
    "abnormal": "result-abnormal/Abnormal",
    "deficient": "risk-g6pd-deficiency/Deficiency of glucose",
}
ANSWERS: Final = Dialect("answers", (SNOMED,))
"""Results are told in SNOMED CT whatever the dialect."""

VITAL_SIGNS: Final = frozenset(
    {"obs-temperature", "obs-systolic", "obs-diastolic", "obs-map", "obs-heart-rate", "obs-body-weight"}
    | {"obs-spo2", "obs-vitals", "obs-gcs"}
)


def category_of(o: Observed) -> str:
    """The category of a measurement or result."""
    return "vital-signs" if o.what.set_id in VITAL_SIGNS else "laboratory"


def observation_of(w: Writer, category: str, o: Observed) -> Resource:
    issued = o.issued or (None if o.at is None or o.at.whole_day else o.at)
    return without_none(
        w.head("Observation", category.partition("-")[0][:3])
        | {
            "status": o.status,
            "category": [hl7("observation-category", category)],
            "code": w.code(o.what),
            "subject": w.subject,
            "effectiveDateTime": w.text(o.at),
            "issued": w.text(issued),
        }
    )


def observation(w: Writer, category: str, o: Observed) -> Resource:
    resource = observation_of(w, category, o)
    if o.broken:
        return resource | {"valueQuantity": "unreadable"}
    if o.diastolic is not None and o.amount is not None:
        pressures = (("obs-systolic", o.amount.value), ("obs-diastolic", o.diastolic))
        resource["component"] = [
            {"code": w.code(Term(set_id)), "valueQuantity": quantity(Amount(value, unit="mm[Hg]"))}
            for set_id, value in pressures
        ]
    elif o.amount is not None:
        resource["valueQuantity"] = quantity(o.amount)
        resource |= _reference_range(o.amount)
    elif o.word is not None:
        resource |= answer(w, o.word)
    if o.interpretation is not None:
        code = {"high": "H", "low": "L"}[o.interpretation]
        resource["interpretation"] = [hl7("v3-ObservationInterpretation", code)]
    if o.sample is not None:
        resource |= _specimen(o.sample)
    return resource


def _specimen(sample: str) -> Resource:
    """The tube of citrate or heparin, the blood of the cord as a contained Specimen; else a sample of its own name."""
    if sample in ("citrate", "heparin"):
        additive = {"additiveCodeableConcept": concept(Term(f"specimen-{sample}"), ANSWERS)}
        tube: Resource = {"resourceType": "Specimen", "id": "tube", "container": [additive]}
    elif sample == "cord blood":
        tube = {"resourceType": "Specimen", "id": "tube", "type": concept(Term("specimen-cord"), ANSWERS)}
    else:
        return {"specimen": {"display": sample}}
    return {"contained": [tube], "specimen": {"reference": "#tube"}}


def answer(w: Writer, word: str) -> Resource:
    if word in WORDS:
        set_id, _, which = WORDS[word].partition("/")
        return {"valueCodeableConcept": concept(Term(set_id, which), ANSWERS)}
    return {"valueCodeableConcept": w.code(term(word))}


def quantity(amount: Amount) -> Resource:
    unit = amount.unit
    coded = unit is not None and (unit in unit_codes() or unit not in TEXT_UNITS)
    return without_none(
        {
            "value": amount.value,
            "comparator": amount.comparator,
            "unit": unit,
            "system": UCUM if coded else None,
            "code": (amount.code or unit) if coded else None,
        }
    )


TEXT_UNITS: Final = frozenset(
    {"K/uL", "/mm3", "x10*4/uL", "Thousands Per MicroLiter", "/cmm", "lakh/mm3", "G/L", "seconds over"}
)
"""Units that records hold as text without a UCUM code."""


def _reference_range(amount: Amount) -> Resource:
    if amount.low is None and amount.high is None:
        return {}
    ends = {"low": amount.low, "high": amount.high}
    return {
        "referenceRange": [
            {
                name: quantity(Amount(value, unit=amount.unit))
                for name, value in ends.items()
                if value is not None
            }
        ]
    }

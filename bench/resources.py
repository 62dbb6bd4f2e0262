"""Made-up resources in the shape that US Core servers send: meta, identifiers, two codings, 1.1 to 1.7 kB each."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

Json = dict[str, Any]

PATIENT: Final = "bench-0001"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM: Final = "http://unitsofmeasure.org"
HL7: Final = "http://terminology.hl7.org/CodeSystem/"
PROFILES: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
OWN: Final = "urn:oid:2.999.4711.1"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and what the laboratory holds for normal; the reference range as (low, high)."""

    value: float
    unit: str
    normal: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Writer:
    """Where resources get their ids and identifiers from: the same seed, the same bodies."""

    chance: random.Random

    def _head(self, kind: str, profile: str, at: datetime) -> Json:
        number = self.chance.randrange(10**11, 10**12)
        return {
            "resourceType": kind,
            "id": f"{kind.lower()}-{number:012d}",
            "meta": {
                "versionId": str(self.chance.randrange(1, 9)),
                "lastUpdated": f"{at:%Y-%m-%dT%H:%M:%S.000+00:00}",
                "profile": [PROFILES + profile],
            },
            "identifier": [
                {
                    "use": "official",
                    "system": f"{OWN}.17",
                    "value": f"{number * 7:014d}",
                }
            ],
        }

    def _subject(self) -> Json:
        return {"reference": f"Patient/{PATIENT}", "display": "Made-Up, Maria"}

    def _codes(self, system: str, code: str, display: str) -> Json:
        local = {
            "system": f"{OWN}.42",
            "code": f"L{code}",
            "display": display.upper(),
        }
        return {"coding": [{"system": system, "code": code, "display": display}, local], "text": display}

    def observation(
        self, code: str, display: str, at: datetime, quantity: Quantity | None, **members: Any
    ) -> Json:
        """A result; `members` (such as `component` or `valueCodeableConcept`) stand beside or for the quantity."""
        whole = self._head("Observation", "observation-lab", at) | {
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": HL7 + "observation-category",
                            "code": "laboratory",
                            "display": "Laboratory",
                        }
                    ]
                }
            ],
            "code": self._codes(LOINC, code, display),
            "subject": self._subject(),
            "effectiveDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "issued": f"{at:%Y-%m-%dT%H:%M:%S.000+00:00}",
            "performer": [{"reference": "Organization/laboratory-1"}],
        }
        return whole | ({} if quantity is None else self._measured(quantity)) | members

    def _measured(self, quantity: Quantity) -> Json:
        low, high = quantity.normal
        flag = (
            ("L", "Low")
            if quantity.value < low
            else ("H", "High")
            if quantity.value > high
            else ("N", "Normal")
        )
        bounds = {
            name: {"value": bound, "unit": quantity.unit, "system": UCUM, "code": quantity.unit}
            for name, bound in (("low", low), ("high", high))
        }
        return {
            "valueQuantity": {
                "value": quantity.value,
                "unit": quantity.unit,
                "system": UCUM,
                "code": quantity.unit,
            },
            "interpretation": [
                {
                    "coding": [
                        {"system": HL7 + "v3-ObservationInterpretation", "code": flag[0], "display": flag[1]}
                    ]
                }
            ],
            "referenceRange": [bounds | {"text": f"{low} to {high}"}],
        }

    def condition(
        self, code: str, display: str, at: datetime, status: str = "active", **members: Any
    ) -> Json:
        """A problem-list item, confirmed."""
        return (
            self._head("Condition", "condition-problems-health-concerns", at)
            | {
                "clinicalStatus": {"coding": [{"system": HL7 + "condition-clinical", "code": status}]},
                "verificationStatus": {
                    "coding": [{"system": HL7 + "condition-ver-status", "code": "confirmed"}]
                },
                "category": [
                    {
                        "coding": [
                            {
                                "system": HL7 + "condition-category",
                                "code": "problem-list-item",
                                "display": "Problem List Item",
                            }
                        ]
                    }
                ],
                "code": self._codes(SNOMED, code, display),
                "subject": self._subject(),
                "onsetDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "recordedDate": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "recorder": {"reference": "Practitioner/practitioner-17", "display": "Example, Erika"},
            }
            | members
        )

    def drug(self, code: str, display: str, at: datetime) -> Json:
        """An active order of a tablet once a day."""
        return self._head("MedicationRequest", "medicationrequest", at) | {
            "status": "active",
            "intent": "order",
            "category": [
                {
                    "coding": [{"system": HL7 + "medicationrequest-category", "code": "outpatient"}],
                    "text": "Outpatient",
                }
            ],
            "medicationCodeableConcept": self._codes(RXNORM, code, display),
            "subject": self._subject(),
            "authoredOn": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "requester": {"reference": "Practitioner/practitioner-17", "display": "Example, Erika"},
            "dosageInstruction": [
                {
                    "sequence": 1,
                    "text": "One tablet in the morning",
                    "timing": {
                        "repeat": {"frequency": 1, "period": 1, "periodUnit": "d"},
                        "code": {"coding": [{"system": HL7 + "v3-GTSAbbreviation", "code": "QD"}]},
                    },
                    "route": {"coding": [{"system": SNOMED, "code": "26643006", "display": "Oral route"}]},
                    "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                }
            ],
            "dispenseRequest": {
                "numberOfRepeatsAllowed": 3,
                "quantity": {"value": 30, "unit": "tablet"},
                "expectedSupplyDuration": {"value": 30, "unit": "days", "system": UCUM, "code": "d"},
            },
        }

    def patient(self, born: str, sex: str, at: datetime) -> Json:
        """The patient with name, addresses and the race extension of US Core."""
        return self._head("Patient", "patient", at) | {
            "id": PATIENT,
            "extension": [
                {
                    "url": PROFILES + "race",
                    "extension": [{"url": "text", "valueString": "Unknown"}],
                }
            ],
            "name": [{"use": "official", "family": "Made-Up", "given": ["Maria", "Example"]}],
            "telecom": [{"system": "phone", "value": "+00 000 0000000", "use": "home"}],
            "gender": sex,
            "birthDate": born,
            "address": [
                {
                    "use": "home",
                    "line": ["1 Example Street"],
                    "city": "Exampletown",
                    "postalCode": "00000",
                    "country": "XX",
                }
            ],
            "maritalStatus": {
                "coding": [{"system": HL7 + "v3-MaritalStatus", "code": "M", "display": "Married"}]
            },
            "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en"}]}}],
            "generalPractitioner": [
                {"reference": "Practitioner/practitioner-17", "display": "Example, Erika"}
            ],
        }


def searchset(resources: list[Json]) -> Json:
    """A Bundle as a server answers a search."""
    base = "https://ehr.example.org/fhir"
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "link": [{"relation": "self", "url": f"{base}/search"}],
        "entry": [
            {
                "fullUrl": f"{base}/{one['resourceType']}/{one['id']}",
                "resource": one,
                "search": {"mode": "match"},
            }
            for one in resources
        ],
    }

"""The members of FHIR R4 resources that are read, as msgspec Structs; every other member is skipped undecoded.

A member of the wrong type is an error of its resource, never a guess: that is also how most STU3, DSTU2 and R5
shapes are found out. Numbers stay raw bytes (`cds_service.fhir.numbers`), dates text (`cds_service.fhir.dates`).
Members that only other releases have are declared as `Raw`, so that their presence can be told.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, Raw, UnsetType, field
from msgspec.json import Decoder

from cds_service.fhir.datatypes import (
    AdministrationDosage,
    CodeableConcept,
    Coding,
    Collection,
    Component,
    Container,
    DispenseRequest,
    Dosage,
    EncounterLocation,
    Extension,
    Ingredient,
    Issue,
    Meta,
    Number,
    Participant,
    Period,
    Provision,
    Quantity,
    Range,
    Reaction,
    Reference,
    ReferenceRange,
    Repeat,
    Timing,
)
from cds_service.fhir.observation import Observation, Resource

__all__ = [
    "AdministrationDosage",
    "AllergyIntolerance",
    "Appointment",
    "CodeableConcept",
    "Coding",
    "Collection",
    "Component",
    "Condition",
    "Consent",
    "Container",
    "DiagnosticReport",
    "DispenseRequest",
    "Dosage",
    "Encounter",
    "EncounterLocation",
    "Extension",
    "Held",
    "Immunization",
    "Ingredient",
    "Issue",
    "Location",
    "Medication",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
    "Meta",
    "Number",
    "Observation",
    "OperationOutcome",
    "Participant",
    "Patient",
    "Period",
    "Procedure",
    "Provision",
    "Quantity",
    "Range",
    "Reaction",
    "Reference",
    "ReferenceRange",
    "Repeat",
    "Resource",
    "ServiceRequest",
    "Shape",
    "Specimen",
    "Timing",
    "decode_shape",
]


class Condition(Resource, frozen=True):
    code: CodeableConcept | None = None
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] = ()
    severity: CodeableConcept | None = None
    subject: Reference | None = None
    onset_date_time: str | None = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_range: Range | None = None
    onset_string: str | None = None
    abatement_date_time: str | None = None
    abatement_age: Quantity | None = None
    abatement_period: Period | None = None
    abatement_range: Range | None = None
    abatement_string: str | None = None
    abatement_boolean: Raw | UnsetType = UNSET  # DSTU2 and STU3
    recorded_date: str | None = None
    recorder: Reference | None = None
    asserter: Reference | None = None


class MedicationRequest(Resource, frozen=True):
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    reported_boolean: bool | None = None
    reported_reference: Reference | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    medication: Raw | UnsetType = UNSET  # R5
    subject: Reference | None = None
    authored_on: str | None = None
    dosage_instruction: tuple[Dosage, ...] = ()
    dispense_request: DispenseRequest | None = None


class MedicationStatement(Resource, frozen=True):
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    medication: Raw | UnsetType = UNSET  # R5
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    dosage: tuple[Dosage, ...] = ()


class MedicationAdministration(Resource, frozen=True):
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    medication: Raw | UnsetType = UNSET  # R5
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    dosage: AdministrationDosage | None = None


class Medication(Resource, frozen=True):
    code: CodeableConcept | None = None
    status: str | None = None
    ingredient: tuple[Ingredient, ...] = ()


class AllergyIntolerance(Resource, frozen=True):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    type: str | None = None
    criticality: str | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None
    last_occurrence: str | None = None
    onset_date_time: str | None = None
    recorded_date: str | None = None
    reaction: tuple[Reaction, ...] = ()


class Procedure(Resource, frozen=True):
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    performed_string: str | None = None
    occurrence_date_time: Raw | UnsetType = UNSET  # R5
    occurrence_period: Raw | UnsetType = UNSET  # R5
    used_code: tuple[CodeableConcept, ...] = ()


class ServiceRequest(Resource, frozen=True):
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    code: CodeableConcept | None = None
    order_detail: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    occurrence_timing: Timing | None = None
    authored_on: str | None = None


class Appointment(Resource, frozen=True):
    status: str | None = None
    service_type: tuple[CodeableConcept, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    start: str | None = None
    end: str | None = None
    created: str | None = None
    participant: tuple[Participant, ...] = ()


class Immunization(Resource, frozen=True):
    status: str | None = None
    vaccine_code: CodeableConcept | None = None
    patient: Reference | None = None
    occurrence_date_time: str | None = None
    occurrence_string: str | None = None
    recorded: str | None = None


class Encounter(Resource, frozen=True):
    status: str | None = None
    class_: Coding | None = field(default=None, name="class")
    type: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    period: Period | None = None
    location: tuple[EncounterLocation, ...] = ()


class Location(Resource, frozen=True):
    type: tuple[CodeableConcept, ...] = ()
    physical_type: CodeableConcept | None = None


class DiagnosticReport(Resource, frozen=True):
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    result: tuple[Reference, ...] = ()
    specimen: tuple[Reference, ...] = ()


class Patient(Resource, frozen=True):
    birth_date: str | None = None
    gender: str | None = None
    extension: tuple[Extension, ...] = ()


class Consent(Resource, frozen=True):
    status: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    patient: Reference | None = None
    date_time: str | None = None
    provision: Provision | None = None


class Specimen(Resource, frozen=True):
    type: CodeableConcept | None = None
    subject: Reference | None = None
    collection: Collection | None = None
    container: tuple[Container, ...] = ()


class OperationOutcome(Resource, frozen=True):
    issue: tuple[Issue, ...] = ()


Held = (
    Observation
    | Condition
    | MedicationRequest
    | MedicationStatement
    | MedicationAdministration
    | Medication
    | AllergyIntolerance
    | Procedure
    | ServiceRequest
    | Appointment
    | Immunization
    | Encounter
    | Location
    | DiagnosticReport
    | Patient
    | Consent
    | Specimen
)

"""What an ordinary Bundle holds: resources that are read, no failure."""

Shape = Held | OperationOutcome

_DECODER: Final[Decoder[Shape]] = Decoder(Shape)


def decode_shape(raw: bytes | Raw) -> Shape:
    """One resource. Raises msgspec.ValidationError where a read member is not R4 or the type is none of `Shape`."""
    return _DECODER.decode(raw)

"""The FHIR R4 data types, with the members that are read (see `cds_service.fhir.shapes`)."""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType

Number = Raw | UnsetType


class Part(Struct, frozen=True, gc=False, rename="camel"):
    """A data type inside a resource."""


class Meta(Part):
    version_id: str | None = None
    last_updated: str | None = None


class Coding(Part):
    system: str | None = None
    code: str | None = None


class CodeableConcept(Part):
    """`has_text` tells that there are words; they are never read as a code."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None

    @property
    def has_text(self) -> bool:
        return bool(self.text)


class Reference(Part):
    reference: str | None = None
    type: str | None = None


class Quantity(Part):
    value: Number = UNSET
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Period(Part):
    start: str | None = None
    end: str | None = None


class Repeat(Part):
    bounds_period: Period | None = None
    bounds_duration: Quantity | None = None


class Timing(Part):
    event: tuple[str, ...] = ()
    repeat: Repeat | None = None


class Dosage(Part):
    timing: Timing | None = None
    route: CodeableConcept | None = None


class Extension(Part):
    url: str | None = None
    value_coding: Coding | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_code: str | None = None
    extension: tuple[Extension, ...] = ()


class Range(Part):
    low: Quantity | None = None
    high: Quantity | None = None


class ReferenceRange(Part):
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None


class Component(Part):
    """Observation.component: a value of its own under the time and subject of its Observation."""

    code: CodeableConcept
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_integer: Number = UNSET
    value_boolean: bool | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()


class DispenseRequest(Part):
    validity_period: Period | None = None
    expected_supply_duration: Quantity | None = None


class AdministrationDosage(Part):
    route: CodeableConcept | None = None


class Ingredient(Part):
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    is_active: bool | None = None


class Reaction(Part):
    substance: CodeableConcept | None = None
    manifestation: tuple[CodeableConcept, ...] = ()
    severity: str | None = None


class Participant(Part):
    actor: Reference | None = None
    status: str | None = None


class EncounterLocation(Part):
    location: Reference | None = None
    status: str | None = None
    physical_type: CodeableConcept | None = None
    period: Period | None = None


class Provision(Part):
    type: str | None = None
    period: Period | None = None
    code: tuple[CodeableConcept, ...] = ()


class Container(Part):
    type: CodeableConcept | None = None
    additive_codeable_concept: CodeableConcept | None = None
    additive_reference: Reference | None = None


class Collection(Part):
    collected_date_time: str | None = None
    collected_period: Period | None = None


class Issue(Part):
    severity: str | None = None
    code: str | None = None

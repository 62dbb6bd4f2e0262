"""The FHIR R4 data types, with the members that are read (see `cds_service.fhir.shapes`)."""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType

Number = Raw | UnsetType


class Part(Struct, frozen=True, gc=False, rename="camel"):
    """A data type inside a resource."""


class Meta(Part, frozen=True):
    version_id: str | None = None
    last_updated: str | None = None


class Coding(Part, frozen=True):
    system: str | None = None
    code: str | None = None


class CodeableConcept(Part, frozen=True):
    """`has_text` tells that there are words; they are never read as a code."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None

    @property
    def has_text(self) -> bool:
        return bool(self.text)


class Reference(Part, frozen=True):
    reference: str | None = None
    type: str | None = None


class Quantity(Part, frozen=True):
    value: Number = UNSET
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Period(Part, frozen=True):
    start: str | None = None
    end: str | None = None


class Repeat(Part, frozen=True):
    bounds_period: Period | None = None
    bounds_duration: Quantity | None = None


class Timing(Part, frozen=True):
    event: tuple[str, ...] = ()
    repeat: Repeat | None = None


class Dosage(Part, frozen=True):
    timing: Timing | None = None
    route: CodeableConcept | None = None


class Extension(Part, frozen=True):
    url: str | None = None
    value_coding: Coding | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_code: str | None = None
    extension: tuple[Extension, ...] = ()


class Range(Part, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None


class ReferenceRange(Part, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None


class Component(Part, frozen=True):
    """Observation.component: a value of its own under the time and subject of its Observation."""

    code: CodeableConcept
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_integer: Number = UNSET
    value_boolean: bool | None = None
    value_range: Raw | UnsetType = UNSET
    value_ratio: Raw | UnsetType = UNSET
    value_sampled_data: Raw | UnsetType = UNSET
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()


class DispenseRequest(Part, frozen=True):
    validity_period: Period | None = None
    expected_supply_duration: Quantity | None = None


class AdministrationDosage(Part, frozen=True):
    route: CodeableConcept | None = None


class Ingredient(Part, frozen=True):
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    is_active: bool | None = None


class Reaction(Part, frozen=True):
    substance: CodeableConcept | None = None
    manifestation: tuple[CodeableConcept, ...] = ()
    severity: str | None = None


class Participant(Part, frozen=True):
    actor: Reference | None = None
    status: str | None = None


class EncounterLocation(Part, frozen=True):
    location: Reference | None = None
    status: str | None = None
    physical_type: CodeableConcept | None = None
    period: Period | None = None


class Provision(Part, frozen=True):
    type: str | None = None
    period: Period | None = None
    code: tuple[CodeableConcept, ...] = ()
    provision: tuple[Provision, ...] = ()


class Container(Part, frozen=True):
    type: CodeableConcept | None = None
    additive_codeable_concept: CodeableConcept | None = None
    additive_reference: Reference | None = None


class Collection(Part, frozen=True):
    collected_date_time: str | None = None
    collected_period: Period | None = None


class Issue(Part, frozen=True):
    severity: str | None = None
    code: str | None = None

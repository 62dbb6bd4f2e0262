"""Whose resource it is (contract section 2): only what names the patient of the request counts."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Final

from cards.frozen import dataclass
from cds_service.fhir.entries import Entry
from cds_service.fhir.references import normal_reference
from cds_service.fhir.shapes import (
    AllergyIntolerance,
    Appointment,
    Consent,
    Immunization,
    Location,
    Medication,
    Observation,
    OperationOutcome,
    Patient,
    Reference,
    Shape,
    Specimen,
)

_NOBODYS: Final = (
    Medication,
    Location,
    OperationOutcome,
    Specimen,
)  # read only where another resource names them


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a resource is not this patient's; `is_unknown` where it names nobody, and so might be."""

    reason: str
    is_unknown: bool = False


_ANOTHER: Final = Wrong("belongs to another patient")
_NOBODY: Final = Wrong("names no patient", is_unknown=True)
_SOMEBODY: Final = Wrong("names a patient who cannot be told", is_unknown=True)
_ABOUT_OTHER: Final = Wrong("is about somebody or something other than the patient")


@dataclasses.dataclass(slots=True)
class Aliases:
    """How the patient of the request may be named: `Patient/{id}`, absolute below the server, or by fullUrl."""

    patient_id: str
    fhir_server: str | None = None
    relative: str = field(init=False)
    _urls: set[tuple[str, str]] = field(default_factory=set)
    _urls_of_others: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.relative = f"Patient/{self.patient_id}"

    def add(self, key: str, patient: Patient, full_url: str | None) -> None:
        """A fullUrl that the Bundle of this key gives a Patient."""
        if full_url:
            urls = self._urls if self.is_patient(patient, full_url) else self._urls_of_others
            urls.add((key, full_url))

    def is_patient(self, patient: Patient, full_url: str | None) -> bool:
        """Whether it is the Patient of the request: by id, or in a transaction by the uuid that stands for one."""
        if patient.id is None:
            return full_url == f"urn:uuid:{self.patient_id}"
        return patient.id == self.patient_id

    def are(self, text: str, key: str) -> bool:
        """Whether a reference in that Bundle names the patient."""
        if text == self.relative:
            return True
        if normal_reference(text, self.fhir_server) == self.relative:
            return True
        return (key, text) in self._urls

    def are_unknown(self, text: str, key: str) -> bool:
        """Whether a reference may or may not name the patient: on another server, or by a uuid that no Bundle gives."""
        return normal_reference(text, self.fhir_server) is None and (key, text) not in self._urls_of_others


def why_not_this_patient(entry: Entry[Shape], aliases: Aliases) -> Wrong | None:
    """None where the resource is the patient's, or one that belongs to nobody (a Medication)."""
    resource = entry.resource
    if isinstance(resource, Observation) and not resource.focus:  # the most of a record
        own = resource.subject
        if own is not None and own.reference == aliases.relative:
            return None
    if isinstance(resource, Patient):
        return None if aliases.is_patient(resource, entry.full_url) else _ANOTHER
    if isinstance(resource, _NOBODYS):
        return None
    if isinstance(resource, Appointment):
        named = [p.actor for p in resource.participant if p.actor is not None]
        return None if any(_is(one, entry.key, aliases) for one in named) else _ANOTHER
    if isinstance(resource, AllergyIntolerance | Immunization | Consent):
        subject = resource.patient
    else:
        subject = resource.subject
    if subject is None or not subject.reference:
        return _NOBODY
    if not _is(subject, entry.key, aliases):
        return _SOMEBODY if aliases.are_unknown(subject.reference, entry.key) else _ANOTHER
    if isinstance(resource, Observation) and not all(_is(one, entry.key, aliases) for one in resource.focus):
        return _ABOUT_OTHER
    return None


def _is(reference: Reference, key: str, aliases: Aliases) -> bool:
    return reference.reference is not None and aliases.are(reference.reference, key)

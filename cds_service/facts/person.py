"""The Patient: birth, sex, recorded ancestry (contract section 2). Ancestry is never inferred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cards.frozen import replace
from cards.record import Moment, PersonRecord, PregnancyEvidence
from cards.valuesets import Terminology
from cds_service.facts.context import Reading
from cds_service.fhir.dates import read_moment
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import Coding, Extension, Patient

_US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_URLS: Final = frozenset({_US_CORE + "race", _US_CORE + "ethnicity"})
_ANCESTRY, _ASIAN = "ancestry-", "ancestry-asian-unspecific"
_SAID: Final = frozenset({"ancestry-east-asian", "ancestry-south-asian", "ancestry-other"})
_WHICH_ASIAN: Final = frozenset({"east-asian", "south-asian"})
_SEXES: Final = frozenset({"male", "female", "other"})
_LONGEST_BIRTH_DATE: Final = len("2026-06-15")


def read_person(
    reading: Reading, entry: Entry[Patient], pregnancy: Sequence[PregnancyEvidence] = ()
) -> PersonRecord:
    """The person; what is not recorded, or cannot be read, stays unknown."""
    [person] = reading.each(_person, (entry,))
    return replace(person, pregnancy=tuple(pregnancy)) if pregnancy else person


def _person(entry: Entry[Patient], reading: Reading) -> PersonRecord:
    """What the Patient tells."""
    patient = entry.resource
    birth = read_birth(patient)
    if birth is None and patient.birth_date is not None:
        reading.report(entry, "unreadable birthDate")
    return PersonRecord(
        reference=entry.reference,
        birth=birth,
        sex=patient.gender if patient.gender in _SEXES else None,
        ancestry=read_ancestry(patient, reading.terminology),
    )


def read_birth(patient: Patient) -> Moment | None:
    """The date of birth: a day, a month or a year, never a time."""
    text = patient.birth_date
    if text is None or len(text) > _LONGEST_BIRTH_DATE:
        return None
    try:
        return read_moment(text)
    except ValueError:
        return None


def read_ancestry(patient: Patient, terminology: Terminology) -> frozenset[str]:
    """What is recorded: "east-asian" (East and Southeast), "south-asian", "other".

    Empty is unknown: nothing recorded, "asked but unknown", or Asian without saying which.
    """
    sets = {
        member.set_id
        for coding in _ancestry_codes(patient.extension)
        if coding.system is not None and coding.code is not None
        for member in terminology.sets_of(coding.system, coding.code)
    }
    said = frozenset(set_id.removeprefix(_ANCESTRY) for set_id in sets if set_id in _SAID)
    return said if _ASIAN not in sets or said & _WHICH_ASIAN else frozenset()


def _ancestry_codes(extensions: Sequence[Extension]) -> Iterator[Coding]:
    """The codes of the race and ethnicity extensions: categories and details, never their text."""
    for extension in extensions:
        if extension.url in _URLS:
            for part in extension.extension:
                if part.url in ("ombCategory", "detailed") and part.value_coding is not None:
                    yield part.value_coding

"""The tube or the source of a sample: EDTA, citrate, heparin, cord blood, known by Specimen codes alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cards.record import Specimen
from cds_service.facts.codes import sets_of
from cds_service.facts.context import Reading
from cds_service.fhir import shapes
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import CodeableConcept, Observation

# Cord blood first: whatever the tube, it is not the patient's own circulation.
_KINDS: Final[Mapping[str, Specimen]] = {
    "specimen-cord": Specimen.CORD,
    "specimen-citrate": Specimen.CITRATE,
    "specimen-heparin": Specimen.HEPARIN,
    "specimen-edta": Specimen.EDTA,
}


def specimen_of(entry: Entry[Observation], reading: Reading) -> tuple[Specimen | None, str | None]:
    """What kind of sample an Observation was made of, and the reference of the Specimen (`Type/id` or contained)."""
    reference = entry.resource.specimen
    if reference is None or reference.reference is None:
        return None, None
    found = reading.parsed.resolve(reference.reference, entry)
    if found is None or not isinstance(found.resource, shapes.Specimen):
        return None, reference.reference
    name = found.reference if found.inside is None else f"{found.reference}#{found.inside}"
    return _kind(found.resource, reading), name


def _kind(specimen: shapes.Specimen, reading: Reading) -> Specimen | None:
    concepts: list[CodeableConcept | None] = [specimen.type]
    for container in specimen.container:
        concepts += [container.type, container.additive_codeable_concept]
    known = {set_id for concept in concepts for set_id in sets_of(concept, reading.terminology)}
    return next((kind for set_id, kind in _KINDS.items() if set_id in known), None)

"""Medications that prescriptions and draft orders only name: read one by one where the client did not send them.

What could not be had needs no word here: the prescription that names it is reported as one whose drug is not at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from cds_service.discovery import PrefetchKey
from cds_service.fhir.bundles import BundleEntry, DecodedEntry, open_bundle
from cds_service.fhir.parse import Source
from cds_service.fhir.references import normal_reference
from cds_service.fhir.shapes import (
    Medication,
    MedicationAdministration,
    MedicationRequest,
    MedicationStatement,
    Shape,
)
from cds_service.fhir_client.asked import Fetch, Wanted
from cds_service.hooks.request import HookRequest

MOST_DRUGS: Final = 32
_KEY: Final = "medications"
_CURRENT: Final = frozenset({"active", "draft", "on-hold", "in-progress"})


class _Reference(Struct, frozen=True, gc=False):
    reference: str | None = None


class _Prescription(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    id: str | None = None
    status: str | None = None
    medication_reference: _Reference | None = None


_PRESCRIPTION: Final = Decoder(_Prescription)


def fetch_drugs(sources: Sequence[Source], request: HookRequest, fetch: Fetch) -> list[Source]:
    """One more source with the Medications that are named and not there: at most 32, those in use first."""
    entries = [*_drafts(request), *(entry for source in sources for entry in source.entries)]
    prescriptions = list(_prescriptions(entries))
    here = {one.id for one in prescriptions if one.resource_type == "Medication"}
    prescriptions.sort(key=lambda one: one.status not in _CURRENT)
    named = dict.fromkeys(
        own_id
        for one in prescriptions
        if (own_id := _named(one, request.fhir_server)) is not None and own_id not in here
    )
    wanted = [
        Wanted(PrefetchKey(f"{_KEY}.{own_id}", f"Medication/{own_id}")) for own_id in list(named)[:MOST_DRUGS]
    ]
    if not wanted:
        return []
    found = fetch(wanted, request).values()
    drugs = tuple(entry for one in found for page in one.pages for entry in page.entries)
    return [Source(_KEY, frozenset(), drugs)] if drugs else []


def _drafts(request: HookRequest) -> Sequence[BundleEntry]:
    if request.context.draft_orders is None:
        return ()
    try:
        return open_bundle(request.context.draft_orders).entries
    except ValueError:
        return ()


def _prescriptions(entries: Iterable[BundleEntry]) -> Iterator[_Prescription]:
    """What names a Medication, and the Medications themselves; the rest is not decoded."""
    for entry in entries:
        if isinstance(entry, DecodedEntry):
            yield from _decoded(entry.shape)
            continue
        raw = bytes(entry.resource)
        if b'"medicationReference"' not in raw and b'"Medication"' not in raw:
            continue
        try:
            yield _PRESCRIPTION.decode(entry.resource)
        except (DecodeError, RecursionError):
            continue


def _decoded(shape: Shape) -> Iterator[_Prescription]:
    """The same of a resource that was decoded with its Bundle."""
    match shape:
        case Medication():
            yield _Prescription("Medication", shape.id, shape.status)
        case MedicationRequest() | MedicationStatement() | MedicationAdministration():
            named = shape.medication_reference
            reference = None if named is None else _Reference(named.reference)
            yield _Prescription(type(shape).__name__, shape.id, shape.status, reference)


def _named(one: _Prescription, server: str | None) -> str | None:
    """The id of the Medication on the call's server that a prescription names."""
    if one.medication_reference is None:
        return None
    kind, _, own_id = (normal_reference(one.medication_reference.reference, server) or "").partition("/")
    return own_id if kind == "Medication" else None

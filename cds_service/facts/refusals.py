"""Refusal of blood products in a Consent, as a finding of `refusal-of-blood` (POP-09, contract section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cards.record import ClinicalStatus, Finding, Membership, Verification
from cds_service.facts.codes import sets_of
from cds_service.facts.context import Reading
from cds_service.fhir.entries import Entry
from cds_service.fhir.shapes import Consent, Provision

_REFUSAL: Final = "refusal-of-blood"
_DENIED: Final = frozenset({_REFUSAL, "consent-blood-products"})
_DEEPEST: Final = 3


def read_refusals(reading: Reading) -> tuple[Finding, ...]:
    """One finding for each active Consent that denies blood products, or platelets, at this time."""
    return tuple(
        Finding(
            reference=entry.reference,
            memberships=(Membership(_REFUSAL),),
            clinical=ClinicalStatus.PRESENT,
            verification=Verification.REPORTED,
            recorded=reading.moment(entry.resource.date_time, entry),
        )
        for entry in reading.of(Consent)
        if entry.resource.status == "active" and _refuses(entry, reading)
    )


def _refuses(entry: Entry[Consent], reading: Reading) -> bool:
    """By a category that says refusal and no provision that permits, or by a provision that denies."""
    consent = entry.resource
    provisions = list(_provisions(consent.provision, _DEEPEST))
    if any(_denies(one, entry, reading) for one in provisions):
        return True
    permits = any(one.type == "permit" for one in provisions)
    return not permits and any(_REFUSAL in sets_of(c, reading.terminology) for c in consent.category)


def _provisions(provision: Provision | None, depth: int) -> Iterator[Provision]:
    """The provision and its exceptions."""
    if provision is None or depth == 0:
        return
    yield provision
    for below in provision.provision:
        yield from _provisions(below, depth - 1)


def _denies(provision: Provision, entry: Entry[Consent], reading: Reading) -> bool:
    """A provision to deny that names blood products and holds now."""
    if provision.type != "deny":
        return False
    named = any(not _DENIED.isdisjoint(sets_of(code, reading.terminology)) for code in provision.code)
    start, end = reading.ends(provision.period, entry)
    begun = start is None or start.earliest <= reading.as_of
    return named and begun and (end is None or end.latest >= reading.as_of)

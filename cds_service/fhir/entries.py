"""What the parser hands on: resources that could be decoded, and those that were set aside, with the reason."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Raw, Struct

from cards.frozen import dataclass
from cds_service.fhir.bundles import DecodedEntry
from cds_service.fhir.shapes import Shape

S = TypeVar("S", bound=Shape, covariant=True)


class Entry(Struct, Generic[S], frozen=True):
    """One decoded resource.

    `reference` is `Type/id`, or `key[number]` (the prefetch key and the entry's number from 0) where the id is not
    usable. `text` is its JSON text, for the full validation of what a card rests on, or the entry by which
    `Parsed.text_of` finds it. `inside` is the id of a contained resource: then reference and text are those of the
    resource that contains it.
    """

    reference: str
    resource: S
    text: Raw | DecodedEntry
    key: str
    full_url: str | None = None
    inside: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A resource that was set aside. `reason` is in our words, never text of the record."""

    resource: str
    reason: str

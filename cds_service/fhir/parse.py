"""From the resources that the client sent to decoded entries of this patient; nothing is lost silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from cards.record import Kind
from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.entries import Entry, Rejected
from cds_service.fhir.shapes import Shape

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True, slots=True)
class Source:
    """What one prefetch key (or fetch) brought, and which kinds of data it answers."""

    key: str
    kinds: frozenset[Kind]
    entries: Sequence[RawEntry]


@dataclass(frozen=True, slots=True)
class Parsed:
    """The entries by resourceType, and what was set aside."""

    by_type: Mapping[str, tuple[Entry[Shape], ...]] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()

    def of(self, shape: type[S]) -> tuple[Entry[S], ...]:
        """The entries of one resource type."""
        return cast("tuple[Entry[S], ...]", self.by_type.get(shape.__name__, ()))

    def resolve(self, text: str | None, source: Entry[Shape]) -> Entry[Shape] | None:
        """The entry that a reference of `source` names: contained, by fullUrl, relative or absolute; or None."""
        raise NotImplementedError


def parse(sources: Sequence[Source], patient_id: str, fhir_server: str | None = None) -> Parsed:
    """Decodes entry by entry: a bad one is set aside and the rest is used.

    Set aside: another patient's, one without subject, one that is not R4 or of no use. The same `Type/id` from
    several keys counts once (the newest by meta, else the first).
    """
    raise NotImplementedError

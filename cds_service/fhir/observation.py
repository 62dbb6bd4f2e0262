"""What every resource has, and the Observation: what most of a record is made of, and so the one that has to be cheap.

Members of an Observation that only some facts ask for stay as they were written until then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field
from msgspec.json import Decoder

from cds_service.fhir.datatypes import (
    CodeableConcept,
    Component,
    Meta,
    Number,
    Period,
    Quantity,
    Reference,
    ReferenceRange,
)

T = TypeVar("T")

_LONGEST: Final = 512  # bytes of JSON


class Resource(Struct, frozen=True, gc=False, rename="camel", tag_field="resourceType", tag=True):
    """A resource; the class's name is its resourceType."""

    id: str | None = None
    written_meta: Raw | UnsetType = field(default=UNSET, name="meta")
    contained: tuple[Raw, ...] = ()

    @property
    def meta(self) -> Meta | None:
        """Asked only of two versions of one resource; None where it cannot be read."""
        try:
            return None if isinstance(self.written_meta, UnsetType) else _META.decode(self.written_meta)
        except (DecodeError, RecursionError):
            return None


class Observation(Resource, frozen=True):
    """What most of a record is made of: members that only some facts ask for are decoded when they do.

    Such a member raises ValueError, in our words, where it is not R4.
    """

    code: CodeableConcept | None = None
    status: str | None = None
    subject: Reference | None = None
    focus: tuple[Reference, ...] = ()
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    issued: str | None = None
    written_performer: Raw | UnsetType = field(default=UNSET, name="performer")
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_integer: Number = UNSET
    value_boolean: bool | None = None
    value_range: Raw | UnsetType = UNSET  # these are never read as a number or result, only seen
    value_ratio: Raw | UnsetType = UNSET
    value_sampled_data: Raw | UnsetType = UNSET
    data_absent_reason: CodeableConcept | None = None
    written_interpretation: Raw | UnsetType = field(default=UNSET, name="interpretation")
    specimen: Reference | None = None
    written_range: Raw | UnsetType = field(default=UNSET, name="referenceRange")
    has_member: tuple[Reference, ...] = ()
    component: tuple[Component, ...] = ()

    @property
    def performer(self) -> tuple[Reference, ...]:
        written = self.written_performer
        return () if isinstance(written, UnsetType) else _decoded(_REFERENCES, bytes(written), "performer")

    @property
    def interpretation(self) -> tuple[CodeableConcept, ...]:
        written = self.written_interpretation
        return () if isinstance(written, UnsetType) else _read_interpretation(bytes(written))

    @property
    def reference_range(self) -> tuple[ReferenceRange, ...]:
        written = self.written_range
        return () if isinstance(written, UnsetType) else _read_range(bytes(written))


def _written_again(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """What laboratories write the same with every result is decoded once, if it is short."""
    remembered = lru_cache(maxsize=4096)(read)

    @wraps(read)
    def decoded(text: bytes) -> T:
        return remembered(text) if len(text) <= _LONGEST else read(text)

    return decoded


_META: Final = Decoder(Meta)
_REFERENCES: Final = Decoder(tuple[Reference, ...])
_CONCEPTS: Final = Decoder(tuple[CodeableConcept, ...])
_RANGES: Final = Decoder(tuple[ReferenceRange, ...])


@_written_again
def _read_interpretation(text: bytes) -> tuple[CodeableConcept, ...]:
    return _decoded(_CONCEPTS, text, "interpretation")


@_written_again
def _read_range(text: bytes) -> tuple[ReferenceRange, ...]:
    return _decoded(_RANGES, text, "referenceRange")


def _decoded(decoder: Decoder[T], text: bytes, name: str) -> T:
    """A member that was left as it was written. ValueError, in our words, where it is not R4."""
    try:
        return decoder.decode(text)
    except (DecodeError, RecursionError):
        raise ValueError(f"not FHIR R4: {name}") from None

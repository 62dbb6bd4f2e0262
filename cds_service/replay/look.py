"""One resource as it looked between two of its changes: what is made of it alone is worked out once."""

from __future__ import annotations

from functools import lru_cache

from msgspec import MsgspecError, Raw, Struct

from cds_service.fhir.bundles import RawEntry
from cds_service.fhir.entries import Entry
from cds_service.fhir.parse import admit
from cds_service.fhir.shapes import Shape, decode_shape
from cds_service.fhir.subjects import Aliases
from cds_service.fhir.validate import invalid_reason


class Look(Struct, eq=False, gc=False):
    """`changed`: it looks otherwise at the end of the export. `shape`: where it was decoded before."""

    kind: str
    raw: bytes
    shape: Shape | None = None
    changed: bool = False
    _entry: RawEntry | None = None
    _admitted: tuple[Entry[Shape], ...] | None = None
    _is_valid: bool | None = None

    @property
    def entry(self) -> RawEntry:
        """As the parser takes it, decoded where it can be."""
        if self._entry is None:
            self._entry = RawEntry(Raw(self.raw), shape=self.shape or _decode(self.raw))
        return self._entry

    def admitted(self, aliases: Aliases) -> tuple[Entry[Shape], ...] | None:
        """What the parser makes of it (`parse.admit`): in an export no Bundle gives the patient other names."""
        if self._admitted is None:
            entry = self.entry
            if entry.shape is not None:
                self._admitted = admit(entry.shape, entry.resource, self.kind, aliases)
        return self._admitted

    @property
    def is_valid(self) -> bool:
        """Whether a card may rest on it."""
        if self._is_valid is None:
            self._is_valid = invalid_reason(self.raw) is None
        return self._is_valid


def _decode(raw: bytes) -> Shape | None:
    try:
        return decode_shape(raw)
    except (MsgspecError, RecursionError, ValueError):
        return None


def why_invalid(raw: Raw) -> str | None:
    """Why it is not FHIR R4, worked out once for the moments of a patient."""
    return _remembered(bytes(raw))


@lru_cache(maxsize=512)
def _remembered(raw: bytes) -> str | None:
    return invalid_reason(raw)

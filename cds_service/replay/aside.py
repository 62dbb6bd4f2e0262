"""What of a patient could not be used, with the place in the export: the same thing is said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from cards.record import PlateletResult
from cds_service.fhir.entries import Rejected
from cds_service.replay.held import Held, codings
from cds_service.replay.known import Json
from cds_service.replay.tables import Rows

NO_TIME: Final = "no time from which it was known"
UNMAPPED: Final = "a platelet count by its name, under a code that no value set holds"


class ByReference(Protocol):
    """Where resources are found by type and id."""

    def get(self, reference: str) -> Held | None:
        """Of two the last."""


class Aside:
    """Rows of `rejected` for one patient."""

    def __init__(self, name: str, rows: Rows) -> None:
        self._name, self._rows = name, rows["rejected"]
        self._said: set[tuple[str, str]] = set()

    def add(self, place: str, kind: str, reason: str, code: str | None = None) -> None:
        """One thing, at `file:line` or at no place that is known."""
        if (place, reason) not in self._said:
            self._said.add((place, reason))
            file, _, line = place.rpartition(":")
            number = int(line) if line.isdigit() else None
            self._rows.append((self._name, file or None, number, kind, reason, code))

    def add_all(self, rejected: Iterable[Rejected], by_name: ByReference) -> None:
        """What a call would have reported, with the place in the export; of what no value set knows, the code."""
        for one in rejected:
            held = by_name.get(one.resource)
            kind = one.resource.partition("/")[0].partition("[")[0]
            code = _code_of(held.resource) if held is not None and one.reason.startswith("unmapped") else None
            self.add("" if held is None else held.place, kind, one.reason, code)

    def add_counts(self, counts: Iterable[PlateletResult], by_name: ByReference) -> None:
        """Counts that are in the record and cannot be used by number, with the unit where it is one that we know."""
        for one in counts:
            if one.problem is not None:
                held = by_name.get(one.reference)
                reason = f"a platelet count: {one.problem}"
                self.add("" if held is None else held.place, "Observation", reason, one.shown_unit)


def _code_of(resource: Json) -> str | None:
    """`system|code` of what a resource is about: its first coding that has both."""
    for name in ("code", "medicationCodeableConcept", "vaccineCode"):
        for coding in codings(resource.get(name)):
            return "|".join(coding)
    return None

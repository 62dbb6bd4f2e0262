"""One resource of a patient as it is held for the replay: what every moment asks of it is read once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from cards.valuesets import Terminology
from cds_service.fhir.shapes import CodeableConcept, Observation
from cds_service.replay.known import (
    ALWAYS_KNOWN,
    Json,
    as_known,
    changes_of,
    decode,
    known_at,
    known_from,
    known_since,
)
from cds_service.replay.look import Look

COUNT_SETS: Final = frozenset({"obs-platelet-count", "obs-platelet-count-cord", "obs-platelet-count-citrate"})
_OBSERVATION: Final = Decoder(Observation)
_NO_SETS: Final[frozenset[str]] = frozenset()
_DRUG: Final = "medicationCodeableConcept"
_ABOUT: Final = {"MedicationRequest": _DRUG, "MedicationAdministration": _DRUG, "MedicationStatement": _DRUG}


class Held(Struct, eq=False, gc=False):
    """`known`: since when (None: always); `file`, `line`: where it stands; `sets`: the value sets of what it is about.

    `shape` is an Observation that is R4, else None. `is_count`: it is about platelets that are counted. `changes`:
    when it may have come to look otherwise.
    """

    kind: str
    id: str | None
    raw: bytes
    known: datetime | None
    file: str
    line: int
    shape: Observation | None = None
    sets: frozenset[str] = frozenset()
    is_count: bool = False
    decoded: Json | None = None
    changes: tuple[datetime, ...] = ()
    _last: Look | None = None
    _earlier: dict[int, Look] = {}

    @property
    def last_look(self) -> Look:
        """As it looks at the end."""
        if self._last is None:
            self._last = Look(self.kind, self.raw, self.shape)
        return self._last

    def look_at(self, at: datetime) -> Look:
        """As it looked at a moment: the same for all moments between two changes."""
        changes = self.changes
        if not changes or self.known is None or changes[-1] <= at:
            return self._last or self.last_look
        number = bisect_right(changes, at)
        if number not in self._earlier:
            then = as_known(self.resource, self.raw, at)
            self._earlier[number] = (
                self.last_look if then is self.raw else Look(self.kind, then, changed=True)
            )
        return self._earlier[number]

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    @property
    def reference(self) -> str:
        """Type and id."""
        return f"{self.kind}/{self.id}"

    @property
    def resource(self) -> Json:
        """As JSON; of an Observation decoded only where it is asked for, which is seldom."""
        if self.decoded is None:
            self.decoded = decode(self.raw) or {}
        return self.decoded

    @property
    def status(self) -> Any:
        """As it is written."""
        return self.resource.get("status") if self.shape is None else self.shape.status

    @property
    def has_time(self) -> bool:
        """Whether it can be shown when it was known."""
        return self.known is not None or self.kind in ALWAYS_KNOWN


def hold(raw: bytes, file: str, line: int, terminology: Terminology) -> Held | None:
    """The resource of a line; None where it is no JSON that anybody writes."""
    shape = _read_observation(raw)
    if shape is not None:
        sets = _sets_of(shape.code, terminology)
        for part in shape.component:
            sets |= _sets_of(part.code, terminology)
        known = None if shape.issued is None else known_at(shape.issued)
        if known is None:
            known = known_since(_times(shape))
        is_count = not sets.isdisjoint(COUNT_SETS)
        return Held("Observation", shape.id, raw, known, file, line, shape, sets, is_count)
    resource = decode(raw)
    if resource is None:
        return None
    own = resource.get("id")
    kind, id_ = str(resource.get("resourceType")), own if isinstance(own, str) else None
    sets = _sets_of_json(resource, kind, terminology)
    is_count = not sets.isdisjoint(COUNT_SETS)
    known, changes = known_from(resource), changes_of(resource)
    return Held(kind, id_, raw, known, file, line, None, sets, is_count, resource, changes)


def _read_observation(raw: bytes) -> Observation | None:
    """None for other types, and for what is not R4: such a one is told apart by its JSON."""
    if b"Observation" not in raw:
        return None
    try:
        return _OBSERVATION.decode(raw)
    except (DecodeError, RecursionError, ValueError):
        return None


def _times(shape: Observation) -> tuple[str | None, ...]:
    """The members of `KNOWN_FROM`, in its order."""
    period = shape.effective_period
    own = shape.issued, shape.effective_date_time, shape.effective_instant
    return own if period is None else (*own, period.end, period.start)


def _sets_of(concept: CodeableConcept | None, terminology: Terminology) -> frozenset[str]:
    sets = _NO_SETS
    for coding in () if concept is None else concept.coding:
        if coding.system is not None and coding.code is not None:
            found = _sets_of_code(terminology, coding.system, coding.code)
            sets = sets | found if sets else found
    return sets


@lru_cache(maxsize=16384)
def _sets_of_code(terminology: Terminology, system: str, code: str) -> frozenset[str]:
    return frozenset(member.set_id for member in terminology.sets_of(system, code))


def _sets_of_json(resource: Json, kind: str, terminology: Terminology) -> frozenset[str]:
    """The sets of what it is about; of an Observation that is not R4 also those of its parts."""
    sets = set_ids(resource.get(_ABOUT.get(kind, "code")), terminology)
    parts = resource.get("component") if kind == "Observation" else None
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict):
            sets |= set_ids(part.get("code"), terminology)
    return sets


def is_panel(one: Held) -> bool:
    """Whether it names members, for which it is kept."""
    return "hasMember" in one.resource if one.shape is None else bool(one.shape.has_member)


def set_ids(concept: Any, terminology: Terminology) -> frozenset[str]:
    """The value sets that a CodeableConcept belongs to."""
    sets = _NO_SETS
    for system, code in codings(concept):
        sets |= _sets_of_code(terminology, system, code)
    return sets


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """System and code of each coding that has both."""
    listed = concept.get("coding") if isinstance(concept, dict) else None
    for coding in listed if isinstance(listed, list) else ():
        if isinstance(coding, dict):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str):
                yield system, code

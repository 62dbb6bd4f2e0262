"""Observations that are measurements and nothing else: most of a record, read where a rule asks for them."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final

from msgspec import Raw, Struct
from msgspec.json import Decoder

from cards import frozen
from cards.record import Measurement, Record
from cds_service.content import Content
from cds_service.facts.context import Reading
from cds_service.facts.measurements import read_measurements
from cds_service.facts.observed import look_at
from cds_service.fhir.entries import Entry
from cds_service.fhir.parse import Parsed
from cds_service.fhir.shapes import Observation, Shape
from cds_service.fhir.validate import invalid_reason
from cds_service.replay.held import Held
from cds_service.replay.known import micros
from cds_service.replay.look import Look
from cds_service.replay.patient_pieces import HeldPiece, PieceLine, PlacedLine

OBSERVATION: Final = "Observation"
# After every moment: what is dated ahead of when it was known is not told apart.
_ANY_TIME: Final = datetime(9000, 1, 1, tzinfo=UTC)
_MOST_VALIDATED: Final = 100
NEVER_ASKED: Final = frozenset(
    {"obs-albumin", "obs-crp-pct", "obs-heart-rate", "obs-hematocrit", "obs-lymphocytes", "obs-spo2"}
)
"""Sets of measurements for which no rule asks, so that no card rests on them."""
_OBSERVATION: Final = Decoder(Observation)

Measurements = Mapping[str, tuple[Measurement, ...]]
"""By value set."""
PlacedHeld = tuple[int, Held]
_Placed = tuple[int, Measurement]
"""A measurement with the place of its line."""


class Group(Struct):
    """Measurements of the same value sets, the earliest known since `first` (microseconds since 1970).

    They are all lines of a number that are told of in `pieces`, and those that were `read`.
    """

    sets: frozenset[str]
    first: int
    alike: int = 0
    pieces: list[HeldPiece] = []
    read: list[PlacedLine] = []

    @property
    def many(self) -> int:
        """How many lines there are at most."""
        return sum([list(piece.alike).count(self.alike) for piece in self.pieces]) + len(self.read)

    @property
    def lines(self) -> list[PlacedLine]:
        """In no order."""
        return [one for piece in self.pieces for one in piece.told(self.alike)] + self.read


def _entry(line: PieceLine) -> Entry[Shape]:
    """As the parser would have handed it on."""
    return Entry(f"{OBSERVATION}/{line.id}", _OBSERVATION.decode(line.raw), Raw(line.raw), OBSERVATION)


@dataclass(slots=True)
class Knowledge:
    """What is held of a patient: `rest` is read anew at each moment, with its place among all lines.

    `by_kind` are the same by type, in which order they are read.
    """

    rest: tuple[PlacedHeld, ...]
    groups: Sequence[Group] = ()
    content: Content | None = None
    _by_set: dict[str, list[Group]] = field(default_factory=dict)
    _read: dict[str, list[tuple[int, _Placed]]] = field(default_factory=dict)
    _by_reference: dict[str, PieceLine] | None = None
    _is_valid: bool | None = None
    by_kind: list[PlacedHeld] = field(init=False)

    def __post_init__(self) -> None:
        self.by_kind = sorted(self.rest, key=lambda placed: placed[1].kind)
        for group in self.groups:
            for set_id in group.sets:
                self._by_set.setdefault(set_id, []).append(group)

    @property
    def measured(self) -> list[PlacedLine]:
        """All measurements in the order of the lines."""
        return sorted((placed for group in self.groups for placed in group.lines), key=_place)

    def measured_by(self, at: datetime) -> Visible:
        """The measurements that were known at a moment."""
        return Visible(self, micros(at))

    @property
    def is_valid(self) -> bool:
        """Whether every measurement is known to be valid on which a card may rest; not asked where they are many."""
        if self._is_valid is None:
            asked = [group for group in self.groups if not group.sets <= NEVER_ASKED]
            self._is_valid = sum(group.many for group in asked) <= _MOST_VALIDATED and all(
                invalid_reason(line.raw) is None for group in asked for _, line in group.lines
            )
        return self._is_valid

    def find(self, reference: str) -> PieceLine | None:
        """The measurement that a reference leads to."""
        if self._by_reference is None:
            self._by_reference = {f"{OBSERVATION}/{line.id}": line for _, line in self.measured}
        return self._by_reference.get(reference)

    def sets_at(self, at: int) -> set[str]:
        """The value sets of which a measurement was known."""
        return {set_id for group in self.groups if group.first <= at for set_id in group.sets}

    def values_at(self, set_id: str, at: int) -> list[_Placed]:
        """The measurements of a set that were known, which are read when the set is first asked for."""
        if set_id not in self._read:
            self._read[set_id] = list(self._read_set(set_id))
        return [placed for known, placed in self._read[set_id] if known <= at]

    def _read_set(self, set_id: str) -> Iterator[tuple[int, _Placed]]:
        own = sorted((one for group in self._by_set.get(set_id, ()) for one in group.lines), key=_place)
        if not own:
            return
        assert self.content is not None
        entries = [_entry(line) for _, line in own]
        reading = reading_of(entries, "", self.content)
        found = by_reference(read_measurements(look_at(reading)[0], reading))
        for (position, line), entry in zip(own, entries, strict=True):
            for value in found[entry.reference][set_id]:
                yield line.known, (position, value)


@dataclass(frozen=True, slots=True)
class Visible:
    """What was known at a moment: of the measurements, and of the rest, to which they are added when it was read.

    `placed` and `looks` are those of the rest, one by one.
    """

    of: Knowledge
    at: int
    placed: list[PlacedHeld] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    @property
    def is_all_valid(self) -> bool:
        """Whether everything is on which a card may rest."""
        return all(look.is_valid for look in self.looks) and self.of.is_valid

    @property
    def places(self) -> dict[str, int]:
        """Where what was read as ever stands among all lines; of two versions the first."""
        return {one.reference: position for position, one in reversed(self.placed)}

    def add_entries(self, parsed: Parsed) -> Parsed:
        """References lead to them, and what a card rests on is validated."""
        if not self.of.groups:
            return parsed
        return frozen.replace(parsed, by_reference=_Entries(self, parsed.by_reference))

    def add_values(self, record: Record) -> Record:
        """The record with all measurements."""
        return (
            frozen.replace(record, measurements=_All(self, record.measurements)) if self.of.groups else record
        )


class _Entries(Mapping[str, Entry[Shape]]):
    """What references lead to: the rest, and the measurements, of which hardly any is ever asked for."""

    def __init__(self, visible: Visible, rest: Mapping[str, Entry[Shape]]) -> None:
        self._visible, self._rest = visible, rest

    def __getitem__(self, reference: str) -> Entry[Shape]:
        found = self._rest.get(reference)
        if found is not None:
            return found
        line = self._visible.of.find(reference)
        if line is None or line.known > self._visible.at:
            raise KeyError(reference)
        return _entry(line)

    def __iter__(self) -> Iterator[str]:
        at = self._visible.at
        yield from (f"{OBSERVATION}/{line.id}" for _, line in self._visible.of.measured if line.known <= at)
        yield from self._rest

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _All(Mapping[str, tuple[Measurement, ...]]):
    """The measurements of the rest and those that were told apart, in the order of the lines."""

    def __init__(self, visible: Visible, read: Measurements) -> None:
        self._visible, self._rest = visible, read
        self._places: dict[str, int] | None = None
        self._names = visible.of.sets_at(visible.at) | read.keys()

    def _placed(self, set_id: str) -> list[_Placed]:
        visible = self._visible
        own = visible.of.values_at(set_id, visible.at)
        if set_id not in self._rest:
            return own
        if self._places is None:
            self._places = visible.places
        rest = [(self._places.get(one.reference, -1), one) for one in self._rest[set_id]]
        return sorted(rest + own, key=_place)

    def __getitem__(self, set_id: str) -> tuple[Measurement, ...]:
        if set_id not in self._names:
            raise KeyError(set_id)
        return tuple(one for _, one in self._placed(set_id))

    def __contains__(self, set_id: object) -> bool:
        return set_id in self._names

    def keys(self) -> KeysView[str]:
        """In no order, for that would read them all."""
        return dict.fromkeys(self._names).keys()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names, key=lambda set_id: (self._placed(set_id)[0][0], set_id)))

    def __len__(self) -> int:
        return len(self._names)


_place = itemgetter(0)


def reading_of(entries: Sequence[Entry[Shape]], patient_id: str, content: Content) -> Reading:
    parsed = Parsed(by_type={OBSERVATION: tuple(entries)}) if entries else Parsed()
    return Reading(parsed, content.terminology, _ANY_TIME, "", patient_id, content.limits)


def by_reference(measurements: Measurements) -> dict[str, dict[str, tuple[Measurement, ...]]]:
    found: dict[str, dict[str, tuple[Measurement, ...]]] = {}
    for set_id, values in measurements.items():
        for one in values:
            sets = found.setdefault(one.reference, {})
            sets[set_id] = (*sets.get(set_id, ()), one)
    return found

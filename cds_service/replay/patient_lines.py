"""The lines of one patient: those that are read, and those of which it is known what they are without reading them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Final

from cds_service.content import Content
from cds_service.fhir.references import is_id
from cds_service.replay.alike_memory import tell_apart
from cds_service.replay.aside import NO_TIME, UNMAPPED, Aside
from cds_service.replay.held import Held, codings, hold, is_panel
from cds_service.replay.known import micros
from cds_service.replay.measured import Knowledge, PlacedHeld
from cds_service.replay.patient_pieces import HeldPiece, LinesOfPatient, PieceLine, PlacedLine
from cds_service.replay.telling_apart import must_be_read, sort_out

_place: Final = itemgetter(0)
_PLATELETS: Final = re.compile(rb"platelet|thrombocyt|\bPLT\b", re.IGNORECASE)


@dataclass(slots=True)
class PatientLines:
    """`lines` of `files`, for one or two configurations, the first of which tells what is held.

    `held` are the resources that were read, each with its place among all lines; of the others `told_of` has the
    pieces.
    """

    lines: LinesOfPatient
    files: Sequence[str]
    contents: Sequence[Content]
    held: list[PlacedHeld] = field(default_factory=list)
    told_of: list[HeldPiece] = field(default_factory=list)
    _all_held: list[PlacedHeld] = field(default_factory=list)
    _later: list[PlacedHeld] = field(default_factory=list)
    _again: Sequence[PlacedLine] = ()
    _by_reference: dict[str, int] | None = None

    @property
    def told(self) -> list[PlacedLine]:
        """The lines that need not be read, in their order."""
        return sorted((placed for piece in self.told_of for placed in piece.told()), key=_place)

    def read(self, aside: Aside) -> None:
        """Reads what has to be read; what cannot be used, and why, goes to `aside`."""
        self.told_of, unknown = tell_apart(self.lines.pieces, self.contents)
        for position, line in unknown:
            one = self._hold(line)
            if one is None:  # its head could be read: a number that nobody writes
                aside.add(f"{self.files[line.file]}:{line.line}", "", "not JSON")
            elif _is_of_use(one, aside):
                self.held.append((position, one))
        self._all_held = self.held

    def _hold(self, line: PieceLine) -> Held | None:
        return hold(line.raw, self.files[line.file], line.line, self.contents[0].terminology)

    def leave_later(self, last: datetime) -> None:
        """Leaves out what was not known at the last moment yet; reads what cannot do without."""
        every, self.held = self.held, []
        for one in every:
            (self.held if one[1].known is None or one[1].known <= last else self._later).append(one)
        if self.told_of and self._may_have_to_be_read():
            at = micros(last)
            self._again = must_be_read(self.held, [one for one in self.told if one[1].known <= at])
            self.held = sorted([*self.held, *self._read(self._again)], key=_place)
            for position, _ in self._again:
                piece = self.lines.piece_at(position)
                piece.leave([position - piece.start])

    def _may_have_to_be_read(self) -> bool:
        """Whether two Observations have one id, or one has none: seldom, and told without looking at a line."""
        ids = "\n".join(piece.ids for piece in self.lines.pieces if piece.ids).split("\n")
        return len(set(ids)) < len(ids) or not all(
            is_id(one.id) for _, one in self.held if one.kind == "Observation"
        )

    def _read(self, told: Sequence[PlacedLine]) -> Iterator[PlacedHeld]:
        for position, line in told:
            one = self._hold(line)
            if one is not None:
                yield position, one

    def sort_out(self, patient: str, content: Content) -> Knowledge:
        """What is known of the patient, for one of the configurations."""
        return sort_out(patient, self.held, self.told_of, self.lines, content, self._later)

    def all_held(self) -> Iterator[Held]:
        """Every resource, in the order of the lines."""
        every = sorted([*self._all_held, *self._read([*self.told, *self._again])], key=_place)
        return (one for _, one in every)

    def get(self, reference: str) -> Held | None:
        """The resource by type and id, of two the last; most patients' are never asked for."""
        if self._by_reference is None:
            named = [(position, one.reference) for position, one in self._all_held]
            named += [(position, f"Observation/{line.id}") for position, line in (*self.told, *self._again)]
            self._by_reference = {name: position for position, name in sorted(named)}
        position = self._by_reference.get(reference)
        return None if position is None else self._hold(self.lines[position])


def _is_of_use(one: Held, aside: Aside) -> bool:
    """Whether a live call would ask for it, and it can be shown when it was known."""
    if one.known is None and not one.has_time:
        aside.add(one.place, one.kind, NO_TIME)
        return False
    if one.kind == "Observation" and not (one.sets or is_panel(one)):
        if _PLATELETS.search(one.raw):
            code = next(codings(one.resource.get("code")), None)
            aside.add(one.place, one.kind, UNMAPPED, None if code is None else "|".join(code))
        return False
    return True

"""The lines of a patient as they are held: pieces in columns, of which lines are made where one has to be read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter
from typing import Final, overload

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

_START: Final = attrgetter("start")


class PieceLine(Struct, gc=False):
    """One line of a piece: number of the file, number of the line, text.

    `known` is 0, or since when it is known (microseconds since 1970): then it is `alike` all others of that number but
    for `id`, value and times, and the `same` as all of that number in the value, too (`alike`).
    """

    file: int
    line: int
    raw: bytes
    id: str = ""
    alike: int = 0
    known: int = 0
    same: int = 0


PlacedLine = tuple[int, PieceLine]
"""A line with its place among all of the patient."""


class HeldPiece(Struct, eq=False):
    """A piece (`lines.Piece`) of one patient; `rows` has its text in `row`.

    `first` tells by the number of what is alike since when the first of such lines was known. `start` is the place of
    its first line among all of the patient. The lines that are `left` (by their place in the piece) are known by other
    means: neither `first` nor `told` speaks of them.
    """

    file: int
    line: int
    rows: pa.BinaryArray
    row: int
    many: int = 1
    ids: str = ""
    alike: Sequence[int] = (0,)
    same: Sequence[int] = (0,)
    known: Sequence[int] = (0,)
    first: dict[int, int] = {}
    start: int = 0
    left: set[int] = set()
    _texts: dict[int, bytes] = {}
    _ids: list[str] | None = None

    def told(self, alike: int | None = None) -> list[PlacedLine]:
        """The lines that are not left; only those of a number where one is named."""
        left = self.left
        return self.lines(
            [n for n, one in enumerate(self.alike) if n not in left and (alike is None or one == alike)]
        )

    def lines(self, places: Sequence[int]) -> list[PlacedLine]:
        """Some of the lines, in their order, with their places among all."""
        texts = self._texts
        new = [n for n in places if n not in texts]
        if new:
            texts.update(zip(new, self._texts_of(new), strict=True))
        return [self._line(n, texts[n]) for n in places]

    @property
    def text(self) -> bytes:
        """All lines, joined by newlines."""
        return bytes(self.rows[self.row].as_py())

    def _texts_of(self, places: Sequence[int]) -> list[bytes]:
        """They are looked for from the end to which they are nearer: behind them nothing is looked at."""
        until, behind = places[-1] + 1, self.many - places[0]
        if until <= behind:
            found, start = self.text.split(b"\n", until), 0
        else:
            found, start = self.text.rsplit(b"\n", behind)[-behind:], places[0]
        return [found[n - start] for n in places]

    def _line(self, n: int, text: bytes) -> PlacedLine:
        if self._ids is None:
            self._ids = self.ids.split("\n")
        numbers = self.alike[n], self.known[n], self.same[n]
        return self.start + n, PieceLine(self.file, self.line + n, text.strip(), self._ids[n], *numbers)

    def leave(self, places: Collection[int]) -> None:
        """Leaves some lines."""
        if not places:
            return
        self.left.update(places)
        alike = list(self.alike)
        left = [alike[n] for n in self.left]
        for number in set(left) & self.first.keys():
            if left.count(number) == alike.count(number):
                del self.first[number]
            else:
                known = (self.known[n] for n, one in enumerate(alike) if one == number and n not in self.left)
                self.first[number] = min(known)


class LinesOfPatient(Sequence[PieceLine]):
    """All lines of a patient, in the order of files and lines; after them the Medications that they refer to."""

    def __init__(self, pieces: Sequence[HeldPiece]) -> None:
        self.pieces = pieces
        self._many = 0
        for piece in pieces:
            piece.start = self._many
            self._many += piece.many

    def __len__(self) -> int:
        return self._many

    @overload
    def __getitem__(self, place: int) -> PieceLine: ...
    @overload
    def __getitem__(self, place: slice) -> list[PieceLine]: ...
    def __getitem__(self, place: int | slice) -> PieceLine | list[PieceLine]:
        if isinstance(place, slice):
            return list(self)[place]
        place = range(self._many)[place]
        piece = self.piece_at(place)
        return piece.lines([place - piece.start])[0][1]

    def piece_at(self, place: int) -> HeldPiece:
        """The piece that has a line."""
        return self.pieces[bisect_right(self.pieces, place, key=_START) - 1]

    def __iter__(self) -> Iterator[PieceLine]:
        return (line for piece in self.pieces for _, line in piece.lines(range(piece.many)))


Drug = tuple[int, int, bytes]
"""Number of the file, number of the line and text of a Medication that belongs to nobody."""


def held_drug(file: int, line: int, text: bytes) -> HeldPiece:
    """A Medication as one of those has it who refer to it."""
    return HeldPiece(file, line, pa.array([text], pa.binary()), 0)


class OwnPiece(Struct):
    """A piece with what tells whose it is."""

    patient: str
    server: str
    refers: str
    piece: HeldPiece


def held_pieces(batches: Sequence[pa.RecordBatch]) -> Iterator[OwnPiece]:
    """The pieces of batches (`dealing.SLICE`), in their order."""
    firsts = _firsts(batches)
    for batch in batches:
        rows = batch.column("text")
        names = ("patient", "server", "refers", "file", "line", "ids")
        columns = zip(*(batch.column(name).to_pylist() for name in names), strict=True)
        lengths = pc.list_value_length(batch.column("alike")).to_pylist()
        numbers = [_flat(batch.column(name)) for name in ("alike", "same", "known")]
        begin = 0
        for row, ((patient, server, refers, file, line, ids), many) in enumerate(
            zip(columns, lengths, strict=True)
        ):
            end = begin + many
            alike, same, known = (some[begin:end] for some in numbers)
            piece = HeldPiece(file, line, rows, row, many, ids, alike, same, known, next(firsts))
            yield OwnPiece(patient, server, refers, piece)
            begin = end


def _flat(lists: pa.ListArray) -> memoryview:
    """The numbers of all lists, one after the other."""
    flat = lists.flatten()
    return memoryview(flat.buffers()[1]).cast("q")[flat.offset : flat.offset + len(flat)]


def _firsts(batches: Sequence[pa.RecordBatch]) -> Iterator[dict[int, int]]:
    """For each piece, by the number of what its lines are like, since when the first of them was known."""
    found: list[dict[int, int]] = [{} for batch in batches for _ in range(batch.num_rows)]
    if found:
        alike, known = (
            pa.concat_arrays([batch.column(name) for batch in batches]) for name in ("alike", "known")
        )
        lines = pa.table(
            {"piece": pc.list_parent_indices(alike), "alike": alike.flatten(), "known": known.flatten()}
        )
        told = lines.group_by(["piece", "alike"], use_threads=False).aggregate([("known", "min")])
        for piece, number, first in zip(
            *(told.column(name).to_pylist() for name in ("piece", "alike", "known_min")), strict=True
        ):
            if number:
                found[piece][number] = first
    return iter(found)

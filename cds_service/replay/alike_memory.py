"""What is remembered of Observations that are alike: which are measurements and no more, which of their values count.

It holds for the whole process, by version of the content; so of most lines it is known without reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.json import Decoder

from cds_service.content import Content
from cds_service.facts.measurements import read_value
from cds_service.fhir.shapes import Observation, Quantity
from cds_service.replay.patient_pieces import HeldPiece, PlacedLine

REMEMBERED: Final = 65536
_OBSERVATION: Final = Decoder(Observation)


class Memory(Struct):
    """What is remembered for one version of the content: by number the sets of what is a measurement and no more.

    `usable` and `unusable` are the numbers of their values (`lines.Piece.same`); `others` of those values of which one
    was something else: they need not be asked again.
    """

    sets: dict[int, frozenset[str]] = {}
    usable: set[int] = set()
    unusable: set[int] = set()
    others: set[int] = set()


_memories: Final[dict[str, Memory]] = {}


def memory_of(content: Content) -> Memory:
    """What this process remembers for a configuration."""
    return _memories.setdefault(content.version, Memory())


def tell_apart(
    pieces: Iterable[HeldPiece], contents: Sequence[Content]
) -> tuple[list[HeldPiece], list[PlacedLine]]:
    """The pieces with lines that are surely measurements and nothing else, by what is remembered of those like them.

    The others are left by their pieces: they come as lines that have to be read.
    """
    told: list[HeldPiece] = []
    unknown: list[PlacedLine] = []
    for piece in pieces:
        places = _unknown(piece, contents) if piece.first else range(piece.many)
        if places:
            unknown += piece.lines(places)
        if len(places) < piece.many:
            piece.leave(places)
            told.append(piece)
    return told, unknown


def _unknown(piece: HeldPiece, contents: Iterable[Content]) -> Sequence[int]:
    """Which of the lines are not like a measurement, or have no value that is one in each of the sets."""
    all_same = list(piece.same)
    kinds = set(all_same)
    unknown: set[int] = set()
    for content in contents:
        memory = memory_of(content)
        for one in kinds - memory.usable - unknown:
            if one in memory.unusable or not _is_usable(piece, all_same.index(one), memory, content):
                unknown.add(one)
    return [n for n, same in enumerate(all_same) if same in unknown] if unknown else ()


def _is_usable(piece: HeldPiece, place: int, memory: Memory, content: Content) -> bool:
    sets = memory.sets.get(piece.alike[place])
    if sets is None:
        return False
    [(_, line)] = piece.lines([place])
    quantity = _OBSERVATION.decode(line.raw).value_quantity
    usable = quantity is not None and _is_value(sets, quantity, content)
    same = memory.usable if usable else memory.unusable
    if len(same) < REMEMBERED:
        same.add(line.same)
    return usable


def _is_value(sets: Iterable[str], quantity: Quantity, content: Content) -> bool:
    try:
        for set_id in sets:
            read_value(set_id, quantity, content.limits)
    except ValueError:
        return False
    return True

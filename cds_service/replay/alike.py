"""Blocks of lines, read at once: which Observations are alike, and the pieces that the lines of patients make.

Most lines are Observations of one value, each like thousands of others but for id, times and value. Which those are is
told here, by the bytes of what they have in common: so what is known of one (`measured`) need not be read of another.
A block of nothing else is decoded in one call, and what is told of its lines is told in columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from typing import Final, cast

import pyarrow as pa
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder

from cds_service.fhir.datatypes import Quantity, Reference
from cds_service.replay.lines import (
    LONGEST_LINE,
    NO_NUMBER,
    UNREADABLE,
    BadLine,
    Passed,
    Piece,
    ReferenceText,
    newlines,
    read_patient,
    read_text,
)
from cds_service.replay.times import known_times, usable_ids

_BEFORE_ID: Final = len("Patient/")
_LONGEST: Final = 1024
"""Bytes of what is remembered."""
_REMEMBERED: Final = 16384
_ABSENT: Final = Raw(b"")


class _Plain(
    Struct, frozen=True, gc=False, kw_only=True, rename="camel", tag_field="resourceType", tag="Observation"
):
    """An Observation of one quantity. The members that stay unset are those by which one would be something else.

    All members that `fhir.observation` reads are here, but for those that are in no way part of a measurement. Members
    are found the quicker the more they stand in the order in which most servers write them.
    """

    id: str
    status: Raw = _ABSENT
    code: Raw
    subject: ReferenceText
    effective_date_time: str
    issued: str | None = None
    value_quantity: Raw
    interpretation: Raw = _ABSENT
    specimen: Reference | None = None
    reference_range: Raw = _ABSENT
    medication_reference: UnsetType = UNSET
    contained: UnsetType = UNSET
    focus: UnsetType = UNSET
    effective_period: UnsetType = UNSET
    effective_instant: UnsetType = UNSET
    value_codeable_concept: UnsetType = UNSET
    value_string: UnsetType = UNSET
    value_integer: UnsetType = UNSET
    value_boolean: UnsetType = UNSET
    value_range: UnsetType = UNSET
    value_ratio: UnsetType = UNSET
    value_sampled_data: UnsetType = UNSET
    data_absent_reason: UnsetType = UNSET
    has_member: UnsetType = UNSET
    component: UnsetType = UNSET


_PLAIN: Final = Decoder(_Plain)
_QUANTITY: Final = Decoder(Quantity)
_SHARED: Final = attrgetter("value_quantity", "code", "status", "interpretation", "reference_range")
_NOTHING: Final = bytes(16)
"""Two numbers, both 0."""

Told = Iterator[Piece | BadLine | Passed]
Block = tuple[int, bytes | str]
"""Number of the first line, and whole lines; or of a line that cannot be had the reason, as str."""


@dataclass(slots=True)
class BlockReader:
    """Reads blocks, and remembers what comes again: patients, and what Observations have in common.

    `key` makes the numbers of what is alike the same in all processes of a run, and known to nobody else.
    """

    key: bytes = b""
    _patients: dict[str, tuple[str, str]] = field(default_factory=dict)
    _shared: dict[bytes, bytes] = field(default_factory=dict)
    _numbers: dict[tuple[object, ...], int] = field(default_factory=dict)

    def read(self, blocks: Iterable[Block], file: int = 0) -> Told:
        """What the lines are; blank ones are left out. Those of one block come in no order."""
        for number, text in blocks:
            if isinstance(text, str):
                yield BadLine(number, text)
                continue
            heads = _all_plain(text)
            if heads is None:
                yield from self._read_each(file, number, text)
            else:
                yield from self._pieces(_Plains(file, range(number, number + len(heads)), heads, text))

    def _read_each(self, file: int, number: int, text: bytes) -> Told:
        """A block line by line.

        That a line is an Observation of one quantity is found out by trying, as long as the last was one.
        """
        numbers: list[int] = []
        heads: list[_Plain] = []
        texts: list[bytes] = []
        was_observation = True
        for place, line in enumerate(text.split(b"\n"), number):
            head = _plain(line) if was_observation and len(line) <= LONGEST_LINE else None
            if head is not None:
                numbers.append(place)
                heads.append(head)
                texts.append(line.strip())
                continue
            told = read_text(file, place, line)
            if told is not None:
                was_observation = not isinstance(told, Piece) or told.kind == "Observation"
                yield told
        if heads:
            yield from self._pieces(_Plains(file, numbers, heads, texts))

    def _pieces(self, plains: _Plains) -> Told:
        """The pieces of Observations of one quantity; a line of no patient is read like any other."""
        heads = plains.heads
        pairs = array("q", b"".join(self._alike(heads)))
        alike, same = pairs[::2], pairs[1::2]
        ids = usable_ids([head.id for head in heads])
        known = known_times(
            ids, [head.effective_date_time for head in heads], [head.issued for head in heads]
        )
        if 0 in known or 0 in alike:
            alike, same, known = _without_halves(alike, same, known)
        for start, end, reference, text in plains.runs():
            server, patient = self._patients.get(reference) or self._read_patient(reference)
            line = plains.numbers[start]
            if not patient:
                every = (
                    read_text(plains.file, place, one) for place, one in enumerate(text.split(b"\n"), line)
                )
                yield from (one for one in every if one is not None)
                continue
            numbers = alike[start:end], same[start:end], known[start:end]
            if server or len(reference) != _BEFORE_ID + len(patient):  # not simply Patient/id
                numbers = (NO_NUMBER * (end - start),) * 3
            told = "\n".join(ids[start:end])
            yield Piece(
                plains.file, line, "Observation", patient, server, "", text, end - start, told, *numbers
            )

    def _read_patient(self, reference: str) -> tuple[str, str]:
        if len(self._patients) >= _REMEMBERED:
            self._patients.clear()
        found = self._patients[reference] = read_patient(reference)
        return found

    def _alike(self, heads: Sequence[_Plain]) -> Sequence[bytes]:
        """For each the number of what it is like, and of what is like it in the value too, as bytes."""
        # No member is empty, and no JSON holds the byte 0.
        shared = list(map(b"\0".join, map(_SHARED, heads)))
        found = list(map(self._shared.get, shared))
        if None not in found:
            return cast(list[bytes], found)
        return [
            one or self._shared.get(own) or self._read_shared(own, head)
            for one, own, head in zip(found, shared, heads, strict=True)
        ]

    def _read_shared(self, shared: bytes, head: _Plain) -> bytes:
        """The numbers of one; 0 where that is no Quantity with a value."""
        try:
            quantity = _QUANTITY.decode(head.value_quantity)
        except UNREADABLE:
            return _NOTHING
        if isinstance(quantity.value, UnsetType):
            return _NOTHING
        unit = quantity.comparator, quantity.unit, quantity.system, quantity.code
        alike = self._number((unit, shared.partition(b"\0")[2]))
        found = array("q", (alike, self._number((alike, bytes(quantity.value))))).tobytes()
        if len(shared) <= _LONGEST and len(self._shared) < _REMEMBERED:
            self._shared[shared] = found
        return found

    def _number(self, kind: tuple[object, ...]) -> int:
        """Never 0. That two of a million kinds had one number would be by a chance of one in thirty million."""
        number = self._numbers.get(kind)
        if number is None:
            written = repr(kind).encode()
            digest = blake2b(written, key=self.key, digest_size=8).digest()
            number = int.from_bytes(digest, "big", signed=True) or 1
            if len(written) <= _LONGEST and len(self._numbers) < _REMEMBERED:
                self._numbers[kind] = number
        return number


def _without_halves(alike: array[int], same: array[int], known: array[int]) -> Iterator[array[int]]:
    """0 in all three of a line of which one is 0."""
    rows = [one if one[0] and one[2] else (0, 0, 0) for one in zip(alike, same, known, strict=True)]
    return (array("q", numbers) for numbers in zip(*rows, strict=True))


class _Plains(Struct, frozen=True, gc=False):
    """Observations of one quantity, of a whole block (`texts` is the block) or of some of its lines."""

    file: int
    numbers: Sequence[int]
    heads: Sequence[_Plain]
    texts: bytes | list[bytes]

    def runs(self) -> Iterator[tuple[int, int, str, bytes]]:
        """From and to which of them one patient is referred to in lines that follow each other, and their text."""
        refers = [head.subject.reference or "" for head in self.heads]
        start = begin = 0
        if isinstance(self.texts, bytes):
            for reference, run in groupby(refers):
                end = start + len(list(run))
                after = self.texts.index(b"\n", _place(self.heads[end - 1].value_quantity, self.texts))
                yield start, end, reference, self.texts[begin:after]
                start, begin = end, after + 1
            return
        following = [number - place for place, number in enumerate(self.numbers)]
        for (reference, _), together in groupby(zip(refers, following, strict=True)):
            end = start + len(list(together))
            yield start, end, reference, b"\n".join(self.texts[start:end])
            start = end


def _place(member: Raw, block: bytes) -> int:
    """Where in its block a member stands, by their addresses, for it is no copy.

    To find the end of a patient's lines otherwise, all lines would have to be looked at once more.
    """
    place = int(pa.py_buffer(member).address - pa.py_buffer(block).address)
    assert 0 <= place < len(block), "a copy"
    return place


def _all_plain(text: bytes) -> list[_Plain] | None:
    """The lines of a block, if all are such Observations; None also where it is not sure that each is one line.

    Within a JSON value no object follows another without a comma, and none holds an unescaped end of a line: so each
    line that begins where one object has ended and another begins is a value; and there are as many values as lines.
    """
    if not text.endswith(b"}\n"):
        return None
    try:
        heads = _PLAIN.decode_lines(text)
    except UNREADABLE:
        return None
    many = len(heads)
    whole = text.count(b"}\n{") == many - 1 and text[:1] == b"{"
    return heads if whole and newlines(text) == many else None


def _plain(line: bytes) -> _Plain | None:
    try:
        return _PLAIN.decode(line)
    except UNREADABLE:
        return None

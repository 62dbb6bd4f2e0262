"""One line of an export by its head: type, patient, the drug that it refers to; and what it is like.

Most lines are Observations of one value, each like thousands of others but for id, times and value. Which those are is
told here, by the bytes of what they have in common: so what is known of one (`measured`) need not be read of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from msgspec import UNSET, DecodeError, MsgspecError, Raw, Struct, UnsetType, ValidationError
from msgspec.json import Decoder

from cds_service.fhir.datatypes import Quantity, Reference
from cds_service.replay.evaluate_moment import KINDS, READ_BESIDE

SHARED: Final = frozenset({"Medication"})
"""Types that belong to no patient."""
READ_TYPES: Final = frozenset(KINDS) | READ_BESIDE
LONGEST_LINE: Final = 16 * 2**20
"""Bytes: one resource of this size is a document or an image, or no export."""
TOO_LONG: Final = "longer than 16 MiB"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BEFORE_ID: Final = len("Patient/")
_LONGEST: Final = 1024
"""Bytes of what is remembered."""
_REMEMBERED: Final = 16384
_UNREADABLE: Final = (MsgspecError, UnicodeDecodeError, RecursionError)


class Line(Struct, frozen=True, gc=False):
    """One usable line of a file, by the number of either.

    `patient` is the id of the patient, "" for what belongs to none; `refers` the drug it names. `alike` is one number
    for all Observations that differ in `id`, `value` and the two times only, as far as they are read; 0 for any other
    line. What they are is not looked at here.
    """

    file: int
    number: int
    kind: str
    patient: str
    server: str
    refers: str
    raw: bytes
    id: str = ""
    alike: int = 0
    value: bytes = b""
    time: str = ""
    issued: str | None = None


class BadLine(Struct, frozen=True, gc=False):
    """One line that cannot be used; `reason` in our words."""

    number: int
    reason: str


class Passed(Struct, frozen=True, gc=False):
    """A line of a type that is never read."""

    kind: str


_ABSENT: Final = Raw(b"")


class _Reference(Struct, frozen=True, gc=False):
    reference: str | None = None


class _Head(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str
    id: str | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    medication_reference: _Reference | None = None


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
    subject: _Reference
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


_HEAD: Final = Decoder(_Head)
_PLAIN: Final = Decoder(_Plain)
_QUANTITY: Final = Decoder(Quantity)
_NOTHING: Final = (0, b"")


@dataclass(slots=True)
class LineReader:
    """Reads lines, and remembers what comes again: patients, and what Observations have in common.

    `key` makes the numbers of what is alike the same in all processes of a run, and known to nobody else.
    """

    key: bytes = b""
    _patients: dict[str, tuple[str, str]] = field(default_factory=dict)
    _shared: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    _alike: dict[tuple[object, ...], int] = field(default_factory=dict)

    def read(
        self, texts: Iterable[tuple[int, bytes | str]], file: int = 0
    ) -> Iterator[Line | BadLine | Passed]:
        """Lines by number and text, or by the reason why they have none. Blank ones are left out.

        That a line is an Observation of one quantity is found out by trying, as long as the last was one.
        """
        was_observation = True
        for number, text in texts:
            if was_observation and isinstance(text, bytes) and len(text) <= LONGEST_LINE:
                plain = self._read_plain(file, number, text)
                if plain is not None:
                    yield plain
                    continue
            line = read_text(file, number, text)
            if line is not None:
                was_observation = not isinstance(line, Line) or line.kind == "Observation"
                yield line

    def _read_plain(self, file: int, number: int, text: bytes) -> Line | None:
        """An Observation of one quantity and of a patient; None for any other line."""
        try:
            head = _PLAIN.decode(text)
            reference = head.subject.reference or ""
            server, patient = self._patients.get(reference) or self._read_patient(reference)
        except _UNREADABLE:
            return None
        if not patient:
            return None
        # No member is empty, and no JSON holds the byte 0.
        members = head.value_quantity, head.code, head.status, head.interpretation, head.reference_range
        shared = b"\0".join(members)
        alike, value = self._shared.get(shared) or self._read_shared(shared, head)
        if server or len(reference) != _BEFORE_ID + len(patient):  # not simply Patient/id
            alike = 0
        time, issued = head.effective_date_time, head.issued
        raw = text.strip()
        return Line(
            file, number, "Observation", patient, server, "", raw, head.id, alike, value, time, issued
        )

    def _read_patient(self, reference: str) -> tuple[str, str]:
        if len(self._patients) >= _REMEMBERED:
            self._patients.clear()
        found = self._patients[reference] = read_patient(reference)
        return found

    def _read_shared(self, shared: bytes, head: _Plain) -> tuple[int, bytes]:
        """The number of what it is like, and its value as it is written; 0 where that is no Quantity with a value."""
        try:
            quantity = _QUANTITY.decode(head.value_quantity)
        except _UNREADABLE:
            return _NOTHING
        if isinstance(quantity.value, UnsetType):
            return _NOTHING
        unit = quantity.comparator, quantity.unit, quantity.system, quantity.code
        found = self._number((unit, shared.partition(b"\0")[2])), bytes(quantity.value)
        if len(shared) <= _LONGEST and len(self._shared) < _REMEMBERED:
            self._shared[shared] = found
        return found

    def _number(self, kind: tuple[object, ...]) -> int:
        """Never 0. That two of a million kinds had one number would be by a chance of one in thirty million."""
        number = self._alike.get(kind)
        if number is None:
            written = repr(kind).encode()
            digest = blake2b(written, key=self.key, digest_size=8).digest()
            number = int.from_bytes(digest, "big", signed=True) or 1
            if len(written) <= _LONGEST and len(self._alike) < _REMEMBERED:
                self._alike[kind] = number
        return number


def read_text(file: int, number: int, text: bytes | str) -> Line | BadLine | Passed | None:
    """A line by its text, or by the reason why it has none; None for a blank one."""
    if isinstance(text, str):
        return BadLine(number, text)
    if is_too_long(text):
        return BadLine(number, TOO_LONG)
    stripped = text.strip().removeprefix(_BYTE_ORDER_MARK)
    return _read_line(file, number, stripped) if stripped else None


def is_too_long(text: bytes) -> bool:
    """Whether it is too long without the end of the line."""
    return len(text) > LONGEST_LINE and len(text.removesuffix(b"\n")) > LONGEST_LINE


def _read_line(file: int, number: int, text: bytes) -> Line | BadLine | Passed:
    try:
        head = _HEAD.decode(text)
    except ValidationError:
        return BadLine(number, "not a FHIR resource")
    except RecursionError:
        return BadLine(number, "nested too deeply")
    except (DecodeError, UnicodeDecodeError):
        return BadLine(number, "not JSON")
    kind = head.resource_type
    if kind not in READ_TYPES:
        return Passed(kind)
    if kind in SHARED:
        return (
            Line(file, number, kind, "", "", f"{kind}/{head.id}", text)
            if head.id
            else BadLine(number, "has no id")
        )
    reference = f"Patient/{head.id}" if kind == "Patient" and head.id else _subject(head)
    server, patient = read_patient(reference or "")
    if not patient:
        return BadLine(number, "names no patient")
    drug = head.medication_reference.reference if head.medication_reference is not None else None
    place = "Medication/"
    refers = place + drug.rpartition(place)[2].partition("/")[0] if drug and place in drug else ""
    return Line(file, number, kind, patient, server, refers, text)


def read_patient(reference: str) -> tuple[str, str]:
    """The address that a reference begins with, and the id of the patient; "" for one that names none."""
    server, found, patient = reference.rpartition("Patient/")
    return (server, patient.partition("/")[0]) if found else ("", "")


def _subject(head: _Head) -> str | None:
    for one in (head.subject, head.patient):
        if one is not None and one.reference is not None:
            return one.reference
    return None

"""What one line of an export is by its head: type, patient, the drug that it refers to. Lines of a patient are pieces.

What an Observation is like is told by `alike`, for whole blocks of lines; here is what every other line goes through.
"""

from __future__ import annotations

from array import array
from typing import Final

from msgspec import DecodeError, MsgspecError, Struct, ValidationError
from msgspec.json import Decoder

from cds_service.fhir.references import is_id
from cds_service.replay.evaluate_moment import KINDS, READ_BESIDE

SHARED: Final = frozenset({"Medication"})
"""Types that belong to no patient."""
READ_TYPES: Final = frozenset(KINDS) | READ_BESIDE
LONGEST_LINE: Final = 16 * 2**20
"""Bytes: one resource of this size is a document or an image, or no export."""
TOO_LONG: Final = "longer than 16 MiB"
UNREADABLE: Final = (MsgspecError, UnicodeDecodeError, RecursionError)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


NO_NUMBER: Final = array("q", [0])


class Piece(Struct, frozen=True, gc=False):
    """Lines of one patient and of one type that stand one after the other in a file: their texts, joined by newlines.

    `line` is the number of the first, `many` how many they are. `patient` is the patient's id, "" for what belongs to
    none; `refers` the drug that the line names. `ids` are joined by newlines, too; `alike`, `same` and `known` have a
    member for each line. `alike` is one number for all Observations that differ in `id`, `value` and the two times
    only, as far as they are read, `same` for those of one value as well. `known` is since when (microseconds since
    1970). All are 0, and the id "", of a line that has to be read before anything is known of it.
    """

    file: int
    line: int
    kind: str
    patient: str
    server: str
    refers: str
    text: bytes
    many: int = 1
    ids: str = ""
    alike: array[int] = NO_NUMBER
    same: array[int] = NO_NUMBER
    known: array[int] = NO_NUMBER


class BadLine(Struct, frozen=True, gc=False):
    """One line that cannot be used; `reason` in our words."""

    number: int
    reason: str


class Passed(Struct, frozen=True, gc=False):
    """A line of a type that is never read."""

    kind: str


class ReferenceText(Struct, frozen=True, gc=False):
    """A reference as it is written."""

    reference: str | None = None


class _Head(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str
    id: str | None = None
    subject: ReferenceText | None = None
    patient: ReferenceText | None = None
    medication_reference: ReferenceText | None = None


_HEAD: Final = Decoder(_Head)


def read_text(file: int, number: int, text: bytes) -> Piece | BadLine | Passed | None:
    """A line by its text; None for a blank one."""
    if is_too_long(text):
        return BadLine(number, TOO_LONG)
    stripped = text.strip().removeprefix(_BYTE_ORDER_MARK)
    return _read_line(file, number, stripped) if stripped else None


def newlines(text: bytes) -> int:
    """How many there are: to take them out is six times as quick as `count`."""
    return len(text) - len(text.replace(b"\n", b""))


def is_too_long(text: bytes) -> bool:
    """Whether it is too long without the end of the line."""
    return len(text) > LONGEST_LINE and len(text.removesuffix(b"\n")) > LONGEST_LINE


def _read_line(file: int, number: int, text: bytes) -> Piece | BadLine | Passed:
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
            Piece(file, number, kind, "", "", f"{kind}/{head.id}", text)
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
    id_ = head.id if kind == "Observation" and head.id is not None and is_id(head.id) else ""
    return Piece(file, number, kind, patient, server, refers, text, 1, id_)


def read_patient(reference: str) -> tuple[str, str]:
    """The address that a reference begins with, and the id of the patient; "" for one that names none."""
    server, found, patient = reference.rpartition("Patient/")
    return (server, patient.partition("/")[0]) if found else ("", "")


def _subject(head: _Head) -> str | None:
    for one in (head.subject, head.patient):
        if one is not None and one.reference is not None:
            return one.reference
    return None

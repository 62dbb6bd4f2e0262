"""The files of a Bulk export: which there are, and their lines with what tells whose they are.

Read are `*.ndjson` and `*.ndjson.gz`, or the files that `manifest.json` names, which have to lie beside it; also what
was packed of them (`packed`). A line that cannot be used is located by file and line, never quoted.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder

from cds_service.replay.evaluate_moment import KINDS, READ_BESIDE
from cds_service.replay.packed import ENDING as PACKED
from cds_service.replay.packed import is_packed, plain_name, read_packed

MANIFEST: Final = "manifest.json"
SHARED: Final = frozenset({"Medication"})
"""Types that belong to no patient."""
READ_TYPES: Final = frozenset(KINDS) | READ_BESIDE
LONGEST_LINE: Final = 16 * 2**20
"""Bytes: one resource of this size is a document or an image, or no export."""
_TEXT: Final = (".ndjson", ".ndjson.gz")
_ENDINGS: Final = (*_TEXT, *(ending + PACKED for ending in _TEXT))
_TOO_LONG: Final = "longer than 16 MiB"


class ExportError(Exception):
    """One line: what is wrong with the folder."""


class _Reference(Struct, frozen=True, gc=False):
    reference: str | None = None


class _Head(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str
    id: str | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    medication_reference: _Reference | None = None


class Line(Struct, frozen=True, gc=False):
    """One usable line. `patient` is the id of the patient, "" for what belongs to none; `refers` the drug it names."""

    number: int
    kind: str
    patient: str
    server: str
    refers: str
    raw: bytes


class BadLine(Struct, frozen=True, gc=False):
    """One line that cannot be used; `reason` in our words."""

    number: int
    reason: str


class Passed(Struct, frozen=True, gc=False):
    """A line of a type that is never read."""

    kind: str


_HEAD: Final = Decoder(_Head)
_ANY: Final[Decoder[Any]] = Decoder()


def export_files(folder: Path) -> tuple[Path, ...]:
    """The files in the order of their names. ExportError where there is none, or one of the manifest is missing."""
    if not folder.is_dir():
        raise ExportError(f"{folder}: no such folder")
    manifest = folder / MANIFEST
    if manifest.is_file():
        return _of_manifest(manifest)
    found = sorted(file for file in folder.rglob("*") if file.name.endswith(_ENDINGS) and file.is_file())
    if not found:
        if next(folder.rglob("*.parquet"), None) is not None:
            raise ExportError(f"{folder}: no Parquet that pack-export has written")
        raise ExportError(f"{folder}: no NDJSON files (*.ndjson, *.ndjson.gz)")
    return _checked(found)


def _checked(files: Sequence[Path]) -> tuple[Path, ...]:
    """The files, where no packed one is of another maker or stands beside its own source."""
    for file in files:
        if file.name.endswith(PACKED) and not is_packed(file):
            raise ExportError(f"{file}: no Parquet that pack-export has written")
        if file.name.endswith(PACKED) and file.with_name(plain_name(file.name)) in files:
            raise ExportError(f"{file}: stands beside the file that it was packed of, move one of them")
    return tuple(files)


def _of_manifest(manifest: Path) -> tuple[Path, ...]:
    """The files of `output`: the last part of each address, beside the manifest."""
    try:
        content = _ANY.decode(manifest.read_bytes())
        names = [str(one["url"]).rpartition("/")[2] for one in content["output"]]
    except (DecodeError, KeyError, TypeError, OSError):
        raise ExportError(
            f"{manifest.name}: no manifest of a Bulk export (output: url of each file)"
        ) from None
    files = [manifest.parent / name for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ExportError(f"{manifest.name}: {missing[0]}{more} named, but not beside it")
    return _checked(sorted(files))


def is_plain(file: Path) -> bool:
    """Whether it is text as it stands, of which a piece can be read."""
    return not file.name.endswith((".gz", PACKED))


def read_lines(
    file: Path, start: int = 0, end: int | None = None, before: int = 0
) -> Iterator[Line | BadLine | Passed]:
    """Every line that is not blank. A gzip file that ends too early is a bad line of its own at the end.

    Of plain text a piece can be asked for: whole lines from a byte on, up to another, and how many lines stand before.
    """
    texts = read_packed(file) if file.name.endswith(PACKED) else raw_lines(file, start, end, before)
    for number, text in texts:
        line = read_text(number, text)
        if line is not None:
            yield line


def raw_lines(
    file: Path, start: int = 0, end: int | None = None, before: int = 0
) -> Iterator[tuple[int, bytes | str]]:
    """Number and text of each line of a text file; of one that cannot be had the reason, as str."""
    number = before
    try:
        with gzip.open(file, "rb") if file.name.endswith(".gz") else file.open("rb") as opened:
            if start:
                opened.seek(start)
            while (end is None or start < end) and (text := opened.readline(LONGEST_LINE + 2)):
                number += 1
                start += len(text)
                yield number, _TOO_LONG if _is_too_long(text) else text
                while text and not text.endswith(b"\n"):
                    text = opened.readline(LONGEST_LINE)
                    start += len(text)
    except (EOFError, zlib.error, OSError):
        yield number + 1, "the file cannot be read to its end"


def _is_too_long(text: bytes) -> bool:
    return len(text) > LONGEST_LINE and len(text.removesuffix(b"\n")) > LONGEST_LINE


def read_text(number: int, text: bytes | str) -> Line | BadLine | Passed | None:
    """A line by its text, or by the reason why it has none; None for a blank one."""
    if isinstance(text, str):
        return BadLine(number, text)
    if _is_too_long(text):
        return BadLine(number, _TOO_LONG)
    stripped = text.strip().removeprefix(b"\xef\xbb\xbf")
    return read_line(number, stripped) if stripped else None


def read_line(number: int, text: bytes) -> Line | BadLine | Passed:
    """One line by its head: type, patient, and the drug that it refers to."""
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
            Line(number, kind, "", "", f"{kind}/{head.id}", text) if head.id else BadLine(number, "has no id")
        )
    reference = f"Patient/{head.id}" if kind == "Patient" and head.id else _subject(head)
    server, found, patient = (reference or "").rpartition("Patient/")
    patient = patient.partition("/")[0]
    if not found or not patient:
        return BadLine(number, "names no patient")
    drug = head.medication_reference.reference if head.medication_reference is not None else None
    place = "Medication/"
    refers = place + drug.rpartition(place)[2].partition("/")[0] if drug and place in drug else ""
    return Line(number, kind, patient, server, refers, text)


def _subject(head: _Head) -> str | None:
    for one in (head.subject, head.patient):
        if one is not None and one.reference is not None:
            return one.reference
    return None

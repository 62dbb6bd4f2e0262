"""The files of a Bulk export: which there are, and their lines with what tells whose they are.

Read are `*.ndjson` and `*.ndjson.gz`, or the files that `manifest.json` names, which have to lie beside it; also what
was packed of them (`packed`). A line that cannot be used is located by file and line, never quoted.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import DEFAULT_BUFFER_SIZE, BufferedIOBase
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from msgspec import DecodeError
from msgspec.json import Decoder

from cds_service.replay.lines import LONGEST_LINE, TOO_LONG, newlines
from cds_service.replay.packed import ENDING as PACKED
from cds_service.replay.packed import is_packed, plain_name, read_packed

MANIFEST: Final = "manifest.json"
_TEXT: Final = (".ndjson", ".ndjson.gz")
_ENDINGS: Final = (*_TEXT, *(ending + PACKED for ending in _TEXT))
_BLOCK: Final = 2**19
"""Bytes that are handed on at once. Of gzip fewer are read: what is behind the last read of a broken file is lost."""
BROKEN: Final = (EOFError, zlib.error, OSError)
"""What is raised by a file that cannot be read to its end."""


class ExportError(Exception):
    """One line: what is wrong with the folder."""


_ANY: Final[Decoder[Any]] = Decoder()


def export_files(folder: Path) -> tuple[Path, ...]:
    """The files in the order of their names. ExportError where there is none, or one of the manifest is missing."""
    if not folder.is_dir():
        raise ExportError(f"{folder}: no such folder")
    manifest = folder / MANIFEST
    if manifest.is_file():
        return _of_manifest(manifest)
    found = sorted(file for file in folder.rglob("*") if file.name.endswith(_ENDINGS) and not file.is_dir())
    if not found:
        if next(folder.rglob("*.parquet"), None) is not None:
            raise ExportError(f"{folder}: no Parquet that pack-export has written")
        raise ExportError(f"{folder}: no NDJSON files (*.ndjson, *.ndjson.gz)")
    return _checked(found)


def _checked(files: Sequence[Path]) -> tuple[Path, ...]:
    """The files, where no packed one is of another maker or stands beside its own source."""
    for file in files:
        if not file.is_file():
            raise ExportError(f"{file}: leads to no file")
        if file.name.endswith(PACKED) and not is_packed(file):
            raise ExportError(f"{file}: no Parquet that pack-export has written")
        if file.name.endswith(PACKED) and file.with_name(plain_name(file.name)) in files:
            raise ExportError(f"{file}: stands beside the file that it was packed of, move one of them")
    return tuple(files)


def _of_manifest(manifest: Path) -> tuple[Path, ...]:
    """The files of `output`, each once: the last part of each address (without a signature), beside the manifest."""
    try:
        content = _ANY.decode(manifest.read_bytes())
        names = {unquote(urlsplit(str(one["url"])).path).rpartition("/")[2] for one in content["output"]}
    except (DecodeError, KeyError, TypeError, ValueError, OSError):
        raise ExportError(
            f"{manifest.name}: no manifest of a Bulk export (output: url of each file)"
        ) from None
    files = [manifest.parent / name for name in sorted(names)]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ExportError(f"{manifest.name}: {missing[0]}{more} named, but not beside it")
    return _checked(files)


def is_plain(file: Path) -> bool:
    """Whether it is text as it stands, of which a piece can be read."""
    return not file.name.endswith((".gz", PACKED))


def read_blocks(
    file: Path, start: int = 0, end: int | None = None, before: int = 0
) -> Iterator[tuple[int, bytes | str]]:
    """Whole lines that stand one after the other, and the number of the first, packed or not.

    In the place of what cannot be had comes the reason, as str. Of plain text a piece can be asked for: whole lines
    from a byte on, up to another, and how many lines stand before. A gzip file that ends too early tells it at its end.
    """
    return read_packed(file) if file.name.endswith(PACKED) else _text_blocks(file, start, end, before)


def raw_lines(
    file: Path, start: int = 0, end: int | None = None, before: int = 0
) -> Iterator[tuple[int, bytes | str]]:
    """Number and text of each line of a text file; of one that cannot be had the reason, as str."""
    for number, block in _text_blocks(file, start, end, before):
        if isinstance(block, str):
            yield number, block
        else:
            yield from enumerate(block.removesuffix(b"\n").split(b"\n"), number)


def _text_blocks(file: Path, start: int, end: int | None, before: int) -> Iterator[tuple[int, bytes | str]]:
    number = before + 1
    is_gzip = file.name.endswith(".gz")
    try:
        with gzip.open(file, "rb") if is_gzip else file.open("rb") as opened:
            if start:
                opened.seek(start)
            left = sys.maxsize if end is None else end - start
            for block in _whole_lines(_read(opened, left, DEFAULT_BUFFER_SIZE if is_gzip else _BLOCK)):
                yield number, block
                number += 1 if isinstance(block, str) else newlines(block)
    except BROKEN:
        yield number, "the file cannot be read to its end"


def _read(opened: BufferedIOBase, left: int, size: int) -> Iterator[bytes]:
    """So many bytes in blocks, however little comes at once; what came before a break is not lost."""
    some: list[bytes] = []
    length = 0
    try:
        while left > 0 and (one := opened.read1(min(size, left))):
            left -= len(one)
            some.append(one)
            length += len(one)
            if length >= _BLOCK:
                yield b"".join(some)
                some, length = [], 0
    except BROKEN:
        yield b"".join(some)
        raise
    yield b"".join(some)


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes | str]:
    """The lines of blocks, some at a time. No more is held than a block and a line that may be used."""
    begun: list[bytes] = []
    length = 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if not end:
            begun.append(block)
            length += len(block)
            if length > LONGEST_LINE:
                begun.clear()
            continue
        first = block.index(b"\n")
        if length + first > LONGEST_LINE:
            yield TOO_LONG
            begun, first = [], first + 1
        else:
            first = 0
        if first < end:
            yield b"".join((*begun, memoryview(block)[first:end]))
        begun, length = [block[end:]], len(block) - end
    if length:
        yield TOO_LONG if length > LONGEST_LINE else b"".join(begun)

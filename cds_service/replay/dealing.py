"""The lines of an export, dealt to the parts in which its patients are judged: nothing is ever sorted as a whole.

A large text file is read in stretches, so that it keeps all workers busy; small files are read several at once. Such a
load is kept as runs: Arrow files with a batch for each slice of the patients' hashes. The lines of a part are one slice
of every run, in the order of files and lines. In memory is one run in the making, whatever the size of the export.
"""

from __future__ import annotations

import dataclasses
import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cards.frozen import dataclass
from cds_service.replay.alike import BlockReader
from cds_service.replay.collecting import collecting_at_the_end
from cds_service.replay.export_files import is_plain, read_blocks
from cds_service.replay.lines import LONGEST_LINE, Passed, Piece, newlines
from cds_service.replay.person import hash_of

STRETCH_BYTES: Final = 24 * 2**20
RUN_BYTES: Final = 32 * 2**20
PART_BYTES: Final = 32 * 2**20
FEWEST_PARTS: Final = 8
MOST_PARTS: Final = 65_536
MOST_SLICES: Final = 2048
"""All three are powers of two: a part lies in one slice."""
UNPACKED: Final = 10
"""How many bytes of text a byte of a packed file may stand for."""
_HASH_BITS: Final = 32
_OPEN_RUNS: Final = 256
_READ_AT_ONCE: Final = 2**20

_NUMBERS: Final = pa.list_(pa.field("item", pa.int64(), nullable=False))
SLICE: Final = pa.schema(
    [
        ("patient", pa.string()),
        ("server", pa.string()),
        ("refers", pa.string()),
        ("file", pa.int32()),
        ("line", pa.int64()),
        ("text", pa.binary()),
        ("ids", pa.string()),
        ("alike", _NUMBERS),
        ("same", _NUMBERS),
        ("known", _NUMBERS),
    ]
)
"""Pieces (`lines.Piece`); their ids are joined by newlines, too."""
DRUGS: Final = pa.schema([SLICE.field(name) for name in ("refers", "file", "line", "text")])
"""Medications that belong to no patient."""
RUN, DRUG_RUN = ".arrow", ".drugs.parquet"


def share_of(key: str, many: int) -> int:
    """Which of `many` equal ranges of hashes a patient's hash lies in."""
    return int(key[:8], 16) * many >> _HASH_BITS


def part_count(size: int) -> int:
    """In how many parts an export of so many bytes of text is judged; it depends on nothing else."""
    wanted = -(-size // PART_BYTES)
    return min(max(FEWEST_PARTS, 1 << (wanted - 1).bit_length() if wanted else 0), MOST_PARTS)


def text_size(files: Iterable[Path]) -> int:
    """Bytes of text that the files hold, by what they take on the disk."""
    return sum(file.stat().st_size * (1 if is_plain(file) else UNPACKED) for file in files)


# ------------------------------------------------------------------------------------------------- stretches


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole lines of one file: its number, that of the stretch, from and to which byte, and the lines before it.

    `end` is None for a file that is read as a whole.
    """

    file: int
    number: int = 0
    start: int = 0
    end: int | None = None
    before: int = 0

    @property
    def name(self) -> str:
        """By which stretches are in the order of files and lines."""
        return f"{self.file:05d}-{self.number:06d}"


def stretches(number: int, file: Path, size: int = STRETCH_BYTES) -> Iterator[Stretch]:
    """How one file is read: text in pieces of about `size` bytes that end with a line; what is packed as a whole.

    What cannot be read any further is one piece: it is told when that is read.
    """
    start = count = before = 0
    try:
        if is_plain(file) and file.stat().st_size > size:
            for end, lines in _ends(file, size):
                yield Stretch(number, count, start, end, before)
                start, count, before = end, count + 1, lines
            return
    except OSError:
        pass
    yield Stretch(number, count, start, None, before)


def _ends(file: Path, size: int) -> Iterator[tuple[int, int]]:
    """Where each piece ends, and how many lines stand before its end."""
    start = lines = 0
    with file.open("rb") as opened:
        while True:
            while (taken := opened.tell() - start) < size:
                block = opened.read(min(_READ_AT_ONCE, size - taken))
                if not block:
                    break
                lines += newlines(block)
            while rest := opened.readline(LONGEST_LINE):  # to the end of the line
                if rest.endswith(b"\n"):
                    lines += 1
                    break
            end = opened.tell()
            if end == start:
                return
            yield end, lines
            start = end


# ----------------------------------------------------------------------------------------------------- dealing


@dataclass(frozen=True, slots=True)
class Told:
    """What the lines of a file are: types, the bad ones with number and reason; `text`: bytes of the usable ones."""

    kinds: Mapping[str, int]
    passed: Mapping[str, int]
    bad: Sequence[tuple[int, str]]
    text: int


Load = Sequence[tuple[Stretch, Path]]
"""What a worker reads at once, in the order of files and lines."""


def loads(files: Sequence[Path], size: int = STRETCH_BYTES) -> Iterator[Load]:
    """All files as loads: as many whole files or pieces as have about `size` bytes."""
    waiting: list[tuple[Stretch, Path]] = []
    weight = 0
    for number, file in enumerate(files):
        for one in stretches(number, file, size):
            weighs = text_size([file]) if one.end is None else one.end - one.start
            if waiting and weight + weighs > size:
                yield waiting
                waiting, weight = [], 0
            waiting.append((one, file))
            weight += weighs
    if waiting:
        yield waiting


def deal(load: Load, folder: Path, key: bytes, slices: int) -> None:
    """The lines of a load as runs, and beside them the account of what those of each stretch are."""
    if all((folder / f"{stretch.name}.json").exists() for stretch, _ in load):
        return
    run, reader = _Run(folder, load[0][0].name, key, slices), BlockReader(key)
    with collecting_at_the_end():
        told = [_deal_one(stretch, file, run, reader) for stretch, file in load]
        run.write()
    for (stretch, file), one in zip(load, told, strict=True):
        size = file.stat().st_size if stretch.end is None else stretch.end - stretch.start
        write_account(folder / f"{stretch.name}.json", size, one)


def _deal_one(stretch: Stretch, file: Path, run: _Run, reader: BlockReader) -> Told:
    kinds: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    text = 0
    blocks = read_blocks(file, stretch.start, stretch.end, stretch.before)
    for told in reader.read(blocks, stretch.file):
        if isinstance(told, Piece):
            kinds[told.kind] += told.many
            text += len(told.text) - told.many + 1  # without newlines
            run.add(told)
        elif isinstance(told, Passed):
            passed[told.kind] += 1
        else:
            bad.append((told.number, told.reason))
    return Told(kinds, passed, sorted(bad), text)


@dataclasses.dataclass(slots=True)
class _Run:
    """Pieces that wait to be written, by the slice of their patient."""

    folder: Path
    name: str
    key: bytes
    slices: int
    size: int = 0
    written: int = 0
    dealt: list[list[Piece]] = field(default_factory=list)
    drugs: list[Piece] = field(default_factory=list)
    places: dict[str, list[Piece]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.dealt = [[] for _ in range(self.slices)]
        self.drugs, self.places, self.size = [], {}, 0

    def add(self, piece: Piece) -> None:
        """One piece; a run that is large enough is written."""
        (self.places.get(piece.patient) or self._place(piece.patient)).append(piece)
        self.size += len(piece.text)
        if self.size >= RUN_BYTES:
            self.write()

    def _place(self, patient: str) -> list[Piece]:
        """The pieces of the slice that a patient's lie in; "" is nobody's."""
        if not patient:
            return self.drugs
        place = self.places[patient] = self.dealt[share_of(hash_of(patient, self.key), self.slices)]
        return place

    def write(self) -> None:
        """The run as a file that appears whole or not at all."""
        name = f"{self.name}-{self.written:06d}"
        being = self.folder / f"{name}.being-written"
        if self.places:
            batch = columns_of([piece for pieces in self.dealt for piece in pieces])
            options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
            with pa.OSFile(str(being), "wb") as file, pa.ipc.new_file(file, SLICE, options=options) as runs:
                start = 0
                for pieces in self.dealt:
                    runs.write_batch(batch.slice(start, len(pieces)))
                    start += len(pieces)
            being.rename(self.folder / f"{name}{RUN}")
        if self.drugs:
            drugs = pa.Table.from_batches([columns_of(self.drugs).select(DRUGS.names)])
            pq.write_table(drugs, being, compression="zstd")
            being.rename(self.folder / f"{name}{DRUG_RUN}")
        self.written += 1
        self._begin()


def columns_of(pieces: Sequence[Piece]) -> pa.RecordBatch:
    """Pieces as columns (`SLICE`). Of what is long, buffers are made of the pieces' own: each is copied once."""
    columns = (
        pa.array([piece.patient for piece in pieces], pa.string()),
        pa.array([piece.server for piece in pieces], pa.string()),
        pa.array([piece.refers for piece in pieces], pa.string()),
        pa.array([piece.file for piece in pieces], pa.int32()),
        pa.array([piece.line for piece in pieces], pa.int64()),
        _texts([piece.text for piece in pieces]),
        pa.array([piece.ids for piece in pieces], pa.string()),
    )
    starts = pa.array(accumulate((piece.many for piece in pieces), initial=0), pa.int32())
    numbers = (
        _numbers(starts, [piece.alike for piece in pieces]),
        _numbers(starts, [piece.same for piece in pieces]),
        _numbers(starts, [piece.known for piece in pieces]),
    )
    return pa.RecordBatch.from_arrays([*columns, *numbers], schema=SLICE)


def _texts(texts: Sequence[bytes]) -> pa.Array:
    starts = pa.array(accumulate(map(len, texts), initial=0), pa.int32())
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(texts), [None, starts.buffers()[1], pa.py_buffer(b"".join(texts))]
    )


def _numbers(starts: pa.Array, numbers: Sequence[array[int]]) -> pa.Array:
    flat = pa.py_buffer(b"".join(numbers))
    values = pa.Array.from_buffers(pa.int64(), flat.size // 8, [None, flat])
    return pa.ListArray.from_arrays(starts, values, type=_NUMBERS)


def write_account(path: Path, size: int, told: Told) -> None:
    """Keeps what was told of a file, or of a stretch of one, of so many bytes."""
    being = path.with_name(path.name + ".being-written")
    content = {
        "bytes": size,
        "kinds": told.kinds,
        "passed": told.passed,
        "bad": told.bad,
        "text": told.text,
    }
    being.write_text(json.dumps(content), encoding="utf-8")
    being.rename(path)


def accounts(folder: Path) -> list[dict[str, Any]]:
    """What was told of each file, in the order of the files; its stretches are added up."""
    found: dict[str, dict[str, Any]] = {}
    for one in sorted(folder.glob("*.json")):
        told = json.loads(one.read_bytes())
        whole = found.setdefault(one.name[:5], {"bytes": 0, "kinds": {}, "passed": {}, "bad": [], "text": 0})
        for name in ("kinds", "passed"):
            whole[name] = dict(Counter(whole[name]) + Counter(told[name]))
        for name in ("bytes", "bad", "text"):
            whole[name] += told[name]
    return list(found.values())


# -------------------------------------------------------------------------------------------------- a part


def batches_of_part(number: int, parts: int, folder: Path) -> list[pa.RecordBatch]:
    """The pieces of a part (`SLICE`), of each run that has some.

    Where parts are smaller than slices, also the pieces of the slice's other parts.
    """
    batches = []
    for run in sorted(folder.glob(f"*{RUN}")):
        reader = _opened(run, run.stat().st_mtime_ns)
        batches.append(reader.get_batch(number * reader.num_record_batches // parts))
    return [batch for batch in batches if batch.num_rows]


@lru_cache(maxsize=_OPEN_RUNS)
def _opened(run: Path, changed: int) -> pa.RecordBatchFileReader:
    """Kept open for the next part. Not mapped into memory: what was read of it would count as the worker's."""
    return pa.ipc.open_file(pa.OSFile(str(run)))

"""One run from export to tables: what was asked, where it stands, and the steps that can be taken up again."""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from cards.frozen import dataclass
from cds_service.content import Content
from cds_service.replay.by_patient import judge_part, order_drugs, patients_of
from cds_service.replay.dealing import MOST_SLICES, accounts, deal, loads, part_count, text_size
from cds_service.replay.export_files import ExportError, export_files
from cds_service.replay.joining import join_parts
from cds_service.replay.lines import READ_TYPES
from cds_service.replay.packed import plain_name
from cds_service.replay.plan import Order, content_of, plan_of
from cds_service.replay.report import write_report
from cds_service.replay.report_tables import open_tables
from cds_service.replay.review import write_form, write_patients
from cds_service.replay.tables import SCHEMAS

WORK: Final = ".work"
RUN: Final = "run.json"
KEY: Final = "patient-key"
EARLIER: Final = "earlier-"
"""Begins the names of forms of runs before a --restart."""
_KEY_BYTES: Final = 32

LAYOUT: Final = 3
"""Of what a run leaves while it is worked at; a run goes on with its own only."""

OTHER_KEY: Final = "holds a run that was begun with another key: name its --key-file, or --restart"

Progress = Callable[[str, int, int], None]
"""Called with the step's name, how much of it is done, and of how much."""

CallEach = Callable[[str, Callable[..., Any], Iterable[tuple[Any, ...]]], Iterator[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked to do. Everything in it decides the tables, but for `engine`, `workers` and `cases`."""

    export: Path
    out: Path
    triggers: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None
    config: Path | None = None
    compare: Path | None = None
    key_file: Path | None = None
    engine: str = "local"  # or "spark"
    workers: int = 1
    cases: int = 50  # for the review of charts


def run(asked: Asked, progress: Progress) -> dict[str, Any]:
    """Makes the tables in `out` and gives the account of the run. ExportError in one line where it cannot."""
    files = export_files(asked.export)
    content, compared = content_of(asked.config), asked.compare and content_of(asked.compare)
    asked.out.mkdir(parents=True, exist_ok=True)
    wanted = _fingerprint(asked, files, content.version, compared.version if compared else None)
    begun = _begun(asked.out)
    if begun is not None and begun["asked"] != wanted:
        raise ExportError(
            f"{asked.out}: holds a run over other files or with other options: name another folder, or --restart"
        )
    if begun is not None and begun["finished"]:
        shutil.rmtree(asked.out / WORK, ignore_errors=True)
        with open_tables(asked.out) as database:
            write_report(database, asked.out, begun, content)
        progress("complete", 1, 1)
        return begun
    if begun is not None and begun.get("layout") != LAYOUT:
        raise ExportError(
            f"{asked.out}: holds a run that another version of the program began: name another folder, or --restart"
        )
    key = _key(asked, made_anew=begun is None)
    if begun is not None and begun.get("key") != _mark(key):
        raise ExportError(f"{asked.out}: {OTHER_KEY}")
    _write(asked.out, {"asked": wanted, "finished": False, "key": _mark(key), "layout": LAYOUT})
    work = asked.out / WORK
    for folder in ("staged", "parts"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    _clear_halves(work)
    steps = _steps_of_spark if asked.engine == "spark" else _steps
    steps(asked, files, work, key, progress)
    return _finish(asked, wanted, files, work, content)


def _steps(asked: Asked, files: Sequence[Path], work: Path, key: bytes, progress: Progress) -> None:
    staged, names = work / "staged", [_name(file, asked.export) for file in files]
    parts = part_count(text_size(files))
    slices = min(parts, MOST_SLICES)
    with _calling(asked.workers, progress) as each:
        for _ in each("reading", deal, ((load, staged, key, slices) for load in loads(files))):
            pass
        progress("ordering", 0, 1)
        order_drugs(staged, work, max(1, asked.workers))
        progress("ordering", 1, 1)
        told = accounts(staged)
        order = _order(asked, files, told, key)
        judged = each("judging", _judge, ((number, parts, work, order, names) for number in range(parts)))
        join_parts(judged, work, asked.out, _bad_lines(names, told))


def _order(asked: Asked, files: Sequence[Path], told: Sequence[Mapping[str, Any]], key: bytes) -> Order:
    types = frozenset(_types(files, told))
    return Order(asked.config, asked.compare, types, asked.triggers, asked.start, asked.end, key)


def _steps_of_spark(asked: Asked, files: Sequence[Path], work: Path, key: bytes, progress: Progress) -> None:
    """The same steps spread over executors, where that engine is installed."""
    from cds_service.replay.on_spark import open_spark

    staged, names = work / "staged", [_name(file, asked.export) for file in files]
    with open_spark(asked.workers) as executors:
        progress("reading", 0, 1)
        executors.stage(files, names, key, staged)
        progress("reading", 1, 1)
        told = accounts(staged)
        executors.judge(_order(asked, files, told, key), names, work, progress)
    join_parts(sorted((work / "parts").iterdir()), work, asked.out, _bad_lines(names, told))


def _bad_lines(names: Sequence[str], told: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the lines that could not be used."""
    return {
        "rejected": [
            {"patient_hash": None, "file": name, "line": line, "kind": None, "reason": reason, "code": None}
            for name, one in zip(names, told, strict=True)
            for line, reason in one["bad"]
        ]
    }


def _finish(
    asked: Asked, wanted: dict[str, Any], files: Sequence[Path], work: Path, content: Content
) -> dict[str, Any]:
    out = asked.out
    told = accounts(work / "staged")
    account = {
        "asked": wanted,
        "finished": True,
        "resources": _sum(told, "kinds"),
        "bytes": sum(one["bytes"] for one in told),
        "bad_lines": sum(len(one["bad"]) for one in told),
        "missing_types": sorted(READ_TYPES - set(_types(files, told))),
        "passed_over": _sum(told, "passed"),
    }
    with open_tables(out) as database:
        write_patients(patients_of(work, write_form(database, out, asked.cases)), out)
        write_report(database, out, account, content)
    _write(out, account)
    shutil.rmtree(work)
    return account


def _sum(told: Sequence[Mapping[str, Any]], what: str) -> dict[str, int]:
    """Counts by type over all files."""
    found: Counter[str] = Counter()
    for one in told:
        found.update(one[what])
    return dict(sorted(found.items()))


# ------------------------------------------------------------------------------------------- what was asked


def _name(file: Path, export: Path) -> str:
    """As the tables name it; of a packed file the name of its source."""
    return plain_name(file.relative_to(export).as_posix())


def _types(files: Sequence[Path], told: Sequence[Mapping[str, Any]]) -> list[str]:
    """The types that the export answers for: those of its resources, and those that a file is named after."""
    named = {word for file in files for word in re.split(r"[._-]", file.name)}
    held = {kind for one in told for kind in one["kinds"]}
    return sorted((named | held) & READ_TYPES)


def _fingerprint(asked: Asked, files: Sequence[Path], version: str, other: str | None) -> dict[str, Any]:
    return {
        "files": [
            {
                "name": _name(file, asked.export),
                "bytes": file.stat().st_size,
                "changed": file.stat().st_mtime_ns,
            }
            for file in files
        ],
        "triggers": sorted(asked.triggers),
        "engine": asked.engine,
        "from": asked.start.isoformat() if asked.start else None,
        "to": asked.end.isoformat() if asked.end else None,
        "content": version,
        "compared_content": other,
    }


def _begun(out: Path) -> dict[str, Any] | None:
    """The account of the folder, None for a new one. ExportError where the folder holds something else."""
    file = out / RUN
    if not file.is_file():
        if any(one.name != KEY and not one.name.startswith(EARLIER) for one in out.iterdir()):
            raise ExportError(f"{out}: holds other files, name an empty or new folder")
        return None
    try:
        begun: dict[str, Any] = json.loads(file.read_bytes())
    except ValueError:
        raise ExportError(f"{file}: cannot be read, name another folder or --restart") from None
    if begun.get("finished") and not all((out / f"{name}.parquet").is_file() for name in SCHEMAS):
        raise ExportError(f"{out}: tables of a finished run are missing, name another folder or --restart")
    return begun


def _write(out: Path, account: dict[str, Any]) -> None:
    being = out / f"{RUN}.being-written"
    being.write_text(json.dumps(account, indent=1) + "\n", encoding="utf-8")
    being.rename(out / RUN)


def _key(asked: Asked, made_anew: bool) -> bytes:
    """The secret of the hashes: of the file that was named, or one that is made and kept beside the tables."""
    file = asked.key_file or asked.out / KEY
    if not made_anew and not file.exists():
        raise ExportError(f"{asked.out}: {OTHER_KEY}")
    if asked.key_file is None and not file.exists():
        being = file.with_name(KEY + ".being-written")
        being.touch(mode=0o600)
        being.write_text(secrets.token_hex(_KEY_BYTES) + "\n", encoding="ascii")
        being.rename(file)
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ExportError(f"{file}: cannot be read as a key") from None
    if not 32 <= len(text) <= 64:
        raise ExportError(f"{file}: expected a key of 32 to 64 characters")
    return text.encode()


def _mark(key: bytes) -> str:
    """By which a run that goes on knows its key again; the key cannot be had from it."""
    return hmac.new(key, b"mark of the key", "sha256").hexdigest()[:16]


def _clear_halves(work: Path) -> None:
    """Files and folders that a killed run had not finished."""
    for half in list(work.rglob("*.being-written")):
        shutil.rmtree(half) if half.is_dir() else half.unlink()
    shutil.rmtree(work / "spill", ignore_errors=True)


# --------------------------------------------------------------------------------------------------- workers


def _judge(number: int, parts: int, work: Path, order: Order, names: Sequence[str]) -> Path:
    return judge_part(number, parts, work, plan_of(order), names)


@contextmanager
def _calling(workers: int, progress: Progress) -> Iterator[CallEach]:
    """Calls a function with each of the arguments: here, or in several processes, which end with this one.

    What it gives comes in the order of the arguments.
    """

    def here(step: str, work: Callable[..., Any], given: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        every = list(given)
        progress(step, 0, len(every))
        for done, one in enumerate(every, 1):
            found = work(*one)
            progress(step, done, len(every))
            yield found

    if workers <= 1:
        yield here
        return
    with ProcessPoolExecutor(workers, get_context(_start()), _end_with_parent, (os.getpid(),)) as pool:

        def there(step: str, work: Callable[..., Any], given: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
            # The first are worked at while others are found.
            every = [pool.submit(work, *one) for one in given]
            progress(step, 0, len(every))
            for done, ready in enumerate(every, 1):
                found = ready.result()
                progress(step, done, len(every))
                yield found

        try:
            yield there
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _start() -> str:
    """How workers begin: as copies of this process, with all that it has loaded, where that is safe.

    It is on Linux where no other thread of Python runs; the threads of Arrow and of the allocator look to themselves.
    """
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _end_with_parent(parent: int) -> None:
    """A worker whose parent was killed has nobody to report to: it ends."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

"""Mixed requests, feedback and faults on the running service; what it may not do in the meantime.

    python -m tests.soak [--minutes 60] [--rate 8]

Every answer is the one that its request should have; only a worker that is killed on purpose may lose the requests that
it holds, and only while the store is locked on purpose may feedback be refused. Memory and file descriptors of the
workers do not grow, and every feedback that was acknowledged is found in the store afterwards. The service runs on
loopback, in a folder of its own, and is ended by its id.

`make check` runs a minute of it beside other checks, at a few requests a second, so that it waits more than it works.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.bodies import CHARTS, body
from bench.resources import PATIENT
from cds_service.routes.bodies import LARGE_BYTES
from tests.service.hook_calls import KEYS, call, platelets
from tests.service.serving import Served, served

HOOK: Final = "/cds-services/itp-patient-view"
CALLERS: Final = 4
WORKERS: Final = 2
KILL_SECONDS: Final = 45
LOCK_SECONDS: Final = 12
"""Now and then the store is locked by another process, for a share of this."""
LOCKED_SHARE: Final = 0.15
AFTER_SECONDS: Final = 6
"""After a lock, for so long feedback may still be refused: the service leaves a store alone that has just failed."""
SETTLE_SHARE: Final = 0.3
"""Of the time: caches fill, the allocator finds its size; growth is counted from there."""
MOST_GROWTH: Final = 1.25
MOST_DESCRIPTORS: Final = 8

Answer = tuple[int, Any]


@dataclass
class Seen:
    """What the callers saw. `kept` are the cards whose feedback was acknowledged."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    killed: threading.Event = field(default_factory=threading.Event)
    locked_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def post(service: Served, path: str, content: bytes, kind: str = "application/json") -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    try:
        with suppress(
            BrokenPipeError, ConnectionResetError
        ):  # refused by its length, before it was sent whole
            connection.request("POST", path, content, {"Content-Type": kind})
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said else None
    finally:
        connection.close()


def requests(now: datetime) -> Mapping[str, tuple[bytes, str, int]]:
    """By name: a body, its media type and the status that it has to have."""
    json_type = "application/json"
    no_counts = call()
    del no_counts["prefetch"]["platelets"]
    broken = call(platelets(22, code=5), platelets(30, "b", status=7))
    deep = json.dumps({"hook": "patient-view", "x": 1}).replace("1", "[" * 900).encode()
    return {
        "nothing": (body(CHARTS["nothing to say"], 1, now, KEYS), json_type, 200),
        "nothing, large": (body(CHARTS["nothing to say"], 8, now, KEYS), json_type, 200),
        "one card": (body(CHARTS["one card"], 1, now, KEYS), json_type, 200),
        "four cards": (body(CHARTS["four cards"], 1, now, KEYS), json_type, 200),
        "broken resources": (json.dumps(broken).encode(), json_type, 200),
        "no counts": (json.dumps(no_counts).encode(), json_type, 412),
        "no JSON": (b'{"hook": ', json_type, 400),
        "too deep": (deep, json_type, 400),
        "too large": (b" " * 4_200_000, json_type, 413),
        "not JSON at all": (b"hello", "text/plain", 415),
    }


def ask(service: Served, seen: Seen, until: float, now: datetime, rate: float) -> None:
    """One caller: a request of any kind, and feedback for the cards that it got; `rate` a second of all callers."""
    some = requests(now)
    chance = random.Random()
    while time.monotonic() < until:
        if rate:
            time.sleep(chance.uniform(0, 2 * CALLERS / rate))
        name = chance.choice(list(some))
        content, kind, expected = some[name]
        patient = f"soak-{chance.randrange(10_000):05d}".encode()
        content = content.replace(PATIENT.encode(), patient)
        try:
            status, said = post(service, HOOK, content, kind)
        except (OSError, http.client.HTTPException) as error:
            _note_loss(seen, f"{name}: {type(error).__name__}")
            continue
        with seen.lock:
            seen.statuses[name, status] += 1
            if status != expected and not (status == 503 and len(content) > LARGE_BYTES):
                seen.wrong.append(f"{name}: {status} instead of {expected}")
        for card in (said.get("cards", ()) if status == 200 else ())[:1]:
            _give_feedback(service, seen, card["uuid"], now)


def _give_feedback(service: Served, seen: Seen, uuid: str, now: datetime) -> None:
    entry = {
        "card": uuid,
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "action-completed"}},
        "outcomeTimestamp": now.isoformat(),
    }
    try:
        status, _ = post(service, f"{HOOK}/feedback", json.dumps({"feedback": [entry]}).encode())
    except (OSError, http.client.HTTPException) as error:
        _note_loss(seen, f"feedback: {type(error).__name__}")
        return
    with seen.lock:
        seen.statuses["feedback", status] += 1
        if status == 200:
            seen.kept.append(uuid)
        elif status != 503 or time.monotonic() > seen.locked_until:
            seen.wrong.append(f"feedback: {status}")


def _note_loss(seen: Seen, what: str) -> None:
    """A request without an answer: only around a kill."""
    with seen.lock:
        seen.statuses[what, 0] += 1
        if not seen.killed.is_set():
            seen.wrong.append(f"{what} without a fault")


def kill_workers(service: Served, seen: Seen, until: float) -> None:
    """Now and then one worker dies; requests may be lost for the time that its successor takes."""
    while time.monotonic() + KILL_SECONDS < until:
        time.sleep(KILL_SECONDS * 0.6)
        seen.killed.set()
        os.kill(random.choice(service.workers()), signal.SIGKILL)
        time.sleep(KILL_SECONDS * 0.4)
        seen.killed.clear()


def lock_store(folder: Path, seen: Seen, until: float) -> None:
    """Now and then another process writes to the store and takes its time."""
    while time.monotonic() + LOCK_SECONDS + AFTER_SECONDS < until:
        time.sleep(LOCK_SECONDS * (1 - LOCKED_SHARE))
        [file] = list(folder.rglob("store.db"))
        with closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as other:
            other.execute("begin immediate")
            seen.locked_until = time.monotonic() + LOCK_SECONDS
            time.sleep(LOCK_SECONDS * LOCKED_SHARE)
            other.execute("rollback")
        seen.locked_until = time.monotonic() + AFTER_SECONDS
        with seen.lock:
            seen.statuses["locked", 0] += 1


def held(service: Served) -> tuple[float, int]:
    """Private memory in MiB and file descriptors of a worker, the mean of all."""
    memory, descriptors, workers = 0, 0, service.workers()
    for pid in workers:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        memory += sum(int(line.split()[1]) for line in lines if line.startswith("Private"))
        descriptors += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return memory / 1024 / len(workers), descriptors // len(workers)


def watch(service: Served, until: float) -> list[str]:
    """What grew: from a share of the time on, memory and descriptors stay where they are."""
    began = time.monotonic()
    time.sleep((until - began) * SETTLE_SHARE)
    first = held(service)
    while time.monotonic() < until - 2:
        time.sleep(1)
    last = held(service)
    print(f"memory {first[0]:.0f} to {last[0]:.0f} MiB, descriptors {first[1]} to {last[1]}")  # noqa: T201
    found = []
    if last[0] > first[0] * MOST_GROWTH:
        found.append(f"memory grew from {first[0]:.0f} to {last[0]:.0f} MiB")
    if last[1] > first[1] + MOST_DESCRIPTORS:
        found.append(f"descriptors grew from {first[1]} to {last[1]}")
    return found


def _told(task: Callable[[], None], seen: Seen) -> None:
    """Runs a task; one that fails is a failure of the soak."""
    try:
        task()
    except Exception as error:
        with seen.lock:
            seen.wrong.append(f"the soak itself: {type(error).__name__} {error}")


def lost_feedback(folder: Path, kept: list[str]) -> list[str]:
    """Acknowledged feedback that is not in the store."""
    [file] = list(folder.rglob("store.db"))
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        stored = {row[0] for row in store.execute("select card from feedback")}
    return [f"feedback of {uuid} is lost" for uuid in kept if uuid not in stored]


def soak(minutes: float, with_kills: bool, rate: float = 0) -> list[str]:
    """What went wrong in the meantime. `rate`: requests a second at most, 0 for as many as can be."""
    seen = Seen()
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        settings = {"PLATELET_HOOKS_STATE_DIR": folder, "PLATELET_HOOKS_LOG_LEVEL": "error"}
        with served("--workers", str(WORKERS), **settings) as service:
            until = time.monotonic() + minutes * 60
            tasks: list[Callable[[], None]] = [lambda: ask(service, seen, until, now, rate)] * CALLERS
            tasks.append(lambda: lock_store(Path(folder), seen, until))
            if with_kills:
                tasks.append(lambda: kill_workers(service, seen, until))
            threads = [threading.Thread(target=_told, args=(task, seen), daemon=True) for task in tasks]
            for one in threads:
                one.start()
            grown = watch(service, until)
            for one in threads:
                one.join(90)
            said = service.stop()
        failures = [*seen.wrong[:20], *grown, *lost_feedback(Path(folder), seen.kept)]
        if "Traceback" in said:
            failures.append("a traceback on standard error")
    told = ", ".join(f"{name} {status}: {number}" for (name, status), number in sorted(seen.statuses.items()))
    print(f"{told}; feedback kept {len(seen.kept)}")  # noqa: T201
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument(
        "--rate", type=float, default=0, help="requests a second at most; 0: as many as can be"
    )
    options = parser.parse_args()
    failures = soak(options.minutes, with_kills=options.minutes >= 2, rate=options.rate)
    for one in failures:
        print(f"wrong: {one}")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

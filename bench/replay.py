"""How fast a replay is, and how much memory it takes.

`python -m bench.replay [PATIENTS ...] [--only POPULATION] [--exports FOLDER]`

Made-up patients with records of about 50 kB, in three populations: without any count (one moment each, at which the
count is unknown and every rule is asked), with normal counts only (three), and with sepsis and low counts (eight
moments of a full evaluation). Prints patients and moments a second over the whole run, reading and writing included;
the largest memory of the process and of a worker; and the processor time, for a machine that others use too: `loop` is
what ten million additions take here, by which two machines can be compared. Of several sizes it tells at the end
whether time grew as the patients did and memory did not; memory is the largest so far, so sizes go upwards.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from cds_service.replay.demo_courses import COURSES, Course, count
from cds_service.replay.demo_export import PLANTED, write_export
from cds_service.replay.run import Asked, run
from cds_service.replay.triggers import TRIGGERS

NOISE = 105
"""Vital signs of a patient: they make a record of 50 kB."""
WORKERS = 2
ADDITIONS = 10_000_000
HEADS = ("population", "patients", "MB", "s", "patients/s", "moments/s", "cpu s", "loop", "MiB", "worker")


def populations() -> dict[str, Course]:
    """The courses of the made-up export, the last one with two more counts."""
    known = {course.name: course for course in COURSES}
    sepsis = known["sepsis, eight, transfused"]
    more = (count(24, "40"), count(36, "55"))
    eight = replace(sepsis, events=(*sepsis.events, *more), evaluations={**sepsis.evaluations, "count": 4})
    return {
        "quiet": known["no count, no infection"],
        "normal": known["normal counts, no infection"],
        "full": eight,
    }


def main() -> None:
    """Each population in each of the sizes, smallest first: the memory is the largest so far."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay")
    parser.add_argument("patients", type=int, nargs="*", default=[1000])
    parser.add_argument("--only", choices=list(populations()))
    parser.add_argument("--exports", type=Path, help="where exports are kept, and taken from another time")
    asked = parser.parse_args()
    print("{:10} {:>8} {:>6} {:>7} {:>10} {:>9} {:>7} {:>5} {:>5} {:>6}".format(*HEADS))
    for name, course in populations().items():
        if asked.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                kept = asked.exports or Path(folder)
                tell_growth(
                    [measure(name, course, size, Path(folder), kept) for size in sorted(asked.patients)]
                )


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: seconds of the clock and of the processor, MiB of the largest process."""

    patients: int
    seconds: float
    processor: float
    memory: float


def measure(name: str, course: Course, patients: int, folder: Path, kept: Path) -> Run:
    """One population of one size: written, replayed, told."""
    export = kept / f"{name}-{patients}"
    if not (export / PLANTED).is_file():
        write_export(export, patients, 1, NOISE, course)
    planted = json.loads((export / PLANTED).read_bytes())
    size = sum(file.stat().st_size for file in export.glob("*.ndjson"))
    moments = sum(planted["evaluations"].values())
    steps: dict[str, float] = {}
    begun, used = time.perf_counter(), processor()

    def progress(step: str, done: int, total: int) -> None:
        if done == total:
            steps[step] = time.perf_counter() - begun

    out = folder / f"out-{patients}"
    run(Asked(export, out, TRIGGERS, workers=WORKERS), progress)
    taken, used = time.perf_counter() - begun, processor() - used
    shutil.rmtree(out)
    own, worker = (
        resource.getrusage(whose).ru_maxrss / 1024
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        f"{name:10} {patients:8} {size / 1e6:6.0f} {taken:7.1f} {patients / taken:10.0f} {moments / taken:9.0f} "
        f"{used:7.1f} {loop():5.2f} {own:5.0f} {worker:6.0f}   "
        + ", ".join(f"{step} {at:.1f}" for step, at in steps.items()),
        flush=True,
    )
    return Run(patients, taken, used, max(own, worker))


def tell_growth(runs: Sequence[Run]) -> None:
    """From each size to the next: what a further patient took, and by how much the largest process grew."""
    for small, large in pairwise(runs):
        more = large.patients - small.patients
        print(
            f"  from {small.patients} to {large.patients} patients: each further one "
            f"{(large.seconds - small.seconds) / more * 1e3:.2f} ms "
            f"({(large.processor - small.processor) / more * 1e3:.2f} ms of processor time); "
            f"largest process {small.memory:.0f} -> {large.memory:.0f} MiB",
            flush=True,
        )


def processor() -> float:
    """Seconds of processor time of this process and of the workers that ended."""
    both = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def loop() -> float:
    """Seconds of processor time for additions in Python."""
    begun, total = time.process_time(), 0
    for number in range(ADDITIONS):
        total += number
    return time.process_time() - begun


if __name__ == "__main__":
    main()

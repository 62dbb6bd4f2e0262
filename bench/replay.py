"""How fast a replay is, and how much memory it takes: `python -m bench.replay [PATIENTS ...]`.

Two populations of made-up patients with records of about 50 kB: one without any count or listed condition (a moment
each), one that needs a full evaluation at each of six moments. Prints patients and moments a second over the whole run,
reading and writing included, and the largest memory of the process and of a worker.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from cds_service.replay.demo_export import write_export
from cds_service.replay.run import Asked, run
from cds_service.replay.triggers import TRIGGERS

NOISE = 105
"""Vital signs of a patient: they make a record of 50 kB."""
POPULATIONS = ("no count, no infection", "sepsis, eight, transfused")
WORKERS = 2


def main() -> None:
    """Each population in each of the sizes, smallest first: the memory is the largest so far."""
    sizes = sorted(int(size) for size in sys.argv[1:]) or [1000]
    heads = f"{'population':28} {'patients':>8} {'MB':>6} {'s':>7} {'patients/s':>10} {'moments/s':>10}"
    print(f"{heads} {'MiB':>6} {'worker':>6}")
    for size in sizes:
        for population in POPULATIONS:
            with tempfile.TemporaryDirectory() as folder:
                measure(population, size, Path(folder))


def measure(population: str, patients: int, folder: Path) -> None:
    planted = write_export(folder / "export", patients, 1, NOISE, population)
    size = sum(file.stat().st_size for file in (folder / "export").glob("*.ndjson"))
    moments = sum(planted["evaluations"].values())
    steps: dict[str, float] = {}
    begun = time.perf_counter()

    def progress(step: str, done: int, total: int) -> None:
        if done == total:
            steps[step] = time.perf_counter() - begun

    run(Asked(folder / "export", folder / "out", TRIGGERS, workers=WORKERS), progress)
    taken = time.perf_counter() - begun
    own, worker = (
        resource.getrusage(whose).ru_maxrss / 1024
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        f"{population:28} {patients:8} {size / 1e6:6.0f} {taken:7.1f} {patients / taken:10.0f} {moments / taken:10.0f} "
        f"{own:6.0f} {worker:6.0f}   " + ", ".join(f"{step} {at:.1f}" for step, at in steps.items())
    )


if __name__ == "__main__":
    main()

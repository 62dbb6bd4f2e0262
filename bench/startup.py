"""What a worker costs before and at its first answer, against the bare import of the libraries that it needs.

Each side runs in fresh processes, in turn; processor time of the process and the memory that only it holds. The
bytecode of both is there, as an installation leaves it, whatever the environment says about writing it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from statistics import median
from typing import Final

from bench.table import Row

ROUNDS: Final = 5
SECONDS: Final = 60

# Flask and the server, the models of the resources that decide cards (warmed by one sample each), what decodes,
# settings, log, metrics, store and the reading of FHIR servers: what every worker uses.
LIBRARIES: Final = """
import flask, granian, msgspec.json, orjson, pydantic_settings, structlog, prometheus_client, requests, sqlalchemy
import importlib, json
for name, sample in SAMPLES.items():
    model = getattr(importlib.import_module("fhir.resources.R4B." + name.lower()), name)
    model.model_validate(json.loads(sample))
"""
SERVICE: Final = """
from cds_service.worker import start
app = start()
answered = app.test_client().post("/cds-services/itp-patient-view", data=BODY, content_type="application/json")
assert answered.status_code == 200, answered.data
"""
MEASURE: Final = """
import resource
def private():
    with open("/proc/self/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private"))
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, private())
"""


def _run(script: str, folder: str) -> tuple[float, float]:
    """Seconds of processor time and KiB of private memory of a process that does this and nothing else."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", script + MEASURE],
        env=kept | {"PLATELET_HOOKS_STATE_DIR": folder, "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    seconds, memory = done.stdout.split()[-2:]
    return float(seconds), float(memory)


def rows(content: bytes) -> list[Row]:
    """Start to first answer, and private memory per worker."""
    from cds_service.fhir.validate import SAMPLES

    samples = {json.loads(one)["resourceType"]: one.decode() for one in SAMPLES}
    bare = f"SAMPLES = {samples!r}\n{LIBRARIES}"
    served = f"BODY = {content!r}\n{SERVICE}"
    with tempfile.TemporaryDirectory() as folder:
        _run(served, folder)  # makes the tables of the store and the bytecode, once for all starts
        _run(bare, folder)
        pairs = [(_run(bare, folder), _run(served, folder)) for _ in range(ROUNDS)]
    seconds = median(ours[0] / theirs[0] for theirs, ours in pairs)
    memory = median(ours[1] / theirs[1] for theirs, ours in pairs)
    told = median(ours[0] for _, ours in pairs), median(ours[1] for _, ours in pairs)
    return [
        Row("start to first answer, processor time", seconds, 1.5, note=f"{told[0]:.2f} s"),
        Row("private memory of a worker", memory, 1.3, note=f"{told[1] / 1024:.0f} MiB"),
    ]

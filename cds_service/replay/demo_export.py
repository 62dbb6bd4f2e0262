"""The made-up population as a Bulk Data export: NDJSON by type, bad lines in known numbers, `planted.json`.

The same number, seed and noise give the same bytes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import BufferedWriter
from pathlib import Path
from typing import Any, Final

from msgspec.json import Encoder
from msgspec.json import format as indented

from cds_service.replay.demo_courses import Course, planned_patients
from cds_service.replay.demo_fhir import DAYS, FIRST_DAY, Patient, write_patient

PLANTED: Final = "planted.json"
NOISE: Final = 6
_ENCODER: Final = Encoder(decimal_format="number")

BAD_LINES: Final = (
    ("not JSON", 50, b'{"resourceType":"Observation","id":"cut-%d","status":"fin'),
    ("not a FHIR resource", 80, b'["made-up",%d]'),
    ("names no patient", 100, b'{"resourceType":"Observation","id":"nobody-%d","status":"final","code":{}}'),
)
"""Why a line cannot be used, of how many patients one such line comes, and the line (in Observation.ndjson)."""


class ExportExistsError(Exception):
    """One line: the folder has files already."""


def write_export(
    folder: Path, patients: int, seed: int, noise: int = NOISE, only: Course | None = None
) -> dict[str, Any]:
    """Writes the files and gives the account of what was planted. ExportExistsError where the folder is not empty.

    `only` is the course that all patients follow, for measurements.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ExportExistsError(f"{folder}: has files already, name an empty or new folder")
    chance = random.Random(seed)
    plan = planned_patients(patients) if only is None else ((only, patients),)
    courses = [course for course, many in plan for _ in range(many)]
    chance.shuffle(courses)
    written: Counter[str] = Counter()
    files: dict[str, BufferedWriter] = {}
    try:
        for number, course in enumerate(courses):
            for resource in write_patient(_patient(number, course, seed, chance), noise):
                _write(files, folder, resource["resourceType"], _ENCODER.encode(resource))
                written[resource["resourceType"]] += 1
        bad = {why: patients // every for why, every, _ in BAD_LINES}
        for line in _bad_lines(patients):
            _write(files, folder, "Observation", line)
    finally:
        for file in files.values():
            file.close()
    planted = _account(plan, written, bad) | {"patients": patients, "seed": seed}
    (folder / PLANTED).write_bytes(indented(_ENCODER.encode(planted)) + b"\n")
    return planted


def _patient(number: int, course: Course, seed: int, chance: random.Random) -> Patient:
    start = FIRST_DAY + timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(24 * 60))
    return Patient(f"demo-{number:07d}", course, start, random.Random(f"{seed}-{number}"))


def _write(files: dict[str, BufferedWriter], folder: Path, kind: str, line: bytes) -> None:
    if kind not in files:
        files[kind] = (folder / f"{kind}.ndjson").open("wb")
    files[kind].write(line + b"\n")


def _bad_lines(patients: int) -> Iterator[bytes]:
    for _, every, line in BAD_LINES:
        yield from (line % number for number in range(patients // every))


def _account(
    plan: tuple[tuple[Course, int], ...], written: Counter[str], bad: dict[str, int]
) -> dict[str, Any]:
    """What a replay with the shipped content and all triggers has to find."""
    evaluations: Counter[str] = Counter()
    cards: Counter[str] = Counter()
    for course, many in plan:
        for trigger, times in course.evaluations.items():
            evaluations[trigger] += times * many
        for rule, times in course.cards.items():
            cards[rule] += times * many
    return {
        "courses": {course.name: many for course, many in plan},
        "resources": dict(sorted(written.items())),
        "encounters": written["Encounter"],
        "evaluations": dict(sorted(evaluations.items())),
        "cards": {rule: times for rule, times in sorted(cards.items()) if times},
        "bad_lines": bad,
        "without_time": {"Observation": sum(n for c, n in plan for e in c.events if e.status == "undated")},
    }

"""From request bytes to response bytes in this process, against `orjson.loads` of the same bytes.

    python -m bench.in_process

Processor time, one run of each in turn and round by round, so that what else the machine does touches both alike; the
figure is the median of the ratios of the rounds. Several bodies of each kind are used in turn, each with ids and times
of its own, since a service never sees the same body twice.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Final

import orjson
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.patient import Patient

from bench.bodies import CHARTS, HOOK, NOTHING, SIZES, Chart, body
from bench.table import Row, median_ratio, print_table
from cds_service.app import COLLECT_AFTER
from cds_service.content import load_content
from cds_service.evaluate import Evaluation, evaluate, prepare
from cds_service.fhir.validate import warm
from cds_service.hooks.request import read_request
from cds_service.hooks.wire import encode

NOW: Final = datetime(2026, 6, 15, 12, tzinfo=UTC)
DEPTH: Final = 64
MOST_ENTRIES: Final = 100_000
VARIANTS: Final = 16
ROUNDS: Final = {"63 kB": 320, "521 kB": 64}
GOALS: Final = {
    ("nothing to say", "63 kB"): 1.5,
    ("nothing to say", "521 kB"): 1.0,
    ("one card", "63 kB"): 8.0,
    ("one card", "521 kB"): 1.5,
    ("four cards", "63 kB"): 20.0,
}
REQUESTS: Final = 5_000
MEGABYTES: Final = (1, 5, 50)
RECORD_BYTES: Final = 59_000


def quieten() -> None:
    """The garbage collector as the served application has it."""
    warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


def in_force() -> Evaluation:
    return prepare(load_content(), "http://127.0.0.1:8080", MOST_ENTRIES)


def answer(content: bytes, evaluation: Evaluation) -> bytes:
    """The request's story without Flask, store and log line; explained, as a sandbox does."""
    request = read_request(content, HOOK, DEPTH, evaluation.decoder)
    return encode(evaluate(request, evaluation, NOW))


def cpu(run: Callable[[bytes], object], content: bytes) -> float:
    """Seconds of processor time."""
    began = time.process_time()
    run(content)
    return time.process_time() - began


def bodies_of(chart: Chart, times: int, evaluation: Evaluation) -> list[bytes]:
    return [body(chart, times, NOW, evaluation.keys, seed) for seed in range(VARIANTS)]


def ratios(evaluation: Evaluation) -> list[Row]:
    """The rows with cards and without."""

    def ours(content: bytes) -> bytes:
        return answer(content, evaluation)

    rows = []
    for name, chart in CHARTS.items():
        for size, times in SIZES.items():
            some = bodies_of(chart, times, evaluation)
            cards = len(json.loads(ours(some[0]))["cards"])
            turns = [some[turn % VARIANTS] for turn in range(ROUNDS[size])]
            pairs = [(cpu(ours, one), cpu(orjson.loads, one)) for one in turns]
            ratio = median_ratio(*zip(*pairs, strict=True))
            floor = median(spent for _, spent in pairs) * 1e6
            note = f"{len(some[0]) / 1000:.0f} kB, {cards} cards, floor {floor:.0f} us"
            rows.append(Row(f"in-process, {name}, {size}", ratio, GOALS.get((name, size)), note=note))
    return rows


def slowest(evaluation: Evaluation) -> Row:
    """The longest of many requests in one process, by processor time, of the kind with one card."""
    some = bodies_of(CHARTS["one card"], 1, evaluation)
    times = [cpu(lambda one: answer(one, evaluation), some[turn % VARIANTS]) for turn in range(REQUESTS)]
    note = f"median {median(times) * 1000:.2f} ms, slowest {max(times) * 1000:.2f} ms"
    return Row(
        f"slowest of {REQUESTS:,} requests, of their median", max(times) / median(times), 10.0, note=note
    )


def validate_everything(content: bytes) -> None:
    """What a service without any of this design does first: every Bundle and the Patient through fhir.resources."""
    for value in json.loads(content)["prefetch"].values():
        (Patient if value["resourceType"] == "Patient" else Bundle).model_validate(value)


def against_naive(evaluation: Evaluation) -> list[Row]:
    """How much longer the same answer takes when everything is validated first."""

    def ours(content: bytes) -> bytes:
        return answer(content, evaluation)

    def naive(content: bytes) -> bytes:
        validate_everything(content)
        return answer(content, evaluation)

    rows = []
    for name, goal in (("nothing to say", 8.0), ("one card", None)):
        some = bodies_of(CHARTS[name], 1, evaluation)
        naive(some[0])
        pairs = [(cpu(naive, one), cpu(ours, one)) for one in some]
        ratio = median_ratio(*zip(*pairs, strict=True))
        rows.append(Row(f"every Bundle validated, {name}, against ours", ratio, goal, at_least=True))
    return rows


def growth(evaluation: Evaluation) -> Row:
    """How the ratio to the floor changes as bodies grow: 1 is as linear as decoding is on this machine."""
    ours, floor = {}, {}
    for size in MEGABYTES:
        content = body(NOTHING, 1 + size * 1_000_000 // RECORD_BYTES, NOW, evaluation.keys)
        runs = [
            (cpu(lambda one: answer(one, evaluation), content), cpu(orjson.loads, content)) for _ in range(3)
        ]
        ours[size] = median(spent for spent, _ in runs) / len(content) * 1e9
        floor[size] = median(spent for _, spent in runs) / len(content) * 1e9
    note = ", ".join(f"{size} MB {ours[size]:.1f} ns a byte (floor {floor[size]:.1f})" for size in MEGABYTES)
    ratio = (ours[50] / floor[50]) / (ours[1] / floor[1])
    return Row("50 MB against 1 MB, both of their floor", ratio, 1.5, note=note)


def rows() -> list[Row]:
    """All of them; the process is left with a frozen garbage collector."""
    evaluation = in_force()
    quieten()
    return [*ratios(evaluation), slowest(evaluation), *against_naive(evaluation), growth(evaluation)]


if __name__ == "__main__":
    print_table(rows())

"""How long a call waits for its FHIR server: four keys at 30 ms each, one after another and as the service asks.

    python -m bench.fetch [--milliseconds 30] [--rounds 50]

The server runs on loopback in a process of its own and answers every search with 16 KB. The last line is the ratio of
the medians; both ways are measured in turn, so that what else the machine does touches both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

import requests

from cds_service.fhir_client import FhirAccess, Wanted
from cds_service.fhir_client.access import search_of
from cds_service.settings import Settings
from tests.service.fhir_server import Answer, fhir_server
from tests.service.hook_calls import KEYS, call, hook_request, nosebleed

ASKED = ("conditions", "allergies", "procedures", "platelets")
PAGE_BYTES = 16_384


def _page() -> bytes:
    one = {"resource": nosebleed()}
    entries = PAGE_BYTES // len(json.dumps(one))
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": [one] * entries}).encode()


def _serve(seconds: float, told: Connection) -> None:
    page = _page()
    with fhir_server() as server:
        server.answers = lambda _: Answer(page, delay=seconds)
        told.send(server.base)
        told.recv()  # the word to stop


@contextmanager
def _running(seconds: float) -> Iterator[str]:
    ours, theirs = Pipe()
    process = Process(target=_serve, args=(seconds, theirs), daemon=True)
    process.start()
    yield ours.recv()
    ours.send("stop")
    process.join(5)


def _milliseconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


def measure(base: str, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each round: one after another, and as the service asks."""
    keys = [key for key in KEYS if key.name in ASKED]
    request = hook_request(call(fhirServer=base))
    access = FhirAccess(Settings(log_level="error"))
    session = requests.Session()

    def serially() -> None:
        for key in keys:
            session.get(f"{base}/{search_of(key, request.context)}").raise_for_status()

    def at_once() -> None:
        fetched = access.for_call()([Wanted(key) for key in keys], request)
        assert all(one.problem is None for one in fetched.values())

    serially(), at_once()
    pairs = [(_milliseconds(serially), _milliseconds(at_once)) for _ in range(rounds)]
    return [one for one, _ in pairs], [other for _, other in pairs]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--milliseconds", type=int, default=30, help="what the server takes for each answer")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    with _running(options.milliseconds / 1000) as base:
        serial, parallel = measure(base, options.rounds)
    print(f"{len(ASKED)} keys at {options.milliseconds} ms each, {options.rounds} rounds")
    for name, found in (("one after another", serial), ("as the service asks", parallel)):
        high = statistics.quantiles(found, n=20)[-1]
        print(f"{name:20}  median {statistics.median(found):6.1f} ms   p95 {high:6.1f} ms")
    print(f"ratio {statistics.median(parallel) / statistics.median(serial):.2f}")


if __name__ == "__main__":
    main()

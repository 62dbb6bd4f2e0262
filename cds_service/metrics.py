"""Counters for Prometheus. Labels are rule ids, services, routes, reasons and codes of our own, nothing of a record.

Where `serve` names a folder in `PROMETHEUS_MULTIPROC_DIR`, the numbers of all workers are added up. What drifts (a code
that vanishes, a rule that stops or starts) is told by counters alone, and judged by the rules in `deploy/prometheus/`:
a counter is right with any number of workers and machines, and costs a call some microseconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from cds_service.metrics_folder import FOLDER, forget_dead_workers

if TYPE_CHECKING:
    from cds_service.account import Account

BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

REQUESTS: Final = Counter(
    "platelet_hooks_requests", "Answers by route, method and status", ["route", "method", "status"]
)
SECONDS: Final = Histogram(
    "platelet_hooks_request_seconds", "How long an answer took", ["route"], buckets=BUCKETS
)
STAGE_SECONDS: Final = Histogram(
    "platelet_hooks_stage_seconds", "How long a stage of a call took", ["service", "stage"], buckets=BUCKETS
)
CALLS: Final = Counter(
    "platelet_hooks_calls", "Calls of a hook that were answered with or without cards", ["service"]
)
CARDS: Final = Counter(
    "platelet_hooks_cards", "Cards by rule; silenced_by is empty where it was shown",
    ["service", "rule", "indicator", "silenced_by"],
)  # fmt: skip
REJECTED: Final = Counter("platelet_hooks_rejected_resources", "Resources that were set aside", ["service"])
FAULTS: Final = Counter(
    "platelet_hooks_failed_checks", "Checks of rules that could not be completed", ["service", "check"]
)
FEEDBACK: Final = Counter(
    "platelet_hooks_feedback", "Feedback entries; matched = their card is known",
    ["service", "outcome", "matched"],
)  # fmt: skip
OVERRIDES: Final = Counter(
    "platelet_hooks_overrides", "Overridden cards that are known, by the rule that led them and the reason given",
    ["service", "rule", "reason"],
)  # fmt: skip
FETCHES: Final = Counter(
    "platelet_hooks_fetches", "Keys read from FHIR servers; outcome is `read` or why not", ["outcome"]
)
PLATELET_CODES: Final = Counter(
    "platelet_hooks_platelet_codes", "Calls whose record held a new platelet count under this code",
    ["system", "code"],
)  # fmt: skip
CODE_SEEN: Final = Gauge(
    "platelet_hooks_platelet_code_seen_seconds", "When a new count under this code was last seen, as Unix time",
    ["system", "code"], multiprocess_mode="max",
)  # fmt: skip
RULE_SEEN: Final = Gauge(
    "platelet_hooks_rule_seen_seconds", "When a rule last led a card, as Unix time", ["service", "rule"],
    multiprocess_mode="max",
)  # fmt: skip
KEY_SET_FAILURES: Final = Counter(
    "platelet_hooks_key_set_failures", "Times that the key set of a client could not be read", ["client"]
)
STORE_LOST: Final = Counter(
    "platelet_hooks_store_lost_cards", "Cards that could not be recorded: the queue was full"
)
STORE_WAITING: Final = Gauge(
    "platelet_hooks_store_waiting_cards", "Cards that wait to be recorded", multiprocess_mode="livesum"
)
STORE_FAILURES: Final = Counter(
    "platelet_hooks_store_failures", "Times that the store could not be reached", ["kind"]
)


@cache
def _requests_of(route: str, method: str, status: int) -> Counter:
    """Looked up at every request; routes, methods and statuses are few."""
    return REQUESTS.labels(route, method, status)


@cache
def _route_seconds(route: str) -> Histogram:
    return SECONDS.labels(route)


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """A request that was answered; the method is "" for one that is free text."""
    _requests_of(route, method, status).inc()
    _route_seconds(route).observe(seconds)


@cache
def _seconds_of(service: str, stage: str) -> Histogram:
    """Looked up at every stage of every call."""
    return STAGE_SECONDS.labels(service, stage)


def count_call(account: Account) -> None:
    """A call that ended."""
    now = time.time()
    for stage, milliseconds in account.stages.items():
        _seconds_of(account.service, stage).observe(milliseconds / 1000)
    for card in account.cards:
        CARDS.labels(account.service, card.rule, card.indicator, card.silenced_by).inc()
        RULE_SEEN.labels(account.service, card.rule).set(now)
    for fault in account.faults:
        FAULTS.labels(account.service, fault.partition(" ")[0]).inc()
    if account.rejected:
        REJECTED.labels(account.service).inc(account.rejected)
    for system, code in account.count_codes:
        PLATELET_CODES.labels(system, code).inc()
        CODE_SEEN.labels(system, code).set(now)
    if account.is_answered:
        CALLS.labels(account.service).inc()


def count_fetches(outcomes: Mapping[str, int]) -> None:
    """The keys that a call read, by how that ended."""
    for outcome, number in outcomes.items():
        FETCHES.labels(outcome).inc(number)


@dataclass(frozen=True, slots=True, eq=False)
class State(Collector):
    """What is so at this moment, asked when the numbers are: the same in every worker, so never added up.

    `contents`: content version by the client that has content of its own, "" for all others.
    """

    version: str
    contents: Mapping[str, str]
    store_up: bool

    def collect(self) -> Iterable[Metric]:
        """The families."""
        yield InfoMetricFamily("platelet_hooks_build", "The release that runs", {"version": self.version})
        yield from self._contents()
        yield GaugeMetricFamily("platelet_hooks_store_up", "1 while the store answers", float(self.store_up))

    def _contents(self) -> Iterator[Metric]:
        family = InfoMetricFamily(
            "platelet_hooks_content", "The clinical content in force", labels=["client"]
        )
        for client, version in self.contents.items():
            family.add_metric([client], {"version": version})
        yield family


def exposition(state: State) -> bytes:
    """All numbers in Prometheus' text format, of every worker where they share a folder."""
    now = CollectorRegistry()
    now.register(state)
    if FOLDER not in os.environ:
        return generate_latest(REGISTRY) + generate_latest(now)
    forget_dead_workers(Path(os.environ[FOLDER]))
    MultiProcessCollector(now)  # type: ignore[no-untyped-call]
    return generate_latest(now)

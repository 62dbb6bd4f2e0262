"""Counters for Prometheus: labels are rule ids, services, routes and reasons of our own, never anything of a record.

Where `serve` names a folder in `PROMETHEUS_MULTIPROC_DIR`, the numbers of all workers are added up.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from cds_service.account import Account

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
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
STORE_LOST: Final = Counter(
    "platelet_hooks_store_lost_cards", "Cards that could not be recorded: the queue was full"
)
STORE_WAITING: Final = Gauge(
    "platelet_hooks_store_waiting_cards", "Cards that wait to be recorded", multiprocess_mode="livesum"
)
STORE_FAILURES: Final = Counter(
    "platelet_hooks_store_failures", "Times that the store could not be reached", ["kind"]
)


def count_call(account: Account) -> None:
    """A call that was answered."""
    for stage, milliseconds in account.stages.items():
        STAGE_SECONDS.labels(account.service, stage).observe(milliseconds / 1000)
    for card in account.cards:
        CARDS.labels(account.service, card.rule, card.indicator, card.silenced_by).inc()
    for fault in account.faults:
        FAULTS.labels(account.service, fault.partition(" ")[0]).inc()
    if account.rejected:
        REJECTED.labels(account.service).inc(account.rejected)


def exposition() -> bytes:
    """All numbers in Prometheus' text format, of every worker where they share a folder."""
    if FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)

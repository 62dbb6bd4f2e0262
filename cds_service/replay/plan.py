"""What is asked of every patient, as it is sent to a worker: content is loaded where it is used, once a process."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache
from pathlib import Path

from cards.frozen import dataclass
from cds_service.content import Content, load_contents
from cds_service.replay.evaluate_moment import answers_of
from cds_service.replay.replay_patient import Plan
from cds_service.settings import PREFIX, load_settings


@dataclass(frozen=True, slots=True)
class Order:
    """Names and values only. `types`: the resource types that the export answers for."""

    config: Path | None
    compare: Path | None
    types: frozenset[str]
    triggers: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    key: bytes


@cache
def plan_of(order: Order) -> Plan:
    """The plan with its content."""
    return Plan(
        content=content_of(order.config),
        compared=content_of(order.compare) if order.compare else None,
        answers=answers_of(order.types),
        triggers=frozenset(order.triggers),
        start=order.start,
        end=order.end,
        key=order.key,
    )


def content_of(config: Path | None) -> Content:
    """The content of a settings file, or of this process's own settings where none is named."""
    name = f"{PREFIX}CONFIG"
    before = os.environ.get(name)
    if config is None and before is None:
        return _shipped()
    if config is not None:
        os.environ[name] = str(config)
    try:
        return load_contents(load_settings()).general
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


@cache
def _shipped() -> Content:
    return load_contents(load_settings()).general

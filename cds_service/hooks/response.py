"""The answer to a call: cards, and the evaluation that explains them and their absence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cds_service.hooks.card import Card
from cds_service.hooks.wire import Wire

EXTENSION = "org.platelet-hooks.evaluation"


class Evaluated(Wire, frozen=True, kw_only=True):
    """One rule's outcome; `because` says why in our words: a reason for silence, or the facts that are missing."""

    rule: str
    outcome: Literal["advise", "no-advice", "cannot-tell"]
    because: str | None = None


class RejectedResource(Wire, frozen=True, kw_only=True):
    """A resource that was set aside: `Type/id`, or prefetch key and entry number where its id is unusable."""

    resource: str
    reason: str


class Evaluation(Wire, frozen=True, kw_only=True):
    """Never text of the record. `degraded` names the prefetch keys that were missing, failed or incomplete."""

    content_version: str
    evaluated: tuple[Evaluated, ...] = ()
    rejected: tuple[RejectedResource, ...] = ()
    degraded: tuple[str, ...] = ()


class HookResponse(Wire, frozen=True, kw_only=True):
    """`cards` may be empty, everything else is left out when it is."""

    cards: tuple[Card, ...]
    extension: Mapping[str, Evaluation] = {}

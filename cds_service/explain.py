"""The evaluation: for each rule its outcome and the reason, so that "no card" can always be explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from cards.outcome import Advise, CannotTell, NoAdvice, Outcome
from cds_service.fhir.entries import Rejected
from cds_service.hooks.response import Evaluated, Evaluation, RejectedResource


def explain(
    outcomes: Mapping[str, Outcome], rejected: Iterable[Rejected], degraded: tuple[str, ...], version: str
) -> Evaluation:
    """Rules in the order in which they were asked; nothing in it is text of the record."""
    return Evaluation(
        content_version=version,
        evaluated=tuple(_evaluated(rule, outcome) for rule, outcome in outcomes.items()),
        rejected=tuple(
            RejectedResource(resource=one.resource, reason=one.reason) for one in dict.fromkeys(rejected)
        ),
        degraded=degraded,
    )


def _evaluated(rule: str, outcome: Outcome) -> Evaluated:
    match outcome:
        case Advise():
            return Evaluated(rule=rule, outcome="advise")
        case NoAdvice(because):
            return Evaluated(rule=rule, outcome="no-advice", because=because.value)
        case CannotTell(missing):
            return Evaluated(
                rule=rule, outcome="cannot-tell", because="; ".join(fact.value for fact in missing) or None
            )
    assert_never(outcome)

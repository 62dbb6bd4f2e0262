"""The evaluation: for each rule its outcome and the reason, so that "no card" can always be explained.

The reason of an advice are the facts that it used; those of a card stand in full among its inputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Final, assert_never

from cards.decide import Decision
from cards.outcome import Advise, CannotTell, Input, NoAdvice, Outcome
from cards.reasons import Why
from cds_service.fhir.entries import Rejected
from cds_service.hooks.response import Evaluated, Evaluation, RejectedResource

MOST_FACTS: Final = 12
"""Facts that are named of one advice: what is over it is counted, for the answer travels at every call."""

SILENT: Final = "silent at this site, not shown"


def explain(
    decision: Decision, rejected: Iterable[Rejected], degraded: tuple[str, ...], version: str
) -> Evaluation:
    """Rules in the order in which they were asked; nothing in it is text of the record."""
    silent = {id(advise) for advise in decision.silent}
    evaluated = [
        _no_advice(rule, outcome.because)
        if type(outcome) is NoAdvice  # nearly all of them
        else _evaluated(rule, outcome, id(outcome) in silent)
        for rule, outcome in decision.outcomes.items()
    ]
    return Evaluation(
        content_version=version,
        evaluated=tuple(evaluated),
        rejected=tuple(
            RejectedResource(resource=one.resource, reason=one.reason) for one in dict.fromkeys(rejected)
        ),
        degraded=degraded,
    )


def _evaluated(rule: str, outcome: Outcome, silent: bool) -> Evaluated:
    match outcome:
        case Advise():
            because = _told_by(rule, outcome) or _facts(outcome)
            if silent:
                because = "; ".join(filter(None, (SILENT, because)))
            return Evaluated(rule=rule, outcome="advise", because=because or None)
        case NoAdvice(because):
            return _no_advice(rule, because)
        case CannotTell(missing):
            return Evaluated(
                rule=rule, outcome="cannot-tell", because="; ".join(fact.value for fact in missing) or None
            )
    assert_never(outcome)


@cache
def _no_advice(rule: str, because: Why) -> Evaluated:
    """There are few: a rule has its reasons."""
    return Evaluated(rule=rule, outcome="no-advice", because=because.value)


def _told_by(rule: str, advise: Advise) -> str:
    """For a rule whose words stand in the card of another one."""
    return "" if rule == advise.rule else f"in the card of {advise.rule}"


def _facts(advise: Advise) -> str:
    """What the advice rests on: our words for each fact, its value and unit."""
    found = list(dict.fromkeys(_fact(row) for row in advise.inputs))
    more = len(found) - MOST_FACTS
    return "; ".join(found[:MOST_FACTS]) + (f"; and {more} more" if more > 0 else "")


def _fact(row: Input) -> str:
    value = f"{row.value:f}" if isinstance(row.value, Decimal) else str(row.value)
    unit = "" if row.unit is None or row.unit.startswith("{") or row.unit == "1" else f" {row.unit}"
    return f"{row.fact} {value}{unit}"

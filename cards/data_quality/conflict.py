"""DATA-06 conflicting data, DATA-07 void records: what has to be reconciled, and what was left out.

One card names the conflict that matters most: two counts, then an infection recorded as resolved against a newer
positive test, then a result that is dated in the future; the others follow as further paragraphs.
"""

from __future__ import annotations

from decimal import Decimal

from cards.data_quality.repeat import bleeds, find_repeat, order_count
from cards.facts import Conflict, Infection, PatientFacts
from cards.facts.presence import reference_time
from cards.frozen import dataclass
from cards.outcome import (
    Advice,
    Advise,
    Answers,
    CannotTell,
    Indicator,
    Input,
    NoAdvice,
    Outcome,
    Suggestion,
    Topic,
    Values,
)
from cards.reasons import Fact, Why
from cards.record import Kind, Moment, PlateletResult
from cards.rows import bleeding_rows, count_row, event_row, infection_row
from cards.thresholds import Thresholds

VOIDED, NOTHING_VOID = NoAdvice(Why.VOIDED), NoAdvice(Why.NOTHING_VOID)
NO_CONFLICT = NoAdvice(Why.NO_CONFLICT)


@dataclass(frozen=True, slots=True)
class Part:
    """One conflict as a part of the card."""

    key: str
    say: tuple[str, ...]
    rows: tuple[Input, ...]
    values: Values
    suggestions: tuple[Suggestion, ...] = ()


def decide(p: PatientFacts, limits: Thresholds) -> Answers:
    """DATA-07 has no card: void records are left out, and the reason says so."""
    return {"DATA-06": _conflict(p, limits), "DATA-07": VOIDED if p.record.voided else NOTHING_VOID}


def _conflict(p: PatientFacts, limits: Thresholds) -> Outcome:
    contradicted = [i for i in p.infections.found if i.resolved_record is not None]
    parts: list[Part] = []
    if p.platelets.conflict is not None:
        parts.append(_counts(p, p.platelets.conflict, limits))
    parts += [_infection(p, i) for i in contradicted]
    if p.platelets.future is not None:
        parts.append(_future(p.platelets.future))
    if not parts:
        return NO_CONFLICT if p.answered(Kind.PLATELETS) else CannotTell(Fact.PLATELETS)
    values: dict[str, str | int | Decimal | Moment] = {}
    for part in reversed(parts):
        values |= part.values
    return Advise(
        "DATA-06",
        Indicator.INFO,
        title=f"title.{parts[0].key}",
        say=tuple(dict.fromkeys(key for part in parts for key in part.say)),
        values=values,
        inputs=tuple(row for part in parts for row in part.rows),
        unknown=_unknown(p),
        suggestions=tuple(s for part in parts for s in part.suggestions),
    )


def _unknown(p: PatientFacts) -> tuple[Fact, ...]:
    """Of conflicting counts: which is right, and whether platelets between them explain it."""
    if p.platelets.conflict is None:
        return ()
    return (Fact.PLATELETS,) if p.answered(Kind.PROCEDURES) else (Fact.PLATELETS, Fact.PROCEDURES)


def _counts(p: PatientFacts, conflict: Conflict, limits: Thresholds) -> Part:
    """Two counts of which the later is the higher, and no platelets between: repeat now."""
    ordered = find_repeat(p, limits)
    reasons = (conflict.lower.reference, conflict.higher.reference)
    say = ["counts"]
    if conflict.lower.value < limits.very_low:
        say.append("below-ten")
    if bleeds(p):
        say.append("bleeding")
    if ordered is not None:
        say.append("ordered")
    return Part(
        "counts",
        tuple(say),
        (
            count_row(conflict.lower, "lower platelet count"),
            count_row(conflict.higher, "higher platelet count"),
            *bleeding_rows(p.bleeding.active),
            *(() if ordered is None else (event_row("blood count ordered", ordered),)),
        ),
        {
            "lower": conflict.lower.shown,
            "lower_drawn": conflict.lower.time,
            "higher": conflict.higher.shown,
            "higher_drawn": conflict.higher.time,
        },
        () if ordered is not None else order_count("count", "cbc-film", "urgent", reasons),
    )


def _infection(p: PatientFacts, infection: Infection) -> Part:
    """A positive test newer than the Condition that says resolved."""
    record = next((f for f in p.record.findings if f.reference == infection.resolved_record), None)
    when = None if record is None else record.ended or reference_time(record)
    resolved = Input("record of this infection", "resolved", None, when, infection.resolved_record)
    return Part(
        "infection",
        ("infection",),
        (infection_row(p, infection), resolved),
        {"infection": p.pathogens[infection.pathogen].name},
    )


def _future(future: PlateletResult) -> Part:
    """A sample time ahead of now: ignored."""
    row = Input(
        "platelet result dated in the future, ignored", "not used", None, future.time, future.reference
    )
    return Part("future", ("future",), (row,), {} if future.time is None else {"future": future.time})


ADVICE = Advice(
    stem="data_quality/conflict",
    ids=("DATA-06", "DATA-07"),
    topic=Topic.DATA_QUALITY,
    decide=decide,
)

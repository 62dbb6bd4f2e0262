"""What every card of a mimic keeps: words for all that it says, a summary that fits with its longest holes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from cards.facts import PatientFacts
from cards.outcome import ActionType, Advise, Outcome
from cards.record import Moment
from cards.thresholds import Thresholds
from cards.wording import fill
from tests.cards.build import LIMITS
from tests.cards.direct import text_of, words

LONGEST = {"platelets": "2500.5 x10^9/L", "sampled": "22 Nov 2025, 04:10, preliminary", "finding": "bleeding"}


def card_of(decide: Callable[[PatientFacts, Thresholds], Outcome], p: PatientFacts) -> Advise:
    """The card of a stem with one id, its words and its summary checked."""
    card = decide(p, LIMITS)
    assert isinstance(card, Advise), card
    text_of(card)
    summary = summary_of(card)
    assert len(summary) <= 139, (len(summary), summary)
    return card


def summary_of(card: Advise) -> str:
    """The summary with its longest holes."""

    def value_of(hole: str) -> str:
        _, _, name = hole.partition(":")
        if name:
            return str(getattr(LIMITS, name))
        value = card.values.get(hole, LONGEST.get(hole))
        assert value is not None, hole
        return "22 Nov 2025, 04:10" if isinstance(value, Moment) else str(value)

    return fill(words().find(card.rule, card.title), value_of)


def notes(card: Advise) -> dict[str, str | None]:
    """The note of each row by its name."""
    return {row.fact: row.note for row in card.inputs}


def value_of(card: Advise, fact: str) -> Decimal | int | str:
    """The value of the row of that name."""
    return next(row.value for row in card.inputs if row.fact == fact)


def deleted(card: Advise) -> list[str]:
    """The references of the selected drafts that the card would remove."""
    return [
        a.order.reference
        for s in card.suggestions
        for a in s.actions
        if a.type is ActionType.DELETE and a.order is not None
    ]


def dosages(card: Advise) -> list[str]:
    """The doses of the drafts."""
    return [a.dosage for s in card.suggestions for a in s.actions if a.dosage is not None]

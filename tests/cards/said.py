"""What the advice of the count, bleeding and monitoring rules says, with every hole filled at its longest."""

from __future__ import annotations

from cards.outcome import Advise, Outcome
from cards.record import Moment
from cards.wording import fill
from tests.cards.direct import LIMITS, words

LONGEST = {
    "platelets": "2500.5 x10^9/L",
    "previous": "2500.5 x10^9/L",
    "sampled": "22 Nov 2025, 04:10, preliminary",
    "finding": "blood in the urine, visible or not",
}
"""The common holes, as long as the renderer can make them."""


def advice(outcome: Outcome) -> Advise:
    """The card, checked: its words exist, its holes are filled, its summary is short enough."""
    assert isinstance(outcome, Advise), outcome
    read(outcome)
    return outcome


def read(card: Advise) -> str:
    """Title, paragraphs and cautions as one text; fails for missing words and for a title over 139 characters."""
    title = paragraph(card, card.title)
    assert len(title) <= 139, (len(title), title)
    for suggestion in card.suggestions:
        rule, _, key = suggestion.label.rpartition("/")
        assert words().find(rule or card.rule, f"label.{key}")
        assert suggestion.actions
    assert words()[card.rule].evidence
    return "\n".join([title, *(paragraph(card, key) for key in (*card.say, *card.cautions))])


def title(card: Advise) -> str:
    """The summary."""
    return paragraph(card, card.title)


def paragraph(card: Advise, key: str) -> str:
    """One paragraph of the card, filled; KeyError for a hole that nothing fills."""

    def value_of(hole: str) -> str:
        _, colon, name = hole.partition(":")
        if colon:
            return f"{getattr(LIMITS, name):f}"
        value = card.values[hole] if hole in card.values else LONGEST[hole]
        return "22 Nov 2025, 04:10" if isinstance(value, Moment) else str(value)

    return " ".join(fill(words().find(card.rule, key), value_of).split())

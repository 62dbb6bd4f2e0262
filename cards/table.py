"""The cards of one call while the tables of `cards.precedence` are asked: those that stay, and why the others left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cards import frozen
from cards.outcome import Advise, Indicator
from cards.precedence import matches
from cards.reasons import Why


@frozen.dataclass(frozen=True, slots=True)
class Card:
    """An advice and the rule that gave it (an order rule may be led by another family's id)."""

    answered: str
    advise: Advise

    @property
    def indicator(self) -> Indicator:
        return self.advise.indicator

    def is_of(self, patterns: tuple[str, ...]) -> bool:
        return matches(self.answered, patterns)

    @property
    def rules(self) -> tuple[str, ...]:
        """The one that answered, the one that leads, and those whose words it carries."""
        return (self.answered, self.advise.rule, *self.advise.also)

    def carries(self, rule: str) -> bool:
        return rule in self.rules


@dataclass(slots=True)
class Table:
    """The cards that are still on the table, and why the others left it."""

    cards: list[Card]
    left: dict[str, Why] = field(default_factory=dict)

    def drop(self, cards: Iterable[Card], why: Why) -> None:
        for card in list(cards):
            self.cards.remove(card)
            self.left[card.answered] = why

    def put(self, old: Card, advise: Advise) -> None:
        self.cards[self.cards.index(old)] = frozen.replace(old, advise=advise)

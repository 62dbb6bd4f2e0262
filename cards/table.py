"""The cards of one call while the tables of `cards.precedence` are asked: those that stay, and why the others left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from cards.outcome import Advise, Indicator
from cards.precedence import matches
from cards.reasons import Why

Place = tuple[int, int, str]


@dataclass(slots=True, eq=False)
class Card:
    """An advice and the rule that gave it (an order rule may be led by another family's id).

    `place`: where it stands among the cards of its indicator.
    """

    answered: str
    advise: Advise
    place: Place
    family: str = field(init=False)

    def __post_init__(self) -> None:
        self.family = self.answered.partition("-")[0]

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
        advise = self.advise
        return rule in advise.also or rule in (self.answered, advise.rule)


@dataclass(slots=True)
class Table:
    """The cards that are still on the table, and why the others left it."""

    cards: list[Card]
    left: dict[str, Why] = field(default_factory=dict)

    def drop(self, cards: Collection[Card], why: Why) -> None:
        if cards:
            self.cards = [card for card in self.cards if card not in cards]
            for card in cards:
                self.left[card.answered] = why

"""A clinical score with what is known of it: items with their points, the points that missing items could add.

A rule fires on the points that are certain; where only the missing ones could decide, it cannot tell.
"""

from __future__ import annotations

from cards.frozen import dataclass, replace
from cards.outcome import Input
from cards.reasons import Fact


@dataclass(frozen=True, slots=True)
class Item:
    """One item: the points that are certain and those that are possible, what shows it, what is missing."""

    least: int
    most: int
    rows: tuple[Input, ...] = ()
    missing: tuple[Fact, ...] = ()

    @classmethod
    def known(cls, points: int, *rows: Input) -> Item:
        """An item that is certain."""
        return cls(points, points, rows)

    @classmethod
    def unknown(cls, most: int, *missing: Fact, least: int = 0) -> Item:
        """An item that lacks facts."""
        return cls(least, most, (), missing)

    @property
    def is_known(self) -> bool:
        return self.least == self.most

    @property
    def points(self) -> str:
        if not self.is_known:
            return f"{self.least} to {self.most} points"
        return "1 point" if self.least == 1 else f"{self.least} points"


@dataclass(frozen=True, slots=True)
class Score:
    """All items of a score under its name."""

    name: str
    items: tuple[Item, ...]

    @property
    def least(self) -> int:
        return sum([item.least for item in self.items])

    @property
    def most(self) -> int:
        return sum([item.most for item in self.items])

    @property
    def is_known(self) -> bool:
        return all(item.is_known for item in self.items)

    @property
    def missing(self) -> tuple[Fact, ...]:
        """Facts of the items that are not certain."""
        open_items = [item for item in self.items if item.least != item.most]
        return tuple(dict.fromkeys([fact for item in open_items for fact in item.missing]))

    @property
    def shown(self) -> str:
        """ "7", or the certain and the possible points: "4 to 6"."""
        return str(self.least) if self.is_known else f"{self.least} to {self.most}"

    @property
    def rows(self) -> tuple[Input, ...]:
        """The sum, then every item that the record shows, with its points."""
        unknown = sum(1 for item in self.items if not item.is_known)
        known = "all items known" if not unknown else f"{unknown} of {len(self.items)} items not known"
        rows = [Input(f"{self.name} score", self.shown, note=known)]
        for item in self.items:
            for number, row in enumerate(item.rows):
                told = f"{self.name}: {item.points}" if number == 0 else f"{self.name}: same item"
                rows.append(replace(row, note=f"{row.note}; {told}" if row.note else told))
        return tuple(rows)

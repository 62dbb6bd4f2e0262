"""The pathogens that are known, found by what a record names: most records name none, or one of some thirty."""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import TYPE_CHECKING

from cards.kept import kept

if TYPE_CHECKING:
    from cards.anti_infective.pathogen import Pathogen
else:
    Pathogen = object


class Pathogens(tuple[Pathogen, ...]):
    """All of them in the order of section D; by id, and by value set, as is first asked for and then kept."""

    @kept
    def by_id(self) -> Mapping[str, Pathogen]:
        """In the same order."""
        return MappingProxyType({one.id: one for one in self})

    @kept
    def _places(self) -> Mapping[str, tuple[int, ...]]:
        """By value set, the places of those that it names."""
        places: dict[str, tuple[int, ...]] = {}
        for place, one in enumerate(self):
            for set_id in one.named_sets:
                places[set_id] = (*places.get(set_id, ()), place)
        return places

    def named_by(self, set_ids: Set[str]) -> list[Pathogen]:
        """Those that one of the value sets names, in the order of section D."""
        places = self._places
        found = {place for set_id in set_ids if set_id in places for place in places[set_id]}
        return [self[place] for place in sorted(found)]

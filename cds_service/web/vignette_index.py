"""The clinicians' stories by the rules whose cards they expect: examples on the evidence pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from cds_service.fixture_files import fixtures_folder
from cds_service.stories.vignettes import Vignette, read_vignettes


@cache
def all_vignettes() -> Mapping[str, Vignette]:
    """Every story by id, in the order of the files."""
    return {one.id: one for one in read_vignettes(fixtures_folder() / "vignettes")}


@cache
def vignettes_by_rule() -> Mapping[str, tuple[Vignette, ...]]:
    """The stories in which a rule leads a card, and then those in which it is named in one."""
    leading: dict[str, list[Vignette]] = defaultdict(list)
    naming: dict[str, list[Vignette]] = defaultdict(list)
    for one in all_vignettes().values():
        for card in one.expect:
            leading[card.rules[0]].append(one)
            for rule in card.rules[1:]:
                naming[rule].append(one)
        for rule in one.merged:
            naming[rule].append(one)
    return {
        rule: tuple(dict.fromkeys((*leading[rule], *naming[rule])))
        for rule in sorted(leading.keys() | naming.keys())
    }

"""One advice taken into another card: its words at the end, its rows, drafts and sources beside those of the card.

The values of the absorbed words are kept under `RULE-ID/name`, so that two rules may use one name for two things.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from cards.frozen import replace
from cards.outcome import Advise, Suggestion, Values

T = TypeVar("T")


def absorb(card: Advise, other: Advise) -> Advise:
    """`card` with the words and rows of `other` after its own; a draft that the card offers already is left out.

    Alternatives stay alternatives (`one_of`): two regimens are never accepted together for a test's sake.
    """
    also = _unique((*card.also, *[rule for rule in (other.rule, *other.also) if rule != card.rule]))
    return card.changed(lambda whole: _joined(whole, other.made(), also), also=also)


def _joined(card: Advise, other: Advise, also: tuple[str, ...]) -> Advise:
    return replace(
        card,
        say=_unique((*card.say, *_qualified(other, other.say))),
        cautions=_unique((*card.cautions, *_qualified(other, other.cautions))),
        unknown=_unique((*card.unknown, *other.unknown)),
        values={**card.values, **_qualified_values(other)},
        inputs=_unique((*card.inputs, *other.inputs)),
        suggestions=(*card.suggestions, *_further(card, other)),
        also=also,
    )


def qualified(other: Advise, key: str) -> str:
    """The key of a paragraph as another card names it."""
    return key if "/" in key else f"{other.rule}/{key}"


def as_told_by(other: Advise, key: str) -> str:
    """The same, where needed with the rule whose values fill it: infections share their titles (INF-GEN-01 ff.)."""
    return f"{key}@{other.rule}" if "/" in key else qualified(other, key)


def _qualified(other: Advise, keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(qualified(other, key) for key in keys)


def _qualified_values(other: Advise) -> Values:
    """Each value under every section whose words are taken along; what is qualified already stays."""
    keys = (*_qualified(other, (*other.say, *other.cautions, other.title)), f"{other.rule}/")
    sections = dict.fromkeys(key.partition("/")[0] for key in keys)
    labels = (suggestion.label for suggestion in other.suggestions)
    sections |= dict.fromkeys(label.partition("/")[0] for label in labels if "/" in label)
    plain = {name: value for name, value in other.values.items() if "/" not in name}
    own = {name: value for name, value in other.values.items() if "/" in name}
    return {**{f"{section}/{name}": value for section in sections for name, value in plain.items()}, **own}


def _further(card: Advise, other: Advise) -> tuple[Suggestion, ...]:
    """The suggestions of `other` with the actions that the card does not offer yet."""
    offered = {
        (a.type, a.template, a.order and a.order.reference) for s in card.suggestions for a in s.actions
    }
    kept = []
    for suggestion in other.suggestions:
        actions = tuple(
            a
            for a in suggestion.actions
            if (a.type, a.template, a.order and a.order.reference) not in offered
        )
        if actions:
            label = suggestion.label if "/" in suggestion.label else f"{other.rule}/{suggestion.label}"
            kept.append(replace(suggestion, label=label, actions=actions, recommended=False))
    return tuple(kept)


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))

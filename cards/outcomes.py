"""Every rule's outcome once the cards are weighed: put together when it is asked for, as a replay reads few of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from cards.asking import OUTCOMES, Answered
from cards.outcome import CannotTell, NoAdvice, Outcome
from cards.reasons import Why

T = TypeVar("T")


class Outcomes(Mapping[str, Outcome]):
    """By rule, in the order of the advice: what became of its card, or of the words it gave to one; else its answer."""

    def __init__(self, weighed: Mapping[str, Outcome], answered: Answered | None = None) -> None:
        self._weighed = weighed
        self._answered = answered or Answered()
        self._whole: Mapping[str, Outcome] | None = None

    def cannot_tell(self) -> list[tuple[str, CannotTell]]:
        """The rules that lack facts."""
        weighed = self._weighed
        return self._in_order([one for one in self._answered.unsure.items() if one[0] not in weighed])

    def suppressed(self, reasons: Collection[Why]) -> list[tuple[str, NoAdvice]]:
        """The rules that say that another tells it, then those whose card left the table for one of these reasons."""
        weighed = self._weighed
        said = [one for one in self._answered.suppressed.items() if one[0] not in weighed]
        left = [(rule, one) for rule, one in weighed.items() if type(one) is NoAdvice]
        return self._in_order(said) + [(rule, one) for rule, one in left if one.because in reasons]

    def _in_order(self, found: list[tuple[str, T]]) -> list[tuple[str, T]]:
        places = self._answered.asked.places
        return sorted(found, key=lambda one: places[one[0]]) if len(found) > 1 else found

    def _all(self) -> Mapping[str, Outcome]:
        if self._whole is None:
            self._whole = self._put_together()
        return self._whole

    def _put_together(self) -> dict[str, Outcome]:
        answered = self._answered
        whole: dict[str, Outcome] = dict(answered.asked.unsaid)
        for one, outcome in zip(answered.asked.advice, answered.said, strict=True):
            if isinstance(outcome, OUTCOMES):
                whole[one.ids[0]] = outcome
            else:
                whole.update(outcome)
        for rule in answered.spoke:
            del whole[rule]
        whole.update(self._weighed)
        return whole

    def __getitem__(self, rule: str) -> Outcome:
        return self._all()[rule]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

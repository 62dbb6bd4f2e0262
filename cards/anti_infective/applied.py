"""A three-valued answer to what a pathogen's file asks, with what shows it. Unknown is never no."""

from __future__ import annotations

from decimal import Decimal

from cards.anti_infective.content import Caution
from cards.facts import Known
from cards.frozen import dataclass
from cards.outcome import Input
from cards.reasons import Fact


@dataclass(frozen=True, slots=True)
class Applied:
    """Whether a row applies, what shows it, and what would have to be known to tell."""

    answer: Known
    rows: tuple[Input, ...] = ()
    missing: Fact | None = None


NO = Applied(Known.NO)
YES = Applied(Known.YES)


def answer(rows: tuple[Input, ...], is_answered: bool, fact: Fact) -> Applied:
    """Yes where something shows it; no only where that kind of data was answered."""
    if rows:
        return Applied(Known.YES, rows)
    return NO if is_answered else Applied(Known.UNKNOWN, missing=fact)


def limit_of(caution: Caution) -> Decimal:
    """The number of the row."""
    assert caution.limit is not None, "the loader refuses such a row without a limit"
    return caution.limit

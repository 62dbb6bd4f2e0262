"""A card on selected orders from its reasons: the most urgent leads, each adds its paragraph and its rows."""

from __future__ import annotations

from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.orders.selection import CountSaid, not_known, order_rows, remove
from cards.outcome import Advise, Indicator, Input, Suggestion, Values
from cards.reasons import Fact
from cards.record import Order


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the card speaks: `key` names its title (`title.<key>`) and its paragraph (`suggestion.<key>`)."""

    key: str
    indicator: Indicator
    rows: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What one rule judges: the selected orders, our word for them, and the count as it is said."""

    rule: str
    fact: str
    orders: tuple[Order, ...]
    said: CountSaid
    by_count: bool = True  # titles name the count, with words of their own where there is none


def order_card(
    p: PatientFacts,
    judged: Judged,
    reasons: tuple[Reason, ...],
    *,
    also: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
    cautions: tuple[str, ...] = (),
    rows: tuple[Input, ...] = (),
    unknown: tuple[Fact, ...] = (),
    values: Values | None = None,
    buttons: tuple[Suggestion, ...] | None = None,
    alternatives: bool = True,
) -> Advise:
    """The card; `reasons` is not empty. Without `buttons` it offers to remove the selected drafts.

    Buttons that remove, or keep and ask, are alternatives (`one_of`); `alternatives` False: they add up.
    """
    ranked = sorted(reasons, key=lambda r: -r.indicator)
    first, said = ranked[0], judged.said
    offered = (remove(judged.orders),) if buttons is None else buttons
    title = f"title.{first.key}"
    return Advise(
        judged.rule,
        first.indicator,
        title=said.title(title) if judged.by_count else title,
        say=(*dict.fromkeys(f"suggestion.{r.key}" for r in ranked), *more),
        cautions=(*cautions, *said.cautions),
        unknown=tuple(dict.fromkeys((*(not_known(p, said) if judged.by_count else ()), *unknown))),
        values={**said.values, **(values or {})},
        inputs=(
            *order_rows(judged.fact, judged.orders),
            *said.rows,
            *(row for r in ranked for row in r.rows),
            *rows,
        ),
        suggestions=offered,
        one_of=alternatives and len(offered) > 1,
        also=also,
    )

"""What a rule can answer: advise, no advice (because), or cannot tell (for want of).

An `Advise` names sections of words (`<stem>.md`), never words themselves; the values that fill the holes; the rows on
which it rests; and the drafts that it offers. `cards.wording` and the service's renderer make the card of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from cards.frozen import dataclass
from cards.reasons import Fact, Why
from cards.record import Moment, Order

if TYPE_CHECKING:
    from cards.facts import PatientFacts
    from cards.thresholds import Thresholds


class Indicator(IntEnum):
    """CDS Hooks indicators; a higher number is more urgent."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Topic(StrEnum):
    """`source.topic` codes: alphanumeric, so that every EHR dialect takes them."""

    TRANSFUSION = "transfusion"
    ANTI_INFECTIVE = "antiinfective"
    TPO_RA = "tpora"
    SAFETY = "safety"
    ORDER_SAFETY = "ordersafety"
    PROCEDURE = "procedure"
    MONITORING = "monitoring"
    WORKUP = "workup"
    DATA_QUALITY = "dataquality"


@dataclass(frozen=True, slots=True)
class Input:
    """A row of "Why this card": a fact in our words, its value, unit (UCUM), time and the resource it came from."""

    fact: str
    value: Decimal | int | str
    unit: str | None = None
    time: Moment | None = None
    reference: str | None = None
    note: str | None = None  # our words: "preliminary", "unit inferred from the reference range"


class ActionType(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a suggestion.

    create: `template` names a row of `cards.drafts.TEMPLATES`; `priority` stat, urgent or routine; `reasons` are
    references of Observations and Conditions; `quantity` (value, unit) and `due` where the template takes them.
    delete and update: `order` is the selected draft; `changes` are the members to replace in it.
    """

    type: ActionType
    template: str | None = None
    priority: str = "routine"
    quantity: tuple[Decimal, str] | None = None
    due: datetime | None = None
    reasons: tuple[str, ...] = ()
    dosage: str | None = None  # our own dose text, only where all its inputs are known
    order: Order | None = None
    changes: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A button: `label` is a key of the section's labels (`label.<key>`), actions are applied together."""

    label: str
    actions: tuple[Action, ...]
    recommended: bool = False


Values = Mapping[str, str | int | Decimal | Moment]


@dataclass(frozen=True, slots=True)
class Advise:
    """A rule speaks.

    `say` are paragraph keys of the rule's own section, or `RULE-ID/key` of another one. `cautions` likewise, shown
    under "Cautions found in this record". `unknown` are facts that could not be read, shown under "What is not known".
    `also` are ids of rules merged into this card; `rule` is the deciding one.

    What weighs cards reads their heads (`rule`, `indicator`, `also`) and nothing else, and a replay shows none: a card
    may be told `later`, which makes its other members when they are first read.
    """

    rule: str
    indicator: Indicator
    title: str = "title"
    say: tuple[str, ...] = ("suggestion",)
    cautions: tuple[str, ...] = ()
    unknown: tuple[Fact, ...] = ()
    values: Values = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    one_of: bool = False  # selectionBehavior at-most-one (alternatives) instead of any
    also: tuple[str, ...] = ()
    _make: Callable[[], Advise] | Advise | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def later(
        cls, rule: str, indicator: Indicator, also: tuple[str, ...], make: Callable[[], Advise]
    ) -> Advise:
        """A card whose head is told; `make` gives the same card whole, once, when more of it is read."""
        card = object.__new__(cls)
        card.rule, card.indicator, card.also, card._make = rule, indicator, also, make  # type: ignore[misc]
        return card

    def changed(
        self,
        change: Callable[[Advise], Advise],
        *,
        indicator: Indicator | None = None,
        also: tuple[str, ...] | None = None,
    ) -> Advise:
        """What `change` makes of it, later; what becomes of its head is told here."""
        return Advise.later(
            self.rule,
            self.indicator if indicator is None else indicator,
            self.also if also is None else also,
            lambda: change(self.made()),
        )

    def made(self) -> Advise:
        """The whole card: itself, or what it was told later of."""
        make = self._make
        if make is None:
            return self
        if isinstance(make, Advise):
            return make
        whole = make().made()
        if (whole.rule, whole.indicator, whole.also) != (self.rule, self.indicator, self.also):
            raise ValueError(f"the card of {self.rule} was told with another head than it is made with")
        object.__setattr__(self, "_make", whole)
        return whole

    if not TYPE_CHECKING:  # for type checkers every member is there

        def __getattr__(self, name):
            """A member of the whole card; Python asks this of those alone that are not there."""
            if name not in _BODY:
                raise AttributeError(f"an advice has no {name}")
            return getattr(self.made(), name)


_BODY: Final = frozenset(one.name for one in fields(Advise)) - {"rule", "indicator", "also", "_make"}


@dataclass(frozen=True, slots=True)
class NoAdvice:
    """A rule has nothing to say, and this is why."""

    because: Why


@dataclass(frozen=True, slots=True)
class CannotTell:
    """A rule lacks facts. Unknown is not no."""

    missing: tuple[Fact, ...]

    def __init__(self, *missing: Fact) -> None:
        object.__setattr__(self, "missing", missing)


Outcome = Advise | NoAdvice | CannotTell
Answers = Mapping[str, Outcome]  # rule id -> outcome, for a stem that owns several ids

Decide = Callable[["PatientFacts", "Thresholds"], Outcome | Answers]


@dataclass(frozen=True, slots=True)
class Advice:
    """One decision: its stem (module, words and test share it), the rule ids it owns, and how it decides.

    A stem with one id returns an `Outcome`; one with several returns a mapping of rule id to outcome, in which ids
    that are left out have `NoAdvice(otherwise)`. An advice that `judges_orders` and nothing else is not asked where no
    order is selected: it could only answer `unasked`.
    """

    stem: str  # "transfusion/decision"
    ids: tuple[str, ...]
    topic: Topic
    decide: Decide
    otherwise: Why = Why.OTHER_ROW
    judges_orders: bool = False
    silent: Mapping[str, NoAdvice] = field(init=False, repr=False, compare=False)
    """What each id answers that `decide` leaves out."""
    unasked: Mapping[str, NoAdvice] = field(init=False, repr=False, compare=False)
    """What each id answers where `judges_orders` and no order is selected."""

    def __post_init__(self) -> None:
        """Made once, for they are the same at every call."""
        object.__setattr__(self, "silent", dict.fromkeys(self.ids, NoAdvice(self.otherwise)))
        nothing_selected = NoAdvice(Why.NOT_SELECTED)
        unasked = {id_: nothing_selected for id_ in self.ids if id_.startswith("ORD-")}
        object.__setattr__(self, "unasked", {**self.silent, **unasked})

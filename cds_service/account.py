"""The account of one call, beside its answer: how long each stage took, what was decided, what is remembered.

The log, `Server-Timing`, the metrics and the store are told from it. It holds rule ids, counts and times, nothing of
the record.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import Any

from cards.asking import Fault
from cards.decide import Decision
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Advise, CannotTell
from cds_service.content import Content
from cds_service.hooks.card import Card
from cds_service.memory import Recollection
from cds_service.memory_silence import Silenced


@dataclass(frozen=True, slots=True)
class Told:
    """A card of the call: the rule that leads it, its indicator as sent, and why it was not shown ("" = shown)."""

    rule: str
    indicator: str
    silenced_by: str = ""


@dataclasses.dataclass(slots=True)
class Account:
    """`stages` are milliseconds in the order in which they ended."""

    recollection: Recollection | None = None
    service: str = ""
    stages: dict[str, float] = field(default_factory=dict)
    cards: list[Told] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    cannot_tell: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    rejected: int = 0
    count_codes: frozenset[tuple[str, str]] = frozenset()  # system and code of the new platelet counts
    _since: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        """The stage ended now."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._since) * 1000
        self._since = now

    def note_faults(self, faults: Iterable[Fault]) -> None:
        """Checks that could not be completed: the stem, the kind of error and its place, never its message."""
        self.faults = [f"{one.advice.stem} {one.kind} {one.where}" for one in faults]

    def recall(self, decision: Decision, p: PatientFacts, content: Content) -> Decision:
        """The decision that is shown, after what is remembered."""
        if self.recollection is None:
            return decision
        return self.recollection.recall(decision, p, content)

    @property
    def is_answered(self) -> bool:
        """Whether the call came to its end: its answer was written."""
        return "encode" in self.stages

    @property
    def degraded(self) -> tuple[str, ...]:
        """What could not be remembered."""
        return () if self.recollection is None else self.recollection.degraded

    def keep(self, decision: Decision, cards: Sequence[Card], rejected: int) -> None:
        """The call is decided: its cards go to the store, and their rules into the account."""
        self.rejected = rejected
        kinds = Counter(map(type, decision.outcomes.values()))
        self.outcomes.update({kind.__name__: number for kind, number in kinds.items()})
        if CannotTell in kinds:
            self.cannot_tell += [
                rule for rule, outcome in decision.outcomes.items() if type(outcome) is CannotTell
            ]
        self.cards = [Told(one.rule, card.indicator) for one, card in zip(decision.cards, cards, strict=True)]
        if self.recollection is not None:
            self.cards += (_silent(advise, why) for advise, why in self.recollection.silent)
            self.recollection.keep(cards)

    def noted(self) -> dict[str, Any]:
        """The account as the log's line has it."""
        return {
            "cards": [f"{one.rule} {one.indicator}" for one in self.cards if not one.silenced_by],
            "silent": [f"{one.rule} {one.silenced_by}" for one in self.cards if one.silenced_by],
            "outcomes": dict(self.outcomes),
            "cannot_tell": self.cannot_tell,
            "rejected": self.rejected,
            **({"faults": self.faults} if self.faults else {}),
            "stages": {stage: round(spent, 2) for stage, spent in self.stages.items()},
        }

    def server_timing(self) -> str:
        """The `Server-Timing` header: a stage and its milliseconds each."""
        return ", ".join(f"{stage};dur={spent:.1f}" for stage, spent in self.stages.items())


def _silent(advise: Advise, why: Silenced) -> Told:
    return Told(advise.rule, advise.indicator.word, why.value)

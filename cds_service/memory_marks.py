"""Keyed hashes: by them the same patient, clinician and facts are recognised, and nothing can be read from them.

HMAC-SHA-256 with the deployment's secret, 128 bits of it. Every kind has its own prefix, so that equal texts of two
kinds have different marks.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from cards.facts import PatientFacts, PlateletCount
from cards.frozen import dataclass
from cards.outcome import Advise, Input, Suggestion

DIGITS: Final = 32
MOST_SEVERE: Final = 4
MONITORING: Final = "MON-"


@dataclass(frozen=True, slots=True)
class Marks:
    """The hashes of one deployment."""

    key: bytes = field(repr=False)

    def of(self, kind: str, *parts: str) -> str:
        """The mark of some texts."""
        told = "\x1e".join((kind, *parts)).encode("utf-8", "surrogatepass")
        return hmac.digest(self.key, told, "sha256").hex()[:DIGITS]

    def facts(self, advise: Advise) -> str:
        """What a card rests on and what it says: the same facts give the same mark, in whatever order they came.

        What it says of monitoring is left out: that changes with the hours alone ("a count is due").
        """
        return self.of(
            "facts",
            " ".join((advise.rule, *sorted(advise.also))),
            advise.indicator.word,
            advise.title,
            " ".join(sorted(key for key in advise.say if not key.startswith(MONITORING))),
            " ".join(sorted(advise.cautions)),
            " ".join(sorted(fact.name for fact in advise.unknown)),
            *sorted(map(_input, advise.inputs)),
            *sorted(map(_suggestion, advise.suggestions)),
        )

    def count(self, count: PlateletCount | None) -> str:
        """Which platelet count was the one in use; "" for none."""
        if count is None:
            return ""
        return self.of("count", count.reference, count.time.text, str(count.value))

    def grade(self, patient: str, grade: int) -> str:
        """How badly the patient bled."""
        return self.of("grade", patient, str(grade))

    def grade_behind(self, patient: str, mark: str) -> int | None:
        """The grade that has this mark."""
        return next((g for g in range(MOST_SEVERE + 1) if self.grade(patient, g) == mark), None)


def grade_of(p: PatientFacts) -> int:
    """The WHO grade of the worst bleeding now, 0 for none; where it threatens life it counts as the highest."""
    worst = max((b.weight for b in p.bleeding.active), default=0)
    threatens = any(b.life_threatening_site or b.posterior_eye for b in p.bleeding.active)
    return MOST_SEVERE if threatens else min(worst, MOST_SEVERE)


def _input(i: Input) -> str:
    time = "" if i.time is None else i.time.text
    return _line((i.fact, str(i.value), i.unit or "", time, i.reference or "", i.note or ""))


def _suggestion(suggestion: Suggestion) -> str:
    steps = (f"{a.type} {a.template} {a.order.reference if a.order else ''}" for a in suggestion.actions)
    return _line((suggestion.label, *steps))


def _line(parts: Iterable[str]) -> str:
    return "\x1f".join(parts)

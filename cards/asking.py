"""Every advice is asked for its own answer, before any other is heard; one that raises takes no other with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Final

from cards.advice import ALL_ADVICE
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Advice, Advise, Answers, CannotTell, NoAdvice, Outcome
from cards.reasons import Fact, Why
from cards.thresholds import Thresholds

OUTCOMES: Final = (NoAdvice, Advise, CannotTell)
"""A tuple, for a union would be made anew at each question."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An advice that raised: the kind of error and its place in the code, never its message, which may hold a value."""

    advice: Advice
    kind: str
    where: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The advice that a call asks, and what a rule answers that is not asked, or that its advice does not name."""

    advice: tuple[Advice, ...]
    unsaid: Mapping[str, NoAdvice]
    places: Mapping[str, int]
    """The rules in their order, which is that of `unsaid`."""

    @classmethod
    def of(cls, advice: Sequence[Advice], *, selected: bool) -> Asked:
        """With an order selected all of it, else all that does not judge orders alone."""
        asked = tuple(one for one in advice if selected or not one.judges_orders)
        unsaid: dict[str, NoAdvice] = {}
        for one in advice:
            unsaid.update(one.silent if selected or not one.judges_orders else one.unasked)
        places = {rule: place for place, rule in enumerate(unsaid)}
        return cls(asked, MappingProxyType(unsaid), MappingProxyType(places))


ASKED: Final = {selected: Asked.of(ALL_ADVICE, selected=selected) for selected in (True, False)}
"""Made once, for the shipped advice."""
NOBODY: Final = Asked.of((), selected=False)


@dataclasses.dataclass(slots=True)
class Answered:
    """What each advice that was asked `said` of one patient, and of its rules those that a replay or weighing reads.

    `suppressed` says itself that a card of another rule tells it.
    """

    asked: Asked = NOBODY
    said: list[Outcome | Answers] = field(default_factory=list)
    spoke: dict[str, Advise] = field(default_factory=dict)
    unsure: dict[str, CannotTell] = field(default_factory=dict)
    suppressed: dict[str, NoAdvice] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fail(self, one: Advice, error: Exception) -> Answers:
        """An advice raised: none of its rules can tell."""
        self.faults.append(Fault(one, type(error).__name__, _place(error)))
        for rule in one.ids:
            self.spoke.pop(rule, None)
            self.suppressed.pop(rule, None)
        failed = dict.fromkeys(one.ids, CannotTell(Fact.CHECK))
        self.unsure.update(failed)
        return failed


_Group = Sequence[tuple[PatientFacts, Answered]]


def ask_all(
    many: Sequence[PatientFacts], limits: Thresholds, advice: Sequence[Advice], *, whole: bool = True
) -> list[Answered]:
    """Of each patient every rule's own answer, before any other rule is heard.

    One advice is asked of all patients before the next: what it needs is then at hand in the processor, which halves
    the time of hundreds (a replay). Cards are `whole`, or told later where only their heads are read.
    """
    all_asked: list[tuple[PatientFacts, Answered]] = [(p, Answered()) for p in many]
    for selected in (False, True):
        group = [one for one in all_asked if bool(one[0].orders) is selected]
        if group:
            asked = ASKED[selected] if advice is ALL_ADVICE else Asked.of(advice, selected=selected)
            for _, answered in group:
                answered.asked = asked
            for one in asked.advice:
                _ask(one, group, limits, whole=whole or _is_read(one))
    return [answered for _, answered in all_asked]


def _is_read(one: Advice) -> bool:
    """Whether weighing reads more than the heads of its cards: what an order's card rests on."""
    return any(rule.startswith("ORD-") for rule in one.ids)


def _ask(one: Advice, group: _Group, limits: Thresholds, *, whole: bool) -> None:
    """Adds what one advice answers; where it raises, it takes no other with it."""
    decide, first, suppressed = one.decide, one.ids[0], Why.SUPPRESSED
    for p, answered in group:
        try:
            outcome = decide(p, limits)
            if type(outcome) is not NoAdvice or outcome.because is suppressed:  # seldom
                for rule, each in ((first, outcome),) if isinstance(outcome, OUTCOMES) else outcome.items():
                    if type(each) is NoAdvice:
                        if each.because is suppressed:
                            answered.suppressed[rule] = each
                    elif type(each) is Advise:
                        answered.spoke[rule] = each.made() if whole else each
                    elif isinstance(each, CannotTell):
                        answered.unsure[rule] = each
        except Exception as error:
            outcome = answered.fail(one, error)
        answered.said.append(outcome)


def _place(error: Exception) -> str:
    """Module and line where it was raised."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place is not None else ""

"""Every advice is asked for its own answer, before any other is heard; one that raises takes no other with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from cards.advice import ALL_ADVICE
from cards.facts import PatientFacts
from cards.frozen import dataclass
from cards.outcome import Advice, Advise, Answers, CannotTell, NoAdvice, Outcome
from cards.reasons import Fact
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
    unsaid: Mapping[str, Outcome]

    @classmethod
    def of(cls, advice: Sequence[Advice], *, selected: bool) -> Asked:
        """With an order selected all of it, else all that does not judge orders alone."""
        asked = tuple(one for one in advice if selected or not one.judges_orders)
        unsaid: dict[str, Outcome] = {}
        for one in advice:
            unsaid.update(one.silent if selected or not one.judges_orders else one.unasked)
        return cls(asked, MappingProxyType(unsaid))


ASKED: Final = {selected: Asked.of(ALL_ADVICE, selected=selected) for selected in (True, False)}
"""Made once, for the shipped advice."""


_Asked = tuple[PatientFacts, dict[str, Outcome], list[Fault]]


def ask_all(
    many: Sequence[PatientFacts], limits: Thresholds, advice: Sequence[Advice], *, whole: bool = True
) -> list[tuple[dict[str, Outcome], tuple[Fault, ...]]]:
    """Of each patient every rule's own answer, before any other rule is heard.

    One advice is asked of all patients before the next: what it needs is then at hand in the processor, which halves
    the time of hundreds (a replay). Cards are `whole`, or told later where only their heads are read.
    """
    all_asked: list[_Asked] = [(p, {}, []) for p in many]
    for selected in (False, True):
        group = [one for one in all_asked if bool(one[0].orders) is selected]
        if group:
            asked = ASKED[selected] if advice is ALL_ADVICE else Asked.of(advice, selected=selected)
            for _, answers, _ in group:
                answers.update(asked.unsaid)
            for one in asked.advice:
                _ask(one, group, limits, whole=whole or _is_read(one))
    return [(answers, tuple(faults)) for _, answers, faults in all_asked]


def _is_read(one: Advice) -> bool:
    """Whether weighing reads more than the heads of its cards: what an order's card rests on."""
    return any(rule.startswith("ORD-") for rule in one.ids)


def _ask(one: Advice, group: Sequence[_Asked], limits: Thresholds, *, whole: bool) -> None:
    """Adds what one advice answers; where it raises, it takes no other with it."""
    for p, answers, faults in group:
        try:
            outcome = one.decide(p, limits)
            if whole:
                outcome = _made(outcome)
        except Exception as error:
            faults.append(Fault(one, type(error).__name__, _place(error)))
            answers.update(dict.fromkeys(one.ids, CannotTell(Fact.CHECK)))
            continue
        if isinstance(outcome, OUTCOMES):
            answers[one.ids[0]] = outcome
        else:
            answers.update(outcome)


def _made(outcome: Outcome | Answers) -> Outcome | Answers:
    """The same with its cards whole."""
    if type(outcome) is Advise:
        return outcome.made()
    if isinstance(outcome, OUTCOMES):
        return outcome
    return {rule: one.made() if type(one) is Advise else one for rule, one in outcome.items()}


def _place(error: Exception) -> str:
    """Module and line where it was raised."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place is not None else ""

"""What the tables keep of the answers at some moments, worked out once for all of whom nothing is recorded.

Of most patients nothing is recorded that any rule reads: no count, finding, drug, allergy or event. Then the answer
rests on who the patient is, on what was asked for and on which values were measured, and not on the values, as long as
no rule asks for one: such an answer, in which no card speaks, is the same for all who are alike in these.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, KeysView, Mapping, Sequence
from typing import Any, Final

from cards.decide import Decision
from cards.frozen import dataclass, replace
from cards.reading.person import read_age
from cards.reasons import Why
from cards.record import Measurement, PlateletResult, Record
from cds_service.content import Content
from cds_service.fhir.entries import Rejected
from cds_service.replay.evaluate_moment import Judged, Settled, judge_all

SUPPRESSED: Final = frozenset({Why.SUPPRESSED, Why.LIMIT, Why.COMFORT_CARE, Why.SILENCED})
"""Reasons for which a card that a rule gave was not shown."""

GROWN: Final = 20
"""From this age on no rule asks for days of life."""
_REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class Said:
    """The answer as rows without the evaluation: `cards` as in that table, of `cannot_tell` the rules and the facts.

    `no_count` is why no count could decide, `highest` the most urgent indicator that was shown.
    """

    no_count: str | None
    shown: int
    highest: str | None
    cards: tuple[tuple[Any, ...], ...]
    cannot_tell: tuple[tuple[str, ...], tuple[str, ...]]
    counts: tuple[PlateletResult, ...]
    rejected: tuple[Rejected, ...]


_shared: Final[dict[tuple[str, Hashable], Said]] = {}
"""By version of the content, and by what the patients have in common."""


def answer_all(settled: Sequence[Settled], content: Content) -> list[Said]:
    """What is said of each record at its moment."""
    alike = [likeness_of(one.record) for one in settled]
    said: dict[int, Said] = {}
    _answer(_one_of_each(alike), settled, alike, content, said)
    _answer(range(len(settled)), settled, alike, content, said)
    return [said[number] for number in range(len(settled))]


def _one_of_each(alike: Sequence[Hashable]) -> list[int]:
    """The first of those that are alike, and all that are like nobody."""
    first = {one: number for number, one in reversed(list(enumerate(alike)))}
    return [number for number, one in enumerate(alike) if one is None or first[one] == number]


def _answer(
    numbers: Iterable[int],
    settled: Sequence[Settled],
    alike: Sequence[Hashable],
    content: Content,
    said: dict[int, Said],
) -> None:
    """Adds what is said of some of them, as far as nothing is yet."""
    new: list[int] = []
    for number in numbers:
        shared = None if alike[number] is None else _shared.get((content.version, alike[number]))
        if shared is not None:
            said[number] = shared
        elif number not in said:
            new.append(number)
    asked = [settled[number] if alike[number] is None else _noticing(settled[number]) for number in new]
    for number, one, judged in zip(new, asked, judge_all(asked, content), strict=True):
        said[number] = _say(judged)
        if _is_shared(one, said[number]) and len(_shared) < _REMEMBERED:
            _shared[content.version, alike[number]] = said[number]


def _noticing(settled: Settled) -> Settled:
    record = replace(settled.record, measurements=_Noticed(settled.record.measurements))
    return replace(settled, record=record)


def _is_shared(settled: Settled, said: Said) -> bool:
    values = settled.record.measurements
    return isinstance(values, _Noticed) and not (values.asked or said.cards or said.rejected)


def likeness_of(record: Record) -> Hashable:
    """In what patients of whom nothing is recorded are alike; None where something is."""
    if (
        record.platelets
        or record.unread_platelets
        or record.tests
        or record.findings
        or record.voided
        or record.medications
        or record.performed
        or record.planned
        or record.allergies
        or record.immunizations
        or record.orders
        or record.unresolved_selections
        or record.person.pregnancy
    ):
        return None
    person, stay = record.person, record.stay
    years, days = read_age(person.birth, record.as_of)
    return (
        record.hook,
        years,
        days if years is None or years < GROWN else None,
        person.sex,
        person.ancestry,
        None if stay is None else (stay.inpatient, stay.intensive),
        frozenset(record.measurements.keys()),
        tuple(record.answers.items()),
    )


class _Noticed(Mapping[str, tuple[Measurement, ...]]):
    """Measurements of which it is noticed whether anybody asks for a value."""

    def __init__(self, values: Mapping[str, tuple[Measurement, ...]]) -> None:
        self._values = values
        self.asked = False

    def __getitem__(self, set_id: str) -> tuple[Measurement, ...]:
        self.asked |= set_id in self._values
        return self._values[set_id]

    def __contains__(self, set_id: object) -> bool:
        return set_id in self._values

    def keys(self) -> KeysView[str]:
        """The value sets, which does not ask for a value."""
        return self._values.keys()

    def __iter__(self) -> Iterator[str]:
        self.asked = True  # in the order of the values
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


# ------------------------------------------------------------------------------------------------------- rows


def _say(judged: Judged) -> Said:
    shown, blocker = judged.decision.cards, judged.facts.platelets.blocker
    return Said(
        no_count=None if blocker is None else blocker.value,
        shown=len(shown),
        highest=max(card.indicator for card in shown).word if shown else None,
        cards=(*_card_rows(judged.decision), *_suppressed(judged.decision)),
        cannot_tell=_cannot_tell(judged.decision),
        counts=judged.facts.record.platelets,
        rejected=judged.rejected,
    )


def _card_rows(decision: Decision) -> Iterator[tuple[Any, ...]]:
    """The cards in their order, then the silent ones."""
    for state, cards in (("shown", decision.cards), ("silent", decision.silent)):
        for position, card in enumerate(cards):
            rules = [card.rule, *card.also]
            yield position, card.rule, rules, card.indicator.word, state, None


def _suppressed(decision: Decision) -> Iterator[tuple[Any, ...]]:
    """The rules whose card was not shown."""
    found = decision.outcomes.suppressed(SUPPRESSED)
    shown = {rule for card in decision.cards for rule in (card.rule, *card.also)} if found else ()
    for rule, one in found:
        if rule not in shown:
            yield None, rule, [rule], None, "suppressed", one.because.value


def _cannot_tell(decision: Decision) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Rules, and beside each a fact for want of which it cannot tell."""
    rules: list[str] = []
    facts: list[str] = []
    for rule, one in decision.outcomes.cannot_tell():
        rules += [rule] * len(one.missing)
        facts += one.missing  # a fact is itself its text
    return tuple(rules), tuple(facts)

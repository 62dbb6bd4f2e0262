"""A card of which first the head is told: it is weighed as the whole card is, and made when more of it is read."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping

import pytest

from cards import frozen
from cards.advice import ALL_ADVICE
from cards.decide import Decision, decide, decide_all
from cards.outcome import Advice, Advise, CannotTell, Indicator, NoAdvice, Outcome, Topic
from cards.reasons import Fact
from cds_service.replay.answers import SUPPRESSED
from cds_service.stories.coding import STANDARD
from tests.cards.build import LIMITS, facts, nosebleed
from tests.cards.telling import VIGNETTES
from tests.mutation.stories import BOUNDARIES, shipped, tell
from tests.together import check_all

WHOLE = Advise("TRF-02", Indicator.WARNING, title="t", say=("a", "b"), also=("MON-01",))
LOW = facts(22, findings=[nosebleed()])


def later(make: Callable[[], Advise] = lambda: WHOLE) -> Advise:
    return Advise.later(WHOLE.rule, WHOLE.indicator, WHOLE.also, make)


def never() -> Advise:
    raise AssertionError("nobody reads more than the head")


def giving(card: Advise) -> tuple[Advice, ...]:
    return (Advice("made/card", (card.rule,), Topic.TRANSFUSION, lambda p, limits: card),)


# --------------------------------------------------------------------------------------------------- one card


def test_it_is_the_card_that_is_made() -> None:
    assert later() == WHOLE
    assert later() == later()
    assert repr(later()) == repr(WHOLE)
    assert later() != frozen.replace(WHOLE, title="u")
    assert frozen.replace(later(), title="u") == frozen.replace(WHOLE, title="u")
    assert copy.deepcopy(later()) == WHOLE
    assert pickle.loads(pickle.dumps(WHOLE)) == WHOLE
    assert later().made() is WHOLE
    assert WHOLE.made() is WHOLE


def test_it_is_made_once_and_when_more_than_its_head_is_read() -> None:
    asked = []

    def make() -> Advise:
        asked.append(1)
        return later()

    card = later(make)
    assert (card.rule, card.indicator, card.also) == ("TRF-02", Indicator.WARNING, ("MON-01",))
    assert not asked
    assert (card.title, card.say, card.inputs) == ("t", ("a", "b"), ())
    assert card.made() is WHOLE
    assert len(asked) == 1


@pytest.mark.parametrize(
    "changes",
    [{"rule": "TRF-03"}, {"indicator": Indicator.INFO}, {"also": ()}],
    ids=["rule", "indicator", "also"],
)
def test_a_head_that_lies_is_an_error_that_names_the_rule(changes: Mapping[str, object]) -> None:
    other = frozen.replace(WHOLE, **changes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"TRF-02 was told with another head"):
        later(lambda: other).made()


def test_there_are_no_other_members() -> None:
    for card in (WHOLE, later(never)):
        assert not hasattr(card, "words")


def test_a_change_is_told_later_too() -> None:
    def as_info(card: Advise) -> Advise:
        return frozen.replace(card, indicator=Indicator.INFO)

    changed = later(never).changed(as_info, indicator=Indicator.INFO)
    assert (changed.indicator, changed.also) == (Indicator.INFO, WHOLE.also)
    assert later().changed(as_info, indicator=Indicator.INFO) == as_info(WHOLE)
    with pytest.raises(ValueError, match=r"another head"):
        later().changed(as_info).made()


# ------------------------------------------------------------------------------------------------ when decided


def test_in_a_call_the_whole_card_is_made_and_where_only_heads_are_read_none_is() -> None:
    [card] = decide(LOW, LIMITS, giving(later())).cards
    assert card is WHOLE
    [decision] = decide_all([LOW], LIMITS, giving(later(never)), whole=False)
    assert [card.rule for card in decision.cards] == ["TRF-02"]


@pytest.mark.usefixtures("rules_may_raise")
def test_a_card_that_cannot_be_made_is_the_fault_of_its_advice() -> None:
    def broken() -> Advise:
        raise ZeroDivisionError

    found = decide(LOW, LIMITS, (*giving(later(broken)), *giving(Advise("PLT-03", Indicator.INFO))))
    assert [fault.kind for fault in found.faults] == ["ZeroDivisionError"]
    assert found.outcomes["TRF-02"] == CannotTell(Fact.CHECK)
    assert "PLT-03" in found.outcomes
    assert [card.rule for card in found.cards] == ["A.3", "PLT-03"]


def _heads(decision: Decision) -> list[tuple[str, Indicator, tuple[str, ...]]]:
    return [(card.rule, card.indicator, card.also) for card in (*decision.cards, *decision.silent)]


def _shown(outcome: Outcome) -> object:
    return (outcome.rule, outcome.indicator, outcome.also) if isinstance(outcome, Advise) else outcome


def _check(name: str) -> None:
    story = STORIES[name]
    told, limits = tell(story, STANDARD), shipped().limits
    usual = decide(told.facts, limits)
    told.facts.once.clear()
    [found] = decide_all([told.facts], limits, whole=False)
    assert _heads(found) == _heads(usual)
    assert list(found.outcomes) == list(usual.outcomes)
    assert all(_shown(one) == _shown(usual.outcomes[rule]) for rule, one in found.outcomes.items())
    assert found == usual


STORIES = {story.id: story for story in (*VIGNETTES[::16], *BOUNDARIES[::16])}


def test_stories_are_decided_alike_and_their_cards_are_the_same() -> None:
    assert len(STORIES) > 250
    check_all(_check, dict(zip(STORIES, STORIES, strict=True)))


def test_what_is_remembered_of_the_facts_ends_with_the_decision() -> None:
    p = facts(22, findings=[nosebleed()])
    decide_all([p], LIMITS, ALL_ADVICE, whole=False)
    assert not p.once


def _rows(mapping: Mapping[str, Outcome], kind: type[NoAdvice | CannotTell]) -> list[tuple[str, Outcome]]:
    return [(rule, one) for rule, one in mapping.items() if isinstance(one, kind)]


def _check_outcomes(name: str) -> None:
    [found] = decide_all([tell(STORIES[name], STANDARD).facts], shipped().limits, whole=False)
    every, outcomes = dict(found.outcomes), found.outcomes
    assert outcomes.cannot_tell() == _rows(every, CannotTell)
    held_back = [(rule, one) for rule, one in _rows(every, NoAdvice) if one.because in SUPPRESSED]
    assert outcomes.suppressed(SUPPRESSED) == held_back


def test_what_a_replay_reads_of_the_outcomes_is_what_all_of_them_say() -> None:
    check_all(_check_outcomes, dict(zip(STORIES, STORIES, strict=True)))

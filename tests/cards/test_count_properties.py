"""Properties of the rules of data quality, bleeding and monitoring, over arbitrary records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings

from cards import bleeding, data_quality, monitoring
from cards.outcome import Advise
from cards.record import Record
from tests.cards.build import LIMITS
from tests.cards.said import read
from tests.cards.test_reading_properties import RECORDS, facts_of

ADVICE = (*data_quality.ADVICE, *bleeding.ADVICE, *monitoring.ADVICE)


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "encounter-discharge"])
@settings(max_examples=40, deadline=None)
@given(one=RECORDS)
def test_every_card_has_its_words_and_no_draft_lies_in_the_past(hook: str, one: Record) -> None:
    p = facts_of(replace(one, hook=hook))
    for advice in ADVICE:
        outcome = advice.decide(p, LIMITS)
        answers = outcome if isinstance(outcome, Mapping) else {advice.ids[0]: outcome}
        assert answers.keys() == set(advice.ids)
        for rule, card in answers.items():
            if isinstance(card, Advise):
                assert card.rule == rule
                assert read(card)
                actions = [a for s in card.suggestions for a in s.actions]
                assert all(a.due is None or a.due >= p.as_of for a in actions)


@settings(max_examples=60, deadline=None)
@given(one=RECORDS)
def test_a_family_of_monitoring_speaks_once(one: Record) -> None:
    p = facts_of(one)
    spoken = [
        rule
        for advice in (monitoring.follow_up.ADVICE, monitoring.recovery.ADVICE)
        for rule, card in dict(advice.decide(p, LIMITS)).items()  # type: ignore[arg-type]
        if isinstance(card, Advise)
    ]
    assert len(spoken) <= 1
